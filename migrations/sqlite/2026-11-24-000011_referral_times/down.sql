drop index referrals_by_person;
drop index referrals_without_consent;
drop index referrals_unreviewed;
alter table referrals drop column reviewed_at;
alter table referrals drop column reviewed_by;
alter table referrals drop column consent_due_on;
alter table referrals drop column emergency_reason;
alter table referrals drop column stop_reason;
alter table referrals drop column start_due_on;
