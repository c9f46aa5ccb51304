create table courses (
    id uuid primary key not null,
    organisation_id uuid not null references organisations (id),
    trade text not null,
    level text not null,
    starts_on date not null,
    ends_on date not null,
    venue text not null,
    unit_code text not null references admin_units (code),
    places bigint not null,
    fee_dong bigint not null,
    withdrawn_at timestamp,
    created_by uuid not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index courses_by_end on courses (ends_on, id);
create index courses_by_organisation on courses (organisation_id, ends_on, id);
create index courses_by_unit on courses (unit_code, ends_on, id);
create table enrolments (
    id uuid primary key not null,
    course_id uuid not null references courses (id),
    referral_id uuid not null references referrals (id),
    case_id uuid not null references cases (id),
    person_id uuid not null references persons (id),
    organisation_id uuid not null references organisations (id),
    status text not null,
    enrolled_on date not null,
    ended_on date,
    stop_reason text,
    certificate_issued_on date,
    sealed_certificate_number bytea,
    served_on date,
    delivery_id uuid references deliveries (id),
    created_by uuid not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create unique index enrolments_by_referral on enrolments (referral_id) where status <> 'cancelled';
create index enrolments_of_referral on enrolments (referral_id, status);
create index enrolments_by_course on enrolments (course_id, status, enrolled_on, id);
create index enrolments_of_course on enrolments (course_id, enrolled_on, id);
create index enrolments_by_person on enrolments (person_id, status);
create index enrolments_by_case on enrolments (case_id, enrolled_on, id);
create table enrolment_events (
    id uuid primary key not null,
    enrolment_id uuid not null references enrolments (id),
    from_status text,
    to_status text not null,
    occurred_on date not null,
    reason text,
    recorded_by uuid references accounts (id),
    recorded_at timestamp not null
);
create index enrolment_events_by_enrolment on enrolment_events (enrolment_id, recorded_at, id);
create table course_days (
    course_id uuid not null references courses (id),
    day date not null,
    recorded_by uuid not null references accounts (id),
    recorded_at timestamp not null,
    version integer not null,
    primary key (course_id, day)
);
create table attendances (
    enrolment_id uuid not null references enrolments (id),
    day date not null,
    mark text not null,
    recorded_by uuid not null references accounts (id),
    recorded_at timestamp not null,
    primary key (enrolment_id, day)
);
create table training_aids (
    id uuid primary key not null,
    enrolment_id uuid not null references enrolments (id),
    case_id uuid not null references cases (id),
    person_id uuid not null references persons (id),
    delivery_id uuid not null references deliveries (id),
    aid_group text not null,
    paid_on date not null,
    study_days bigint not null,
    fee_dong bigint not null,
    meals_dong bigint not null,
    travel_dong bigint not null,
    granted_by uuid not null references accounts (id),
    created_at timestamp not null,
    voided_at timestamp
);
create unique index training_aids_once on training_aids (person_id) where voided_at is null;
create unique index training_aids_by_delivery on training_aids (delivery_id);
create index training_aids_by_enrolment on training_aids (enrolment_id, created_at, id);
create table job_outcomes (
    enrolment_id uuid primary key not null references enrolments (id),
    case_id uuid not null references cases (id),
    kind text not null,
    in_trade boolean,
    started_on date,
    next_due_on date,
    recorded_by uuid not null references accounts (id),
    recorded_at timestamp not null,
    version integer not null
);
create index job_outcomes_due on job_outcomes (next_due_on, enrolment_id) where next_due_on is not null;
create table job_check_ups (
    enrolment_id uuid not null references job_outcomes (enrolment_id),
    months integer not null,
    checked_on date not null,
    finding text not null,
    recorded_by uuid not null references accounts (id),
    recorded_at timestamp not null,
    version integer not null,
    primary key (enrolment_id, months)
);
