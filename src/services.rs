//! Service types: what a person can be supported with. Their details (who is
//! entitled, deadlines, legal basis) are configuration in `config/services.toml`.

use std::collections::HashMap;

use serde::Deserialize;

use crate::db::types::text_enum;
use crate::organisations::OrganisationKind;

text_enum! {
    /// A kind of support. Letters in brackets: Law 53/2024/QH15, Art. 37.
    ServiceType {
        /// Shelter, meals, personal items (a).
        EssentialNeeds = "essential_needs",
        /// Examination, first aid, health insurance (b).
        Medical = "medical",
        /// Interpreting (c).
        Interpreting = "interpreting",
        /// Legal support and legal aid (d, đ).
        LegalAid = "legal_aid",
        /// Fare home and meals on the way (e).
        Travel = "travel",
        /// Psychological support (g).
        Psychological = "psychological",
        /// Schooling (h).
        GeneralEducation = "general_education",
        /// Vocational training and job advice (i).
        VocationalTraining = "vocational_training",
        /// Initial hardship allowance (k).
        InitialAllowance = "initial_allowance",
        /// A loan (k, or a programme's own).
        Loan = "loan",
        /// Social support and reintegration in the community.
        SocialSupport = "social_support",
    }
}

/// What is configured about one service type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRule {
    /// Days in which a partner answers a referral.
    pub answer_days: u16,
    /// Kinds of organisation that give it.
    pub given_by: Vec<OrganisationKind>,
    /// Letter of the regime in Law 53/2024/QH15, Art. 37; none where it is no statutory regime.
    pub regime: Option<String>,
}

/// The configured service types.
#[derive(Debug, Clone)]
pub struct Services(HashMap<ServiceType, ServiceRule>);

/// `config/services.toml` does not describe every service type.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// It is not of the described form.
    #[error("config/services.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// A service type is missing.
    #[error("config/services.toml says nothing about {0}")]
    Missing(ServiceType),
}

impl Services {
    /// Reads the configuration shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form or leaves a service type out.
    pub fn shipped() -> Result<Self, ServicesError> {
        let rules: HashMap<ServiceType, ServiceRule> = toml::from_str(include_str!("../config/services.toml"))?;
        match ServiceType::ALL.iter().find(|service| !rules.contains_key(service)) {
            Some(missing) => Err(ServicesError::Missing(*missing)),
            None => Ok(Self(rules)),
        }
    }

    /// Days in which a partner answers a referral to this service.
    pub fn answer_days(&self, service: ServiceType) -> u16 {
        self.0.get(&service).map_or(0, |rule| rule.answer_days)
    }

    /// Whether organisations of this kind give this service.
    pub fn is_given_by(&self, service: ServiceType, kind: OrganisationKind) -> bool {
        self.0.get(&service).is_some_and(|rule| rule.given_by.contains(&kind))
    }

    /// Service types that are regimes due to identified victims by law.
    pub fn regimes(&self) -> Vec<ServiceType> {
        ServiceType::ALL
            .iter()
            .copied()
            .filter(|service| self.0.get(service).is_some_and(|r| r.regime.is_some()))
            .collect()
    }
}
