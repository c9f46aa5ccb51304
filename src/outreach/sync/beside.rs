//! Operations beside sessions and contacts: referrals, and moves of stock. Nobody changes them, so they know no conflict.

use super::applying::CameTo::{self, NotHere, Refused};
use super::desk::{Desk, HeldReferral, ReferralState};
use super::merging::of_named;
use super::operation::Asked;
use crate::db::types::{ContactId, ContactReferralId, OutreachRecordId};
use crate::error::{FieldError, FitsWith, PlainForm, Rule};
use crate::outreach::referrals::model::{ContactReferral, ContactReferralFields, ContactReferralStatus};
use crate::outreach::reports::stock::{StockMove, StockMoveFields};
use crate::outreach::sessions::fields::KeptContact;
use crate::text::tidy;

impl Desk<'_> {
    pub(super) fn refer(&mut self, asked: &Asked, contact: ContactId, told: &ContactReferralFields) -> CameTo {
        let id = ContactReferralId(asked.record);
        if let Some(held) = self.referrals.get(&id) {
            return CameTo::Done { version: held.row.version, conflicts: Vec::new() };
        }
        let Some(met) = self.contacts.get(&contact) else { return NotHere };
        // Of a contact that was changed in this part only the fields are right.
        let (session, kept) = (met.row.session_id, of_named::<KeptContact>(&met.fields).ok());
        let (sex, age_band) = kept.map_or((met.row.sex, met.row.age_band), |kept| (kept.sex, kept.age_band));
        if self.services.get(&(told.to_organisation_id, told.service_type)) != Some(&true) {
            return Refused(vec![FieldError::new("body.to_organisation_id", Rule::WrongOrganisation)]);
        }
        let row = ContactReferral {
            id,
            group_id: self.hand.group,
            contact_id: Some(contact),
            code_mac: None,
            to_organisation_id: told.to_organisation_id,
            service_type: told.service_type,
            sex,
            age_band,
            sealed_message: None,
            agreed_on: told.agreed_on,
            status: ContactReferralStatus::Sent,
            arrived_on: None,
            served_on: None,
            person_id: None,
            created_by: self.hand.account,
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        };
        let message = told.message.as_deref().map(tidy).filter(|message| !message.is_empty());
        self.referrals.insert(id, HeldReferral { row, message, state: ReferralState::New });
        CameTo::Done { version: 1, conflicts: self.worked_on(asked, session) }
    }

    pub(super) fn cancel_referral(&mut self, asked: &Asked) -> CameTo {
        let Some(held) = self.referrals.get_mut(&ContactReferralId(asked.record)) else { return NotHere };
        if held.row.status == ContactReferralStatus::Cancelled {
            return CameTo::Done { version: held.row.version, conflicts: Vec::new() };
        }
        if !held.row.status.may_become(ContactReferralStatus::Cancelled) {
            return Refused(vec![FieldError::new("record", Rule::MustFit(FitsWith::UnansweredReferral))]);
        }
        held.row.status = ContactReferralStatus::Cancelled;
        if held.state == ReferralState::AsStored {
            held.state = ReferralState::Changed;
            held.row.version += 1;
        }
        CameTo::Done { version: held.row.version, conflicts: Vec::new() }
    }

    pub(super) fn move_stock(&mut self, asked: &Asked, told: &StockMoveFields) -> CameTo {
        let id = OutreachRecordId(asked.record);
        if !self.books.catalogue.commodities.contains_key(&told.commodity) {
            let rule = Rule::Format(PlainForm::OutreachWord.into());
            return Refused(vec![FieldError::new("body.commodity", rule)]);
        }
        let (stored, new) = &mut self.stock;
        if stored.insert(id) {
            new.push(StockMove {
                id,
                group_id: self.hand.group,
                commodity: told.commodity.clone(),
                kind: told.kind,
                quantity: told.quantity,
                moved_on: told.moved_on,
                recorded_by: self.hand.account,
                created_at: self.now,
            });
        }
        CameTo::Done { version: 1, conflicts: Vec::new() }
    }
}
