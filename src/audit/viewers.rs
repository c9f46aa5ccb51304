//! Who has looked at a person: `/persons/{id}/viewers`.
//!
//! Every opening of the person's record, or of anything that hangs on it, from cases to files,
//! is found by the log's index. Lists show many at once; which of them showed this
//! person is looked up for recipients of referrals, who see few. A centre's own lists are
//! the auditor's to search.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::get;
use actix_web::web::{Data, Json};
use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{SubjectKind, ViewAction};
use super::trail::SubjectId;
use super::views::Seen;
use crate::accounts::{Actor, Caller};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::schema::{
    account_grants, accounts, attachments, cases, deliveries, enrolments, loans, notes, referrals, stays, tasks,
    transfers, view_log,
};
use crate::db::types::{
    AccountId, AttachmentId, CaseId, DeliveryId, EnrolmentId, Instant, LoanId, NoteId, OrganisationId, PersonId,
    ReferralId, StayId, TaskId, TransferId,
};
use crate::error::AppError;
use crate::grants::{Action, Role};
use crate::http::{Page, Path};
use crate::persons;

/// Records of one person whose openings are looked up; no person has more.
const SUBJECTS: i64 = 1000;
/// Lists of recipients that are searched, latest first.
const LISTS: i64 = 5000;

/// One account that looked, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Viewer {
    /// Account.
    pub account_id: AccountId,
    /// Its name.
    pub display_name: String,
    /// What was looked at.
    pub subject_kind: SubjectKind,
    /// Times a record was opened, or shown in a recipient's list.
    pub times: i64,
    /// First time.
    pub first_at: Instant,
    /// Last time.
    pub last_at: Instant,
}

/// List who has looked at a person and what hangs on them. The view is logged.
#[utoipa::path(tag = "persons", params(("id" = PersonId, Path)), responses((status = 200, body = Page<Viewer>)))]
#[get("/persons/{id}/viewers")]
pub(super) async fn list_viewers(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
) -> Result<Json<Page<Viewer>>, AppError> {
    let seen = Seen::record(SubjectKind::Person, id.0.0);
    let items = app.view(caller, move |conn, actor| Ok((viewers(conn, actor, id.0)?, seen))).await?;
    Ok(Json(Page { items, next_cursor: None }))
}

/// As [`Sum`], as the engines return it.
type Counted = (AccountId, SubjectKind, i64, Option<Instant>, Option<Instant>);

/// Account, what was looked at, how often, first and last time.
type Sum = (AccountId, SubjectKind, i64, Instant, Instant);

