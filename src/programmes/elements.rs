//! What is counted: the elements that registers give, and how a plan picks from them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::registers::catalogue::{Column, Register};
use crate::db::types::text_enum;

text_enum! {
    /// What a register counts. Any of them may also be reported by another body.
    Element {
        /// Communication activities. Kinds: forms; groups: audiences.
        CommunicationActivities = "communication_activities",
        /// Person-times at communication activities; never a number of persons. Groups: audiences.
        Attendances = "attendances",
        /// Persons reached by communication, each once a year: those of lists by their number, the others as told. Groups: audiences.
        PersonsReached = "persons_reached",
        /// Items in the press. Kinds: levels of the press.
        PressItems = "press_items",
        /// Staff in the work on the last day. Kinds: levels; groups: agencies.
        Staff = "staff",
        /// Staff in the work on the last day who were trained since the plan began. Kinds: levels; groups: topics.
        StaffTrained = "staff_trained",
        /// Establishments open on the last day. Kinds: types.
        Establishments = "establishments",
        /// Establishments open at some time in the period, each once. Kinds: types.
        EstablishmentsOperating = "establishments_operating",
        /// Establishments that opened. Kinds: types.
        EstablishmentsOpened = "establishments_opened",
        /// Establishments whose last day was the one before a half month begins. Kinds: types.
        EstablishmentsEndedBefore = "establishments_ended_before",
        /// Workers of establishments open on the last day. Kinds: types.
        EstablishmentWorkers = "establishment_workers",
        /// Establishments inspected in the year, each once. Kinds: types.
        EstablishmentsInspected = "establishments_inspected",
        /// Establishments open on the last day that were inspected at least once since the plan began. Kinds: types.
        EstablishmentsEverInspected = "establishments_ever_inspected",
        /// Establishments found in the year with disguised prostitution, each once. Kinds: types.
        EstablishmentsDisguised = "establishments_disguised",
        /// Tip-offs received. Kinds: denunciations, crime reports, complaints, reflections.
        TipOffsReceived = "tip_offs_received",
        /// Of those received, the ones verified, classified and handled in time. Kinds: as before.
        TipOffsHandled = "tip_offs_handled",
        /// Persons asked in surveys of needs. Kinds: audiences.
        PersonsSurveyed = "persons_surveyed",
        /// Of them, those in need. Kinds: audiences.
        PersonsInNeed = "persons_in_need",
        /// Plans of the locality, and plans of others that take up the task, in force and carried out on the last day. Kinds: programmes.
        LocalPlans = "local_plans",
        /// Pilot models that run on the last day. Kinds: contents.
        PilotModels = "pilot_models",
        /// Communes recognised on the last day, each once. Kinds: recognitions.
        HealthyCommunes = "healthy_communes",
        /// Communes newly recognised. Kinds: recognitions.
        HealthyCommunesNew = "healthy_communes_new",
    }
}

/// How an element behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Events: numbers of months add up to those of years.
    Flow,
    /// Each counts once a year, at its first time: months add up to the year, years do not add up.
    OnceAYear,
    /// A level: what stands on the last day.
    Level,
    /// A level of what happened at least once since a day.
    Ever,
    /// What stood at some time in the period: the level before it, and what came in it.
    During,
}

impl Element {
    /// How it behaves over time.
    pub fn nature(self) -> Nature {
        match self {
            Self::CommunicationActivities
            | Self::Attendances
            | Self::PressItems
            | Self::TipOffsReceived
            | Self::TipOffsHandled
            | Self::PersonsSurveyed
            | Self::PersonsInNeed
            | Self::EstablishmentsOpened
            | Self::EstablishmentsEndedBefore
            | Self::HealthyCommunesNew => Nature::Flow,
            Self::EstablishmentsOperating => Nature::During,
            Self::PersonsReached | Self::EstablishmentsInspected | Self::EstablishmentsDisguised => Nature::OnceAYear,
            Self::Staff
            | Self::Establishments
            | Self::EstablishmentWorkers
            | Self::LocalPlans
            | Self::PilotModels
            | Self::HealthyCommunes => Nature::Level,
            Self::StaffTrained | Self::EstablishmentsEverInspected => Nature::Ever,
        }
    }

    /// Whether it is a number of persons whom an activity or a survey met.
    pub fn counts_persons(self) -> bool {
        matches!(self, Self::PersonsReached | Self::PersonsSurveyed | Self::PersonsInNeed)
    }

    /// The registers it is counted from, the one that gives its family its name first.
    pub fn family(self) -> Family {
        match self {
            Self::CommunicationActivities | Self::Attendances | Self::PersonsReached => Family::Communication,
            Self::PressItems => Family::Press,
            Self::Staff | Self::StaffTrained => Family::Staff,
            Self::Establishments
            | Self::EstablishmentsOperating
            | Self::EstablishmentsOpened
            | Self::EstablishmentsEndedBefore
            | Self::EstablishmentWorkers
            | Self::EstablishmentsInspected
            | Self::EstablishmentsEverInspected
            | Self::EstablishmentsDisguised => Family::Establishments,
            Self::TipOffsReceived | Self::TipOffsHandled => Family::TipOffs,
            Self::PersonsSurveyed | Self::PersonsInNeed => Family::NeedSurveys,
            Self::LocalPlans => Family::LocalPlans,
            Self::PilotModels => Family::PilotModels,
            Self::HealthyCommunes | Self::HealthyCommunesNew => Family::HealthyCommunes,
        }
    }

