drop table follow_ups;
drop index cases_by_opener;
drop index cases_trafficked_again;
drop index cases_by_deadline;
alter table cases drop column trafficked_again;
alter table cases drop column status_since;