fn viewers(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<Vec<Viewer>, AppError> {
    let looking = actor.scope(Action::ViewerRead)?;
    if !persons::rules::is_within(conn, &actor.scope(Action::PersonRead)?, person)? {
        return Err(AppError::NotFound);
    }
    if !persons::rules::is_within(conn, &looking, person)? {
        return Err(AppError::Forbidden);
    }
    let mut found: BTreeMap<(AccountId, SubjectKind), (i64, Instant, Instant)> = BTreeMap::new();
    for (account, kind, times, first, last) in
        openings(conn, person)?.into_iter().chain(recipients_lists(conn, person)?)
    {
        let sum = found.entry((account, kind)).or_insert((0, first, last));
        *sum = (sum.0 + times, sum.1.min(first), sum.2.max(last));
    }
    let ids: Vec<AccountId> = found.keys().map(|(account, _)| *account).collect();
    let names = accounts::table.filter(accounts::id.eq_any(ids)).select((accounts::id, accounts::display_name));
    let mut names: BTreeMap<AccountId, String> = names.load::<(AccountId, String)>(conn)?.into_iter().collect();
    let mut viewers: Vec<Viewer> = found
        .into_iter()
        .map(|((account_id, subject_kind), (times, first_at, last_at))| Viewer {
            account_id,
            display_name: names.entry(account_id).or_default().clone(),
            subject_kind,
            times,
            first_at,
            last_at,
        })
        .collect();
    viewers.sort_by_key(|viewer| (std::cmp::Reverse(viewer.last_at), viewer.account_id, viewer.subject_kind));
    Ok(viewers)
}

/// Openings of the person's record and of what hangs on it.
fn openings(conn: &mut DbConnection, person: PersonId) -> Result<Vec<Sum>, AppError> {
    let mut subjects = vec![SubjectId(person.0)];
    macro_rules! add {
        ($($table:ident: $id:ty),+) => {$(
            let of_person = $table::table.filter($table::person_id.eq(person)).select($table::id).limit(SUBJECTS);
            subjects.extend(of_person.load::<$id>(conn)?.into_iter().map(|id| SubjectId(id.0)));
        )+};
    }
    add!(cases: CaseId, referrals: ReferralId, deliveries: DeliveryId, transfers: TransferId);
    add!(stays: StayId, tasks: TaskId, enrolments: EnrolmentId, loans: LoanId, notes: NoteId, attachments: AttachmentId);
    let rows: Vec<Counted> = view_log::table
        .filter(view_log::subject_id.eq_any(subjects))
        // That there are counselling notes is told to nobody but who may read them.
        .filter(view_log::subject_kind.ne(SubjectKind::CounsellingNote))
        .group_by((view_log::account_id, view_log::subject_kind))
        .select((view_log::account_id, view_log::subject_kind, count_star(), min(view_log::at), max(view_log::at)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(who, what, times, first, last)| Some((who, what, times, first?, last?))).collect())
}

/// Lists in which a recipient of this person's referrals or transfers saw one of them.
fn recipients_lists(conn: &mut DbConnection, person: PersonId) -> Result<Vec<Sum>, AppError> {
    let sent: Vec<(ReferralId, OrganisationId)> = referrals::table
        .filter(referrals::person_id.eq(person))
        .filter(referrals::sent_at.is_not_null())
        .select((referrals::id, referrals::to_organisation_id))
        .limit(SUBJECTS)
        .load(conn)?;
    let offered: Vec<(TransferId, OrganisationId)> = transfers::table
        .filter(transfers::person_id.eq(person))
        .select((transfers::id, transfers::to_organisation_id))
        .limit(SUBJECTS)
        .load(conn)?;
    let shown: BTreeSet<[u8; 16]> =
        sent.iter().map(|(id, _)| id.0).chain(offered.iter().map(|(id, _)| id.0)).map(uuid::Uuid::into_bytes).collect();
    let to: Vec<OrganisationId> = sent.iter().map(|(_, to)| *to).chain(offered.iter().map(|(_, to)| *to)).collect();
    let accounts: Vec<AccountId> = account_grants::table
        .filter(account_grants::organisation_id.eq_any(to.into_iter().map(Some)))
        .filter(account_grants::role.eq_any([Role::Partner, Role::CentreManager]))
        .select(account_grants::account_id)
        .distinct()
        .load(conn)?;
    let lists: Vec<(AccountId, SubjectKind, Instant, Option<Vec<u8>>)> = view_log::table
        .filter(view_log::account_id.eq_any(accounts))
        .filter(view_log::action.eq(ViewAction::List))
        .filter(view_log::subject_kind.eq_any([SubjectKind::Referral, SubjectKind::Transfer]))
        .order(view_log::seq.desc())
        .select((view_log::account_id, view_log::subject_kind, view_log::at, view_log::shown))
        .limit(LISTS)
        .load(conn)?;
    let showed = |ids: &[u8]| ids.as_chunks::<16>().0.iter().any(|id| shown.contains(id));
    let with = lists.into_iter().filter(|(_, _, _, ids)| ids.as_deref().is_some_and(showed));
    Ok(with.map(|(account, kind, at, _)| (account, kind, 1, at, at)).collect())
}
