-- Official returns: exact totals of a province for a period, as they were computed when it was closed.
create table official_returns (
    id uuid primary key not null,
    -- Place in the chain of all returns.
    number bigint not null,
    -- The province on the map of the period's last day.
    province_code text not null references admin_units (code),
    calendar text not null,
    period text not null,
    first_day date not null,
    last_day date not null,
    -- Times the period was closed.
    revision integer not null,
    -- Lines and notes, as JSON; never changed.
    content text not null,
    nothing_to_report boolean not null,
    computed_at timestamp not null,
    -- Why the period was opened again; empty of the first.
    reason text not null,
    -- Vouches for this return and all before it, under the server's key.
    chain_mac bytea not null,
    status text not null,
    recipient text,
    first_signed_by uuid references accounts (id),
    first_signed_at timestamp,
    -- Vouches for recipient and first signature.
    signature_mac bytea,
    second_signed_by uuid references accounts (id),
    second_signed_at timestamp,
    receipt text,
    -- Vouches for both signatures and the moment of filing.
    receipt_mac bytea,
    version integer not null
);
create unique index official_returns_by_key on official_returns (province_code, calendar, period, revision);
create unique index official_returns_by_number on official_returns (number);
create unique index official_returns_by_receipt on official_returns (receipt);
create index official_returns_of_period on official_returns (calendar, period, province_code, revision);
