alter table loan_events add column interest_dong bigint;
alter table imports add column loans_made integer not null default 0;
create table import_rows_anew (
    import_id blob not null references imports (id),
    line integer not null,
    person_id blob,
    case_id blob,
    referral_id blob,
    loan_id blob,
    primary key (import_id, line)
) without rowid;
insert into import_rows_anew (import_id, line, person_id, case_id)
    select import_id, line, person_id, case_id from import_rows;
drop table import_rows;
alter table import_rows_anew rename to import_rows;
