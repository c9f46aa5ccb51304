//! What the database keeps with a case must be what its history says.

use super::TestApp;

/// The kept columns of `cases`, each with what a case's history says it is.
const TOLD: &[(&str, &str)] = &[
    (
        "screened_on",
        "(select min(occurred_on) from case_events e where e.case_id = c.id and e.from_status = 'received')",
    ),
    (
        "supported_on",
        "(select min(occurred_on) from case_events e where e.case_id = c.id and e.to_status = 'receiving_support')",
    ),
    ("reopened_on", "(select max(occurred_on) from case_events e where e.case_id = c.id and e.kind = 'reopened')"),
    ("assessed_on", "(select min(assessed_on) from assessments a where a.case_id = c.id)"),
    (
        "last_risk",
        "(select a.risk from assessments a where a.case_id = c.id and a.risk is not null
          order by a.assessed_on desc, a.created_at desc, a.id desc limit 1)",
    ),
    ("planned_on", "(select min(agreed_on) from care_plans p where p.case_id = c.id)"),
    (
        "steps_open",
        "exists (select 1 from tasks t where t.case_id = c.id and t.step_id is not null and t.status = 'open')",
    ),
    (
        "step_done_on",
        "(select max(done_on) from tasks t where t.case_id = c.id and t.step_id is not null and t.status = 'done')",
    ),
    (
        "last_contact_on",
        "(select max(day) from (
              select c.received_on as day
              union all select occurred_on from case_events e where e.case_id = c.id and e.kind not in ('opened', 'assigned')
              union all select assessed_on from assessments a where a.case_id = c.id
              union all select delivered_on from deliveries d where d.case_id = c.id and d.voided_at is null
              union all select done_on from tasks t where t.case_id = c.id and t.status = 'done'
                  and t.kind in ('contact', 'visit', 'appointment')) as days)",
    ),
];

impl TestApp {
    /// Columns of cases that are not what the history says.
    pub fn wrongly_kept_days(&self) -> Vec<&'static str> {
        let wrong = |(column, told): &(&str, &str)| {
            self.number(&format!("select count(*) as n from cases c where c.{column} is distinct from {told}")) > 0
        };
        TOLD.iter().filter(|kept| wrong(kept)).map(|(column, _)| *column).collect()
    }
}
