create table statistical_releases (
    measure text not null,
    scope_unit_code text not null references admin_units (code),
    year integer not null,
    number bigint not null unique,
    plan_code text not null,
    indicator_code text not null,
    released_at timestamp not null,
    content text not null,
    chain_mac blob not null,
    primary key (measure, scope_unit_code, year)
);
