//! From facts to entitlements. Nothing here reads a database or a clock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};

use super::catalogue::{Catalogue, ClockKind, Regime, Version};
use super::facts::{Absence, Facts, Standing, Use};
use crate::db::types::{CaseId, text_enum};
use crate::services::ServiceType;

#[cfg(test)]
mod tests;

text_enum! {
    /// Why somebody is or is not entitled.
    Reason {
        /// The law names the group the person belongs to.
        Statutory = "statutory",
        /// The law does not name that group for this letter.
        GroupNotNamed = "group_not_named",
        /// The law of that day had no such regime.
        NotInForce = "not_in_force",
        /// Only for younger persons.
        TooOld = "too_old",
        /// The case does not concern a victim.
        NoVictimStatus = "no_victim_status",
        /// Verification found too little ground.
        NotConfirmed = "not_confirmed",
        /// The day lies before the reception.
        NotYetReceived = "not_yet_received",
    }
}

impl From<Absence> for Reason {
    fn from(absence: Absence) -> Self {
        match absence {
            Absence::NoVictimStatus => Self::NoVictimStatus,
            Absence::NotConfirmed => Self::NotConfirmed,
            Absence::NotYetReceived => Self::NotYetReceived,
        }
    }
}

text_enum! {
    /// In what a use is counted.
    Unit {
        /// Distinct calendar days.
        Days = "days",
        /// Times; all that is given under one referral is one.
        Times = "times",
        /// School years.
        SchoolYears = "school_years",
    }
}

/// What one letter gives a person on one day, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement<'a> {
    /// The regime.
    pub regime: &'a Regime,
    /// The version of the law that applies; none when it had no such regime.
    pub version: Option<&'a Version>,
    /// Whether the person is entitled, whatever is used up.
    pub entitled: bool,
    /// Why, or why not.
    pub reason: Reason,
    /// In what it is counted.
    pub unit: Unit,
    /// The limit with extensions; none where the law sets none.
    pub limit: Option<u32>,
    /// Days by which the limit was extended.
    pub extended: u32,
    /// Used so far.
    pub used: u32,
    /// Left; none without limit.
    pub left: Option<u32>,
    /// Used beyond the limit.
    pub over: u32,
    /// Last day of the clock, where there is one.
    pub until: Option<NaiveDate>,
    /// While a stay goes on: the last day the limit covers.
    pub runs_out_on: Option<NaiveDate>,
}

/// What exceeds what the law gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// The person is not entitled.
    NotEntitled(Reason),
    /// It was received before, and is given once.
    OnceOnly,
    /// The days are used up.
    Days {
        /// Days allowed, with extensions.
        limit: u32,
    },
    /// The clock has run out.
    TooLate {
        /// Last day.
        until: NaiveDate,
    },
}

/// What the person of `facts` is entitled to by `case` on `day`, letter by letter.
pub fn evaluate<'a>(catalogue: &'a Catalogue, facts: &Facts, case: CaseId, day: NaiveDate) -> Vec<Entitlement<'a>> {
    let standing = facts.standing(catalogue, case, day);
    let of = |regime| entitlement(catalogue, facts, standing.as_ref().map_err(|absence| *absence), regime, day);
    catalogue.regimes.iter().map(of).collect()
}

fn entitlement<'a>(
    catalogue: &Catalogue,
    facts: &Facts,
    standing: Result<&Standing, Absence>,
    regime: &'a Regime,
    day: NaiveDate,
) -> Entitlement<'a> {
    let version = standing.ok().and_then(|standing| regime.on(standing.law_of));
    let count = Count::of(catalogue, facts, standing.ok(), regime, version, day);
    let reason = match (standing, version) {
        (Err(absence), _) => absence.into(),
        (Ok(_), None) => Reason::NotInForce,
        (Ok(standing), Some(version)) if !version.groups.contains(&standing.group) => Reason::GroupNotNamed,
        (Ok(_), Some(version)) if !young_enough(version, facts, count.first.unwrap_or(day)) => Reason::TooOld,
        (Ok(_), Some(_)) => Reason::Statutory,
    };
    let left = count.limit.map(|limit| limit.saturating_sub(count.used));
    Entitlement {
        regime,
        version,
        entitled: reason == Reason::Statutory,
        reason,
        unit: count.unit,
        limit: count.limit,
        extended: count.extended,
        used: count.used,
        left,
        over: count.limit.map_or(0, |limit| count.used.saturating_sub(limit)),
        until: count.until,
        runs_out_on: count.runs_out_on,
    }
}

/// An unknown age is no reason to refuse a child.
fn young_enough(version: &Version, facts: &Facts, begins: NaiveDate) -> bool {
    version.under_age.is_none_or(|limit| facts.birth.age_on(begins).is_none_or(|age| age < limit))
}

