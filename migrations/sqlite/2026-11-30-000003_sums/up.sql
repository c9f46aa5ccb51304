-- What registers come to, by unit and year: kept so that a figure reads no entries.
create table register_sums (
    series text not null,
    class text not null,
    unit_code text not null references admin_units (code),
    year integer not null,
    -- The last year this row speaks for: a level that does not change has one row for many years.
    until_year integer not null,
    province_code text not null references admin_units (code),
    -- The level at the start of the year; nought for what happens.
    opening bigint not null,
    -- Twenty-four numbers, one for each half month.
    halves blob not null,
    primary key (unit_code, series, class, year)
) without rowid;
create index register_sums_of_province on register_sums (series, class, province_code, until_year);
create index register_sums_of_year on register_sums (series, class, until_year);

-- Series whose sums are complete; the others are counted from the entries until they are.
create table register_series (
    series text primary key not null,
    built_at timestamp not null
) without rowid;

-- Units of a register whose sums are to be counted again. Rows are only added by writers, so that none waits for
-- another; whoever counts takes them off.
create table sums_due (
    id integer primary key autoincrement not null,
    register text not null,
    unit_code text not null
);
