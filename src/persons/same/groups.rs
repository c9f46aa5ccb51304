//! Who is one person with whom, as it follows from the decisions that stand.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::model::{SameDecision, SameGroup, Verdict};
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{same_decisions, same_groups};
use crate::db::types::PersonId;
use crate::error::AppError;

/// Every record that is one person with this one, this one included, in the order of ids. For
/// rules of "once a person".
///
/// # Errors
/// The engine's own.
pub fn everyone(conn: &mut DbConnection, person: PersonId) -> Result<Vec<PersonId>, AppError> {
    let root: Option<PersonId> = same_groups::table.find(person).select(same_groups::root_id).first(conn).optional()?;
    let Some(root) = root else { return Ok(vec![person]) };
    let members = same_groups::table.filter(same_groups::root_id.eq(root)).order(same_groups::person_id);
    Ok(members.select(same_groups::person_id).load(conn)?)
}

/// For each record that is one person with others: the one that counts for all. For counting
/// distinct persons; there are as many entries as records that were merged.
///
/// # Errors
/// The engine's own.
pub fn roots(conn: &mut DbConnection) -> Result<BTreeMap<PersonId, PersonId>, AppError> {
    let rows: Vec<(PersonId, PersonId)> = same_groups::table.load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Every decision about two of these records, also those taken back, in the order of ids.
pub(super) fn decisions_among(conn: &mut DbConnection, members: &[PersonId]) -> Result<Vec<SameDecision>, AppError> {
    Ok(same_decisions::table
        .filter(same_decisions::low_id.eq_any(members))
        .filter(same_decisions::high_id.eq_any(members))
        .order(same_decisions::id)
        .select(SameDecision::as_select())
        .load(conn)?)
}

/// Writes anew who of these is one person with whom. `members` are whole groups.
pub(super) fn regroup(conn: &mut DbConnection, members: &[PersonId]) -> Result<(), AppError> {
    let decisions = decisions_among(conn, members)?;
    let stands = |decision: &&SameDecision| decision.verdict == Verdict::Same && decision.taken_back_at.is_none();
    let pairs: Vec<(PersonId, PersonId)> =
        decisions.iter().filter(stands).map(|decision| (decision.low_id, decision.high_id)).collect();
    diesel::delete(same_groups::table.filter(same_groups::person_id.eq_any(members))).execute(conn)?;
    let rows: Vec<SameGroup> =
        joined(members, &pairs).into_iter().map(|(person_id, root_id)| SameGroup { person_id, root_id }).collect();
    Ok(SameGroup::insert_all(conn, &rows)?)
}

/// Each member that a pair joins to others, with the lowest id of all it is joined to.
fn joined(members: &[PersonId], pairs: &[(PersonId, PersonId)]) -> BTreeMap<PersonId, PersonId> {
    let mut roots: BTreeMap<PersonId, PersonId> = members.iter().map(|member| (*member, *member)).collect();
    for (one, other) in pairs {
        let root = |roots: &BTreeMap<PersonId, PersonId>, member| roots.get(member).copied().unwrap_or(*member);
        let (one, other) = (root(&roots, one), root(&roots, other));
        let (low, high) = (one.min(other), one.max(other));
        roots.values_mut().filter(|root| **root == high).for_each(|root| *root = low);
    }
    let mut sizes: BTreeMap<PersonId, usize> = BTreeMap::new();
    for root in roots.values() {
        *sizes.entry(*root).or_default() += 1;
    }
    roots.retain(|_, root| sizes.get(root).is_some_and(|size| *size > 1));
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person(number: u128) -> PersonId {
        PersonId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_chain_is_one_person_and_without_its_middle_falls_apart() {
        let members: Vec<PersonId> = (1..=5).map(person).collect();
        let chain = [(person(4), person(5)), (person(1), person(3)), (person(3), person(4))];
        let all = joined(&members, &chain);
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [1, 3, 4, 5].map(|member| (person(member), person(1))));
        let parts = joined(&members, &chain[..2]);
        let expected = [(1, 1), (3, 1), (4, 4), (5, 4)].map(|(member, root)| (person(member), person(root)));
        assert_eq!(parts.into_iter().collect::<Vec<_>>(), expected);
        assert!(joined(&members, &[]).is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_decisions_does_not_matter_and_roots_are_their_own(
            mut pairs in prop::collection::vec((0_u128..8, 0_u128..8), 0..10),
        ) {
            pairs.retain(|(one, other)| one != other);
            let members: Vec<PersonId> = (0..8).map(person).collect();
            let ids: Vec<_> = pairs.iter().map(|(one, other)| (person(*one), person(*other))).collect();
            let forth = joined(&members, &ids);
            let back = joined(&members, &ids.iter().rev().map(|(one, other)| (*other, *one)).collect::<Vec<_>>());
            prop_assert_eq!(&forth, &back);
            for (member, root) in &forth {
                prop_assert!(root <= member);
                prop_assert_eq!(forth.get(root), Some(root));
            }
        }
    }
}
