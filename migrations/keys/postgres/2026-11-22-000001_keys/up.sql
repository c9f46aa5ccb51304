create table wrapped_keys (
    person_id uuid not null,
    recipient text not null,
    kek_id text not null,
    wrapped bytea not null,
    created_at timestamp not null,
    primary key (person_id, recipient)
);
create index wrapped_keys_by_age on wrapped_keys (created_at);
create table anchors (
    name text primary key not null,
    number bigint not null,
    mac bytea not null,
    at timestamp not null
);
