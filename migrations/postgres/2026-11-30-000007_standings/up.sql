-- Where every person stands in every measure and calendar year, so that a figure about persons reads no cases.
-- A person is the lowest id of records that are one person, or a contact code of nobody on record.
create table person_standings (
    person_id uuid not null,
    measure_key text not null,
    year integer not null,
    unit_code text not null references admin_units (code),
    standing text not null,
    assessed boolean not null,
    primary key (person_id, measure_key, year)
);
create index person_standings_by_unit on person_standings (measure_key, year, unit_code, standing, assessed);

-- Years of measures that are kept whole; the others are counted from the records.
create table standings_kept (
    measure_key text not null,
    year integer not null,
    -- By which rules and of which services; others are counted anew.
    counted_as text not null,
    built_at timestamp not null,
    primary key (measure_key, year)
);

-- Who is to be counted again: a record of a person, or a contact code. Rows are only added by writers, so that none
-- waits for another; whoever counts takes them off.
create table standings_due (
    id bigint generated always as identity primary key,
    person_id uuid not null
);

-- Who is counted again on a day that is still to come: a phone told that something happened on it.
create table standings_ahead (
    person_id uuid primary key not null,
    on_day date not null
);

-- Moves on with everything that is kept anew, so that nobody overwrites what was counted later.
create table standings_turn (
    id integer primary key not null,
    turn bigint not null
);
insert into standings_turn (id, turn) values (1, 0);

-- Arrivals are found by the code they were of.
create index outreach_referrals_by_code on outreach_referrals (code_mac) where code_mac is not null;

-- Triggers say who is due, so that no way of changing a record forgets to; `tests/api/stories/standings.rs` compares.
-- What is added runs them once a statement. A case makes a client; an assessment counts through its needs alone, which
-- are there while it is.
create function standings_mark(persons uuid[]) returns void language sql as $$
    insert into standings_due (person_id)
        select distinct person from unnest(persons) as person where person is not null
$$;
create function standings_code(code bytea) returns uuid language sql immutable as $$
    select encode(code, 'hex')::uuid
$$;

create function standings_rows_added() returns trigger language plpgsql as $$
begin
    insert into standings_due (person_id) select distinct person_id from added;
    return null;
end $$;
create function standings_row_changed() returns trigger language plpgsql as $$
begin
    insert into standings_due (person_id) values (old.person_id);
    if tg_op = 'UPDATE' and new.person_id <> old.person_id then
        insert into standings_due (person_id) values (new.person_id);
    end if;
    return null;
end $$;

create function standings_person_changed() returns trigger language plpgsql as $$
begin
    insert into standings_due (person_id) values (new.id);
    return null;
end $$;
create trigger standings_person_changed
    after update of possible_victim, identified_victim, person_selling_sex, establishment_worker, at_risk on persons
    for each row
    when ((old.possible_victim, old.identified_victim, old.person_selling_sex, old.establishment_worker, old.at_risk)
          is distinct from
          (new.possible_victim, new.identified_victim, new.person_selling_sex, new.establishment_worker, new.at_risk))
    execute function standings_person_changed();

create trigger standings_case_added after insert on cases
    referencing new table as added for each statement execute function standings_rows_added();
create trigger standings_case_changed
    after update of person_id, unit_code, received_on, identified_on, closed_on on cases
    for each row
    when ((old.person_id, old.unit_code, old.received_on, old.identified_on, old.closed_on)
          is distinct from (new.person_id, new.unit_code, new.received_on, new.identified_on, new.closed_on))
    execute function standings_row_changed();
create trigger standings_case_gone after delete on cases
    for each row execute function standings_row_changed();

-- Only of a case that was reopened do the figures ask when it was closed. Each case is found by its key: a join would
-- read the table, and wait for everybody who writes to it.
create function standings_events_added() returns trigger language plpgsql as $$
declare told record;
begin
    for told in
        select case_id, bool_or(kind = 'reopened') as reopened from added
        where kind = 'reopened' or to_status is not null
        group by case_id
    loop
        insert into standings_due (person_id)
            select person_id from cases
            where id = told.case_id and (told.reopened or reopened_on is not null);
    end loop;
    return null;
