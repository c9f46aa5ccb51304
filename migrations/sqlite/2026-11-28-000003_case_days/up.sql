-- What a case file and the reminders ask of a case's history, kept with the case. Triggers write it,
-- so that no way of adding to a history forgets to; `tests/api/stories/kept_days.rs` compares.
alter table cases add column screened_on date;
alter table cases add column assessed_on date;
alter table cases add column planned_on date;
alter table cases add column supported_on date;
alter table cases add column reopened_on date;
alter table cases add column steps_open boolean not null default false;
alter table cases add column step_done_on date;
alter table cases add column last_contact_on date not null default '1970-01-01';
alter table cases add column last_risk text;

-- An insert into the view computes all of it anew for one case.
create view case_days_stale as select id as case_id from cases where false;
create trigger case_days_compute instead of insert on case_days_stale begin
    update cases set
        screened_on = (select min(occurred_on) from case_events
            where case_id = new.case_id and from_status = 'received'),
        supported_on = (select min(occurred_on) from case_events
            where case_id = new.case_id and to_status = 'receiving_support'),
        reopened_on = (select max(occurred_on) from case_events
            where case_id = new.case_id and kind = 'reopened'),
        assessed_on = (select min(assessed_on) from assessments where case_id = new.case_id),
        last_risk = (select risk from assessments where case_id = new.case_id and risk is not null
            order by assessed_on desc, created_at desc, id desc limit 1),
        planned_on = (select min(agreed_on) from care_plans where case_id = new.case_id),
        steps_open = exists (select 1 from tasks
            where case_id = new.case_id and step_id is not null and status = 'open'),
        step_done_on = (select max(done_on) from tasks
            where case_id = new.case_id and step_id is not null and status = 'done'),
        last_contact_on = max(received_on,
            coalesce((select max(occurred_on) from case_events
                where case_id = new.case_id and kind not in ('opened', 'assigned')), received_on),
            coalesce((select max(assessed_on) from assessments where case_id = new.case_id), received_on),
            coalesce((select max(delivered_on) from deliveries
                where case_id = new.case_id and voided_at is null), received_on),
            coalesce((select max(done_on) from tasks where case_id = new.case_id
                and status = 'done' and kind in ('contact', 'visit', 'appointment')), received_on))
    where id = new.case_id;
end;

-- What is added moves a day on or leaves it. An assignment is no contact, and the opening is the reception.
create trigger case_days_after_event after insert on case_events
when new.kind not in ('opened', 'assigned') or new.from_status = 'received' or new.to_status = 'receiving_support'
begin
    update cases set
        screened_on = case when new.from_status = 'received'
            then min(coalesce(screened_on, new.occurred_on), new.occurred_on) else screened_on end,
        supported_on = case when new.to_status = 'receiving_support'
            then min(coalesce(supported_on, new.occurred_on), new.occurred_on) else supported_on end,
        reopened_on = case when new.kind = 'reopened'
            then max(coalesce(reopened_on, new.occurred_on), new.occurred_on) else reopened_on end,
        last_contact_on = case when new.kind not in ('opened', 'assigned')
            then max(last_contact_on, new.occurred_on) else last_contact_on end
    where id = new.case_id;
end;
create trigger case_days_after_assessment after insert on assessments begin
    update cases set
        assessed_on = min(coalesce(assessed_on, new.assessed_on), new.assessed_on),
        last_contact_on = max(last_contact_on, new.assessed_on),
        last_risk = (select risk from assessments where case_id = new.case_id and risk is not null
            order by assessed_on desc, created_at desc, id desc limit 1)
    where id = new.case_id;
end;
create trigger case_days_after_plan after insert on care_plans begin
    update cases set planned_on = new.agreed_on
    where id = new.case_id and (planned_on is null or planned_on > new.agreed_on);
end;
create trigger case_days_after_delivery after insert on deliveries when new.voided_at is null begin
    update cases set last_contact_on = new.delivered_on
    where id = new.case_id and last_contact_on < new.delivered_on;
end;
create trigger case_days_after_task after insert on tasks when new.step_id is not null and new.status = 'open' begin
    update cases set steps_open = true where id = new.case_id and not steps_open;
end;
create trigger case_days_after_task_done after insert on tasks when new.status = 'done' begin
    insert into case_days_stale (case_id) values (new.case_id);
end;

-- What is changed or goes may move a day back.
create trigger case_days_task_changed after update of case_id, kind, status, done_on, step_id on tasks
when old.case_id is not new.case_id or old.kind is not new.kind or old.status is not new.status
    or old.done_on is not new.done_on or old.step_id is not new.step_id
begin
    insert into case_days_stale (case_id) values (new.case_id);
    insert into case_days_stale (case_id) select old.case_id where old.case_id is not new.case_id;
end;
create trigger case_days_delivery_changed after update of case_id, delivered_on, voided_at on deliveries begin
    insert into case_days_stale (case_id) values (new.case_id);
    insert into case_days_stale (case_id) select old.case_id where old.case_id is not new.case_id;
end;
create trigger case_days_event_gone after delete on case_events begin
    insert into case_days_stale (case_id) values (old.case_id);
end;
create trigger case_days_assessment_gone after delete on assessments begin
    insert into case_days_stale (case_id) values (old.case_id);
end;
create trigger case_days_plan_gone after delete on care_plans begin
    insert into case_days_stale (case_id) values (old.case_id);
end;
create trigger case_days_task_gone after delete on tasks begin
    insert into case_days_stale (case_id) values (old.case_id);
end;
create trigger case_days_delivery_gone after delete on deliveries begin
    insert into case_days_stale (case_id) values (old.case_id);
end;

insert into case_days_stale (case_id) select id from cases;

-- These answer lists and overviews from the index alone: with all that says who sees a case.
drop index cases_by_organisation;
drop index cases_by_organisation_status;
drop index cases_open_by_organisation;
create index cases_by_organisation on cases
    (organisation_id, received_on, id, status, person_id, unit_code, category, assigned_to, opened_by,
     handed_to_case_id, closed_on, identified_on);
create index cases_by_organisation_status on cases
    (organisation_id, status, received_on, id, person_id, unit_code, category, assigned_to, opened_by,
     handed_to_case_id);
create index cases_open_by_organisation on cases
    (organisation_id, closed_on, assigned_to, status, received_on, id, person_id, opened_by, handed_to_case_id)
    where closed_on is null;
