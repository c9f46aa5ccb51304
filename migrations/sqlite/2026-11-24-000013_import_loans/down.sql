create table import_rows_before (
    import_id blob not null references imports (id),
    line integer not null,
    person_id blob not null,
    case_id blob,
    primary key (import_id, line)
) without rowid;
insert into import_rows_before (import_id, line, person_id, case_id)
    select import_id, line, person_id, case_id from import_rows where person_id is not null;
drop table import_rows;
alter table import_rows_before rename to import_rows;
alter table imports drop column loans_made;
alter table loan_events drop column interest_dong;
