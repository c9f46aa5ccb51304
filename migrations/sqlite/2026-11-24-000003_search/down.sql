drop trigger search_after_case_delete;
drop trigger search_after_case_update;
drop trigger search_after_case_insert;
drop trigger search_after_person_delete;
drop trigger search_after_person_update;
drop trigger search_after_person_insert;
drop table search_changes;
