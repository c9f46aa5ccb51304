create table entitlement_overrides (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    service_type text not null,
    reason text not null,
    sealed_note blob,
    valid_until date not null,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null,
    revoked_at timestamp,
    revoked_by blob references accounts (id),
    version integer not null
);
create index entitlement_overrides_by_case on entitlement_overrides (case_id, created_at, id);
create table case_circumstances (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    circumstance text not null,
    since_on date not null,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null
);
create index case_circumstances_by_case on case_circumstances (case_id, created_at, id);
create table stays (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    referral_id blob references referrals (id),
    organisation_id blob not null references organisations (id),
    centre_id blob not null references organisations (id),
    room text,
    in_on date not null,
    expected_out_on date,
    out_on date,
    runs_out_on date,
    recorded_by blob not null references accounts (id),
    voided_at timestamp,
    void_reason text,
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index stays_by_person on stays (person_id, in_on, id);
create index stays_by_case on stays (case_id, in_on, id);
create index stays_by_referral on stays (referral_id) where referral_id is not null;
create index stays_by_room on stays (organisation_id, room, in_on) where room is not null;
create index stays_by_facility on stays (organisation_id, in_on, id);
create index stays_by_centre on stays (centre_id, in_on, id);
create index stays_resident_by_facility on stays (organisation_id, in_on, id) where out_on is null and voided_at is null;
create index stays_resident_by_centre on stays (centre_id, in_on, id) where out_on is null and voided_at is null;
create index stays_running_out_by_facility on stays (organisation_id, runs_out_on, id) where runs_out_on is not null;
create index stays_running_out_by_centre on stays (centre_id, runs_out_on, id) where runs_out_on is not null;
create table stay_extensions (
    id blob primary key not null,
    stay_id blob not null references stays (id),
    days integer not null,
    granted_by text not null,
    granted_on date not null,
    reason text not null,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null
);
create index stay_extensions_by_stay on stay_extensions (stay_id, created_at, id);
