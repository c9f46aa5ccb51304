-- Sessions of a year, by unit, for the figures of programmes.
create index outreach_sessions_of_year on outreach_sessions (held_on, unit_code) where removed_at is null;