struct Count {
    unit: Unit,
    limit: Option<u32>,
    extended: u32,
    used: u32,
    /// Day of the first use.
    first: Option<NaiveDate>,
    until: Option<NaiveDate>,
    runs_out_on: Option<NaiveDate>,
}

impl Count {
    fn of(
        catalogue: &Catalogue,
        facts: &Facts,
        standing: Option<&Standing>,
        regime: &Regime,
        version: Option<&Version>,
        day: NaiveDate,
    ) -> Self {
        let service = regime.service;
        let clock = standing
            .and_then(|standing| standing.identified_on)
            .zip(version.and_then(|version| version.clock))
            .map(|(begins, clock)| clock.last_day(begins));
        let mut count =
            Self { unit: Unit::Times, limit: None, extended: 0, used: 0, first: None, until: clock, runs_out_on: None };
        let episode = standing.map(|standing| standing.episode.as_slice());
        let once = version.is_some_and(|version| version.once);
        // What is given once in a lifetime remains used in every later episode.
        let counted = if once { None } else { episode };
        let uses: Vec<Use> = uses_of(facts, service, counted).filter(|one| one.day <= day).collect();
        count.first = uses.iter().map(|one| one.day).min();
        let Some(version) = version else {
            // Whoever has no standing may have been given food and a bed all the same; that is counted too.
            let needs = service == ServiceType::EssentialNeeds;
            count.unit = if needs { Unit::Days } else { Unit::Times };
            let days = || days_used(facts, episode, day).len();
            count.used = number(if needs { days() } else { times(&uses).len() });
            return count;
        };
        if let Some(days) = version.days {
            let extended = extended(facts, episode);
            let limit = days.saturating_add(extended);
            count.unit = Unit::Days;
            count.extended = extended;
            count.limit = Some(limit);
            count.used = number(days_used(facts, episode, day).len());
            count.runs_out_on = runs_out_on(facts, episode, limit, day);
        } else if let Some(years) = version.school_years {
            let begun: BTreeSet<NaiveDate> = uses.iter().map(|one| catalogue.school_year(one.day).0).collect();
            count.unit = Unit::SchoolYears;
            count.limit = Some(years);
            count.used = number(begun.len());
            count.until = count.first.map(|first| last_school_day(catalogue, first, years));
        } else {
            count.limit = once.then_some(1);
            count.used = number(times(&uses).len());
        }
        count
    }
}

/// The last day of so many school years, of which the first is that of `first`.
fn last_school_day(catalogue: &Catalogue, first: NaiveDate, years: u32) -> NaiveDate {
    let (begins, _) = catalogue.school_year(first);
    let after = begins.checked_add_months(chrono::Months::new(12 * years));
    after.map_or(NaiveDate::MAX, |after| after - TimeDelta::days(1))
}

/// Uses of a service by law, of all victims' cases or of one episode.
fn uses_of<'a>(
    facts: &'a Facts,
    service: ServiceType,
    episode: Option<&'a [CaseId]>,
) -> impl Iterator<Item = Use> + 'a {
    let within = move |one: &&Use| {
        one.service == service
            && episode.is_none_or(|cases| cases.contains(&one.case))
            && facts.case(one.case).is_some()
            && !facts.by_programme(one.case, service, one.day)
    };
    facts.uses.iter().filter(within).copied()
}

/// Uses that count as one each, with the day of the first.
fn times(uses: &[Use]) -> BTreeMap<uuid::Uuid, NaiveDate> {
    let mut times = BTreeMap::new();
    for one in uses {
        let first = times.entry(one.key).or_insert(one.day);
        *first = one.day.min(*first);
    }
    times
}

/// The distinct calendar days on which essential needs were met until `day`, in a facility or outside.
fn days_used(facts: &Facts, episode: Option<&[CaseId]>, day: NaiveDate) -> BTreeSet<NaiveDate> {
    let service = ServiceType::EssentialNeeds;
    let outside = uses_of(facts, service, episode).map(|one| one.day).filter(|on| *on <= day);
    let within = |stay: &&super::facts::Span| episode.is_none_or(|cases| cases.contains(&stay.case));
    let inside = facts.stays.iter().filter(within).flat_map(|stay| {
        let last = stay.to.unwrap_or(day).min(day);
        let by_law = |on: &NaiveDate| !facts.by_programme(stay.case, service, *on);
        stay.from.iter_days().take_while(move |on| *on <= last).filter(by_law)
    });
    outside.chain(inside).collect()
}

