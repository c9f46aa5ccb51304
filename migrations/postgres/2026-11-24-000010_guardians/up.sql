create table guardians (
    id uuid primary key not null,
    person_id uuid not null references persons (id),
    relation text not null,
    sealed_name bytea not null,
    sealed_phone bytea,
    from_on date not null,
    until_on date,
    end_reason text,
    recorded_by uuid not null references accounts (id),
    created_at timestamp not null,
    version integer not null
);
create index guardians_by_person on guardians (person_id, from_on, id);
alter table consents add column guardian_id uuid references guardians (id);
alter table consents add column end_reason text;
update consents set end_reason = 'withdrawn' where withdrawn_on is not null;
create index consents_by_guardian on consents (guardian_id) where guardian_id is not null;
