-- By which rules, days and terms a series was counted; what was counted by others is not read, and is counted anew.
alter table register_series add column counted_as text not null default '';
