//! What `config/outreach.toml` says: models of intervention with what was reported of them, and words.
//! It is checked whole at start.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::groups::model::{GroupKind, MemberRole};
use crate::text::Words;

/// What a report counted of a model, in its time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedModel {
    /// Years the report is about.
    pub period: String,
    /// Localities in which the model was tried; one may stand under several models.
    pub localities: u32,
}

/// A model of intervention.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InterventionModel {
    /// Code.
    pub code: String,
    /// First day on which it is used.
    pub from: NaiveDate,
    /// Last day; none until further notice.
    pub to: Option<NaiveDate>,
    /// Name in Vietnamese.
    pub vi: String,
    /// Name in English.
    pub en: String,
    /// What was reported of it; none of a later model.
    pub reported: Option<ReportedModel>,
}

/// What a report counted of all models together.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// Years the report is about.
    pub period: String,
    /// The report.
    pub source: String,
    /// Points of intervention.
    pub points: u32,
    /// People who took part in groups and boards; not users of services.
    pub members: u32,
}

/// The configuration of outreach.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutreachCatalogue {
    /// Models of intervention.
    pub models: Vec<InterventionModel>,
    /// What was reported of all of them.
    pub reported: Reported,
    /// Kinds of groups.
    pub kinds: BTreeMap<GroupKind, Words>,
    /// Roles of members.
    pub member_roles: BTreeMap<MemberRole, Words>,
    /// Where people are met.
    pub venues: BTreeMap<String, Words>,
    /// What is talked about.
    pub topics: BTreeMap<String, Words>,
    /// What is handed out.
    pub commodities: BTreeMap<String, Words>,
}

/// `config/outreach.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutreachConfigError {
    /// It is not of the described form.
    #[error("config/outreach.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// It does not describe every word, or something it describes cannot be.
    #[error("config/outreach.toml says nothing usable about {0}")]
    Missing(String),
}

impl OutreachCatalogue {
    /// Reads the configuration shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form, leaves a word out, or describes a model twice.
    pub fn shipped() -> Result<Self, OutreachConfigError> {
        Self::parse(include_str!("../../config/outreach.toml"))
    }

    fn parse(text: &str) -> Result<Self, OutreachConfigError> {
        let catalogue: Self = toml::from_str(text)?;
        match catalogue.fault() {
            Some(fault) => Err(OutreachConfigError::Missing(fault)),
            None => Ok(catalogue),
        }
    }

    /// The first thing that is missing or cannot be.
    fn fault(&self) -> Option<String> {
        let kind = GroupKind::ALL.iter().find(|word| !self.kinds.contains_key(word));
        let role = MemberRole::ALL.iter().find(|word| !self.member_roles.contains_key(word));
        let model = self.models.iter().enumerate().find(|(position, model)| {
            let twice = self.models.iter().take(*position).any(|earlier| earlier.code == model.code);
            twice || model.to.is_some_and(|to| to < model.from)
        });
        kind.map(ToString::to_string)
            .or(role.map(ToString::to_string))
            .or(model.map(|(_, model)| model.code.clone()))
            .or(self.models.is_empty().then(|| "models".to_owned()))
            .or_else(|| self.unusable_code())
    }

    /// Codes are stored with commas between them.
    fn unusable_code(&self) -> Option<String> {
        let lists = [("venues", &self.venues), ("topics", &self.topics), ("commodities", &self.commodities)];
        let usable = |code: &String| {
            (1..=40).contains(&code.len())
                && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let empty = lists.iter().find(|(_, words)| words.is_empty()).map(|(name, _)| (*name).to_owned());
        empty.or_else(|| lists.iter().flat_map(|(_, words)| words.keys()).find(|code| !usable(code)).cloned())
    }

    /// The model of this code.
    pub fn model(&self, code: &str) -> Option<&InterventionModel> {
        self.models.iter().find(|model| model.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::OutreachCatalogue;

    const SHIPPED: &str = include_str!("../../config/outreach.toml");

    #[test]
    fn the_three_models_stand_with_what_was_reported_of_them() {
        let catalogue = OutreachCatalogue::shipped().expect("the catalogue");
        let localities =
            |code: &str| catalogue.model(code).and_then(|model| model.reported.as_ref()).map(|r| r.localities);
        assert_eq!(localities("service_provision"), Some(9));
        assert_eq!(localities("workers_rights"), Some(17));
        assert_eq!(localities("peer_capacity"), Some(12));
        assert_eq!((catalogue.reported.points, catalogue.reported.members), (113, 4463));
    }

    #[test]
    fn a_configuration_that_leaves_a_word_out_or_names_a_model_twice_is_refused() {
        for missing in ["club = ", "educator = "] {
            let lines: Vec<&str> = SHIPPED.lines().filter(|line| !line.starts_with(missing)).collect();
            assert!(lines.len() < SHIPPED.lines().count(), "{missing} stands in the file");
            assert!(OutreachCatalogue::parse(&lines.join("\n")).is_err(), "{missing} may not be left out");
        }
        assert!(OutreachCatalogue::parse(&SHIPPED.replace("workers_rights", "peer_capacity")).is_err());
        let over = SHIPPED.replacen("from = \"2016-01-01\"", "from = \"2016-01-01\"\nto = \"2015-01-01\"", 1);
        assert!(OutreachCatalogue::parse(&over).is_err());
    }
}
