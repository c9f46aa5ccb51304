//! What the grant table gives one actor for one action.

use super::table::{Action, GRANTS, Grant, Reach, Role};
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

/// The rows one actor may reach with one action, as parameters of the predicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The account.
    pub account: AccountId,
    /// Organisations in which it reaches persons it registered itself and no case holds yet.
    pub own: Vec<OrganisationId>,
    /// Organisations in which it reaches the cases assigned to it. A grant that is
    /// taken back takes them along, whoever the case is still assigned to.
    pub assigned: Vec<OrganisationId>,
    /// Organisations whose unassigned cases are reached.
    pub waiting: Vec<OrganisationId>,
    /// Organisations all of whose cases are reached.
    pub organisations: Vec<OrganisationId>,
    /// Organisations whose incoming referrals are reached.
    pub addressed: Vec<OrganisationId>,
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
            own: Vec::new(),
            assigned: Vec::new(),
            waiting: Vec::new(),
            organisations: Vec::new(),
            addressed: Vec::new(),
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
            Reach::Own => self.own.extend(held.organisation),
            Reach::Assigned => self.assigned.extend(held.organisation),
            Reach::Waiting => self.waiting.extend(held.organisation),
            Reach::Organisation => self.organisations.extend(held.organisation),
            Reach::Addressed => self.addressed.extend(held.organisation),
            Reach::AdminUnit => self.admin_units.extend(held.admin_unit.clone()),
            Reach::Everywhere => self.everywhere = true,
        }
    }

    /// Every organisation in which the scope reaches cases.
    pub fn case_organisations(&self) -> Vec<OrganisationId> {
        let mut all = [self.assigned.as_slice(), &self.waiting, &self.organisations].concat();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The organisation in which this actor makes new records: the one asked for, or the only one there is.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the asked one is not reached; a field error when several are and none was named.
    pub fn own_organisation(&self, asked: Option<OrganisationId>) -> Result<OrganisationId, AppError> {
        match (asked, self.organisations.as_slice()) {
            (Some(asked), reached) if reached.contains(&asked) => Ok(asked),
            (None, [only]) => Ok(*only),
            (None, [_, _, ..]) => Err(AppError::field("organisation_id", crate::error::Rule::Required)),
            _ => Err(AppError::Forbidden),
        }
    }
}
