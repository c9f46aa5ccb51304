//! What other bodies told, one number of it twice.

use super::{Kept, Scribe, day, decided};
use crate::audit::{Subject, SubjectKind, TrailAction};
use crate::db::types::ReportedValueId;
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::reported::model::ReportedValue;

impl Scribe<'_> {
    pub(super) fn reported(&self, kept: &mut Kept) {
        let [first, last] = self.years;
        self.value(kept, "crimes_handled", first - 1, &[118]);
        // Corrected after both bodies had compared their lists.
        self.value(kept, "crimes_handled", first, &[126, 121]);
        self.value(kept, "crimes_handled", last, &[126]);
        self.value(kept, "students", first, &[31_200]);
        self.value(kept, "students", last, &[32_500]);
    }

    /// The revisions of one value, the last of which stands.
    fn value(&self, kept: &mut Kept, element: &str, year: i32, told: &[i64]) {
        let unit = self.province_on(day(year, 12, 31));
        let first = ReportedValueId(self.ids.uuid());
        let mut fields = vec!["value", "source_agency", "source_document", "source_on"];
        for (number, value) in (1_u32..).zip(told) {
            let is_first = number == 1;
            let on = self.past(day(year + 1, 1, 10 * number));
            let row = ReportedValue {
                id: if is_first { first } else { ReportedValueId(self.ids.uuid()) },
                element: element.to_owned(),
                class: String::new(),
                unit_code: unit.clone(),
                province_code: self.province_of(&unit),
                calendar: Calendar::Civil,
                period: ReportPeriod::of_year(year).to_string(),
                revision: i32::try_from(number).unwrap_or(i32::MAX),
                is_current: usize::try_from(number) == Ok(told.len()),
                value: Some(*value),
                source_agency: if element == "students" {
                    "Sở Giáo dục và Đào tạo"
                } else {
                    "Công an thành phố"
                }
                .into(),
                source_document: format!("{}/BC (minh họa)", 40 + number),
                source_on: on,
                reason: if is_first { String::new() } else { "Đối chiếu lại danh sách hai ngành".to_owned() },
                import_id: None,
                entered_by: self.officers.officer,
                entered_at: decided(on),
            };
            let action = if is_first { TrailAction::Create } else { TrailAction::Update };
            if !is_first {
                fields.push("reason");
            }
            let subject = Subject::new(SubjectKind::ReportedValue, first.0);
            kept.trail.record(subject, Some(row.entered_by), action, &fields, row.entered_at);
            kept.values.push(row);
        }
    }
}
