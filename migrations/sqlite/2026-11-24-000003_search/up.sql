-- Who must be looked at again by the index of names that every node holds in memory. Triggers
-- write it, so that no way of changing a person or a case forgets to.
create table search_changes (
    seq integer primary key autoincrement not null,
    tx bigint not null default 0,
    person_id blob not null,
    at timestamp not null
);
create trigger search_after_person_insert after insert on persons begin
    insert into search_changes (person_id, at) values (new.id, new.updated_at);
end;
create trigger search_after_person_update
after update of organisation_id, birth_precision, birth_date, birth_year,
    sealed_name, sealed_aliases, sealed_phone, sealed_national_id on persons
when old.organisation_id is not new.organisation_id
    or old.birth_precision is not new.birth_precision
    or old.birth_date is not new.birth_date
    or old.birth_year is not new.birth_year
    or old.sealed_name is not new.sealed_name
    or old.sealed_aliases is not new.sealed_aliases
    or old.sealed_phone is not new.sealed_phone
    or old.sealed_national_id is not new.sealed_national_id
begin
    insert into search_changes (person_id, at) values (new.id, new.updated_at);
end;
create trigger search_after_person_delete after delete on persons begin
    insert into search_changes (person_id, at) values (old.id, strftime('%Y-%m-%d %H:%M:%f000', 'now'));
end;
create trigger search_after_case_insert after insert on cases begin
    insert into search_changes (person_id, at) values (new.person_id, new.updated_at);
end;
create trigger search_after_case_update after update of organisation_id, person_id on cases
when old.organisation_id is not new.organisation_id or old.person_id is not new.person_id
begin
    insert into search_changes (person_id, at) values (old.person_id, new.updated_at);
    insert into search_changes (person_id, at)
        select new.person_id, new.updated_at where new.person_id is not old.person_id;
end;
create trigger search_after_case_delete after delete on cases begin
    insert into search_changes (person_id, at) values (old.person_id, strftime('%Y-%m-%d %H:%M:%f000', 'now'));
end;
