-- All registers of a programme: what, where, when, how many, about what.
create table register_entries (
    id blob primary key not null,
    register text not null,
    unit_code text not null references admin_units (code),
    -- The province on the map of today: one code reaches what provinces that were merged recorded.
    province_code text not null references admin_units (code),
    day date not null,
    last_day date,
    kind text not null,
    facet text not null,
    number bigint,
    second_number bigint,
    about_id blob references register_entries (id),
    name text not null,
    step_one_on date,
    step_two_on date,
    step_three_on date,
    import_id blob,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    voided_at timestamp,
    version integer not null
);
create index register_entries_by_day on register_entries (register, day, id);
create index register_entries_by_province on register_entries (register, province_code, day, id);
create index register_entries_by_unit on register_entries (register, unit_code, day, id);
create index register_entries_about on register_entries (about_id, day) where about_id is not null;
create index register_entries_by_import on register_entries (import_id) where import_id is not null;

-- Who took part: staff by their entry, others by a keyed hash that tells nobody.
create table register_participants (
    entry_id blob not null references register_entries (id),
    who blob not null,
    primary key (entry_id, who)
) without rowid;
create index register_participants_by_who on register_participants (who, entry_id);

-- What another body counted, with every revision.
create table reported_values (
    id blob primary key not null,
    element text not null,
    class text not null,
    unit_code text not null references admin_units (code),
    province_code text not null references admin_units (code),
    calendar text not null,
    period text not null,
    revision integer not null,
    -- The newest revision; the others are history.
    is_current boolean not null,
    -- None takes the value back.
    value bigint,
    source_agency text not null,
    source_document text not null,
    source_on date not null,
    reason text not null,
    import_id blob,
    entered_by blob not null references accounts (id),
    entered_at timestamp not null
);
create unique index reported_values_by_key on reported_values (element, unit_code, calendar, period, class, revision);
create index reported_values_of_period on reported_values (element, calendar, period, unit_code) where is_current;
create index reported_values_of_province on reported_values (province_code, element, id);
create index reported_values_by_element on reported_values (element, id);
