drop table sums_counted;
drop table sums_versions;
