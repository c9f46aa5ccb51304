\set n random(1, :statuses)
select c.*, p.sealed_name from cases c join persons p on p.id = c.person_id
where c.organisation_id = :organisation and c.status = (select status from load_statuses where n = :n)
order by c.received_on desc, c.id desc limit 51;
