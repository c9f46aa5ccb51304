//! What is known of one person, over all cases and centres, and what standing follows from it on a day.

use chrono::NaiveDate;

use super::catalogue::{Catalogue, Group};
use super::model::Circumstance;
use crate::cases::CaseStatus;
use crate::cases::status::CloseReason;
use crate::db::types::{CaseId, Instant, text_enum};
use crate::persons::ClientCategory;
use crate::persons::model::Birth;
use crate::services::ServiceType;

/// One case of the person, as far as entitlements depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFacts {
    /// Id.
    pub id: CaseId,
    /// Category it concerns.
    pub category: ClientCategory,
    /// Day of reception.
    pub received_on: NaiveDate,
    /// Day of closure.
    pub closed_on: Option<NaiveDate>,
    /// Why closed.
    pub close_reason: Option<CloseReason>,
    /// When the case was opened; tells cases of one day apart.
    pub created_at: Instant,
    /// Case that this one goes on with, after it was handed over.
    pub continues: Option<CaseId>,
    /// Whether the person was trafficked again after an earlier case.
    pub trafficked_again: bool,
    /// Day of identification as the case has it.
    pub identified_on: Option<NaiveDate>,
    /// Steps of verification (`under_verification`, `confirmed`, `not_confirmed`) by day, in the order recorded.
    pub steps: Vec<(NaiveDate, CaseStatus)>,
    /// Circumstances by day, in the order recorded.
    pub circumstances: Vec<(NaiveDate, Circumstance)>,
}

impl CaseFacts {
    /// Whether the case concerns a victim, somebody who may be one, or a minor with one.
    pub fn is_victims(&self) -> bool {
        let category = matches!(self.category, ClientCategory::PossibleVictim | ClientCategory::IdentifiedVictim);
        let accompanies = self.circumstances.iter().any(|(_, word)| *word == Circumstance::AccompaniesVictim);
        // Of whatever category: somebody is being identified until there is a verdict.
        let pending = self.steps.last().is_some_and(|(_, step)| *step == CaseStatus::UnderVerification);
        category || self.identified_on.is_some() || accompanies || pending
    }

    /// Whether the case rests on an identification made elsewhere before it.
    fn rests_on_an_earlier_one(&self) -> bool {
        let decided = self.steps.iter().any(|(_, step)| *step != CaseStatus::UnderVerification);
        let told = self.identified_on.is_none_or(|day| day <= self.received_on);
        self.category == ClientCategory::IdentifiedVictim && !decided && told
    }

    fn step_on(&self, day: NaiveDate) -> Option<CaseStatus> {
        let latest = self.steps.iter().filter(|(on, _)| *on <= day).max_by_key(|(on, _)| *on);
        // Of several on one day the one recorded last counts, which `max_by_key` returns.
        latest.map(|(_, step)| *step)
    }

    /// The last verdict; somebody verified again stays what they were until the next one.
    fn verdict_on(&self, day: NaiveDate) -> Option<CaseStatus> {
        let verdicts = self.steps.iter().filter(|(on, step)| *on <= day && *step != CaseStatus::UnderVerification);
        verdicts.max_by_key(|(on, _)| *on).map(|(_, verdict)| *verdict)
    }

    /// Since when the person is an identified victim by this case, as far as known on `day`.
    fn identified_by(&self, day: NaiveDate) -> Option<NaiveDate> {
        match self.verdict_on(day) {
            Some(CaseStatus::Confirmed) => {
                let refuted = self.steps.iter().rposition(|(on, v)| *on <= day && *v == CaseStatus::NotConfirmed);
                let since = self.steps.iter().skip(refuted.map_or(0, |position| position + 1));
                since.filter(|(on, v)| *on <= day && *v == CaseStatus::Confirmed).map(|(on, _)| *on).min()
            }
            Some(_) => None,
            None => self
                .identified_on
                .or_else(|| self.rests_on_an_earlier_one().then_some(self.received_on))
                .filter(|since| *since <= day),
        }
    }

