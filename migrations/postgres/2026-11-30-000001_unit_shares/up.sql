-- What was declared about a split unit; taken back when it has no basis.
create table unit_share_heads (
    id uuid primary key not null,
    unit_code text not null unique references admin_units (code),
    basis text,
    declared_by uuid not null references accounts (id),
    declared_at timestamp not null,
    version integer not null
);

create table unit_shares (
    unit_code text not null references unit_share_heads (unit_code),
    successor_code text not null references admin_units (code),
    thousandths integer not null,
    primary key (unit_code, successor_code)
);
