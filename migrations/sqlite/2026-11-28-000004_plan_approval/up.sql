alter table care_plans add column approved_on date;
