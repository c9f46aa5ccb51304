//! Whether a consent holds on a day: of a row that was read, and as a part of a statement about `consents`.
#![expect(missing_docs, reason = "auto_type makes an alias of the same name for the expression")]

use chrono::NaiveDate;
use diesel::dsl::auto_type;
use diesel::prelude::*;

use super::model::Consent;
use crate::db::schema::consents;

impl Consent {
    /// Whether the consent holds on this day.
    pub fn is_live_on(&self, day: NaiveDate) -> bool {
        let began = self.holds_from.unwrap_or(self.given_on) <= day;
        began && self.expires_on.is_none_or(|last| day <= last) && self.withdrawn_on.is_none()
    }
}

/// Consents that hold on this day, as [`Consent::is_live_on`] has it.
#[auto_type]
pub fn holds_on(day: NaiveDate) -> _ {
    let at_once = consents::holds_from.is_null().and(consents::given_on.le(day));
    let began = at_once.or(consents::holds_from.le(day));
    let goes_on = consents::expires_on.is_null().or(consents::expires_on.ge(day));
    began.and(goes_on).and(consents::withdrawn_on.is_null())
}
