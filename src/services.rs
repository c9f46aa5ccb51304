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
    /// Days after acceptance in which it begins.
    pub start_days: u16,
    /// Whether it may be asked for before consent when a life is at risk.
    #[serde(default)]
    pub emergency: bool,
    /// Kinds of organisation that give it.
    pub given_by: Vec<OrganisationKind>,
    /// Letter of the regime in Law 53/2024/QH15, Art. 37; none where it is no statutory regime.
    pub regime: Option<String>,
}

/// The configured service types.
#[derive(Debug, Clone)]
pub struct Services {
    emergency_consent_days: u16,
    rules: HashMap<ServiceType, ServiceRule>,
}

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
        #[derive(Deserialize)]
        struct File {
            emergency_consent_days: u16,
            #[serde(flatten)]
            rules: HashMap<ServiceType, ServiceRule>,
        }
        let File { emergency_consent_days, rules } = toml::from_str(include_str!("../config/services.toml"))?;
        match ServiceType::ALL.iter().find(|service| !rules.contains_key(service)) {
            Some(missing) => Err(ServicesError::Missing(*missing)),
            None => Ok(Self { emergency_consent_days, rules }),
        }
    }

    /// Days in which a partner answers a referral to this service.
    pub fn answer_days(&self, service: ServiceType) -> u16 {
        self.rules.get(&service).map_or(0, |rule| rule.answer_days)
    }

    /// Days after acceptance in which this service begins.
    pub fn start_days(&self, service: ServiceType) -> u16 {
        self.rules.get(&service).map_or(0, |rule| rule.start_days)
    }

    /// Whether this service may be asked for before consent when a life is at risk.
    pub fn has_emergency(&self, service: ServiceType) -> bool {
        self.rules.get(&service).is_some_and(|rule| rule.emergency)
    }

    /// Days after sending in which consent to an emergency is to be given.
    pub fn emergency_consent_days(&self) -> u16 {
        self.emergency_consent_days
    }

    /// Whether organisations of this kind give this service.
    pub fn is_given_by(&self, service: ServiceType, kind: OrganisationKind) -> bool {
        self.rules.get(&service).is_some_and(|rule| rule.given_by.contains(&kind))
    }

    /// Service types that are regimes due to identified victims by law.
    pub fn regimes(&self) -> Vec<ServiceType> {
        ServiceType::ALL
            .iter()
            .copied()
            .filter(|service| self.rules.get(service).is_some_and(|r| r.regime.is_some()))
            .collect()
    }
}
