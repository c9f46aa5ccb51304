alter table register_series drop column counted_as;
