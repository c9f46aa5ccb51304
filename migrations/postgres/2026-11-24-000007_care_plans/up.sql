alter table assessments add column risk text;
alter table assessments add column sealed_findings bytea;
alter table assessments add column next_review_on date;
alter table assessed_needs add column need_reason text;
create table care_plans (
    case_id uuid not null references cases (id),
    number integer not null,
    person_id uuid not null references persons (id),
    organisation_id uuid not null references organisations (id),
    agreed_with text not null,
    agreed_on date not null,
    review_on date not null,
    saved_by uuid not null references accounts (id),
    saved_at timestamp not null,
    primary key (case_id, number)
);
create table care_plan_goals (
    id uuid primary key not null,
    case_id uuid not null,
    plan_number integer not null,
    position integer not null,
    service_type text,
    sealed_text bytea not null,
    foreign key (case_id, plan_number) references care_plans (case_id, number)
);
create index care_plan_goals_by_plan on care_plan_goals (case_id, plan_number, position);
create table care_plan_steps (
    id uuid primary key not null,
    case_id uuid not null,
    plan_number integer not null,
    goal_id uuid not null references care_plan_goals (id),
    position integer not null,
    task_id uuid not null,
    owner_kind text not null,
    owner_id uuid references accounts (id),
    partner_id uuid references organisations (id),
    due_on date not null,
    sealed_title bytea not null,
    foreign key (case_id, plan_number) references care_plans (case_id, number)
);
create index care_plan_steps_by_plan on care_plan_steps (case_id, plan_number, position);
create table tasks (
    id uuid primary key not null,
    case_id uuid not null references cases (id),
    person_id uuid not null references persons (id),
    organisation_id uuid not null references organisations (id),
    kind text not null,
    owner_kind text not null,
    owner_id uuid references accounts (id),
    partner_id uuid references organisations (id),
    due_on date not null,
    status text not null,
    done_on date,
    cancel_reason text,
    step_id uuid references care_plan_steps (id),
    sealed_title bytea,
    created_by uuid not null references accounts (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index tasks_by_owner on tasks (owner_id, status, due_on, id);
create index tasks_by_organisation on tasks (organisation_id, status, due_on, id, owner_id);
create index tasks_by_case on tasks (case_id, status, due_on, id, done_on);
create index cases_open_by_worker on cases (assigned_to, received_on, id) where closed_on is null;
create index cases_open_by_organisation on cases (organisation_id, closed_on, assigned_to, status, received_on, id)
    where closed_on is null;
