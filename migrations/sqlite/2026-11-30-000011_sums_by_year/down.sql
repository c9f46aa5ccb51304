drop table register_sums;
create table register_sums (
    series text not null,
    class text not null,
    unit_code text not null references admin_units (code),
    year integer not null,
    until_year integer not null,
    province_code text not null references admin_units (code),
    opening bigint not null,
    halves blob not null,
    primary key (unit_code, series, class, year)
) without rowid;
create index register_sums_of_province on register_sums (series, class, province_code, until_year);
create index register_sums_of_year on register_sums (series, class, until_year);
delete from register_series;
