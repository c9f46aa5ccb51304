create table intervention_points (
    id blob primary key not null,
    model text not null,
    name text not null,
    unit_code text not null references admin_units (code),
    valid_from date not null,
    valid_to date,
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index intervention_points_by_model on intervention_points (model, id);
create index intervention_points_by_unit on intervention_points (unit_code, id);

-- A group bears the id of its organisation.
create table peer_groups (
    id blob primary key not null references organisations (id),
    supported_by_id blob not null references organisations (id),
    kind text not null,
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index peer_groups_by_centre on peer_groups (supported_by_id, id);

create table group_places (
    group_id blob not null references peer_groups (id),
    unit_code text not null references admin_units (code),
    valid_from date not null,
    valid_to date,
    point_id blob references intervention_points (id),
    primary key (group_id, unit_code, valid_from)
) without rowid;
create index group_places_by_point on group_places (point_id, valid_to);

-- Members by number: nobody is named.
create table member_counts (
    group_id blob not null references peer_groups (id),
    counted_on date not null,
    leaders integer not null,
    board integer not null,
    educators integer not null,
    members integer not null,
    recorded_by blob not null references accounts (id),
    recorded_at timestamp not null,
    primary key (group_id, counted_on)
) without rowid;
