//! `/loan-products`: what is lent on a day, and what the lender learns from a certificate.

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::accounts::Caller;
use crate::app::App;
use crate::error::AppError;
use crate::grants::Action;
use crate::http::{Page, Path, Query};
use crate::loans::LoanProduct;
use crate::loans::ledger::{Frequency, RepaymentPlan};
use crate::loans::products::Product;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_products).service(read_disclosure);
}

/// A product as it is lent on a day.
#[derive(Debug, Serialize, ToSchema)]
struct ProductView {
    /// Code.
    code: LoanProduct,
    /// Name in Vietnamese.
    name_vi: String,
    /// Name in English.
    name_en: String,
    /// First day on which it is lent so.
    from: NaiveDate,
    /// Last day; none until further notice.
    to: Option<NaiveDate>,
    /// Whole đồng over all outstanding loans of the product to an individual; none where not lent so.
    ceiling_individual_dong: Option<i64>,
    /// The same for a household.
    ceiling_household_dong: Option<i64>,
    /// Longest term.
    term_months_max: u32,
    /// Interest a year in millionths of the principal (66000 is 6.6 %).
    rate_ppm: i32,
    /// The same on overdue principal.
    overdue_rate_ppm: i32,
    /// Youngest age in full years.
    minimum_age: Option<u32>,
    /// Ways to pay back.
    plans: Vec<RepaymentPlan>,
    /// How often instalments may fall due.
    frequencies: Vec<Frequency>,
    /// What only a centre reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    centre: Option<ProductForCentre>,
}

/// What only a centre reads of a product.
#[derive(Debug, Serialize, ToSchema)]
struct ProductForCentre {
    /// Law and decisions behind it.
    legal_basis: String,
    /// Provinces in which alone it is lent; empty where it is lent everywhere.
    provinces: Vec<String>,
    /// Whether the borrower is a member of a savings-and-credit group.
    needs_group: bool,
    /// Whether a certificate is demanded, and so a consent of its own.
    needs_certificate: bool,
}

impl ProductView {
    fn of(product: &Product, for_centre: bool) -> Self {
        Self {
            code: product.code,
            name_vi: product.name_vi.clone(),
            name_en: product.name_en.clone(),
            from: product.from,
            to: product.to,
            ceiling_individual_dong: product.ceiling_individual_dong,
            ceiling_household_dong: product.ceiling_household_dong,
            term_months_max: product.term_months_max,
            rate_ppm: product.rate_ppm,
            overdue_rate_ppm: product.overdue_rate_ppm(),
            minimum_age: product.minimum_age,
            plans: product.plans.clone(),
            frequencies: Frequency::ALL.to_vec(),
            centre: for_centre.then(|| ProductForCentre {
                legal_basis: product.legal_basis.clone(),
                provinces: product.provinces.clone(),
                needs_group: product.needs_group,
                needs_certificate: product.needs_certificate,
            }),
        }
    }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfferedOn {
    /// Day; today when absent.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    on: Option<NaiveDate>,
}

/// List the loan products of a day.
#[utoipa::path(tag = "loans", params(OfferedOn), responses((status = 200, body = Page<ProductView>)))]
#[get("/loan-products")]
async fn list_products(
    caller: Caller,
    app: Data<App>,
    query: Query<OfferedOn>,
) -> Result<Json<Page<ProductView>>, AppError> {
    let (asked, products) = (query.0.on, app.products.clone());
    let items = app
        .read(caller, move |_, actor| {
            let scope = actor.scope(Action::LoanProductRead)?;
            let on = asked.unwrap_or(actor.now.civil_date());
            Ok(products.offered_on(on).map(|product| ProductView::of(product, scope.everywhere)).collect())
        })
        .await?;
    Ok(Json(Page { items, next_cursor: None }))
}

/// What the lender learns from the certificate that a product demands; to be read to the person.
#[derive(Debug, Serialize, ToSchema)]
struct DisclosureView {
    /// Product.
    code: LoanProduct,
    /// In Vietnamese.
    vi: String,
    /// In English.
    en: String,
}

/// Read what the lender would learn from a product's certificate, before asking the person for consent to it.
#[utoipa::path(tag = "loans", params(("code" = LoanProduct, Path)), responses((status = 200, body = DisclosureView)))]
#[get("/loan-products/{code}/disclosure")]
async fn read_disclosure(
    caller: Caller,
    app: Data<App>,
    code: Path<LoanProduct>,
) -> Result<Json<DisclosureView>, AppError> {
    let (code, products) = (code.0, app.products.clone());
    let view = app
        .read(caller, move |_, actor| {
            actor.scope(Action::LoanApply)?;
            let text = products.disclosure(code).ok_or(AppError::NotFound)?;
            Ok(DisclosureView { code, vi: text.vi.clone(), en: text.en.clone() })
        })
        .await?;
    Ok(Json(view))
}
