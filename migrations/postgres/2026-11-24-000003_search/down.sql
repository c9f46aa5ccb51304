drop trigger search_after_case_update on cases;
drop trigger search_after_case_insert on cases;
drop trigger search_after_person_update on persons;
drop trigger search_after_person_insert on persons;
drop function search_note_case();
drop function search_note_person();
drop table search_changes;
