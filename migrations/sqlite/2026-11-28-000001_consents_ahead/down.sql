alter table consents drop column told_expires_on;
alter table consents drop column holds_from;
