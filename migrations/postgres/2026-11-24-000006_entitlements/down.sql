drop table stay_extensions;
drop table stays;
drop table case_circumstances;
drop table entitlement_overrides;
