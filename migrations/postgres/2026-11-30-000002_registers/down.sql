drop table reported_values;
drop table register_participants;
drop table register_entries;
