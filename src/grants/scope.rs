//! What the grant table gives one actor for one action.

use super::table::{GRANTS, Grant, Reach};
use super::words::{Action, Role};
use crate::db::types::{AccountId, OrganisationId};
use crate::error::AppError;

/// One role as one account holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// The role.
    pub role: Role,
    /// The organisation it is bound to.
    pub organisation: Option<OrganisationId>,
    /// The administrative unit it is bound to.
    pub admin_unit: Option<String>,
}

/// Organisations of a scope. There are four places, so that every predicate has one SQL
/// text; an empty place holds the nil id, which no organisation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots(pub OrganisationId, pub OrganisationId, pub OrganisationId, pub OrganisationId);

/// The id that no organisation has.
const NOBODY: OrganisationId = OrganisationId(uuid::Uuid::nil());

impl Slots {
    /// Places there are: an account holds roles in so many organisations at the most.
    pub const COUNT: usize = 4;

    const EMPTY: Self = Self(NOBODY, NOBODY, NOBODY, NOBODY);

    /// The organisations.
    pub fn iter(&self) -> impl Iterator<Item = OrganisationId> {
        [self.0, self.1, self.2, self.3].into_iter().filter(|id| *id != NOBODY)
    }

    /// Whether this organisation is one of them.
    pub fn contains(&self, id: OrganisationId) -> bool {
        self.iter().any(|own| own == id)
    }

    /// This organisation alone, where it is one of them.
    fn only(self, id: OrganisationId) -> Self {
        if self.contains(id) { Self(id, NOBODY, NOBODY, NOBODY) } else { Self::EMPTY }
    }

    /// Takes one more in; what does not fit is not reached.
    fn add(&mut self, organisation: Option<OrganisationId>) {
        let Some(id) = organisation.filter(|id| !self.contains(*id)) else { return };
        let free = [&mut self.0, &mut self.1, &mut self.2, &mut self.3].into_iter().find(|slot| **slot == NOBODY);
        if let Some(slot) = free {
            *slot = id;
        }
    }
}

/// The rows one actor may reach with one action, as parameters of the predicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The account.
    pub account: AccountId,
    /// Organisations in which it reaches persons it registered itself and no case holds yet.
    pub own: Slots,
    /// Organisations in which it reaches the cases it took in itself, or a colleague who has left, until another
    /// centre has them.
    pub intake: Slots,
    /// Organisations in which it reaches the cases assigned to it. A grant that is
    /// taken back takes them along, whoever the case is still assigned to.
    pub assigned: Slots,
    /// Organisations whose unassigned cases are reached.
    pub waiting: Slots,
    /// Organisations all of whose cases are reached.
    pub organisations: Slots,
    /// Organisations whose incoming referrals are reached.
    pub addressed: Slots,
    /// Organisations whose supported peer groups are reached.
    pub supported: Slots,
    /// Administrative units that are reached, with those below them.
    pub admin_units: Vec<String>,
    /// Whether everything of the kind is reached.
    pub everywhere: bool,
}

impl Scope {
    /// The scope of `action` for an account that holds `roles`.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when no role gives the action at all.
    pub fn of(account: AccountId, roles: &[HeldRole], action: Action) -> Result<Self, AppError> {
        Self::from_table(GRANTS, account, roles, action).ok_or(AppError::Forbidden)
    }

    /// As [`Scope::of`], from a given table.
    pub fn from_table(table: &[Grant], account: AccountId, roles: &[HeldRole], action: Action) -> Option<Self> {
        let mut scope = Self {
            account,
            own: Slots::EMPTY,
            intake: Slots::EMPTY,
            assigned: Slots::EMPTY,
            waiting: Slots::EMPTY,
            organisations: Slots::EMPTY,
            addressed: Slots::EMPTY,
            supported: Slots::EMPTY,
            admin_units: Vec::new(),
            everywhere: false,
        };
        let mut granted = false;
        for held in roles {
            for grant in table.iter().filter(|grant| grant.role == held.role && grant.action == action) {
                granted = true;
                scope.widen(held, grant.reach);
            }
        }
        granted.then_some(scope)
    }

    fn widen(&mut self, held: &HeldRole, reach: Reach) {
        match reach {
            Reach::Own => self.own.add(held.organisation),
            Reach::Intake => self.intake.add(held.organisation),
            Reach::Assigned => self.assigned.add(held.organisation),
            Reach::Waiting => self.waiting.add(held.organisation),
            Reach::Organisation => self.organisations.add(held.organisation),
            Reach::Addressed => self.addressed.add(held.organisation),
            Reach::Supported => self.supported.add(held.organisation),
            Reach::AdminUnit => self.admin_units.extend(held.admin_unit.clone()),
            Reach::Everywhere => self.everywhere = true,
        }
    }

    /// What of it is reached within this organisation alone: who works in two carries nobody from one to the other.
    #[must_use]
    pub fn within(self, id: OrganisationId) -> Self {
        Self {
            account: self.account,
            own: self.own.only(id),
            intake: self.intake.only(id),
            assigned: self.assigned.only(id),
            waiting: self.waiting.only(id),
            organisations: self.organisations.only(id),
            addressed: self.addressed.only(id),
            supported: self.supported.only(id),
            admin_units: Vec::new(),
            everywhere: false,
        }
    }

    /// Every organisation in which the scope reaches cases.
    pub fn case_organisations(&self) -> Vec<OrganisationId> {
        let of_cases = [&self.intake, &self.assigned, &self.waiting, &self.organisations];
        let mut all: Vec<OrganisationId> = of_cases.into_iter().flat_map(Slots::iter).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The organisation in which this actor makes new records: the one asked for, or the only one there is.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the asked one is not reached; a field error when several are and none was named.
    pub fn own_organisation(&self, asked: Option<OrganisationId>) -> Result<OrganisationId, AppError> {
        let reached: Vec<OrganisationId> = self.organisations.iter().collect();
        match (asked, reached.as_slice()) {
            (Some(asked), reached) if reached.contains(&asked) => Ok(asked),
            (None, [only]) => Ok(*only),
            (None, [_, _, ..]) => Err(AppError::field("organisation_id", crate::error::Rule::Required)),
            _ => Err(AppError::Forbidden),
        }
    }
}
