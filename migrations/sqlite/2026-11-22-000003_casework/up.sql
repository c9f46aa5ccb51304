create table persons (
    id blob primary key not null,
    registered_by blob not null references accounts (id),
    organisation_id blob not null references organisations (id),
    sex text not null,
    birth_precision text not null,
    birth_date date,
    birth_year integer,
    nationality text,
    ethnicity text,
    residence_unit_code text references admin_units (code),
    anonymous boolean not null,
    possible_victim boolean not null,
    identified_victim boolean not null,
    person_selling_sex boolean not null,
    establishment_worker boolean not null,
    at_risk boolean not null,
    sealed_name blob,
    sealed_aliases blob,
    sealed_phone blob,
    sealed_national_id blob,
    sealed_address blob,
    sealed_safe_contact blob,
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index persons_by_organisation on persons (organisation_id, created_at, id);
create index persons_shown on persons (id, possible_victim, identified_victim, person_selling_sex, establishment_worker, at_risk, sealed_name);
create index persons_by_registrar on persons (registered_by, id);
create table consents (
    id blob primary key not null,
    person_id blob not null references persons (id),
    purpose text not null,
    recipient_organisation_id blob references organisations (id),
    given_by text not null,
    given_on date not null,
    proof text not null,
    expires_on date,
    withdrawn_on date,
    withdrawn_by blob references accounts (id),
    recorded_by blob not null references accounts (id),
    created_at timestamp not null,
    version integer not null
);
create index consents_by_person on consents (person_id, id);
create table cases (
    id blob primary key not null,
    person_id blob not null references persons (id),
    organisation_id blob not null references organisations (id),
    unit_code text not null references admin_units (code),
    category text not null,
    status text not null,
    received_on date not null,
    identified_on date,
    closed_on date,
    close_reason text,
    assigned_to blob references accounts (id),
    opened_by blob not null references accounts (id),
    sealed_summary blob,
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index cases_by_person on cases (person_id, id);
create index cases_by_organisation on cases
    (organisation_id, received_on, id, status, person_id, unit_code, category, assigned_to, closed_on, identified_on);
create index cases_by_organisation_status on cases
    (organisation_id, status, received_on, id, person_id, unit_code, category, assigned_to);
create index cases_by_unit_status on cases (unit_code, status, received_on, id);
create index cases_by_worker on cases (assigned_to, received_on, id);
create table case_events (
    id blob primary key not null,
    case_id blob not null references cases (id),
    kind text not null,
    from_status text,
    to_status text,
    occurred_on date not null,
    reason text,
    sealed_note blob,
    recorded_by blob not null references accounts (id),
    recorded_at timestamp not null
);
create index case_events_by_case on case_events (case_id, recorded_at, id);
create index case_events_reopened on case_events (case_id) where kind = 'reopened';
create table support_refusals (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    service_type text,
    refused_on date not null,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null
);
create index support_refusals_by_case on support_refusals (case_id, id);
create table assessments (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    organisation_id blob not null references organisations (id),
    unit_code text not null references admin_units (code),
    assessed_on date not null,
    assessed_by blob not null references accounts (id),
    created_at timestamp not null
);
create index assessments_by_case on assessments (case_id, assessed_on, id);
create index assessments_by_organisation on assessments
    (organisation_id, assessed_on, id, person_id, case_id, unit_code, created_at);
create table assessed_needs (
    assessment_id blob not null references assessments (id),
    service_type text not null,
    in_need boolean not null,
    eligible boolean not null,
    reason text,
    primary key (assessment_id, service_type)
) without rowid;
create table referrals (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    service_type text not null,
    from_organisation_id blob not null references organisations (id),
    to_organisation_id blob not null references organisations (id),
    status text not null,
    consent_id blob references consents (id),
    answer_due_on date,
    sent_at timestamp,
    answered_at timestamp,
    decline_reason text,
    outcome text,
    sealed_message blob,
    created_by blob not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index referrals_by_case on referrals (case_id, created_at, id);
create index referrals_by_recipient on referrals (to_organisation_id, status, created_at, id);
create index referrals_by_sender on referrals (from_organisation_id, status, created_at, id);
create index referrals_by_consent on referrals (consent_id);
create index referrals_by_deadline on referrals (status, answer_due_on, id);
create table referral_events (
    id blob primary key not null,
    referral_id blob not null references referrals (id),
    from_status text,
    to_status text not null,
    reason text,
    recorded_by blob references accounts (id),
    recorded_at timestamp not null
);
create index referral_events_by_referral on referral_events (referral_id, recorded_at, id);
create table deliveries (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    referral_id blob references referrals (id),
    organisation_id blob not null references organisations (id),
    centre_id blob not null references organisations (id),
    service_type text not null,
    delivered_on date not null,
    form text not null,
    amount_dong bigint,
    recorded_by blob not null references accounts (id),
    voided_at timestamp,
    void_reason text,
    created_at timestamp not null,
    version integer not null
);
create index deliveries_by_case on deliveries (case_id, delivered_on, id);
create index deliveries_by_centre on deliveries (centre_id, delivered_on, service_type, person_id);
create index deliveries_by_referral on deliveries (referral_id, delivered_on, id);
