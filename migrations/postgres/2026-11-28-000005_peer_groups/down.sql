drop table member_counts;
drop table group_places;
drop table peer_groups;
drop table intervention_points;
