alter table loan_events add column interest_dong bigint;
alter table imports add column loans_made integer not null default 0;
alter table import_rows alter column person_id drop not null;
alter table import_rows add column referral_id uuid;
alter table import_rows add column loan_id uuid;
