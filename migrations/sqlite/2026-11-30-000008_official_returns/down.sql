drop table official_returns;
