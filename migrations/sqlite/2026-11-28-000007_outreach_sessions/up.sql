-- How many changes of its sessions and contacts a group has had; phones read on from such a number.
alter table peer_groups add column change_seq bigint not null default 0;

create table outreach_sessions (
    id blob primary key not null,
    group_id blob not null references peer_groups (id),
    held_on date not null,
    unit_code text not null references admin_units (code),
    venue text not null,
    workers text not null,
    topics text not null,
    sealed_note blob,
    day_doubtful boolean not null,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    removed_at timestamp,
    change_seq bigint not null,
    version integer not null
);
create unique index outreach_sessions_by_change on outreach_sessions (group_id, change_seq);
create index outreach_sessions_by_day on outreach_sessions (group_id, held_on, id);

create table outreach_supplies (
    session_id blob not null references outreach_sessions (id),
    commodity text not null,
    quantity integer not null,
    primary key (session_id, commodity)
) without rowid;

-- Those met in a group, by number alone.
create table outreach_tallies (
    session_id blob not null references outreach_sessions (id),
    sex text not null,
    age_band text not null,
    seen text not null,
    quantity integer not null,
    primary key (session_id, sex, age_band, seen)
) without rowid;

create table outreach_contacts (
    id blob primary key not null,
    session_id blob not null references outreach_sessions (id),
    group_id blob not null references peer_groups (id),
    worker integer not null,
    code_mac blob,
    category text,
    sex text not null,
    age_band text not null,
    seen text not null,
    topics text not null,
    needs text not null,
    violence text not null,
    trafficking text not null,
    child text not null,
    referral text not null,
    follow_up_agreed boolean not null,
    sealed_note blob,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    removed_at timestamp,
    change_seq bigint not null,
    version integer not null
);
create unique index outreach_contacts_by_change on outreach_contacts (group_id, change_seq);
create index outreach_contacts_by_session on outreach_contacts (session_id, id);
create index outreach_contacts_by_code on outreach_contacts (code_mac, session_id) where code_mac is not null;

-- What a phone did and when, as it told and as it was received: each once.
create table outreach_operations (
    account_id blob not null references accounts (id),
    device_id blob not null,
    operation_id blob not null,
    group_id blob not null references peer_groups (id),
    record_id blob not null,
    conflicted boolean not null,
    body_mac blob not null,
    told_at timestamp not null,
    received_at timestamp not null,
    clock_ahead_seconds bigint not null,
    primary key (account_id, device_id, operation_id)
) without rowid;

-- Two said different things of one field: both are kept until somebody decides.
create table outreach_conflicts (
    id blob primary key not null,
    group_id blob not null references peer_groups (id),
    session_id blob not null references outreach_sessions (id),
    contact_id blob references outreach_contacts (id),
    field text not null,
    sealed_base blob not null,
    sealed_current blob not null,
    sealed_offered blob not null,
    account_id blob not null references accounts (id),
    device_id blob not null,
    operation_id blob not null,
    told_at timestamp not null,
    received_at timestamp not null,
    decider_id blob not null references accounts (id),
    decided_at timestamp,
    decided_by blob references accounts (id),
    decision text,
    version integer not null
);
create index outreach_conflicts_open on outreach_conflicts (group_id, id) where decided_at is null;
create index outreach_conflicts_by_group on outreach_conflicts (group_id, id);
create index outreach_conflicts_by_session on outreach_conflicts (session_id);
create index outreach_conflicts_by_contact on outreach_conflicts (contact_id);

-- Stock that came in or went out otherwise than in sessions.
create table outreach_stock_moves (
    id blob primary key not null,
    group_id blob not null references peer_groups (id),
    commodity text not null,
    kind text not null,
    quantity integer not null,
    moved_on date not null,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null
);
create index outreach_stock_moves_by_day on outreach_stock_moves (group_id, moved_on);

-- Which contact codes are which persons on record.
create table outreach_links (
    id blob primary key not null,
    code_mac blob not null unique,
    person_id blob not null references persons (id),
    linked_by blob not null references accounts (id),
    linked_at timestamp not null
);
create index outreach_links_by_person on outreach_links (person_id);

create table outreach_referrals (
    id blob primary key not null,
    group_id blob not null references peer_groups (id),
    contact_id blob references outreach_contacts (id),
    code_mac blob,
    to_organisation_id blob not null references organisations (id),
    service_type text not null,
    sex text not null,
    age_band text not null,
    sealed_message blob,
    agreed_on date not null,
    status text not null,
    arrived_on date,
    served_on date,
    person_id blob references persons (id),
    created_by blob not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index outreach_referrals_by_group on outreach_referrals (group_id, id);
create index outreach_referrals_by_recipient on outreach_referrals (to_organisation_id, id);
create index outreach_referrals_by_contact on outreach_referrals (contact_id) where contact_id is not null;
create index outreach_referrals_by_person on outreach_referrals (person_id) where person_id is not null;
create index outreach_referrals_by_arrival on outreach_referrals (arrived_on) where arrived_on is not null;
create index outreach_operations_by_arrival on outreach_operations (received_at);

-- Old contacts by number, once they were reduced.
create table outreach_reduced (
    group_id blob not null references peer_groups (id),
    month date not null,
    sex text not null,
    age_band text not null,
    contacts integer not null,
    coded integer not null,
    new integer not null,
    violence integer not null,
    trafficking integer not null,
    child integer not null,
    offered integer not null,
    accepted integer not null,
    primary key (group_id, month, sex, age_band)
) without rowid;
