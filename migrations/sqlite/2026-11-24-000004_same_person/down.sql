drop table same_groups;
drop table same_decisions;
