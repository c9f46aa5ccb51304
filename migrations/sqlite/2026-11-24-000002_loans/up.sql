create table loans (
    id blob primary key not null,
    referral_id blob not null references referrals (id),
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    centre_id blob not null references organisations (id),
    lender_id blob not null references organisations (id),
    product text not null,
    borrower text not null,
    asked_dong bigint not null,
    asked_months integer not null,
    plan text not null,
    frequency text not null,
    purpose text not null,
    status text not null,
    applied_on date not null,
    decided_on date,
    approved_dong bigint,
    approved_months integer,
    rate_ppm integer,
    overdue_rate_ppm integer,
    refusal_reason text,
    disbursed_on date,
    restructured_on date,
    disbursed_dong bigint not null,
    repaid_principal_dong bigint not null,
    repaid_interest_dong bigint not null,
    written_off_dong bigint not null,
    next_due_on date,
    created_by blob not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index loans_by_referral on loans (referral_id, status);
create index loans_by_case on loans (case_id, created_at, id);
create index loans_by_person on loans (person_id, product, status);
create index loans_by_lender on loans (lender_id, created_at, id);
create index loans_by_lender_status on loans (lender_id, status, created_at, id);
create index loans_by_lender_due on loans (lender_id, next_due_on, id);
create index loans_by_centre on loans (centre_id, created_at, id);
create index loans_by_centre_status on loans (centre_id, status, created_at, id);
create index loans_by_centre_due on loans (centre_id, next_due_on, id);
create table loan_papers (
    loan_id blob primary key not null references loans (id),
    sealed_plan blob not null,
    sealed_group blob,
    certificate_issuer text,
    certified_on date,
    disclosure_read_on date,
    certificate_consent_id blob references consents (id)
);
create index loan_papers_by_consent on loan_papers (certificate_consent_id) where certificate_consent_id is not null;
create table loan_events (
    id blob primary key not null,
    loan_id blob not null references loans (id),
    kind text not null,
    occurred_on date not null,
    amount_dong bigint,
    term_months integer,
    plan text,
    frequency text,
    reverses_id blob references loan_events (id),
    delivery_id blob references deliveries (id),
    reason text,
    recorded_by blob references accounts (id),
    recorded_at timestamp not null
);
create index loan_events_by_loan on loan_events (loan_id, recorded_at, id);
create unique index loan_events_reversed_once on loan_events (reverses_id) where reverses_id is not null;
create index loan_events_by_delivery on loan_events (delivery_id) where delivery_id is not null;
