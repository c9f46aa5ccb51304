//! One step: parts of one unit, of which further ones are hidden until the hidden ones protect each other.

use super::Thresholds;

/// A part, with its number in each column of the step.
pub(super) struct Member {
    /// Place in the public order: the lowest is hidden first.
    pub(super) rank: u32,
    pub(super) values: Vec<u32>,
    pub(super) shown: bool,
}

/// Hides shown members, the lowest public rank first, until the hidden ones are safe together or nothing is shown.
///
/// Members come in a public order, which settles ties of rank.
pub(super) fn hide_enough(members: &mut [Member], thresholds: &Thresholds) {
    let fewest = thresholds.hidden_units.min(members.len());
    let mut hidden = Together::default();
    for member in members.iter().filter(|member| !member.shown) {
        hidden.add(member);
    }
    let mut shown: Vec<&mut Member> = members.iter_mut().filter(|member| member.shown).collect();
    shown.sort_by_key(|member| member.rank);
    for next in shown {
        if hidden.is_safe(fewest, thresholds) {
            return;
        }
        next.shown = false;
        hidden.add(next);
    }
}

/// What anybody can work out of the hidden ones.
#[derive(Default)]
struct Together {
    many: usize,
    columns: Vec<(u64, u32)>,
}

impl Together {
    fn add(&mut self, member: &Member) {
        self.many += 1;
        self.columns.resize(member.values.len(), (0, 0));
        for ((sum, largest), value) in self.columns.iter_mut().zip(&member.values) {
            *sum += u64::from(*value);
            *largest = (*largest).max(*value);
        }
    }

    fn is_safe(&self, fewest: usize, thresholds: &Thresholds) -> bool {
        let is_large_enough = |&(sum, largest): &(u64, u32)| {
            sum >= u64::from(thresholds.above) && sum - u64::from(largest) >= u64::from(thresholds.left_without_largest)
        };
        let leaves_room = match self.columns.as_slice() {
            [only] => [thresholds.lowest, thresholds.above].iter().all(|limit| self.leaves_room_below(*limit, *only)),
            _ => true,
        };
        self.many == 0 || self.many >= fewest && self.columns.iter().all(is_large_enough) && leaves_room
    }

    /// Whether hidden members that all lie below a limit could also have added up otherwise.
    ///
    /// Whoever knows the rule knows that members hidden for their own sake are below the limit; three of 16 below 17 would
    /// be solved by their sum of 48. With several columns nobody knows which of them was too small.
    fn leaves_room_below(&self, limit: u32, (sum, largest): (u64, u32)) -> bool {
        let others = u64::try_from(self.many.saturating_sub(1)).unwrap_or(u64::MAX);
        largest >= limit || sum <= others.saturating_mul(u64::from(limit.saturating_sub(1)))
    }
}