    /// Where the words stand that `kinds` and `groups` of a [`Source`] pick, and those it is broken down by.
    pub fn words(self) -> ElementWords {
        use Register as R;
        let (kinds, groups, class) = match self {
            Self::CommunicationActivities => (
                Some((R::CommunicationActivities, Column::Kind)),
                Some((R::CommunicationActivities, Column::Facet)),
                Some((R::CommunicationActivities, Column::Kind)),
            ),
            Self::Attendances | Self::PersonsReached => (
                Some((R::CommunicationActivities, Column::Kind)),
                Some((R::CommunicationActivities, Column::Facet)),
                Some((R::CommunicationActivities, Column::Facet)),
            ),
            Self::PressItems => (
                Some((R::PressItems, Column::Kind)),
                Some((R::PressItems, Column::Facet)),
                Some((R::PressItems, Column::Kind)),
            ),
            Self::Staff => {
                (Some((R::Staff, Column::Kind)), Some((R::Staff, Column::Facet)), Some((R::Staff, Column::Facet)))
            }
            Self::StaffTrained => (
                Some((R::Staff, Column::Kind)),
                Some((R::StaffTrainings, Column::Kind)),
                Some((R::Staff, Column::Facet)),
            ),
            Self::Establishments
            | Self::EstablishmentsOperating
            | Self::EstablishmentsOpened
            | Self::EstablishmentsEndedBefore
            | Self::EstablishmentWorkers
            | Self::EstablishmentsInspected
            | Self::EstablishmentsEverInspected
            | Self::EstablishmentsDisguised => {
                (Some((R::Establishments, Column::Kind)), None, Some((R::Establishments, Column::Kind)))
            }
            Self::TipOffsReceived | Self::TipOffsHandled => only_kind(R::TipOffs),
            Self::PersonsSurveyed | Self::PersonsInNeed => only_kind(R::NeedSurveys),
            Self::LocalPlans => only_kind(R::LocalPlans),
            Self::PilotModels => only_kind(R::PilotModels),
            Self::HealthyCommunes | Self::HealthyCommunesNew => only_kind(R::HealthyCommunes),
        };
        ElementWords { kinds, groups, class }
    }
}

type Place = Option<(Register, Column)>;

fn only_kind(register: Register) -> (Place, Place, Place) {
    (Some((register, Column::Kind)), None, Some((register, Column::Kind)))
}

/// Where the words of an element stand.
#[derive(Debug, Clone, Copy)]
pub struct ElementWords {
    /// What `kinds` picks.
    pub kinds: Place,
    /// What `groups` picks.
    pub groups: Place,
    /// What it is broken down by.
    pub class: Place,
}

text_enum! {
    /// Registers that are counted together.
    Family {
        /// Communication.
        Communication = "communication",
        /// The press.
        Press = "press",
        /// Staff and their training.
        Staff = "staff",
        /// Establishments and their inspections.
        Establishments = "establishments",
        /// Tip-offs.
        TipOffs = "tip_offs",
        /// Surveys.
        NeedSurveys = "need_surveys",
        /// Plans of localities.
        LocalPlans = "local_plans",
        /// Pilot models.
        PilotModels = "pilot_models",
        /// Healthy communes.
        HealthyCommunes = "healthy_communes",
    }
}

impl Register {
    /// The family it is counted in.
    pub fn family(self) -> Family {
        match self {
            Self::CommunicationActivities => Family::Communication,
            Self::PressItems => Family::Press,
            Self::Staff | Self::StaffCounts | Self::StaffTrainings => Family::Staff,
            Self::Establishments | Self::EstablishmentCounts | Self::Inspections => Family::Establishments,
            Self::TipOffs => Family::TipOffs,
            Self::NeedSurveys => Family::NeedSurveys,
            Self::LocalPlans => Family::LocalPlans,
            Self::PilotModels => Family::PilotModels,
            Self::HealthyCommunes => Family::HealthyCommunes,
        }
    }
}

text_enum! {
    /// What is counted from outreach, by province and year only: sessions and points tell where people are met.
    OutreachElement {
        /// Sessions held.
        Sessions = "outreach_sessions",
        /// Points of intervention that ran on the last day.
        Points = "outreach_points",
    }
}

/// What a plan takes from the records: an element, narrowed by words. An element that neither a register nor
/// outreach gives is one the plan declares, and is reported by another body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Code of the element.
    pub element: String,
    /// Only these kinds; all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
    /// Only these groups; all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// Only staff directly involved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub direct: bool,
    /// A number reported by another body goes before what the register says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reported_first: bool,
}

impl Source {
    /// The element, where a register gives it.
    pub fn of_register(&self) -> Option<Element> {
        self.element.parse().ok()
    }

    /// The element, where outreach gives it.
    pub fn of_outreach(&self) -> Option<OutreachElement> {
        self.element.parse().ok()
    }

    /// What tells it from other sources of the same element, for reported values: empty when nothing is left out.
    pub fn class(&self) -> String {
        let join = |words: &BTreeSet<String>| words.iter().map(String::as_str).collect::<Vec<_>>().join("+");
        let groups = if self.groups.is_empty() { String::new() } else { format!("/{}", join(&self.groups)) };
        format!("{}{groups}{}", join(&self.kinds), if self.direct { "!direct" } else { "" })
    }
}
