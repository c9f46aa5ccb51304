drop index register_entries_by_staff_number;
drop index reported_values_by_unit;
drop index reported_values_current;
drop index reported_values_by_import;
drop table register_imports;
