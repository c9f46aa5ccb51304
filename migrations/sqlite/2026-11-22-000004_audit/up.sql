create table audit_heads (
    subject_kind text not null,
    subject_id blob not null,
    seq bigint not null,
    mac blob not null,
    seal blob not null,
    checkpointed boolean not null,
    primary key (subject_kind, subject_id)
) without rowid;
create index audit_heads_unsealed on audit_heads (subject_kind, subject_id) where checkpointed = 0;
create table audit_entries (
    subject_kind text not null,
    subject_id blob not null,
    seq bigint not null,
    at timestamp not null,
    account_id blob,
    action text not null,
    fields text not null,
    mac blob not null,
    primary key (subject_kind, subject_id, seq)
) without rowid;
create index audit_entries_by_account on audit_entries (account_id, at);
create table audit_checkpoints (
    number bigint primary key not null,
    at timestamp not null,
    heads bigint not null,
    mac blob not null
);
create table audit_checkpoint_heads (
    checkpoint_number bigint not null references audit_checkpoints (number),
    subject_kind text not null,
    subject_id blob not null,
    seq bigint not null,
    mac blob not null,
    primary key (checkpoint_number, subject_kind, subject_id)
) without rowid;
create table view_log (
    seq integer primary key autoincrement not null,
    at timestamp not null,
    account_id blob not null,
    subject_kind text not null,
    subject_id blob,
    action text not null,
    shown blob
);
create index view_log_by_subject on view_log (subject_id, seq) where subject_id is not null;
create index view_log_by_account on view_log (account_id, seq);
