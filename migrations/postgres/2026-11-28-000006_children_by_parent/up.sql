-- Before a person, a case or a referral goes, the engine looks for what still refers to it: row by row, and
-- through the whole table where no index leads there. Not so job_outcomes by case: SQLite would take that index to
-- look for check-ups that are due, case by case.
create index notes_by_person on notes (person_id);
create index tasks_by_person on tasks (person_id);
create index care_plans_by_person on care_plans (person_id);
create index attachments_by_person on attachments (person_id);
create index entitlement_overrides_by_person on entitlement_overrides (person_id);
create index case_circumstances_by_person on case_circumstances (person_id);
create index training_aids_by_person on training_aids (person_id);
create index training_aids_by_case on training_aids (case_id);
