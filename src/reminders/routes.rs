//! `/reminders`.

use actix_web::get;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Mark, Reminder};
use super::rules::{self, Settings, Whose};
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::types::{OrganisationId, text_enum};
use crate::error::{AppError, Rule};
use crate::http::{Cursor, Page, Query, listing};
use crate::programmes::closing::duties::DutyBooks;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_reminders);
}

text_enum! {
    /// Whose reminders.
    Of {
        /// Yours: your tasks, the cases assigned to you, people you took in at a commune office,
        /// what is asked of your organisation as a partner, and reports of your units.
        Mine = "mine",
        /// All of a centre; for its manager.
        Centre = "centre",
    }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReminderFilter {
    /// Whose; `mine` when absent.
    of: Option<Of>,
    /// The centre; needed only when you manage several.
    organisation_id: Option<OrganisationId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

impl ReminderFilter {
    fn whose(&self) -> Result<Whose, AppError> {
        match (self.of.unwrap_or(Of::Mine), self.organisation_id) {
            (Of::Mine, None) => Ok(Whose::Mine),
            (Of::Mine, Some(_)) => Err(AppError::field("organisation_id", Rule::ConflictsWith("of"))),
            (Of::Centre, organisation) => Ok(Whose::Centre(organisation)),
        }
    }
}

fn encode(reminder: &Reminder) -> Cursor {
    Cursor { key: format!("{} {}", reminder.due_on, reminder.kind), id: reminder.id }
}

fn decode(cursor: &Cursor) -> Result<Mark, AppError> {
    let not_ours = || AppError::field("cursor", Rule::Cursor);
    let (day, kind) = cursor.key.split_once(' ').ok_or_else(not_ours)?;
    let due_on = day.parse().map_err(|_| not_ours())?;
    Ok(Mark { due_on, kind: kind.parse().map_err(|_| not_ours())?, id: cursor.id })
}

/// List what falls due, first due first: tasks, reviews, deadlines of the law, follow-ups, answers,
/// what runs out, cases without contact; reports of units and official returns. Computed now, stored nowhere. The view is logged.
#[utoipa::path(tag = "reminders", params(ReminderFilter), responses((status = 200, body = Page<Reminder>)))]
#[get("/reminders")]
async fn list_reminders(
    caller: Caller,
    app: Data<App>,
    query: Query<ReminderFilter>,
) -> Result<Json<Page<Reminder>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let whose = query.whose()?;
    let after = listing::cursor(query.cursor.as_deref())?.as_ref().map(decode).transpose()?;
    let state = app.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let plans = state.plans.now();
            let settings = Settings {
                days: &state.reminders,
                deadlines: &state.deadlines,
                reporting: DutyBooks {
                    units: &state.units,
                    plans: &plans,
                    returns: &state.returns,
                    closing_day: state.closing_day,
                },
            };
            let rows = rules::list(conn, actor, settings, whose, after, limit)?;
            let page = Page::of(rows, limit, encode, Ok)?;
            let mut cases: Vec<_> =
                page.items.iter().filter_map(|reminder| reminder.case_id).map(|case| case.0).collect();
            cases.sort_unstable();
            cases.dedup();
            let seen = if cases.is_empty() {
                // A partner's page, which names no case.
                let asked = page.items.iter().filter(|reminder| reminder.about == SubjectKind::Referral);
                Seen::list(SubjectKind::Referral, asked.map(|reminder| reminder.id))
            } else {
                Seen::list(SubjectKind::Case, cases.into_iter())
            };
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}
