drop table statistical_releases;
