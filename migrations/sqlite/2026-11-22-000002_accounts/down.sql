drop table idempotency_keys;
drop table account_invitations;
drop table login_guesses;
drop table login_sessions;
drop table account_grants;
drop table accounts;
