//! The vocational side of the demo: who was referred to training is gathered while the stories are told, and then put
//! into courses, with attendance, certificates, aid, work and check-ups.

mod chances;
mod classes;
mod ledger;

use chrono::{Datelike as _, NaiveDate};
use rand::RngExt as _;
use rand::rngs::StdRng;

use self::classes::{Class, Learner};
use self::ledger::Ledger;
use super::batch::Records;
use super::cast::Centre;
use crate::app::App;
use crate::clock::Random;
use crate::db::Size;
use crate::db::types::{OrganisationId, PersonId};
use crate::error::AppError;
use crate::services::ServiceType;

/// Classes stored in one transaction.
const CHUNK: usize = 20;

/// Everybody who was referred to training, gathered person by person.
#[derive(Debug, Default)]
pub(super) struct Register(Vec<Learner>);

impl Register {
    /// Takes in those referrals of one person that a school accepted.
    pub(super) fn note(&mut self, records: &Records) {
        self.0.extend(classes::learners_of(records));
    }

    /// Puts everybody into a course and stores what came of it.
    pub(super) fn store(self, app: &App, ids: &Random, rng: &mut StdRng, centres: &[Centre]) -> Result<(), AppError> {
        let today = app.clock.today();
        let mut classes = classes::group(self.0, today);
        for centre in centres {
            if let Some((school, teacher)) = centre.partner(app, ServiceType::VocationalTraining) {
                classes.push(Class::to_come(school, teacher, today));
            }
        }
        let trades: Vec<String> = app.training.trades.keys().cloned().collect();
        for some in classes.chunks(CHUNK) {
            let mut ledger = Ledger::new(app, ids);
            for class in some {
                let unit = commune(rng, centres, class.school, class.starts_on);
                let trade = trades.get(rng.random_range(0..trades.len().max(1))).cloned().unwrap_or_default();
                let persons: Vec<PersonId> = class.seats.iter().map(|seat| seat.person).collect();
                let keys = app.vault.keys(&persons)?;
                ledger.class(rng, class, (trade, unit), &keys)?;
            }
            let rows = ledger.finish();
            app.db.write_sized_now(Size::Large, move |conn| Ok(rows.store(conn)?))?;
        }
        Ok(())
    }
}

/// A commune near the school, of the map of that day.
fn commune(rng: &mut StdRng, centres: &[Centre], school: OrganisationId, day: NaiveDate) -> String {
    let home = centres.iter().find(|centre| centre.partners.iter().any(|(_, partner, _)| *partner == school));
    let communes = home.map(|centre| if is_old(day) { &centre.old_communes } else { &centre.communes });
    let communes = communes.map_or(&[][..], Vec::as_slice);
    communes.get(rng.random_range(0..communes.len().max(1))).cloned().unwrap_or_else(|| "VN".to_owned())
}

/// Until 30/06/2025 communes were others.
fn is_old(day: NaiveDate) -> bool {
    (day.year(), day.month()) < (2025, 7)
}
