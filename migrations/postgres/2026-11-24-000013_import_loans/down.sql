delete from import_rows where person_id is null;
alter table import_rows drop column loan_id;
alter table import_rows drop column referral_id;
alter table import_rows alter column person_id set not null;
alter table imports drop column loans_made;
alter table loan_events drop column interest_dong;
