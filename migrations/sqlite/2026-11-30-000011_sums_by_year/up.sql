-- Whoever reads the country reads the years of a series one after another, so that is how they lie. All of it is counted
-- anew: nothing in it is told by anybody.
drop table register_sums;
create table register_sums (
    series text not null,
    class text not null,
    -- The last year this row speaks for: a level that does not change has one row for many years.
    until_year integer not null,
    unit_code text not null references admin_units (code),
    year integer not null,
    province_code text not null references admin_units (code),
    -- The level at the start of the year; nought for what happens.
    opening bigint not null,
    -- Twenty-four numbers, one for each half month.
    halves blob not null,
    primary key (series, class, until_year, unit_code, year)
) without rowid;
create index register_sums_of_unit on register_sums (unit_code, series);
create index register_sums_of_province on register_sums (series, class, province_code, until_year);
delete from register_series;
delete from sums_counted;
update sums_versions set version = version + 1, rebuilt = version + 1;
