drop index reported_values_by_entry;
drop index register_entries_by_change;
drop table published_figures;
drop table reporting_steps;
drop table reporting_periods;
