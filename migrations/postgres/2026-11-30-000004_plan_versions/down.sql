drop table plan_versions;
