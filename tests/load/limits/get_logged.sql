\set n random(1, :cases)
select c.*, p.*, (select json_agg(r order by created_at, id) from referrals r where r.case_id = c.id),
    p.possible_victim
from cases c join persons p on p.id = c.person_id where c.id = (select case_id from load_cases where n = :n);
insert into view_log (at, account_id, subject_kind, subject_id, action)
select now(), opened_by, 'case', case_id, 'read' from load_cases where n = :n;
