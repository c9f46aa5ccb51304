create table audit_heads (
    subject_kind text not null,
    subject_id uuid not null,
    seq bigint not null,
    mac bytea not null,
    seal bytea not null,
    checkpointed boolean not null,
    primary key (subject_kind, subject_id)
);
create index audit_heads_unsealed on audit_heads (subject_kind, subject_id) where not checkpointed;
create table audit_entries (
    subject_kind text not null,
    subject_id uuid not null,
    seq bigint not null,
    at timestamp not null,
    account_id uuid,
    action text not null,
    fields text not null,
    mac bytea not null,
    primary key (subject_kind, subject_id, seq)
);
create index audit_entries_by_account on audit_entries (account_id, at);
create table audit_checkpoints (
    number bigint primary key not null,
    at timestamp not null,
    heads bigint not null,
    mac bytea not null
);
create table audit_checkpoint_heads (
    checkpoint_number bigint not null references audit_checkpoints (number),
    subject_kind text not null,
    subject_id uuid not null,
    seq bigint not null,
    mac bytea not null,
    primary key (checkpoint_number, subject_kind, subject_id)
);
create table view_log (
    id uuid primary key not null,
    at timestamp not null,
    account_id uuid not null,
    subject_kind text not null,
    subject_id uuid,
    action text not null,
    shown bytea
);
create index view_log_by_subject on view_log (subject_kind, subject_id, at);
create index view_log_by_account on view_log (account_id, at);
