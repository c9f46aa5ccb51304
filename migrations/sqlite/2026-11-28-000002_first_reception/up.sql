alter table cases add column first_received_on date;
alter table cases add column planned_before boolean not null default false;
update cases set first_received_on = (select sent.received_on from cases as sent where sent.id = cases.continues_case_id)
    where continues_case_id is not null;
update cases set planned_before = exists (select 1 from care_plans where care_plans.case_id = cases.continues_case_id)
    where continues_case_id is not null;
