//! Loan products: dated configuration in `config/loans.toml`, with the legal basis beside it.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::ledger::{Rates, RepaymentPlan};
use crate::admin_units::AdminUnits;
use crate::db::types::text_enum;

text_enum! {
    /// A loan product. The codes are neutral: lenders read them.
    LoanProduct {
        /// Small loans for a livelihood.
        Livelihood = "livelihood",
        /// Loans that create a job.
        JobCreation = "job_creation",
        /// Loans to poor households.
        PoorHousehold = "poor_household",
    }
}

text_enum! {
    /// Who borrows.
    Borrower {
        /// One person.
        Individual = "individual",
        /// The household, in the person's name.
        Household = "household",
    }
}

/// A product as it is, or was, between two days.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Code.
    pub code: LoanProduct,
    /// First day on which it is offered so.
    pub from: NaiveDate,
    /// Last day; none until further notice.
    pub to: Option<NaiveDate>,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// Law and decisions behind it; not for lenders.
    pub legal_basis: String,
    /// Whole đồng over all outstanding loans of an individual; none where it is not lent to individuals.
    pub ceiling_individual_dong: Option<i64>,
    /// Whole đồng over all outstanding loans of a household; none where it is not lent to households.
    pub ceiling_household_dong: Option<i64>,
    /// Longest term in months.
    pub term_months_max: u32,
    /// Interest a year in millionths of the principal.
    pub rate_ppm: i32,
    /// The rate on overdue principal, in percent of the rate; 100 or more.
    pub overdue_percent: i32,
    /// Youngest age in full years.
    pub minimum_age: Option<u32>,
    /// Ways to pay back that are allowed.
    pub plans: Vec<RepaymentPlan>,
    /// Provinces in which alone it is offered; empty where it is offered everywhere.
    #[serde(default)]
    pub provinces: Vec<String>,
    /// Whether the borrower is a member of a savings-and-credit group.
    pub needs_group: bool,
    /// Whether a certificate is demanded.
    pub needs_certificate: bool,
}

impl Product {
    /// Whether it is offered on this day; both its days are inclusive.
    pub fn is_offered_on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }

    /// The most that may be outstanding over all loans of the product, in whole đồng.
    pub fn ceiling(&self, borrower: Borrower) -> Option<i64> {
        match borrower {
            Borrower::Individual => self.ceiling_individual_dong,
            Borrower::Household => self.ceiling_household_dong,
        }
    }

    /// Interest on overdue principal a year, in millionths.
    pub fn overdue_rate_ppm(&self) -> i32 {
        self.rate_ppm * self.overdue_percent / 100
    }

    /// Both rates, for the ledger.
    pub fn rates(&self) -> Rates {
        Rates { ordinary: i64::from(self.rate_ppm), overdue: i64::from(self.overdue_rate_ppm()) }
    }

    fn fault(&self, units: &AdminUnits) -> Option<&'static str> {
        let ceilings = [self.ceiling_individual_dong, self.ceiling_household_dong];
        let money = ceilings.into_iter().flatten().all(|dong| (1..=1_000_000_000_000).contains(&dong));
        [
            (self.to.is_some_and(|to| to < self.from), "ends before it begins"),
            (!money || ceilings == [None, None], "has no sound ceiling"),
            (!(1..=600).contains(&self.term_months_max), "has no sound term"),
            (!(0..=1_000_000).contains(&self.rate_ppm), "has no sound rate"),
            (!(100..=1000).contains(&self.overdue_percent), "has no sound overdue rate"),
            (self.plans.is_empty(), "has no repayment plan"),
            (self.provinces.iter().any(|code| units.get(code).is_none()), "names a province that does not exist"),
        ]
        .into_iter()
        .find_map(|(wrong, what)| wrong.then_some(what))
    }
}

/// What the lender learns from a certificate, in plain words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    product: Vec<Product>,
    disclosure: HashMap<LoanProduct, Disclosure>,
}

/// The configured products.
#[derive(Debug, Clone)]
pub struct Products {
    versions: Vec<Product>,
    disclosures: HashMap<LoanProduct, Disclosure>,
}

