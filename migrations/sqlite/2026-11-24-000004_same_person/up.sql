-- What people decided about two records: one person, or never one. Rows are never changed but to
-- say that a decision was taken back, and by whom; records of persons never move.
create table same_decisions (
    id blob primary key not null,
    low_id blob not null references persons (id),
    high_id blob not null references persons (id),
    verdict text not null,
    decided_by blob not null references accounts (id),
    decided_at timestamp not null,
    taken_back_by blob references accounts (id),
    taken_back_at timestamp,
    taken_back_reason text,
    version integer not null
);
create unique index same_decisions_standing on same_decisions (low_id, high_id) where taken_back_at is null;
create index same_decisions_by_low on same_decisions (low_id, high_id);
create index same_decisions_by_high on same_decisions (high_id, low_id);
-- Who is one person by the decisions that stand: each member, the one counted for all included.
create table same_groups (
    person_id blob primary key not null references persons (id),
    root_id blob not null references persons (id)
);
create index same_groups_by_root on same_groups (root_id, person_id);