fn extended(facts: &Facts, episode: Option<&[CaseId]>) -> u32 {
    let within = |stay: &&super::facts::Span| episode.is_none_or(|cases| cases.contains(&stay.case));
    facts.stays.iter().filter(within).fold(0, |sum: u32, stay| sum.saturating_add(stay.extended))
}

/// The last day that `limit` days cover while a stay goes on; before its first day when nothing was left then.
fn runs_out_on(facts: &Facts, episode: Option<&[CaseId]>, limit: u32, day: NaiveDate) -> Option<NaiveDate> {
    let goes_on = |stay: &&super::facts::Span| {
        stay.to.is_none() && stay.from <= day && episode.is_some_and(|cases| cases.contains(&stay.case))
    };
    let open = facts.stays.iter().filter(goes_on).map(|stay| stay.from).min()?;
    let before = open.pred_opt().map_or(0, |eve| number(days_used(facts, episode, eve).len()));
    let covered = i64::from(limit) - i64::from(before);
    open.checked_add_signed(TimeDelta::days(covered.max(0) - 1))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What recording `new` would exceed; nothing when a programme gives it or the law allows it.
pub fn excess(catalogue: &Catalogue, facts: &Facts, new: &Use) -> Option<Excess> {
    if facts.case(new.case).is_none() || facts.by_programme(new.case, new.service, new.day) {
        return None;
    }
    let standing = facts.standing(catalogue, new.case, new.day);
    // Where one service stands under several letters, one that allows it is enough.
    let mut found = None;
    for regime in catalogue.of(new.service) {
        match of_regime(catalogue, facts, standing.as_ref().map_err(|absence| *absence), regime, new) {
            None => return None,
            Some(excess) => found = found.or(Some(excess)),
        }
    }
    found
}

fn of_regime(
    catalogue: &Catalogue,
    facts: &Facts,
    standing: Result<&Standing, Absence>,
    regime: &Regime,
    new: &Use,
) -> Option<Excess> {
    let now = entitlement(catalogue, facts, standing, regime, new.day);
    if !now.entitled {
        return (!regime.never_refused_for_status).then_some(Excess::NotEntitled(now.reason));
    }
    let (Ok(standing), Some(version)) = (standing, now.version) else { return None };
    if let Some(limit) = now.limit.filter(|_| now.unit == Unit::Days) {
        return beyond_days(facts, &standing.episode, limit, &BTreeSet::from([new.day]));
    }
    if version.once {
        let known = times(&uses_of(facts, new.service, None).collect::<Vec<_>>());
        // What goes on under the same referral is the same use, and began in time.
        if known.contains_key(&new.key) {
            return None;
        }
        if !known.is_empty() {
            return Some(Excess::OnceOnly);
        }
    }
    let enforced = version.clock.is_none_or(|clock| clock.of == ClockKind::Application);
    let until = now.until.filter(|until| enforced && new.day > *until);
    until.map(|until| Excess::TooLate { until })
}

/// Whether `new` days of essential needs go beyond the limit: as days not counted yet, or
/// because they come after the day on which the days were used up.
pub fn beyond_days(facts: &Facts, episode: &[CaseId], limit: u32, new: &BTreeSet<NaiveDate>) -> Option<Excess> {
    let last = new.last().copied()?;
    // Days known after the new ones push nothing out, but the new ones push them.
    let known = days_used(facts, Some(episode), facts.last_known_day().max(last));
    let together: BTreeSet<NaiveDate> = known.union(new).copied().collect();
    let grows = together.len() > known.len() && number(together.len()) > limit;
    let rank = number(together.range(..=last).count());
    (grows || rank > limit).then_some(Excess::Days { limit })
}

/// What a stay from `from` to `to` would exceed.
pub fn excess_of_stay(
    catalogue: &Catalogue,
    facts: &Facts,
    case: CaseId,
    from: NaiveDate,
    to: NaiveDate,
) -> Option<Excess> {
    if facts.by_programme(case, ServiceType::EssentialNeeds, from) {
        return None;
    }
    let standing = facts.standing(catalogue, case, to).ok()?;
    let version = catalogue.of(ServiceType::EssentialNeeds).next()?.on(standing.law_of)?;
    if !version.groups.contains(&standing.group) {
        return None;
    }
    let limit = version.days?.saturating_add(extended(facts, Some(&standing.episode)));
    let days: BTreeSet<NaiveDate> = from.iter_days().take_while(|on| *on <= to).collect();
    beyond_days(facts, &standing.episode, limit, &days)
}

impl Facts {
    /// The last day of which anything is on record.
    fn last_known_day(&self) -> NaiveDate {
        let uses = self.uses.iter().map(|one| one.day);
        let stays = self.stays.iter().map(|stay| stay.to.unwrap_or(self.today));
        uses.chain(stays).fold(self.today, NaiveDate::max)
    }
}
