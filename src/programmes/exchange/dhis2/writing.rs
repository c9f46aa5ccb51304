//! Writing. What all figures share stands at the top, so that DHIS2 notes when a unit's report was complete.

use serde::Serialize;

use crate::error::{ExchangeRule, PlainForm, Rule};
use crate::programmes::exchange::outgoing::{Format, Report, Sent, bounded, reports};
use crate::programmes::exchange::{DataSet, Faults, Mapping};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    data_set: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_option_combo: Option<&'a str>,
    data_values: Vec<Value<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value<'a> {
    data_element: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category_option_combo: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_unit: Option<&'a str>,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
}

/// Writes figures as one data value set: equal figures give equal bytes, in whatever order they come.
///
/// # Errors
/// Which of our codes lack a counterpart; periods that DHIS2 does not know; a day of completion for more than
/// one unit and period, which DHIS2 would not take (see [`DataSet::by_unit_and_period`]).
pub fn write(set: &DataSet, mapping: &Mapping) -> Result<String, Faults> {
    let set = set.clone().sorted();
    let (attribute, dimensions) = mapping.attribute();
    if attribute.is_none() && !dimensions.is_empty() {
        return Err(Faults::one("attribute_option_combo", ExchangeRule::Unmapped));
    }
    let reports = reports(&set, mapping, Format::Dhis2)?;
    let single = match reports.as_slice() {
        [report] => Some(report),
        _ if set.complete_on.is_some() => return Err(Faults::one("complete_on", ExchangeRule::CompleteApart)),
        _ => None,
    };
    let file = File {
        data_set: mapping.data_set(),
        complete_date: set.complete_on.map(|day| day.to_string()),
        period: single.map(|report| report.period.as_str()),
        org_unit: single.map(|report| report.unit),
        attribute_option_combo: attribute,
        data_values: reports
            .iter()
            .flat_map(|report| report.figures.iter().map(move |figure| value(report, figure, single.is_some())))
            .collect(),
    };
    let mut json =
        serde_json::to_string_pretty(&file).map_err(|_| Faults::one("file", Rule::Format(PlainForm::Json.into())))?;
    json.push('\n');
    bounded(json)
}

fn value<'a>(report: &'a Report<'_>, figure: &'a Sent<'_>, single: bool) -> Value<'a> {
    Value {
        data_element: &figure.target.data_element,
        category_option_combo: figure.target.combo.as_deref(),
        period: Some(report.period.as_str()).filter(|_| !single),
        org_unit: Some(report.unit).filter(|_| !single),
        value: figure.value.to_string(),
        comment: figure.comment,
    }
}
