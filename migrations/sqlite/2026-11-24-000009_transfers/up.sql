alter table cases add column handed_to_case_id blob references cases (id) deferrable initially deferred;
alter table cases add column continues_case_id blob references cases (id) deferrable initially deferred;
create table transfers (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    from_organisation_id blob not null references organisations (id),
    to_organisation_id blob not null references organisations (id),
    ground text not null,
    consent_id blob references consents (id),
    status text not null,
    answer_due_on date not null,
    sealed_summary blob,
    offered_by blob not null references accounts (id),
    created_at timestamp not null,
    answered_by blob references accounts (id),
    answered_at timestamp,
    decline_reason text,
    new_case_id blob references cases (id),
    version integer not null
);
create unique index transfers_offered on transfers (case_id) where status = 'offered';
create index transfers_by_case on transfers (case_id, created_at, id);
create index transfers_by_recipient on transfers (to_organisation_id, status, created_at, id);
create index transfers_by_sender on transfers (from_organisation_id, status, created_at, id);
create index transfers_by_deadline on transfers (status, answer_due_on, id);
create index transfers_by_consent on transfers (consent_id);
