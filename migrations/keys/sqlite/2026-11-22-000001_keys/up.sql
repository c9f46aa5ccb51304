create table wrapped_keys (
    person_id blob not null,
    recipient text not null,
    kek_id text not null,
    wrapped blob not null,
    created_at timestamp not null,
    primary key (person_id, recipient)
);
create index wrapped_keys_by_age on wrapped_keys (created_at);
create table anchors (
    name text primary key not null,
    number bigint not null,
    mac blob not null,
    at timestamp not null
);
