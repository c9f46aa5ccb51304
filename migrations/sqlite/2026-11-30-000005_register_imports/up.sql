-- Files that were brought into a register, or that hold reported values. A row tells how far the work is.
create table register_imports (
    id blob primary key not null,
    -- A register, or reported_values.
    register text not null,
    -- The unit of the officer, and its province on the map of today.
    unit_code text not null references admin_units (code),
    province_code text not null references admin_units (code),
    state text not null,
    -- Whether it is to be stored once nothing is wrong.
    applies boolean not null,
    run_by blob not null references accounts (id),
    created_at timestamp not null,
    -- When the work last gave a sign of life.
    alive_at timestamp not null,
    ended_at timestamp,
    -- Keyed hash of the file: the same file is not stored twice.
    file_mac blob not null,
    rows_read integer not null,
    rows_stored integer not null,
    -- How many faults there are, and the first of them; no values.
    fault_count bigint not null,
    faults text not null,
    -- Why it failed.
    failure text not null,
    undone_by blob references accounts (id),
    version integer not null
);
create unique index register_imports_by_file on register_imports (register, file_mac) where state = 'done';
create index register_imports_by_time on register_imports (created_at, id);
create index register_imports_by_province on register_imports (province_code, created_at, id);
create index register_imports_by_unit on register_imports (unit_code, created_at, id);
create index register_imports_at_work on register_imports (alive_at) where state in ('checking', 'storing');

create index reported_values_by_import on reported_values (import_id) where import_id is not null;
-- One revision of a value is the one that counts.
create unique index reported_values_current on reported_values (element, unit_code, calendar, period, class) where is_current;
create index reported_values_by_unit on reported_values (unit_code, element, id);

-- Staff are named by their number in lists of those who were trained.
create index register_entries_by_staff_number on register_entries (name, id) where register = 'staff';
