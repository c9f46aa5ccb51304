-- Where every person stands in every measure and calendar year, so that a figure about persons reads no cases.
-- A person is the lowest id of records that are one person, or a contact code of nobody on record.
create table person_standings (
    person_id blob not null,
    measure_key text not null,
    year integer not null,
    unit_code text not null references admin_units (code),
    standing text not null,
    assessed boolean not null,
    primary key (person_id, measure_key, year)
) without rowid;
create index person_standings_by_unit on person_standings (measure_key, year, unit_code, standing, assessed);

-- Years of measures that are kept whole; the others are counted from the records.
create table standings_kept (
    measure_key text not null,
    year integer not null,
    -- By which rules and of which services; others are counted anew.
    counted_as text not null,
    built_at timestamp not null,
    primary key (measure_key, year)
) without rowid;

-- Who is to be counted again: a record of a person, or a contact code. Rows are only added by writers, so that none
-- waits for another; whoever counts takes them off.
create table standings_due (
    id integer primary key autoincrement not null,
    person_id blob not null
);

-- Who is counted again on a day that is still to come: a phone told that something happened on it.
create table standings_ahead (
    person_id blob primary key not null,
    on_day date not null
) without rowid;

-- Moves on with everything that is kept anew, so that nobody overwrites what was counted later.
create table standings_turn (
    id integer primary key not null,
    turn bigint not null
);
insert into standings_turn (id, turn) values (1, 0);

-- Arrivals are found by the code they were of.
create index outreach_referrals_by_code on outreach_referrals (code_mac) where code_mac is not null;

-- Triggers say who is due, so that no way of changing a record forgets to; `tests/api/stories/standings.rs` compares.
-- A case makes a client; an assessment counts through its needs alone, which are there while it is.
create trigger standings_person_changed
after update of possible_victim, identified_victim, person_selling_sex, establishment_worker, at_risk on persons
when old.possible_victim is not new.possible_victim
    or old.identified_victim is not new.identified_victim
    or old.person_selling_sex is not new.person_selling_sex
    or old.establishment_worker is not new.establishment_worker
    or old.at_risk is not new.at_risk
begin
    insert into standings_due (person_id) values (new.id);
end;

create trigger standings_case_added after insert on cases begin
    insert into standings_due (person_id) values (new.person_id);
end;
create trigger standings_case_changed
after update of person_id, unit_code, received_on, identified_on, closed_on on cases
when old.person_id is not new.person_id
    or old.unit_code is not new.unit_code
    or old.received_on is not new.received_on
    or old.identified_on is not new.identified_on
    or old.closed_on is not new.closed_on
begin
    insert into standings_due (person_id) select old.person_id union select new.person_id;
end;
create trigger standings_case_gone after delete on cases begin
    insert into standings_due (person_id) values (old.person_id);
end;

-- Only of a case that was reopened do the figures ask when it was closed.
create trigger standings_event_added after insert on case_events
when new.kind = 'reopened' or new.to_status is not null
begin
    insert into standings_due (person_id)
        select person_id from cases
        where id = new.case_id and (new.kind = 'reopened' or reopened_on is not null);
end;
create trigger standings_event_changed after update on case_events begin
    insert into standings_due (person_id) select person_id from cases where id in (old.case_id, new.case_id);
end;
create trigger standings_event_gone after delete on case_events
when old.kind = 'reopened' or old.to_status is not null
begin
    insert into standings_due (person_id)
        select person_id from cases
        where id = old.case_id and (old.kind = 'reopened' or reopened_on is not null);
end;

create trigger standings_assessment_changed
after update of case_id, person_id, unit_code, assessed_on, created_at on assessments
begin
    insert into standings_due (person_id) select old.person_id union select new.person_id;
end;
create trigger standings_need_added after insert on assessed_needs begin
    insert into standings_due (person_id) select person_id from assessments where id = new.assessment_id;
end;
create trigger standings_need_changed after update on assessed_needs begin
    insert into standings_due (person_id)
        select person_id from assessments where id in (old.assessment_id, new.assessment_id);
end;
create trigger standings_need_gone after delete on assessed_needs begin
    insert into standings_due (person_id) select person_id from assessments where id = old.assessment_id;
end;

create trigger standings_delivery_added after insert on deliveries begin
    insert into standings_due (person_id) values (new.person_id);
end;
create trigger standings_delivery_changed
after update of case_id, person_id, service_type, delivered_on, voided_at on deliveries
when old.case_id is not new.case_id
    or old.person_id is not new.person_id
    or old.service_type is not new.service_type
    or old.delivered_on is not new.delivered_on
    or old.voided_at is not new.voided_at
begin
    insert into standings_due (person_id) select old.person_id union select new.person_id;
end;
create trigger standings_delivery_gone after delete on deliveries begin
    insert into standings_due (person_id) values (old.person_id);
