-- Phones that were given a key to tag parcels with, for a leader's work in a group.
create table outreach_devices (
    device_id blob not null,
    account_id blob not null references accounts (id),
    group_id blob not null references peer_groups (id),
    registered_at timestamp not null,
    primary key (device_id, account_id, group_id)
) without rowid;

-- Sealed work that was handed in without a login: it waits until a manager decides. What was done in whole is emptied;
-- its digest stays, so that it is known when it comes again.
create table outreach_parcels (
    id blob primary key not null,
    group_id blob not null references peer_groups (id),
    account_id blob not null references accounts (id),
    device_id blob not null,
    digest blob not null,
    parcel blob,
    operations integer,
    told_from timestamp,
    told_to timestamp,
    received_at timestamp not null,
    status text not null,
    settled_at timestamp,
    decided_at timestamp,
    decided_by blob references accounts (id),
    applied integer not null,
    already_applied integer not null,
    conflicted integer not null,
    refused integer not null,
    waiting integer not null,
    version integer not null,
    foreign key (device_id, account_id, group_id) references outreach_devices (device_id, account_id, group_id)
);
create unique index outreach_parcels_by_digest on outreach_parcels (device_id, account_id, group_id, digest);
create index outreach_parcels_open on outreach_parcels (group_id, received_at, id) where settled_at is null;
create index outreach_parcels_by_group on outreach_parcels (group_id, received_at, id);
