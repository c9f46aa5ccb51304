-- How often units of a family of registers were counted: sums that a node keeps in memory are as old as the number they
-- were read with. The number only rises, in the order of the commits, for whoever counts changes this row.
create table sums_versions (
    family text primary key not null,
    version bigint not null,
    -- The number with which everything was counted anew last; what is older is good for nothing.
    rebuilt bigint not null
) without rowid;
insert into sums_versions (family, version, rebuilt) values
    ('communication', 0, 0), ('press', 0, 0), ('staff', 0, 0), ('establishments', 0, 0), ('tip_offs', 0, 0),
    ('need_surveys', 0, 0), ('local_plans', 0, 0), ('pilot_models', 0, 0), ('healthy_communes', 0, 0);

-- The number with which a unit was counted last.
create table sums_counted (
    family text not null,
    unit_code text not null references admin_units (code),
    version bigint not null,
    primary key (family, unit_code)
) without rowid;
create index sums_counted_since on sums_counted (family, version);
