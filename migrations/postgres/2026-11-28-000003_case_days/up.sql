-- What a case file and the reminders ask of a case's history, kept with the case. Triggers write it,
-- so that no way of adding to a history forgets to; `tests/api/stories/kept_days.rs` compares.
-- They run once a statement: many rows written together move a case once.
alter table cases add column screened_on date;
alter table cases add column assessed_on date;
alter table cases add column planned_on date;
alter table cases add column supported_on date;
alter table cases add column reopened_on date;
alter table cases add column steps_open boolean not null default false;
alter table cases add column step_done_on date;
alter table cases add column last_contact_on date not null default '1970-01-01';
alter table cases add column last_risk text;
-- None of these stands in an index, and a page keeps room: then a day that moves on leaves every index as it
-- is, and nobody waits who reads another case through one.
alter table cases set (fillfactor = 70);

-- Computes all of it anew.
create function case_days_compute(stale uuid) returns void language plpgsql as $$
begin
    update cases set
        screened_on = (select min(occurred_on) from case_events
            where case_id = stale and from_status = 'received'),
        supported_on = (select min(occurred_on) from case_events
            where case_id = stale and to_status = 'receiving_support'),
        reopened_on = (select max(occurred_on) from case_events where case_id = stale and kind = 'reopened'),
        assessed_on = (select min(assessed_on) from assessments where case_id = stale),
        last_risk = (select risk from assessments where case_id = stale and risk is not null
            order by assessed_on desc, created_at desc, id desc limit 1),
        planned_on = (select min(agreed_on) from care_plans where case_id = stale),
        steps_open = exists (select 1 from tasks
            where case_id = stale and step_id is not null and status = 'open'),
        step_done_on = (select max(done_on) from tasks
            where case_id = stale and step_id is not null and status = 'done'),
        last_contact_on = greatest(received_on,
            (select max(occurred_on) from case_events
                where case_id = stale and kind not in ('opened', 'assigned')),
            (select max(assessed_on) from assessments where case_id = stale),
            (select max(delivered_on) from deliveries where case_id = stale and voided_at is null),
            (select max(done_on) from tasks where case_id = stale
                and status = 'done' and kind in ('contact', 'visit', 'appointment')))
    where id = stale;
end $$;

-- What is added moves a day on or leaves it. An assignment is no contact, and the opening is the reception.
-- Each case is found by its key: a join would read the table, and wait for everybody who writes to it.
create function case_days_events_added() returns trigger language plpgsql as $$
declare told record;
begin
    for told in
        select case_id,
               max(occurred_on) filter (where kind not in ('opened', 'assigned')) as contact_on,
               min(occurred_on) filter (where from_status = 'received') as screened_on,
               min(occurred_on) filter (where to_status = 'receiving_support') as supported_on,
               max(occurred_on) filter (where kind = 'reopened') as reopened_on
        from added
        where kind not in ('opened', 'assigned') or from_status = 'received' or to_status = 'receiving_support'
        group by case_id
    loop
        update cases set
            screened_on = least(screened_on, told.screened_on),
            supported_on = least(supported_on, told.supported_on),
            reopened_on = greatest(reopened_on, told.reopened_on),
            last_contact_on = greatest(last_contact_on, told.contact_on)
        where id = told.case_id;
    end loop;
    return null;
end $$;
create trigger case_days_after_event after insert on case_events
    referencing new table as added for each statement execute function case_days_events_added();

create function case_days_assessments_added() returns trigger language plpgsql as $$
declare told record;
begin
    for told in
        select case_id, min(assessed_on) as first_on, max(assessed_on) as last_on from added group by case_id
    loop
        update cases set
            assessed_on = least(assessed_on, told.first_on),
            last_contact_on = greatest(last_contact_on, told.last_on),
            last_risk = (select risk from assessments where case_id = told.case_id and risk is not null
                order by assessed_on desc, created_at desc, id desc limit 1)
        where id = told.case_id;
    end loop;
    return null;
end $$;
create trigger case_days_after_assessment after insert on assessments
    referencing new table as added for each statement execute function case_days_assessments_added();

create function case_days_plans_added() returns trigger language plpgsql as $$
declare told record;
begin
    for told in select case_id, min(agreed_on) as first_on from added group by case_id loop
        update cases set planned_on = told.first_on
        where id = told.case_id and (planned_on is null or planned_on > told.first_on);
    end loop;
    return null;
end $$;
create trigger case_days_after_plan after insert on care_plans
    referencing new table as added for each statement execute function case_days_plans_added();

create function case_days_deliveries_added() returns trigger language plpgsql as $$
declare told record;
begin
    for told in
        select case_id, max(delivered_on) as last_on from added where voided_at is null group by case_id
    loop
        update cases set last_contact_on = told.last_on
        where id = told.case_id and last_contact_on < told.last_on;
    end loop;
    return null;
end $$;
create trigger case_days_after_delivery after insert on deliveries
    referencing new table as added for each statement execute function case_days_deliveries_added();

create function case_days_tasks_added() returns trigger language plpgsql as $$
declare told record;
begin
    for told in
        select case_id, bool_or(status = 'done') as done from added
        where status = 'done' or (status = 'open' and step_id is not null)
        group by case_id
    loop
        if told.done then
            perform case_days_compute(told.case_id);
        else
            update cases set steps_open = true where id = told.case_id and not steps_open;
        end if;
    end loop;
    return null;
end $$;
create trigger case_days_after_task after insert on tasks
    referencing new table as added for each statement execute function case_days_tasks_added();

-- What is changed or goes may move a day back.
create function case_days_row_changed() returns trigger language plpgsql as $$
begin
    perform case_days_compute(old.case_id);
    if tg_op = 'UPDATE' and new.case_id <> old.case_id then
        perform case_days_compute(new.case_id);
    end if;
    return null;
end $$;
create trigger case_days_task_changed after update of case_id, kind, status, done_on, step_id on tasks
    for each row
    when ((old.case_id, old.kind, old.status, old.done_on, old.step_id)
          is distinct from (new.case_id, new.kind, new.status, new.done_on, new.step_id))
    execute function case_days_row_changed();
create trigger case_days_delivery_changed after update of case_id, delivered_on, voided_at on deliveries
    for each row execute function case_days_row_changed();
create trigger case_days_event_gone after delete on case_events
    for each row execute function case_days_row_changed();
create trigger case_days_assessment_gone after delete on assessments
    for each row execute function case_days_row_changed();
create trigger case_days_plan_gone after delete on care_plans
    for each row execute function case_days_row_changed();
create trigger case_days_task_gone after delete on tasks
    for each row execute function case_days_row_changed();
create trigger case_days_delivery_gone after delete on deliveries
    for each row execute function case_days_row_changed();

select count(case_days_compute(id)) from cases;

-- These answer lists and overviews from the index alone: with all that says who sees a case.
drop index cases_by_organisation;
drop index cases_by_organisation_status;
drop index cases_open_by_organisation;
create index cases_by_organisation on cases (organisation_id, received_on, id)
    include (status, person_id, unit_code, category, assigned_to, opened_by, handed_to_case_id, closed_on, identified_on);
create index cases_by_organisation_status on cases (organisation_id, status, received_on, id)
    include (person_id, unit_code, category, assigned_to, opened_by, handed_to_case_id);
create index cases_open_by_organisation on cases
    (organisation_id, closed_on, assigned_to, status, received_on, id) include (person_id, opened_by, handed_to_case_id)
    where closed_on is null;
