drop table transfers;
alter table cases drop column continues_case_id;
alter table cases drop column handed_to_case_id;
