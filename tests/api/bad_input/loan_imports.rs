//! Loans of before that cannot have been.

use uuid::Uuid;

use super::{Bad, CANARY, refuse_all};
use crate::support::client::Call;
use crate::support::loan_imports::{Paper, csv};
use crate::support::{TestApp, World, both_dbs};

fn sending<'a>(app: &'a TestApp, world: &World, paper: &Paper) -> Call<'a> {
    app.importing_loans(&world.manager, &csv(std::slice::from_ref(paper)), "")
}

/// A line in which some cells are others breaks a rule of a cell.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

fn refused(app: &TestApp, world: &World, paper: &dyn Fn() -> Paper, table: &[Case]) {
    let fields: Vec<String> = table.iter().map(|(.., column, _)| format!("lines[2].{column}")).collect();
    let bad = table.iter().zip(&fields).map(|((what, cells, _, rule), field)| {
        let paper = cells.iter().fold(paper(), |paper, (column, cell)| paper.with(column, cell));
        Bad::new(what, sending(app, world, &paper), 422, "invalid").names(field, rule)
    });
    refuse_all(app, bad.collect());
}

fn case_of(app: &TestApp, world: &World) -> Uuid {
    let case = app.borrower(&world.worker, world.lender, CANARY).1;
    app.token(&world.manager);
    case
}

