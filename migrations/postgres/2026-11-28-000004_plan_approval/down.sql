alter table care_plans drop column approved_on;
