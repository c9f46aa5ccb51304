alter table consents add column holds_from date;
alter table consents add column told_expires_on date;
update consents set told_expires_on = expires_on;
