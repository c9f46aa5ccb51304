alter table referrals add column start_due_on date;
alter table referrals add column stop_reason text;
alter table referrals add column emergency_reason text;
alter table referrals add column consent_due_on date;
alter table referrals add column reviewed_by blob references accounts (id);
alter table referrals add column reviewed_at timestamp;
create index referrals_unreviewed on referrals (from_organisation_id, created_at, id)
    where emergency_reason is not null and reviewed_at is null;
create index referrals_without_consent on referrals (consent_due_on, id)
    where emergency_reason is not null and consent_id is null;
create index referrals_by_person on referrals (person_id, to_organisation_id, id);
