drop table job_check_ups;
drop table job_outcomes;
drop table training_aids;
drop table attendances;
drop table course_days;
drop table enrolment_events;
drop table enrolments;
drop table courses;