end $$;
create function standings_event_changed() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into standings_due (person_id)
            select person_id from cases
            where id = old.case_id and (old.kind = 'reopened' or reopened_on is not null);
        return null;
    end if;
    insert into standings_due (person_id) select person_id from cases where id = old.case_id;
    if new.case_id <> old.case_id then
        insert into standings_due (person_id) select person_id from cases where id = new.case_id;
    end if;
    return null;
end $$;
create trigger standings_event_added after insert on case_events
    referencing new table as added for each statement execute function standings_events_added();
create trigger standings_event_changed after update on case_events
    for each row execute function standings_event_changed();
create trigger standings_event_gone after delete on case_events
    for each row when (old.kind = 'reopened' or old.to_status is not null)
    execute function standings_event_changed();

create function standings_needs_added() returns trigger language plpgsql as $$
declare told record;
begin
    for told in select distinct assessment_id from added loop
        insert into standings_due (person_id) select person_id from assessments where id = told.assessment_id;
    end loop;
    return null;
end $$;
create function standings_need_changed() returns trigger language plpgsql as $$
begin
    insert into standings_due (person_id) select person_id from assessments where id = old.assessment_id;
    if tg_op = 'UPDATE' and new.assessment_id <> old.assessment_id then
        insert into standings_due (person_id) select person_id from assessments where id = new.assessment_id;
    end if;
    return null;
end $$;
create trigger standings_assessment_changed
    after update of case_id, person_id, unit_code, assessed_on, created_at on assessments
    for each row execute function standings_row_changed();
create trigger standings_need_added after insert on assessed_needs
    referencing new table as added for each statement execute function standings_needs_added();
create trigger standings_need_changed after update on assessed_needs
    for each row execute function standings_need_changed();
create trigger standings_need_gone after delete on assessed_needs
    for each row execute function standings_need_changed();

create trigger standings_delivery_added after insert on deliveries
    referencing new table as added for each statement execute function standings_rows_added();
create trigger standings_delivery_changed
    after update of case_id, person_id, service_type, delivered_on, voided_at on deliveries
    for each row
    when ((old.case_id, old.person_id, old.service_type, old.delivered_on, old.voided_at)
          is distinct from (new.case_id, new.person_id, new.service_type, new.delivered_on, new.voided_at))
    execute function standings_row_changed();
create trigger standings_delivery_gone after delete on deliveries
    for each row execute function standings_row_changed();

create trigger standings_stay_added after insert on stays
    referencing new table as added for each statement execute function standings_rows_added();
create trigger standings_stay_changed
    after update of case_id, person_id, in_on, out_on, voided_at on stays
    for each row
    when ((old.case_id, old.person_id, old.in_on, old.out_on, old.voided_at)
          is distinct from (new.case_id, new.person_id, new.in_on, new.out_on, new.voided_at))
    execute function standings_row_changed();
create trigger standings_stay_gone after delete on stays
    for each row execute function standings_row_changed();

create trigger standings_refusal_added after insert on support_refusals
    referencing new table as added for each statement execute function standings_rows_added();
create trigger standings_refusal_changed after update on support_refusals
    for each row execute function standings_row_changed();
create trigger standings_refusal_gone after delete on support_refusals
    for each row execute function standings_row_changed();

create function standings_group_changed() returns trigger language plpgsql as $$
begin
    case tg_op
        when 'INSERT' then perform standings_mark(array[new.person_id, new.root_id]);
        when 'DELETE' then perform standings_mark(array[old.person_id, old.root_id]);
        else perform standings_mark(array[old.person_id, old.root_id, new.person_id, new.root_id]);
    end case;
    return null;
end $$;
create trigger standings_group_added after insert on same_groups
    for each row execute function standings_group_changed();
