alter table cases add column status_since date not null default '1970-01-01';
alter table cases add column trafficked_again boolean not null default false;
update cases set status_since = coalesce(
    (select max(occurred_on) from case_events where case_id = cases.id and to_status is not null), received_on);
create index cases_by_deadline on cases (organisation_id, status, status_since, id);
create index cases_trafficked_again on cases (organisation_id, received_on, id) where trafficked_again;
create index cases_by_opener on cases (opened_by, received_on, id);
create table follow_ups (
    id blob primary key not null,
    case_id blob not null references cases (id),
    closed_on date not null,
    months integer not null,
    done_on date not null,
    finding text not null,
    sealed_note blob,
    recorded_by blob not null references accounts (id),
    created_at timestamp not null
);
create index follow_ups_by_case on follow_ups (case_id, closed_on, months, id);
create unique index follow_ups_reached on follow_ups (case_id, closed_on, months) where finding <> 'not_reached';