end;

create trigger standings_stay_added after insert on stays begin
    insert into standings_due (person_id) values (new.person_id);
end;
create trigger standings_stay_changed
after update of case_id, person_id, in_on, out_on, voided_at on stays
when old.case_id is not new.case_id
    or old.person_id is not new.person_id
    or old.in_on is not new.in_on
    or old.out_on is not new.out_on
    or old.voided_at is not new.voided_at
begin
    insert into standings_due (person_id) select old.person_id union select new.person_id;
end;
create trigger standings_stay_gone after delete on stays begin
    insert into standings_due (person_id) values (old.person_id);
end;

create trigger standings_refusal_added after insert on support_refusals begin
    insert into standings_due (person_id) values (new.person_id);
end;
create trigger standings_refusal_changed after update on support_refusals begin
    insert into standings_due (person_id) select old.person_id union select new.person_id;
end;
create trigger standings_refusal_gone after delete on support_refusals begin
    insert into standings_due (person_id) values (old.person_id);
end;

create trigger standings_group_added after insert on same_groups begin
    insert into standings_due (person_id) select new.person_id union select new.root_id;
end;
create trigger standings_group_changed after update on same_groups begin
    insert into standings_due (person_id)
        select old.person_id union select old.root_id union select new.person_id union select new.root_id;
end;
create trigger standings_group_gone after delete on same_groups begin
    insert into standings_due (person_id) select old.person_id union select old.root_id;
end;

create trigger standings_link_added after insert on outreach_links begin
    insert into standings_due (person_id) values (new.code_mac), (new.person_id);
end;
create trigger standings_link_changed after update of code_mac, person_id on outreach_links begin
    insert into standings_due (person_id)
        select old.code_mac union select old.person_id union select new.code_mac union select new.person_id;
end;
create trigger standings_link_gone after delete on outreach_links begin
    insert into standings_due (person_id) values (old.code_mac), (old.person_id);
end;

create trigger standings_contact_added after insert on outreach_contacts
when new.code_mac is not null and new.removed_at is null
begin
    insert into standings_due (person_id) values (new.code_mac);
end;
create trigger standings_contact_changed
after update of session_id, code_mac, category, needs, removed_at on outreach_contacts
when old.session_id is not new.session_id
    or old.code_mac is not new.code_mac
    or old.category is not new.category
    or old.needs is not new.needs
    or old.removed_at is not new.removed_at
begin
    insert into standings_due (person_id)
        select old.code_mac where old.code_mac is not null
        union select new.code_mac where new.code_mac is not null;
    -- Without a code of the contact, an arrival is of the code or the person that stands in its own row.
    insert into standings_due (person_id)
        select code_mac from outreach_referrals
            where contact_id = new.id and code_mac is not null and old.code_mac is not new.code_mac
        union select person_id from outreach_referrals
            where contact_id = new.id and person_id is not null and old.code_mac is not new.code_mac;
end;
create trigger standings_contact_gone after delete on outreach_contacts when old.code_mac is not null begin
    insert into standings_due (person_id) values (old.code_mac);
end;

create trigger standings_session_changed
after update of held_on, unit_code, removed_at on outreach_sessions
when old.held_on is not new.held_on
    or old.unit_code is not new.unit_code
    or old.removed_at is not new.removed_at
begin
    insert into standings_due (person_id)
        select distinct code_mac from outreach_contacts where session_id = new.id and code_mac is not null;
end;

create trigger standings_arrival_added after insert on outreach_referrals when new.arrived_on is not null begin
    insert into standings_due (person_id)
        select code_mac from outreach_contacts where id = new.contact_id and code_mac is not null
        union select new.code_mac where new.code_mac is not null
        union select new.person_id where new.person_id is not null;
end;
create trigger standings_arrival_changed
after update of contact_id, code_mac, service_type, arrived_on, person_id on outreach_referrals
when (old.arrived_on is not null or new.arrived_on is not null)
    and (old.contact_id is not new.contact_id
        or old.code_mac is not new.code_mac
        or old.service_type is not new.service_type
        or old.arrived_on is not new.arrived_on
        or old.person_id is not new.person_id)
begin
    insert into standings_due (person_id)
        select code_mac from outreach_contacts
            where id in (old.contact_id, new.contact_id) and code_mac is not null
        union select old.code_mac where old.code_mac is not null
        union select new.code_mac where new.code_mac is not null
        union select old.person_id where old.person_id is not null
        union select new.person_id where new.person_id is not null;
end;
create trigger standings_arrival_gone after delete on outreach_referrals when old.arrived_on is not null begin
    insert into standings_due (person_id)
        select code_mac from outreach_contacts where id = old.contact_id and code_mac is not null
        union select old.code_mac where old.code_mac is not null
        union select old.person_id where old.person_id is not null;
end;
