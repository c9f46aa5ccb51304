//! Guardians, and what was agreed to.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{Scribe, at, word};
use crate::consents::model::{Consent, ConsentPurpose, GivenBy, Proof};
use crate::db::types::{AccountId, ConsentId, GuardianId, OrganisationId};
use crate::error::AppError;
use crate::guardians::model::{Guardian, Relation};
use crate::persons::model::Birth;
use crate::vault::{DataKey, seal};

impl Scribe<'_> {
    /// Who spoke for a child.
    pub(super) fn guardian(
        &self,
        rng: &mut StdRng,
        key: &DataKey,
        worker: AccountId,
    ) -> Result<Option<Guardian>, AppError> {
        let Some(told) = self.story.consents.iter().find(|told| told.given_by != "self") else { return Ok(None) };
        let id = GuardianId(self.ids.uuid());
        let relations = match told.given_by {
            "guardian" => [Relation::Mother, Relation::Grandparent, Relation::Relative],
            _ => [Relation::Mother, Relation::Father, Relation::Authority],
        };
        let relation = relations.get(rng.random_range(0..relations.len())).copied().unwrap_or(Relation::Relative);
        let name = format!("Người giám hộ {}", self.number);
        Ok(Some(Guardian {
            id,
            person_id: self.person,
            relation,
            sealed_name: seal(&self.app.random, key, self.person, Guardian::name_place(id), 1, &name)?,
            sealed_phone: None,
            from_on: self.story.case.received_on,
            until_on: None,
            end_reason: None,
            recorded_by: worker,
            created_at: at(self.story.case.received_on, 8),
            version: 1,
        }))
    }

    /// One consent for support, and one for each partner that a referral went to.
    pub(super) fn consents(
        &self,
        worker: AccountId,
        guardian: Option<&Guardian>,
        birth: &Birth,
    ) -> Result<Vec<Consent>, AppError> {
        let mut consents = Vec::new();
        for told in &self.story.consents {
            let given_by: GivenBy = word(told.given_by)?;
            let guardian = guardian.filter(|_| given_by != GivenBy::OneSelf);
            let of_age = guardian.and_then(|_| birth.of_age_on()?.pred_opt());
            let purpose: ConsentPurpose = word(told.purpose)?;
            let recipients = match purpose {
                ConsentPurpose::Support => vec![None],
                ConsentPurpose::Transfer => Vec::new(),
                ConsentPurpose::Referral | ConsentPurpose::LoanCertificate => {
                    self.recipients()?.into_iter().map(Some).collect()
                }
            };
            for recipient in recipients {
                consents.push(Consent {
                    id: ConsentId(self.ids.uuid()),
                    person_id: self.person,
                    purpose,
                    recipient_organisation_id: recipient,
                    given_by,
                    given_on: told.given_on,
                    proof: Proof::WrittenSignature,
                    expires_on: of_age,
                    withdrawn_on: None,
                    withdrawn_by: None,
                    recorded_by: worker,
                    created_at: at(told.given_on, 10),
                    version: 1,
                    guardian_id: guardian.map(|guardian| guardian.id),
                    end_reason: None,
                    holds_from: None,
                    told_expires_on: None,
                });
            }
        }
        Ok(consents)
    }

    fn recipients(&self) -> Result<Vec<OrganisationId>, AppError> {
        let mut recipients = Vec::new();
        for told in &self.story.referrals {
            if let Some((id, _)) = self.centre.partner(self.app, word(told.service_type)?)
                && !recipients.contains(&id)
            {
                recipients.push(id);
            }
        }
        Ok(recipients)
    }
}
