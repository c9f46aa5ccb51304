//! Whether a figure meets its target on a day.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::measures::Ratio;
use crate::db::types::text_enum;
use crate::programmes::plans::model::{Milestone, Operator, Target};

text_enum! {
    /// Where a figure stands.
    Status {
        /// What is wanted on that day is reached.
        Met = "met",
        /// Nothing that was due is missed; the target is due later.
        OnCourse = "on_course",
        /// What was due is not reached.
        Behind = "behind",
        /// There is no figure, for want of numbers.
        NoData = "no_data",
        /// There can be no figure, or the plan wants nothing, or nothing of a part of the year.
        NotApplicable = "not_applicable",
    }
}

/// A target beside a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetView {
    /// How it is meant.
    pub operator: Operator,
    /// The value in the end; of a range the lower one.
    pub value: Option<u32>,
    /// The upper value of a range.
    pub max: Option<u32>,
    /// By when; each period when none.
    pub by: Option<NaiveDate>,
    /// What is wanted on the day of the figure, in tenths; none while nothing is due.
    pub wanted_tenths: Option<i64>,
    /// Whether the figure lies above the upper value of a range, or of what is to be equal: no failure.
    pub beyond: bool,
}

/// The day a figure speaks for, and when its period ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Records up to and with this day are counted.
    pub as_of: NaiveDate,
    /// Last day of the period.
    pub period_ends: NaiveDate,
    /// The day up to which targets are judged: plans date them by the civil calendar, and a year that closes on the 14th
    /// of December answers for what is due by the 31st.
    pub judged_on: NaiveDate,
}

/// What is wanted on a day, in tenths; none while nothing is due.
fn wanted(target: &Target, standing: Standing) -> Option<i64> {
    let tenths = |value: u32| i64::from(value) * 10;
    let last = target.value.map(tenths)?;
    let Some(by) = target.by else {
        return (standing.as_of >= standing.period_ends).then_some(last);
    };
    if standing.judged_on >= by {
        return Some(last);
    }
    let passed = target.milestones.iter().rfind(|step| step.by <= standing.judged_on)?;
    if !target.interpolated {
        return Some(tenths(passed.value));
    }
    let end = Milestone { by, value: target.value? };
    let next = target.milestones.iter().find(|step| step.by > standing.judged_on).copied().unwrap_or(end);
    let (way, gone) = ((next.by - passed.by).num_days().max(1), (standing.judged_on - passed.by).num_days());
    Some(tenths(passed.value) + (tenths(next.value) - tenths(passed.value)) * gone / way)
}

fn reaches_tenths(value: Ratio, wanted: i64) -> bool {
    let scale = if value.is_percent { 100 } else { 1 };
    i128::from(value.top) * scale * 10 >= i128::from(wanted) * i128::from(value.bottom)
}

/// Judges a value; `before` is what stood a year before, for levels to be held.
pub fn judge(target: &Target, value: Ratio, before: Option<i64>, standing: Standing) -> (Status, TargetView) {
    let wanted = wanted(target, standing);
    let status = match target.operator {
        Operator::None => Status::NotApplicable,
        Operator::Hold if before.is_some_and(|before| value.top >= before) => Status::Met,
        Operator::Hold if standing.as_of < standing.period_ends => Status::OnCourse,
        Operator::Hold => Status::Behind,
        Operator::AtLeast | Operator::Equal | Operator::Range => match wanted {
            Some(wanted) if reaches_tenths(value, wanted) => Status::Met,
            Some(_) => Status::Behind,
            None if target.value.is_some_and(|last| value.reaches(last)) => Status::Met,
            None => Status::OnCourse,
        },
    };
    let most = match target.operator {
        Operator::Equal => target.value,
        Operator::Range => target.max,
        Operator::AtLeast | Operator::Hold | Operator::None => None,
    };
    let view = TargetView { beyond: most.is_some_and(|most| value.exceeds(most)), ..view(target, standing) };
    (status, view)
}

/// Whether a cadence cannot reach its target any more, though each of the months to come were met: it was met so often in
/// so many months that have passed, of all those of the period.
pub fn is_out_of_reach(value: Ratio, target: &Target, (passed, all): (usize, usize)) -> bool {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (passed, all) = (number(passed), number(all));
    let (Some(wanted), true) = (target.value, passed > 0) else { return false };
    let units = value.bottom / passed;
    let best = Ratio { top: value.top + units * (all - passed), bottom: units * all, ..value };
    !best.reaches(wanted)
}

