\set n random(1, :cases)
with known as (select * from load_cases where n = :n),
made as (
    insert into cases (id, person_id, organisation_id, unit_code, category, status, received_on, opened_by, created_at, updated_at, version)
    select gen_random_uuid(), person_id, :organisation, unit_code, 'identified_victim', 'received', current_date, opened_by, now(), now(), 1 from known
    returning id, opened_by),
keyed as (
    insert into idempotency_keys (account_id, key, body_mac, resource_id, created_at)
    select opened_by, gen_random_uuid()::text, decode(repeat('ab', 32), 'hex'), id, now() from made),
event as (
    insert into case_events (id, case_id, kind, to_status, occurred_on, recorded_by, recorded_at)
    select gen_random_uuid(), id, 'opened', 'received', current_date, opened_by, now() from made),
entry as (
    insert into audit_entries (subject_kind, subject_id, seq, at, account_id, action, fields, mac)
    select 'case', id, 1, now(), opened_by, 'create', 'case', decode(repeat('ab', 32), 'hex') from made)
insert into audit_heads (subject_kind, subject_id, seq, mac, seal, checkpointed)
select 'case', id, 1, decode(repeat('ab', 32), 'hex'), decode(repeat('ab', 32), 'hex'), false from made;
