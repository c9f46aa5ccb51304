//! `/training`, `/courses`, `/enrolments`, `/job-check-ups` and the way to a livelihood of a case.

use utoipa_actix_web::service_config::ServiceConfig;

mod attendance;
mod courses;
mod enrolments;
mod outcomes;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(courses::read_catalogue)
        .service(courses::list_courses)
        .service(courses::create_course)
        .service(courses::read_course)
        .service(courses::update_course)
        .service(courses::withdraw_course)
        .service(enrolments::list_learners)
        .service(enrolments::enrol)
        .service(enrolments::read_enrolment)
        .service(enrolments::complete_enrolment)
        .service(enrolments::stop_enrolment)
        .service(enrolments::cancel_enrolment)
        .service(enrolments::set_certificate)
        .service(attendance::read_day)
        .service(attendance::record_day)
        .service(attendance::list_days)
        .service(outcomes::grant_aid)
        .service(outcomes::record_job)
        .service(outcomes::record_check_up)
        .service(outcomes::list_check_ups)
        .service(outcomes::read_livelihood);
}
