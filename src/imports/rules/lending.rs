//! Checking the loans of a file: whose each is, what it comes to, and whether it is on record already.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::NAMED;
use super::duplicates::{Look, on_record};
use crate::accounts::Actor;
use crate::app::App;
use crate::cases::model::Case;
use crate::cases::rules as case_rules;
use crate::consents::rules as consent_rules;
use crate::db::DbConnection;
use crate::db::types::{
    AccountId, CaseId, ConsentId, Instant, LoanEventId, LoanId, OrganisationId, PersonId, ReferralEventId, ReferralId,
};
use crate::error::{AppError, CellRule, Conflict, FieldError, LoanConflict, Rule};
use crate::grants::Action;
use crate::imports::loans::{Record, column_of};
use crate::imports::report::{Duplicate, Fault};
use crate::loans::LoanStatus;
use crate::loans::products::LoanProduct;
use crate::loans::rules::{self as loan_rules, Told};
use crate::organisations::rules as organisation_rules;
use crate::persons::model::{Person, SealedColumn, open_column};
use crate::persons::rules as person_rules;
use crate::persons::same;
use crate::referrals::ReferralStatus;
use crate::referrals::model::{Referral, ReferralEvent};
use crate::referrals::rules::{self as referral_rules, Given};
use crate::services::ServiceType;
use crate::text::fold;

/// Namesakes who are looked at; a name with more of them does not tell anybody.
const NAMESAKES: usize = 100;

/// A loan whose case is known, with the ids its rows will have.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What the line says.
    pub record: Record,
    /// Case.
    pub case: CaseId,
    /// Id of the one event of the referral.
    pub step: ReferralEventId,
}

/// A loan as it will be stored, but for what is sealed.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) told: Told,
    pub(super) referral: Referral,
    pub(super) step: ReferralEvent,
    pub(super) certificate: Option<ConsentId>,
}

/// What becomes of the lines of a file.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Lines in which nothing is wrong, in their order.
    pub(super) judged: Vec<Judged>,
    /// What is wrong with the others.
    pub(super) faults: Vec<Fault>,
    /// Lines that equal a loan on record, or a line before.
    pub(super) duplicates: Vec<Duplicate>,
}

/// Finds the case of every line, and draws the ids.
///
/// # Errors
/// [`AppError::Forbidden`] without the right; when a name does not open.
pub(super) fn place(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    centre: OrganisationId,
    records: Vec<Record>,
) -> Result<(Vec<Placed>, Vec<Fault>), AppError> {
    let look = |record: &Record| match (&record.who.case, &record.who.name, record.who.year) {
        (None, Some(name), Some(year)) => Some(Look { name: name.clone(), year: Some(year) }),
        _ => None,
    };
    let looks: Vec<Option<Look>> = records.iter().map(look).collect();
    let namesakes = on_record(conn, actor, app, &looks, Look::eq, NAMESAKES)?;
    let (mut placed, mut faults) = (Vec::new(), Vec::new());
    for (record, namesakes) in records.into_iter().zip(namesakes) {
        let case = match record.who.case {
            Some(case) => Ok(case),
            None => case_of(conn, actor, centre, &namesakes)?,
        };
        match case {
            Ok(case) => placed.push(Placed::draw(app, record, case)),
            Err(rule) => faults.push(Fault::of_cell(record.line, "person_name", Rule::Cell(rule))),
        }
    }
    Ok((placed, faults))
}

/// The one case at the centre of the one of these persons who has any there.
fn case_of(
    conn: &mut DbConnection,
    actor: &Actor,
    centre: OrganisationId,
    persons: &[PersonId],
) -> Result<Result<CaseId, CellRule>, AppError> {
    let scope = actor.scope(Action::CaseRead)?;
    let cases = case_rules::of_persons(conn, &scope, centre, persons)?;
    let people: BTreeSet<PersonId> = cases.iter().map(|(person, _)| *person).collect();
    Ok(match cases.as_slice() {
        [] => Err(CellRule::NoSuchPerson),
        _ if people.len() > 1 => Err(CellRule::SeveralPersons),
        [(_, case)] => Ok(*case),
        _ => Err(CellRule::SeveralCases),
    })
}

