drop table organisations;
drop table admin_unit_successors;
drop table admin_units;
drop table settings;