/// `config/loans.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProductsError {
    /// It is not of the described form.
    #[error("config/loans.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// A version contradicts itself.
    #[error("config/loans.toml: {0} {1}")]
    Fault(LoanProduct, &'static str),
}

impl Products {
    /// Reads the configuration shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form, or contradicts itself.
    pub fn shipped(units: &AdminUnits) -> Result<Self, ProductsError> {
        Self::parse(include_str!("../../config/loans.toml"), units)
    }

    fn parse(text: &str, units: &AdminUnits) -> Result<Self, ProductsError> {
        let File { mut product, disclosure } = toml::from_str(text)?;
        product.sort_by_key(|version| (version.code, version.from));
        for version in &product {
            if let Some(fault) = version.fault(units) {
                return Err(ProductsError::Fault(version.code, fault));
            }
            if version.needs_certificate && !disclosure.contains_key(&version.code) {
                return Err(ProductsError::Fault(version.code, "needs a certificate, but does not say what it tells"));
            }
        }
        let follows = product.iter().zip(product.iter().skip(1));
        for (before, after) in follows.filter(|(before, after)| before.code == after.code) {
            if before.to.is_none_or(|last| last >= after.from) {
                return Err(ProductsError::Fault(after.code, "has two versions on one day"));
            }
        }
        Ok(Self { versions: product, disclosures: disclosure })
    }

    /// The product as it is on this day; none when it is not offered then.
    pub fn on(&self, code: LoanProduct, day: NaiveDate) -> Option<&Product> {
        self.versions.iter().find(|version| version.code == code && version.is_offered_on(day))
    }

    /// Every product offered on this day, in the order of the codes.
    pub fn offered_on(&self, day: NaiveDate) -> impl Iterator<Item = &Product> {
        self.versions.iter().filter(move |version| version.is_offered_on(day))
    }

    /// What the certificate of this product tells; none for a product that never needed one.
    pub fn disclosure(&self, code: LoanProduct) -> Option<&Disclosure> {
        self.disclosures.get(&code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Products {
        Products::shipped(&AdminUnits::shipped().unwrap()).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn limits_and_rates_are_those_of_the_day() {
        let products = shipped();
        let job = |on| products.on(LoanProduct::JobCreation, day(on)).unwrap().clone();
        assert_eq!(job("2025-12-31").ceiling(Borrower::Individual), Some(100_000_000));
        assert_eq!(job("2026-01-01").ceiling(Borrower::Individual), Some(200_000_000));
        assert_eq!((job("2026-01-01").rate_ppm, job("2026-01-01").overdue_rate_ppm()), (83_820, 108_966));
        assert_eq!(job("2026-01-01").ceiling(Borrower::Household), None);
        let livelihood = |on| products.on(LoanProduct::Livelihood, day(on));
        assert_eq!(livelihood("2020-12-31").unwrap().rate_ppm, 66_000);
        assert!(livelihood("2021-01-01").is_none() && livelihood("2014-06-14").is_none());
    }

    #[test]
    fn what_a_lender_reads_of_a_product_hints_at_nobody() {
        for product in &shipped().versions {
            let read = format!("{} {} {}", product.code, product.name_vi, product.name_en).to_lowercase();
            for word in ["dâm", "nạn nhân", "mua bán", "hiv", "cai nghiện", "sex", "victim", "traffick", "drug"]
            {
                assert!(!read.contains(word), "{read}");
            }
        }
    }

    #[test]
    fn a_configuration_that_contradicts_itself_is_refused() {
        let units = AdminUnits::shipped().unwrap();
        let text = include_str!("../../config/loans.toml");
        for (from, to) in [
            ("to = \"2025-12-31\"", ""),
            ("rate_ppm = 83_820", "rate_ppm = -1"),
            ("G63-P95", "G63-P9X"),
            ("[disclosure.livelihood]", "[disclosure.job_creation]"),
            ("needs_group = false", "needs_groups = false"),
        ] {
            assert!(text.contains(from));
            assert!(Products::parse(&text.replace(from, to), &units).is_err(), "{from} became {to}");
        }
    }
}
