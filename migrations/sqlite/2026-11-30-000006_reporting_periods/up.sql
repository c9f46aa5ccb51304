-- How far the report of a unit for a period is. A period nobody has touched has no row: it is open.
create table reporting_periods (
    id blob primary key not null,
    unit_code text not null references admin_units (code),
    -- The province on the map of today.
    province_code text not null references admin_units (code),
    calendar text not null,
    period text not null,
    first_day date not null,
    last_day date not null,
    status text not null,
    -- Times it was closed.
    revision integer not null,
    nothing_to_report boolean not null,
    -- Why it was returned or opened again.
    reason text not null,
    changed_by blob not null references accounts (id),
    changed_at timestamp not null,
    version integer not null
);
create unique index reporting_periods_by_key on reporting_periods (unit_code, calendar, period);
create index reporting_periods_of_province on reporting_periods (province_code, calendar, period, unit_code);
create index reporting_periods_of_period on reporting_periods (calendar, period, unit_code);
create index reporting_periods_by_days on reporting_periods (unit_code, last_day, first_day);

-- Every step of a period.
create table reporting_steps (
    period_id blob not null references reporting_periods (id),
    seq integer not null,
    status text not null,
    revision integer not null,
    reason text not null,
    taken_by blob not null references accounts (id),
    taken_at timestamp not null,
    primary key (period_id, seq)
) without rowid;

-- Figures as they were published, each revision of them.
create table published_figures (
    plan_code text not null,
    indicator_code text not null,
    unit_code text not null references admin_units (code),
    calendar text not null,
    period text not null,
    revision integer not null,
    plan_version integer not null,
    numerator bigint,
    denominator bigint,
    -- The whole figure, as it was read.
    content text not null,
    reason text not null,
    published_by blob not null references accounts (id),
    published_at timestamp not null,
    primary key (plan_code, indicator_code, unit_code, calendar, period, revision)
) without rowid;

create index register_entries_by_change on register_entries (province_code, updated_at);
create index reported_values_by_entry on reported_values (province_code, entered_at);
