drop index consents_by_guardian;
alter table consents drop column end_reason;
alter table consents drop column guardian_id;
drop table guardians;
