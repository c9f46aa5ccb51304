drop index cases_open_by_organisation;
create index cases_open_by_organisation on cases (organisation_id, closed_on, assigned_to, status, received_on, id)
    where closed_on is null;
drop index cases_by_organisation_status;
drop index cases_by_organisation;
create index cases_by_organisation on cases
    (organisation_id, received_on, id, status, person_id, unit_code, category, assigned_to, closed_on, identified_on);
create index cases_by_organisation_status on cases
    (organisation_id, status, received_on, id, person_id, unit_code, category, assigned_to);
drop trigger case_days_delivery_gone;
drop trigger case_days_task_gone;
drop trigger case_days_plan_gone;
drop trigger case_days_assessment_gone;
drop trigger case_days_event_gone;
drop trigger case_days_delivery_changed;
drop trigger case_days_task_changed;
drop trigger case_days_after_task_done;
drop trigger case_days_after_task;
drop trigger case_days_after_delivery;
drop trigger case_days_after_plan;
drop trigger case_days_after_assessment;
drop trigger case_days_after_event;
drop view case_days_stale;
alter table cases drop column last_risk;
alter table cases drop column last_contact_on;
alter table cases drop column step_done_on;
alter table cases drop column steps_open;
alter table cases drop column reopened_on;
alter table cases drop column supported_on;
alter table cases drop column planned_on;
alter table cases drop column assessed_on;
alter table cases drop column screened_on;