    fn latest(&self, day: NaiveDate, of: [Circumstance; 2]) -> Option<Circumstance> {
        let known = self.circumstances.iter().filter(|(on, word)| *on <= day && of.contains(word));
        known.max_by_key(|(on, _)| *on).map(|(_, word)| *word)
    }
}

/// Support of a statutory service type that was given, or is about to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Case it belongs to.
    pub case: CaseId,
    /// Service type.
    pub service: ServiceType,
    /// Day.
    pub day: NaiveDate,
    /// What belongs together as one use: the referral, or the delivery itself.
    pub key: uuid::Uuid,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// A stay at a facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Case it belongs to.
    pub case: CaseId,
    /// First day.
    pub from: NaiveDate,
    /// Last day; none while it goes on.
    pub to: Option<NaiveDate>,
    /// Days by which it was extended.
    pub extended: u32,
}

/// Whether the latest assessment, from this day on, says that a programme and not the law gives a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgrammeMark {
    /// Case.
    pub case: CaseId,
    /// Service type.
    pub service: ServiceType,
    /// Day of the assessment.
    pub since: NaiveDate,
    /// What it says.
    pub by_programme: bool,
}

/// Everything entitlements depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Until when stays that go on are known to have lasted.
    pub today: NaiveDate,
    /// Birth as known.
    pub birth: Birth,
    /// ISO 3166 code; none when not known.
    pub nationality: Option<String>,
    /// Victims' cases by day of reception.
    pub cases: Vec<CaseFacts>,
    /// Support given, void records left out.
    pub uses: Vec<Use>,
    /// Stays, void records left out.
    pub stays: Vec<Span>,
    /// What assessments say, in the order recorded.
    pub marks: Vec<ProgrammeMark>,
}

text_enum! {
    /// What a standing rests on.
    Ground {
        /// Identified as a victim.
        Identified = "identified",
        /// Identification is going on.
        BeingIdentified = "being_identified",
        /// A minor with a victim.
        AccompaniesVictim = "accompanies_victim",
    }
}

text_enum! {
    /// Why there is no standing.
    Absence {
        /// The case does not concern a victim.
        NoVictimStatus = "no_victim_status",
        /// Verification found too little ground (*chưa đủ căn cứ xác định*).
        NotConfirmed = "not_confirmed",
        /// The day lies before the reception.
        NotYetReceived = "not_yet_received",
    }
}

/// As what the law sees a person on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Group.
    pub group: Group,
    /// Ground.
    pub ground: Ground,
    /// Day of identification.
    pub identified_on: Option<NaiveDate>,
    /// Day whose law applies: of identification, else of reception.
    pub law_of: NaiveDate,
    /// The cases of one episode; limits are counted over them together.
    pub episode: Vec<CaseId>,
}

/// Whether a case belongs to the same episode as those before it.
fn goes_on(episode: &[&CaseFacts], case: &CaseFacts) -> bool {
    let known = |id: Option<CaseId>| id.is_some_and(|id| episode.iter().any(|earlier| earlier.id == id));
    if known(case.continues) {
        return true;
    }
    if case.trafficked_again {
        return false;
    }
    let lasts = |earlier: &CaseFacts| {
        // Once handed over, the case that goes on with it tells how long it lasts.
        let handed_over = episode.iter().any(|later| later.continues == Some(earlier.id));
        let passed_on = matches!(earlier.close_reason, Some(CloseReason::Transferred | CloseReason::Moved));
        let until = earlier.closed_on.filter(|_| handed_over || !passed_on);
        until.is_none_or(|closed| case.received_on <= closed)
    };
    let any_lasts = episode.iter().any(|earlier| lasts(earlier));
    any_lasts || (!episode.is_empty() && case.rests_on_an_earlier_one())
}

