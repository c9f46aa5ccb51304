drop index notes_by_person;
drop index tasks_by_person;
drop index care_plans_by_person;
drop index attachments_by_person;
drop index entitlement_overrides_by_person;
drop index case_circumstances_by_person;
drop index training_aids_by_person;
drop index training_aids_by_case;