impl Placed {
    fn draw(app: &App, mut record: Record, case: CaseId) -> Self {
        let id = || app.random.uuid();
        // Events of one instant are read in the order of their ids.
        let mut events: [uuid::Uuid; 5] = std::array::from_fn(|_| id());
        events.sort_unstable();
        let [applied, rest @ ..] = events.map(LoanEventId);
        let history = &mut record.history;
        history.application.id = LoanId(id());
        history.application.referral = ReferralId(id());
        history.application.event = applied;
        history.events = rest;
        Self { record, case, step: ReferralEventId(id()) }
    }

    fn fault(&self, column: &'static str, rule: Rule) -> Fault {
        Fault::of_cell(self.record.line, column, rule)
    }

    fn refused(&self, column: &'static str, rule: CellRule) -> Fault {
        self.fault(column, Rule::Cell(rule))
    }
}

/// Judges every line against the records as they are in this transaction.
///
/// # Errors
/// [`AppError::Forbidden`] without the right; when a name does not open.
pub(super) fn judge(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    centre: OrganisationId,
    placed: &[Placed],
) -> Result<Verdict, AppError> {
    let mut court = Court { actor, app, centre, lenders: HashMap::new(), owed: HashMap::new(), before: HashMap::new() };
    let mut verdict = Verdict::default();
    for line in placed {
        match court.judge(conn, line)? {
            Err(faults) => verdict.faults.extend(faults),
            Ok(judged) => {
                verdict.duplicates.extend(court.duplicate(conn, line, &judged)?);
                verdict.judged.push(judged);
            }
        }
    }
    Ok(verdict)
}

/// By what two loans are one: person, lender, day of the application, amount asked for.
type Likeness = (PersonId, OrganisationId, NaiveDate, i64);

/// What is known while line after line is judged.
struct Court<'a> {
    actor: &'a Actor,
    app: &'a App,
    centre: OrganisationId,
    /// Lenders by what the lines call them.
    lenders: HashMap<String, Result<OrganisationId, Rule>>,
    /// What lines before take up of a person's ceiling.
    owed: HashMap<(PersonId, LoanProduct), i64>,
    /// Lines before.
    before: HashMap<Likeness, Vec<u32>>,
}