impl Facts {
    /// Without what happened after this day.
    #[must_use]
    pub fn known_on(mut self, day: NaiveDate) -> Self {
        self.uses.retain(|support| support.day <= day);
        self.marks.retain(|mark| mark.since <= day);
        self.stays.retain(|stay| stay.from <= day);
        for stay in &mut self.stays {
            stay.to = stay.to.filter(|to| *to <= day);
        }
        self.cases.retain(|case| case.received_on <= day);
        for case in &mut self.cases {
            case.steps.retain(|(on, _)| *on <= day);
            case.circumstances.retain(|(on, _)| *on <= day);
        }
        self
    }

    /// The case of this id, if it is a victim's.
    pub fn case(&self, id: CaseId) -> Option<&CaseFacts> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// The episode a case belongs to. A new one begins with a case that says so (trafficked again), or
    /// that was received after all earlier ones were closed for good and identifies the person anew.
    /// A second centre, a transfer, or a case that only quotes an earlier identification goes on with the old one.
    pub fn episode(&self, id: CaseId) -> Vec<CaseId> {
        let mut sorted: Vec<&CaseFacts> = self.cases.iter().collect();
        sorted.sort_by_key(|case| (case.received_on, case.created_at, case.id));
        let mut current: Vec<&CaseFacts> = Vec::new();
        for case in sorted {
            if !goes_on(&current, case) {
                if current.iter().any(|known| known.id == id) {
                    break;
                }
                current.clear();
            }
            current.push(case);
        }
        let ids: Vec<CaseId> = current.iter().map(|case| case.id).collect();
        if ids.contains(&id) { ids } else { Vec::new() }
    }

    /// The standing that a case gives on a day.
    ///
    /// # Errors
    /// Why there is none.
    pub fn standing(&self, catalogue: &Catalogue, id: CaseId, day: NaiveDate) -> Result<Standing, Absence> {
        let case = self.case(id).ok_or(Absence::NoVictimStatus)?;
        let episode = self.episode(id);
        let of_episode = || self.cases.iter().filter(|case| episode.contains(&case.id));
        let begun = of_episode().map(|case| case.received_on).min().filter(|first| *first <= day);
        let begun = begun.ok_or(Absence::NotYetReceived)?;
        let standing = |group, ground, identified_on: Option<NaiveDate>| Standing {
            group,
            ground,
            identified_on,
            law_of: identified_on.unwrap_or(begun),
            episode: episode.clone(),
        };
        if let Some(since) = of_episode().filter_map(|case| case.identified_by(day)).min() {
            let resident = self.nationality.as_ref().is_none_or(|code| catalogue.resident_nationalities.contains(code));
            let group = if resident { Group::ResidentVictim } else { Group::ForeignVictim };
            return Ok(standing(group, Ground::Identified, Some(since)));
        }
        let with_victim = case.latest(day, [Circumstance::AccompaniesVictim, Circumstance::DoesNotAccompany]);
        let minor = self.birth.age_on(day).is_none_or(|age| age < 18);
        if with_victim == Some(Circumstance::AccompaniesVictim) && minor {
            return Ok(standing(Group::AccompanyingMinor, Ground::AccompaniesVictim, None));
        }
        match case.step_on(day) {
            Some(CaseStatus::UnderVerification) => {}
            None if case.category == ClientCategory::PossibleVictim => {}
            Some(CaseStatus::NotConfirmed) => return Err(Absence::NotConfirmed),
            _ => return Err(Absence::NoVictimStatus),
        }
        let group = match case.latest(day, [Circumstance::Abroad, Circumstance::AtHome]) {
            Some(Circumstance::Abroad) => Group::BeingIdentifiedAbroad,
            _ => Group::BeingIdentifiedAtHome,
        };
        Ok(standing(group, Ground::BeingIdentified, None))
    }

    /// Whether a programme, not the law, gives this service in this case on this day.
    pub fn by_programme(&self, case: CaseId, service: ServiceType, day: NaiveDate) -> bool {
        let said = self.marks.iter().filter(|mark| mark.case == case && mark.service == service && mark.since <= day);
        said.max_by_key(|mark| mark.since).is_some_and(|mark| mark.by_programme)
    }
}
