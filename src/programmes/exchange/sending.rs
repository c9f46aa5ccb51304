//! From the figures of a plan to a data set.

use chrono::NaiveDate;

use super::{DataSet, DataValue, ExchangeFormat, Faults, Mapping};
use crate::app::App;
use crate::error::{AppError, FitsWith, Rule};
use crate::programmes::figures::routes::{Words, made};
use crate::programmes::figures::views::{PlanFigure, PlanFigures};
use crate::programmes::periods::Calendar;
use crate::programmes::plans::Plan;

/// Writes the figures of a plan for another system, for a command: whoever runs it has the whole database.
///
/// # Errors
/// Field errors; [`AppError::NotFound`] of the plan; within, what has no counterpart there.
pub fn written_now(
    app: &App,
    code: &str,
    words: Words<'_>,
    mapping: &Mapping,
    format: ExchangeFormat,
) -> Result<Result<String, Faults>, AppError> {
    let plans = app.plans.now();
    let plan = plans.versioned(code).ok_or(AppError::NotFound)?;
    refuse_misdated(&plan.plan, mapping)?;
    let today = app.clock.today();
    let ask = words.ask(app, &plan.plan, today, None)?;
    let all = app.db.read_now(|conn| made(conn, app, plan, &ask, (true, today)))?;
    Ok(format.write(&data_set(&all, mapping), mapping, app.clock.now()))
}

/// Refuses to send figures of civil periods as those of periods that begin on other days. The reverse is what DHIS2 needs,
/// which knows no others: whoever runs both agrees on what a year is.
///
/// # Errors
/// A field error.
pub fn refuse_misdated(plan: &Plan, mapping: &Mapping) -> Result<(), AppError> {
    if (plan.calendar, mapping.naming().calendar) == (Calendar::Civil, Calendar::Closing) {
        return Err(AppError::field("mapping", Rule::MustFit(FitsWith::CalendarOfPlan)));
    }
    Ok(())
}

/// The figures of a plan that the mapping names: of an indicator `CODE.numerator` and `CODE.denominator`, by class where
/// they are broken down by one. A number that there is not is not sent; nought is.
pub fn data_set(all: &PlanFigures, mapping: &Mapping) -> DataSet {
    let mut values = Vec::new();
    for indicator in &all.indicators {
        for figure in &indicator.figures {
            let Ok(period) = figure.period.parse() else { continue };
            let class = figure.class.clone().unwrap_or_default();
            for (part, number) in [("numerator", figure.numerator), ("denominator", figure.denominator)] {
                let element = format!("{}.{part}", indicator.indicator);
                if let (Some(value), true) = (number, mapping.target(&element, &class).is_some()) {
                    let (class, unit) = (class.clone(), figure.unit_code.clone());
                    values.push(DataValue { element, class, unit, period, value, comment: None });
                }
            }
        }
    }
    DataSet { code: all.programme.clone(), complete_on: published_on(all), values }
}

/// The day on which the figures were published, where they are of one unit and period, and none has changed since.
fn published_on(all: &PlanFigures) -> Option<NaiveDate> {
    let figures: Vec<&PlanFigure> = all.indicators.iter().flat_map(|indicator| &indicator.figures).collect();
    let is_one = |figure: &&PlanFigure| figure.unit_code == all.unit_code && figure.period == all.period;
    if !figures.iter().all(is_one) {
        return None;
    }
    let whole = figures.iter().filter(|figure| figure.class.is_none());
    let published: Option<Vec<_>> = whole.map(|figure| figure.published.as_ref()).collect();
    let unchanged = published?.into_iter().map(|published| match published.changed {
        None => Some(published.published_at.civil_date()),
        Some(_) => None,
    });
    unchanged.collect::<Option<Vec<NaiveDate>>>()?.into_iter().max()
}