impl Court<'_> {
    fn by(&self) -> (AccountId, Instant) {
        (self.actor.account, self.actor.now)
    }

    fn judge(&mut self, conn: &mut DbConnection, line: &Placed) -> Result<Result<Judged, Vec<Fault>>, AppError> {
        let Some((case, person)) = self.borrower(conn, line)? else {
            return Ok(Err(vec![line.fault("case_id", Rule::NoSuchReference)]));
        };
        if !self.is_named(&person, line)? {
            return Ok(Err(vec![line.refused("person_name", CellRule::NoSuchPerson)]));
        }
        let lender = match self.lender(conn, line)? {
            Ok(lender) => lender,
            Err(rule) => return Ok(Err(vec![line.fault("lender", rule)])),
        };
        let history = &line.record.history;
        let given = Given { id: history.application.referral, service_type: ServiceType::Loan, to: lender };
        let today = self.actor.now.civil_date();
        let consent = agreed(consent_rules::live_for_referral(conn, person.id, lender, today))?;
        let mut referral = referral_rules::told(self.by(), &case, given, consent);
        let mut faults = Vec::new();
        if consent.is_none() {
            faults.push(line.refused("lender", CellRule::ConsentMissing));
        }
        let told = match loan_rules::tell(self.app, self.by(), history, (&case, &person, &referral)) {
            Ok(told) => told,
            Err(broken) => {
                faults.extend(broken.into_iter().map(|fault| line.fault(column_of(&fault.field), fault.rule)));
                return Ok(Err(faults));
            }
        };
        let certificate = self.certificate(conn, line, &told, &referral, &mut faults)?;
        check_case(line, &case, &told, &mut faults);
        self.check_ceiling(conn, line, &told, &mut faults)?;
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        if !goes_on(&told) || case.closed_on.is_some() {
            referral.status = ReferralStatus::Completed;
        }
        let step = referral_rules::telling(&referral, line.step);
        Ok(Ok(Judged { told, referral, step, certificate }))
    }

    /// The case at this centre and its person; none when the actor does not reach them.
    fn borrower(&self, conn: &mut DbConnection, line: &Placed) -> Result<Option<(Case, Person)>, AppError> {
        let case = match case_rules::find_for(conn, self.actor, Action::LoanApply, line.case) {
            Ok(case) if case.organisation_id == self.centre => case,
            Ok(_)
            | Err(AppError::NotFound | AppError::Forbidden | AppError::Database(diesel::result::Error::NotFound)) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let person = person_rules::read(conn, self.actor, case.person_id)?;
        Ok(Some((case, person)))
    }

    /// Whether the person of a case that was named bears the name, and the year, that stand beside it.
    fn is_named(&self, person: &Person, line: &Placed) -> Result<bool, AppError> {
        let who = &line.record.who;
        let born = super::duplicates::year_of(&person.birth());
        if who.case.is_none() {
            return Ok(true);
        }
        let Some(name) = &who.name else { return Ok(who.year.is_none() || who.year == born) };
        let key = self.app.vault.key(person.id)?;
        let known = open_column(&key, person.id, SealedColumn::Name, person.sealed_name.as_deref())?;
        let same = known.is_some_and(|known| fold(&known) == *name);
        Ok(same && (who.year.is_none() || who.year == born))
    }

    fn lender(&mut self, conn: &mut DbConnection, line: &Placed) -> Result<Result<OrganisationId, Rule>, AppError> {
        let called = &line.record.lender;
        if !self.lenders.contains_key(called) {
            let found = lender_called(conn, called)?;
            self.lenders.insert(called.clone(), found);
        }
        let found = self.lenders.get(called).cloned().unwrap_or(Err(Rule::NoSuchReference));
        let Ok(id) = found else { return Ok(found) };
        let (services, day) = (&self.app.services, line.record.history.application.applied_on);
        match organisation_rules::for_service(conn, services, "lender", id, ServiceType::Loan, day) {
            Ok(_) => Ok(Ok(id)),
            Err(error) => Ok(Err(only_fault(error)?.rule)),
        }
    }

    /// The consent on which the certificate goes to the lender. Of money that was paid out before, the certificate
    /// may stay with the centre; then nothing is asked for and nothing goes.
    fn certificate(
        &self,
        conn: &mut DbConnection,
        line: &Placed,
        told: &Told,
        referral: &Referral,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<ConsentId>, AppError> {
        let application = &line.record.history.application;
        let Some(certificate) = application.certificate else { return Ok(None) };
        if certificate.disclosure_read_on.is_none() {
            if told.loan.status == LoanStatus::Approved {
                faults.push(line.fault("disclosure_read_on", Rule::Required));
            }
            return Ok(None);
        }
        match loan_rules::certificate_consent(conn, self.actor.now, application, referral) {
            Ok(consent) => return Ok(Some(consent)),
            Err(AppError::Conflict(Conflict::Loan(LoanConflict::CertificateConsentMissing))) => {
                faults.push(line.refused("disclosure_read_on", CellRule::CertificateConsentMissing));
            }
            Err(error) => faults.push(line.fault("disclosure_read_on", only_fault(error)?.rule)),
        }
        Ok(None)
    }

    fn check_ceiling(
        &mut self,
        conn: &mut DbConnection,
        line: &Placed,
        told: &Told,
        faults: &mut Vec<Fault>,
    ) -> Result<(), AppError> {
        let (loan, own) = (&told.loan, told.loan.exposure_dong());
        if own == 0 {
            return Ok(());
        }
        let on_record = loan_rules::exposure(conn, loan.person_id, loan.product, loan.id)?;
        let of_lines = self.owed.entry((root(conn, loan.person_id)?, loan.product)).or_default();
        if on_record + *of_lines + own > told.ceiling {
            faults.push(line.refused("approved_dong", CellRule::LoanCeiling));
        }
        *of_lines += own;
        Ok(())
    }

    /// The loans on record, and the lines before, that this line equals.
    fn duplicate(
        &mut self,
        conn: &mut DbConnection,
        line: &Placed,
        judged: &Judged,
    ) -> Result<Option<Duplicate>, AppError> {
        let loan = &judged.told.loan;
        let everyone = same::everyone(conn, loan.person_id)?;
        let (asked, most) = ((loan.applied_on, loan.asked_dong), i64::try_from(NAMED).unwrap_or(i64::MAX));
        let like_loans = loan_rules::like(conn, self.actor, &everyone, loan.lender_id, asked, most)?;
        let root = everyone.first().copied().unwrap_or(loan.person_id);
        let before = self.before.entry((root, loan.lender_id, loan.applied_on, loan.asked_dong)).or_default();
        let like_lines: Vec<u32> = before.iter().copied().take(NAMED).collect();
        let Record { line, decided, .. } = line.record;
        before.push(line);
        let found = !like_loans.is_empty() || !like_lines.is_empty();
        Ok(found.then_some(Duplicate { line, like_persons: Vec::new(), like_loans, like_lines, decided }))
    }
}

/// What is not paid out needs a referral that is open, and what is owed belongs where the case goes on.
fn check_case(line: &Placed, case: &Case, told: &Told, faults: &mut Vec<Fault>) {
    let closed = told.loan.status == LoanStatus::Approved && case.closed_on.is_some();
    if closed || (goes_on(told) && case.handed_to_case_id.is_some()) {
        let column = if line.record.who.case.is_some() { "case_id" } else { "person_name" };
        faults.push(line.refused(column, CellRule::CaseClosed));
    }
}

/// Whether money is owed, or may still be paid out.
fn goes_on(told: &Told) -> bool {
    matches!(told.loan.status, LoanStatus::Approved | LoanStatus::Disbursed)
}

/// The record that stands for all records of this person.
fn root(conn: &mut DbConnection, person: PersonId) -> Result<PersonId, AppError> {
    Ok(same::everyone(conn, person)?.first().copied().unwrap_or(person))
}

/// The organisation of this id, or the only one of this exact name.
fn lender_called(conn: &mut DbConnection, called: &str) -> Result<Result<OrganisationId, Rule>, AppError> {
    if let Ok(id) = called.parse() {
        return Ok(Ok(id));
    }
    Ok(match organisation_rules::named(conn, called)?.as_slice() {
        [] => Err(Rule::NoSuchReference),
        [id] => Ok(*id),
        _ => Err(Rule::Cell(CellRule::SeveralOrganisations)),
    })
}

/// The consent, if there is one.
fn agreed(found: Result<ConsentId, AppError>) -> Result<Option<ConsentId>, AppError> {
    match found {
        Ok(consent) => Ok(Some(consent)),
        Err(AppError::Conflict(Conflict::ConsentMissing)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The rule that a field breaks; any other error stays one.
fn only_fault(error: AppError) -> Result<FieldError, AppError> {
    match error {
        AppError::Invalid(mut faults) if faults.len() == 1 => {
            faults.pop().ok_or_else(|| AppError::internal("a refusal without a rule"))
        }
        error => Err(error),
    }
}