both_dbs! {
    fn a_cell_of_a_loan_that_breaks_a_rule_is_named_by_line_and_column(app: &TestApp) {
        let world = World::build(app);
        let case = case_of(app, &world);
        refused(app, &world, &|| Paper::of_case(case), &[
            ("no id", &[("case_id", CANARY)], "case_id", "format"),
            ("nobody", &[("case_id", "")], "person_name", "required"),
            ("no year", &[("case_id", ""), ("person_name", CANARY)], "birth_year", "required"),
            ("no lender", &[("lender", "")], "lender", "required"),
            ("an unknown lender", &[("lender", CANARY)], "lender", "no_such_reference"),
            ("an unknown product", &[("product", CANARY)], "product", "word"),
            ("no product", &[("product", "")], "product", "required"),
            ("an unknown borrower", &[("borrower", CANARY)], "borrower", "word"),
            ("an unknown plan", &[("plan", CANARY)], "plan", "word"),
            ("every week", &[("frequency", "hằng tuần")], "frequency", "word"),
            ("an unknown purpose", &[("purpose", CANARY)], "purpose", "word"),
            ("no amount", &[("asked_dong", "")], "asked_dong", "required"),
            ("a fraction", &[("asked_dong", "1.5")], "asked_dong", "number"),
            ("an amount in words", &[("asked_dong", "hai mươi triệu")], "asked_dong", "number"),
            ("less than nothing", &[("asked_dong", "-5")], "asked_dong", "number"),
            ("nought", &[("asked_dong", "0")], "asked_dong", "range"),
            ("more than there is", &[("asked_dong", "1000000000001")], "asked_dong", "range"),
            ("no month", &[("asked_months", "0")], "asked_months", "range"),
            ("half a month", &[("approved_months", "0,5")], "approved_months", "number"),
            ("a day in words", &[("applied_on", "đầu năm")], "applied_on", "date"),
            ("no decision", &[("decided_on", "")], "decided_on", "required"),
            ("nothing granted", &[("approved_dong", "")], "approved_dong", "required"),
            ("a bell", &[("plan_text", "Quạvàng7\u{7}")], "plan_text", "control_character"),
            ("an unknown issuer", &[("certificate_issuer", CANARY)], "certificate_issuer", "word"),
            ("a certificate without a day", &[("certificate_issuer", "trưởng nhóm")], "certificate_issued_on", "required"),
            ("an unknown decision", &[("decision", CANARY)], "decision", "word"),
        ]);
        let long = Paper::of_case(case).with("plan_text", &format!("{CANARY}{}", "á".repeat(4_000)));
        let group = Paper::of_case(case).with("savings_group", &format!("{CANARY}{}", "á".repeat(200)));
        refuse_all(app, vec![
            Bad::new("a long plan", sending(app, &world, &long), 422, "invalid").names("lines[2].plan_text", "length"),
            Bad::new("a long group", sending(app, &world, &group), 422, "invalid").names("lines[2].savings_group", "length"),
        ]);
    }

    fn a_loan_that_no_product_allows_is_refused(app: &TestApp) {
        let world = World::build(app);
        let case = case_of(app, &world);
        refused(app, &world, &|| Paper::of_case(case), &[
            ("tomorrow", &[("applied_on", "16/10/2025")], "applied_on", "not_in_future"),
            ("before the case", &[("applied_on", "01/03/2020")], "applied_on", "not_before"),
            ("a product of the past", &[("product", "sinh kế")], "product", "product_not_offered"),
            ("not to households", &[("borrower", "hộ gia đình")], "product", "product_not_offered"),
            ("over the ceiling of that day", &[("asked_dong", "100000001")], "asked_dong", "range"),
            ("too long", &[("asked_months", "121")], "asked_months", "range"),
            ("more than was asked for", &[("approved_dong", "20000001")], "approved_dong", "range"),
            ("granted for too long", &[("approved_months", "121")], "approved_months", "range"),
            ("granted before it was asked for", &[("decided_on", "01/01/2024")], "decided_on", "not_before"),
            ("granted tomorrow", &[("decided_on", "16/10/2025")], "decided_on", "not_in_future"),
            ("no group", &[("product", "hộ nghèo"), ("borrower", "hộ")], "savings_group", "required"),
            ("a certificate nobody asked for", &[
                ("certificate_issuer", "trưởng nhóm"), ("certificate_issued_on", "01/01/2024"),
            ], "certificate_issuer", "conflicts_with"),
        ]);
        let of_2020 = || {
            Paper::of_case(case).with("product", "livelihood").with("savings_group", "Tổ 7")
                .with("applied_on", "04/05/2020").with("decided_on", "11/05/2020")
                .with("certificate_issuer", "group_leader").with("certificate_issued_on", "20/04/2020")
        };
        refused(app, &world, &of_2020, &[
            ("no certificate", &[("certificate_issuer", ""), ("certificate_issued_on", "")], "certificate_issuer", "required"),
            ("issued later", &[("certificate_issued_on", "05/05/2020")], "certificate_issued_on", "not_after"),
            ("not paid out, and nobody was told", &[], "disclosure_read_on", "required"),
            ("not agreed", &[("disclosure_read_on", "01/04/2020")], "disclosure_read_on", "certificate_consent_missing"),
            ("granted when it was no more", &[("decided_on", "01/01/2021")], "decided_on", "product_not_offered"),
        ]);
    }

    fn money_that_was_never_owed_or_paid_is_refused(app: &TestApp) {
        let world = World::build(app);
        let case = case_of(app, &world);
        refused(app, &world, &|| Paper::of_case(case), &[
            ("a day without an amount", &[("disbursed_on", "15/01/2024")], "disbursed_dong", "required"),
            ("an amount without a day", &[("disbursed_dong", "5")], "disbursed_on", "required"),
            ("paid back, not out", &[("repaid_principal_dong", "5"), ("last_repaid_on", "15/01/2025")], "disbursed_dong", "required"),
            ("written off, not out", &[
                ("written_off_dong", "5"), ("written_off_on", "15/01/2025"), ("write_off_reason", "khác"),
            ], "written_off_dong", "conflicts_with"),
        ]);
        refused(app, &world, &|| Paper::of_case(case).paid_back(5_000_000, 100_000), &[
            ("more than was granted", &[("disbursed_dong", "20000001")], "disbursed_dong", "range"),
            ("paid out before the decision", &[("disbursed_on", "09/01/2024")], "disbursed_on", "not_before"),
            ("paid out tomorrow", &[("disbursed_on", "16/10/2025")], "disbursed_on", "not_in_future"),
            ("paid back before", &[("last_repaid_on", "14/01/2024")], "last_repaid_on", "not_before"),
            ("paid back tomorrow", &[("last_repaid_on", "16/10/2025")], "last_repaid_on", "not_in_future"),
            ("no day", &[("last_repaid_on", "")], "last_repaid_on", "required"),
            ("a day of nothing", &[("repaid_principal_dong", "0"), ("repaid_interest_dong", "")], "repaid_principal_dong", "required"),
            ("too much principal", &[("repaid_principal_dong", "20000001")], "repaid_principal_dong", "range"),
            ("too much interest", &[("repaid_interest_dong", "9000000")], "repaid_interest_dong", "range"),
            ("less than nothing", &[("repaid_interest_dong", "'-1")], "repaid_interest_dong", "number"),
        ]);
        refused(app, &world, &|| Paper::of_case(case).paid_back(5_000_000, 0).written_off(15_000_000), &[
            ("not all of the rest", &[("written_off_dong", "14999999")], "written_off_dong", "range"),
            ("more than the rest", &[("written_off_dong", "15000001")], "written_off_dong", "range"),
            ("no amount", &[("written_off_dong", "")], "written_off_dong", "required"),
            ("no day", &[("written_off_on", "")], "written_off_on", "required"),
            ("no reason", &[("write_off_reason", "")], "write_off_reason", "required"),
            ("an unknown reason", &[("write_off_reason", CANARY)], "write_off_reason", "word"),
            ("before the last payment", &[("written_off_on", "14/01/2025")], "written_off_on", "not_before"),
            ("tomorrow", &[("written_off_on", "16/10/2025")], "written_off_on", "not_in_future"),
            ("nothing was left", &[("repaid_principal_dong", "20000000")], "written_off_dong", "conflicts_with"),
        ]);
    }
}
