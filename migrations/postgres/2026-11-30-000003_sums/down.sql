drop table sums_due;
drop table register_series;
drop table register_sums;
