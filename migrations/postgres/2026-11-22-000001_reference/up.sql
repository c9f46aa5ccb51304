create table settings (
    name text primary key not null,
    value text not null
);
create table admin_units (
    code text primary key not null,
    level text not null,
    name_vi text not null,
    name_en text not null,
    name_folded text not null,
    parent_code text references admin_units (code),
    province_code text references admin_units (code),
    valid_from date,
    valid_to date,
    successor_code text references admin_units (code)
);
create index admin_units_by_parent on admin_units (parent_code, code);
create index admin_units_by_province on admin_units (province_code, code);
create table admin_unit_successors (
    code text not null references admin_units (code),
    successor_code text not null references admin_units (code),
    is_default boolean not null,
    is_whole boolean not null,
    primary key (code, successor_code)
);
create index admin_unit_successors_by_successor on admin_unit_successors (successor_code, code);
create table organisations (
    id uuid primary key not null,
    kind text not null,
    name text not null,
    admin_unit_code text not null references admin_units (code),
    valid_from date not null,
    valid_to date,
    created_at timestamp not null,
    version integer not null
);
create index organisations_by_kind on organisations (kind, id);
create index organisations_by_unit on organisations (admin_unit_code, id);
