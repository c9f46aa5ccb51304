alter table cases drop column planned_before;
alter table cases drop column first_received_on;
