drop table loan_events;
drop table loan_papers;
drop table loans;