/// A target where there is no value to judge.
pub fn view(target: &Target, standing: Standing) -> TargetView {
    TargetView {
        operator: target.operator,
        value: target.value,
        max: target.max,
        by: target.by,
        wanted_tenths: wanted(target, standing),
        beyond: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn percent(top: i64) -> Ratio {
        Ratio { top, bottom: 100, is_percent: true }
    }

    fn at_least(value: u32, by: Option<&str>, steps: &[(&str, u32)]) -> Target {
        Target {
            operator: Operator::AtLeast,
            value: Some(value),
            max: None,
            by: by.map(day),
            milestones: steps.iter().map(|(by, value)| Milestone { by: day(by), value: *value }).collect(),
            interpolated: false,
            unit: None,
        }
    }

    fn standing(as_of: &str, ends: &str) -> Standing {
        Standing { as_of: day(as_of), period_ends: day(ends), judged_on: day(as_of) }
    }

    fn status(target: &Target, value: i64, as_of: &str, ends: &str) -> Status {
        judge(target, percent(value), None, standing(as_of, ends)).0
    }

    #[test]
    fn a_step_is_wanted_from_its_day_until_the_next() {
        let stepped = at_least(100, Some("2020-12-31"), &[("2017-12-31", 75)]);
        assert_eq!(status(&stepped, 10, "2016-12-31", "2016-12-31"), Status::OnCourse);
        assert_eq!(status(&stepped, 75, "2017-12-31", "2017-12-31"), Status::Met);
        assert_eq!(status(&stepped, 74, "2017-12-31", "2017-12-31"), Status::Behind);
        assert_eq!(status(&stepped, 80, "2019-12-31", "2019-12-31"), Status::Met);
        assert_eq!(status(&stepped, 99, "2020-12-31", "2020-12-31"), Status::Behind);
        assert_eq!(status(&stepped, 100, "2020-12-31", "2020-12-31"), Status::Met);
    }

    #[test]
    fn values_lie_between_milestones_only_where_the_plan_says_so() {
        let mut target = at_least(100, Some("2020-12-31"), &[("2018-12-31", 50)]);
        assert_eq!(status(&target, 60, "2019-12-31", "2019-12-31"), Status::Met);
        target.interpolated = true;
        assert_eq!(status(&target, 74, "2019-12-31", "2019-12-31"), Status::Behind);
        assert_eq!(status(&target, 75, "2019-12-31", "2019-12-31"), Status::Met);
    }

    #[test]
    fn a_target_of_each_year_is_due_when_the_year_ends() {
        let yearly = at_least(20, None, &[]);
        assert_eq!(status(&yearly, 3, "2022-06-30", "2022-12-31"), Status::OnCourse);
        assert_eq!(status(&yearly, 20, "2022-06-30", "2022-12-31"), Status::Met);
        assert_eq!(status(&yearly, 19, "2022-12-31", "2022-12-31"), Status::Behind);
    }

    #[test]
    fn a_month_that_was_missed_is_not_made_up_for_by_those_to_come() {
        let monthly = at_least(100, None, &[]);
        let met = |top, bottom| Ratio { top, bottom, is_percent: true };
        assert!(!is_out_of_reach(met(0, 1), &monthly, (0, 12)), "no month has passed");
        assert!(!is_out_of_reach(met(8, 8), &monthly, (8, 12)));
        assert!(is_out_of_reach(met(7, 8), &monthly, (8, 12)));
        // Two units: 15 of 16 so far, and 8 to come, are 23 of 24 at best.
        assert!(is_out_of_reach(met(15, 16), &monthly, (8, 12)));
        assert!(!is_out_of_reach(met(15, 16), &at_least(95, None, &[]), (8, 12)));
        assert!(is_out_of_reach(met(14, 16), &at_least(95, None, &[]), (8, 12)));
    }

    #[test]
    fn passing_the_top_of_a_range_is_no_failure_and_is_told() {
        let range = Target { operator: Operator::Range, max: Some(5), ..at_least(3, None, &[]) };
        let end = standing("2022-12-31", "2022-12-31");
        for (value, expected, beyond) in
            [(2, Status::Behind, false), (3, Status::Met, false), (5, Status::Met, false), (6, Status::Met, true)]
        {
            let (status, view) = judge(&range, percent(value), None, end);
            assert_eq!((status, view.beyond), (expected, beyond), "{value} %");
        }
    }

    #[test]
    fn a_level_is_held_when_it_is_no_less_than_before() {
        let hold = Target { operator: Operator::Hold, value: None, ..at_least(1, None, &[]) };
        let end = standing("2018-12-31", "2018-12-31");
        let level = |now| Ratio { top: now, bottom: 1, is_percent: false };
        assert_eq!(judge(&hold, level(40), Some(40), end).0, Status::Met);
        assert_eq!(judge(&hold, level(39), Some(40), end).0, Status::Behind);
    }
}
