create table imports (
    id uuid primary key not null,
    organisation_id uuid not null references organisations (id),
    kind text not null,
    run_by uuid not null references accounts (id),
    created_at timestamp not null,
    file_mac bytea not null,
    rows_read integer not null,
    rows_skipped integer not null,
    persons_made integer not null,
    cases_made integer not null,
    undone_at timestamp,
    undone_by uuid references accounts (id),
    version integer not null
);
create index imports_by_organisation on imports (organisation_id, created_at, id);
create unique index imports_once on imports (organisation_id, file_mac) where undone_at is null;
create table import_rows (
    import_id uuid not null references imports (id),
    line integer not null,
    person_id uuid not null,
    case_id uuid,
    primary key (import_id, line)
);
create table loose_keys (
    person_id uuid primary key not null,
    import_id uuid not null,
    since timestamp not null,
    doomed boolean not null
);
create index loose_keys_by_import on loose_keys (import_id, doomed);
create index loose_keys_by_age on loose_keys (doomed, since, person_id);
create index support_refusals_of_person on support_refusals (person_id);
create index assessments_of_person on assessments (person_id);
create index deliveries_of_person on deliveries (person_id);
create index transfers_of_person on transfers (person_id);
create index transfers_of_new_case on transfers (new_case_id) where new_case_id is not null;
create index cases_handed_to on cases (handed_to_case_id) where handed_to_case_id is not null;
create index cases_continued on cases (continues_case_id) where continues_case_id is not null;
