-- Who must be looked at again by the index of names that every node holds in memory. Triggers
-- write it, so that no way of changing a person or a case forgets to. Numbers of a sequence are
-- not committed in their order, so each row also says which transaction wrote it.
create table search_changes (
    seq bigint generated always as identity primary key not null,
    tx bigint not null default (pg_current_xact_id()::text::bigint),
    person_id uuid not null,
    at timestamp not null
);
create index search_changes_by_transaction on search_changes (tx);
create function search_note_person() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into search_changes (person_id, at) values (old.id, now() at time zone 'utc');
    else
        insert into search_changes (person_id, at) values (new.id, new.updated_at);
    end if;
    return null;
end $$;
create function search_note_case() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into search_changes (person_id, at) values (old.person_id, now() at time zone 'utc');
    elsif tg_op = 'UPDATE' then
        insert into search_changes (person_id, at) values (old.person_id, new.updated_at);
    end if;
    if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.person_id <> old.person_id) then
        insert into search_changes (person_id, at) values (new.person_id, new.updated_at);
    end if;
    return null;
end $$;
create trigger search_after_person_insert after insert or delete on persons
    for each row execute function search_note_person();
create trigger search_after_person_update
    after update of organisation_id, birth_precision, birth_date, birth_year,
        sealed_name, sealed_aliases, sealed_phone, sealed_national_id on persons
    for each row
    when ((old.organisation_id, old.birth_precision, old.birth_date, old.birth_year,
           old.sealed_name, old.sealed_aliases, old.sealed_phone, old.sealed_national_id)
          is distinct from
          (new.organisation_id, new.birth_precision, new.birth_date, new.birth_year,
           new.sealed_name, new.sealed_aliases, new.sealed_phone, new.sealed_national_id))
    execute function search_note_person();
create trigger search_after_case_insert after insert or delete on cases
    for each row execute function search_note_case();
create trigger search_after_case_update after update of organisation_id, person_id on cases
    for each row
    when ((old.organisation_id, old.person_id) is distinct from (new.organisation_id, new.person_id))
    execute function search_note_case();
