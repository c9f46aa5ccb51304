drop index outreach_sessions_of_year;
