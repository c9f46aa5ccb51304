create table accounts (
    id blob primary key not null,
    username text not null unique,
    display_name text not null,
    password_hash text,
    state text not null,
    created_at timestamp not null,
    version integer not null
);
create table account_grants (
    id blob primary key not null,
    account_id blob not null references accounts (id),
    role text not null,
    organisation_id blob references organisations (id),
    admin_unit_code text references admin_units (code),
    granted_at timestamp not null,
    revoked_at timestamp
);
create index account_grants_by_account on account_grants (account_id);
create index account_grants_by_organisation on account_grants (organisation_id, role);
create table login_sessions (
    id blob primary key not null,
    account_id blob not null references accounts (id),
    nonce blob not null,
    peer_mac blob not null,
    generation integer not null,
    rotated_at timestamp not null,
    created_at timestamp not null,
    expires_at timestamp not null,
    ended_at timestamp,
    end_reason text
);
create index login_sessions_by_account on login_sessions (account_id, created_at);
create table login_guesses (
    name_mac blob not null,
    peer_mac blob not null,
    day date not null,
    wrong integer not null,
    last_wrong_at timestamp not null,
    primary key (name_mac, day, peer_mac)
) without rowid;
create table account_invitations (
    account_id blob primary key not null references accounts (id),
    secret_mac blob not null,
    expires_at timestamp not null
);
create table idempotency_keys (
    account_id blob not null references accounts (id),
    key text not null,
    body_mac blob not null,
    resource_id blob not null,
    created_at timestamp not null,
    primary key (account_id, key)
) without rowid;
create index idempotency_keys_by_age on idempotency_keys (created_at);
