drop index cases_open_by_organisation;
create index cases_open_by_organisation on cases (organisation_id, closed_on, assigned_to, status, received_on, id)
    where closed_on is null;
drop index cases_by_organisation_status;
drop index cases_by_organisation;
create index cases_by_organisation on cases (organisation_id, received_on, id)
    include (status, person_id, unit_code, category, assigned_to, closed_on, identified_on);
create index cases_by_organisation_status on cases (organisation_id, status, received_on, id)
    include (person_id, unit_code, category, assigned_to);
drop trigger case_days_delivery_gone on deliveries;
drop trigger case_days_task_gone on tasks;
drop trigger case_days_plan_gone on care_plans;
drop trigger case_days_assessment_gone on assessments;
drop trigger case_days_event_gone on case_events;
drop trigger case_days_delivery_changed on deliveries;
drop trigger case_days_task_changed on tasks;
drop trigger case_days_after_task on tasks;
drop trigger case_days_after_delivery on deliveries;
drop trigger case_days_after_plan on care_plans;
drop trigger case_days_after_assessment on assessments;
drop trigger case_days_after_event on case_events;
drop function case_days_row_changed();
drop function case_days_tasks_added();
drop function case_days_deliveries_added();
drop function case_days_plans_added();
drop function case_days_assessments_added();
drop function case_days_events_added();
drop function case_days_compute(uuid);
alter table cases reset (fillfactor);
alter table cases drop column last_risk;
alter table cases drop column last_contact_on;
alter table cases drop column step_done_on;
alter table cases drop column steps_open;
alter table cases drop column reopened_on;
alter table cases drop column supported_on;
alter table cases drop column planned_on;
alter table cases drop column assessed_on;
alter table cases drop column screened_on;