create trigger standings_group_changed after update on same_groups
    for each row execute function standings_group_changed();
create trigger standings_group_gone after delete on same_groups
    for each row execute function standings_group_changed();

create function standings_link_changed() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        perform standings_mark(array[standings_code(old.code_mac), old.person_id]);
    end if;
    if tg_op <> 'DELETE' then
        perform standings_mark(array[standings_code(new.code_mac), new.person_id]);
    end if;
    return null;
end $$;
create trigger standings_link_added after insert on outreach_links
    for each row execute function standings_link_changed();
create trigger standings_link_changed after update of code_mac, person_id on outreach_links
    for each row execute function standings_link_changed();
create trigger standings_link_gone after delete on outreach_links
    for each row execute function standings_link_changed();

create function standings_contacts_added() returns trigger language plpgsql as $$
begin
    insert into standings_due (person_id)
        select distinct standings_code(code_mac) from added where code_mac is not null and removed_at is null;
    return null;
end $$;
create function standings_contact_changed() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into standings_due (person_id) values (standings_code(old.code_mac));
        return null;
    end if;
    perform standings_mark(array[standings_code(old.code_mac), standings_code(new.code_mac)]);
    -- Without a code of the contact, an arrival is of the code or the person that stands in its own row.
    if old.code_mac is distinct from new.code_mac then
        insert into standings_due (person_id)
            select standings_code(code_mac) from outreach_referrals where contact_id = new.id and code_mac is not null
            union select person_id from outreach_referrals where contact_id = new.id and person_id is not null;
    end if;
    return null;
end $$;
create trigger standings_contact_added after insert on outreach_contacts
    referencing new table as added for each statement execute function standings_contacts_added();
create trigger standings_contact_changed
    after update of session_id, code_mac, category, needs, removed_at on outreach_contacts
    for each row
    when ((old.session_id, old.code_mac, old.category, old.needs, old.removed_at)
          is distinct from (new.session_id, new.code_mac, new.category, new.needs, new.removed_at))
    execute function standings_contact_changed();
create trigger standings_contact_gone after delete on outreach_contacts
    for each row when (old.code_mac is not null) execute function standings_contact_changed();

create function standings_session_changed() returns trigger language plpgsql as $$
begin
    insert into standings_due (person_id)
        select distinct standings_code(code_mac) from outreach_contacts
        where session_id = new.id and code_mac is not null;
    return null;
end $$;
create trigger standings_session_changed
    after update of held_on, unit_code, removed_at on outreach_sessions
    for each row
    when ((old.held_on, old.unit_code, old.removed_at) is distinct from (new.held_on, new.unit_code, new.removed_at))
    execute function standings_session_changed();

create function standings_arrival(contact uuid, code bytea, person uuid) returns void language plpgsql as $$
begin
    insert into standings_due (person_id)
        select standings_code(code_mac) from outreach_contacts where id = contact and code_mac is not null;
    perform standings_mark(array[standings_code(code), person]);
end $$;
create function standings_arrival_changed() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        perform standings_arrival(old.contact_id, old.code_mac, old.person_id);
    end if;
    if tg_op <> 'DELETE' then
        perform standings_arrival(new.contact_id, new.code_mac, new.person_id);
    end if;
    return null;
end $$;
create trigger standings_arrival_added after insert on outreach_referrals
    for each row when (new.arrived_on is not null) execute function standings_arrival_changed();
create trigger standings_arrival_changed
    after update of contact_id, code_mac, service_type, arrived_on, person_id on outreach_referrals
    for each row
    when ((old.arrived_on is not null or new.arrived_on is not null)
          and (old.contact_id, old.code_mac, old.service_type, old.arrived_on, old.person_id)
              is distinct from (new.contact_id, new.code_mac, new.service_type, new.arrived_on, new.person_id))
    execute function standings_arrival_changed();
create trigger standings_arrival_gone after delete on outreach_referrals
    for each row when (old.arrived_on is not null) execute function standings_arrival_changed();
