//! Draws on the seeded generator, shared by names and stories.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// True with probability `share`; shares outside 0..=1 are brought inside.
pub(super) fn chance(rng: &mut StdRng, share: f64) -> bool {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    rng.random_bool(share)
}

/// One entry, each as likely as the next.
pub(super) fn pick<T: Copy + Default>(rng: &mut StdRng, list: &[T]) -> T {
    list.choose(rng).copied().unwrap_or_default()
}

/// One entry, in proportion to the weight before it.
pub(super) fn weighted<T: Copy + Default>(rng: &mut StdRng, table: &[(u32, T)]) -> T {
    let total: u32 = table.iter().map(|(weight, _)| weight).sum();
    let mut left = rng.random_range(0..total.max(1));
    for (weight, value) in table {
        if left < *weight {
            return *value;
        }
        left -= weight;
    }
    T::default()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_weight_of_nought_is_never_drawn() {
        let mut rng = StdRng::seed_from_u64(1);
        let drawn: Vec<&str> = (0..500).map(|_| weighted(&mut rng, &[(1, "a"), (0, "b"), (3, "c")])).collect();
        assert!(!drawn.contains(&"b") && !drawn.contains(&""));
        let first = drawn.iter().filter(|word| **word == "a").count();
        assert!((80..170).contains(&first), "{first}");
    }

    #[test]
    fn impossible_shares_do_no_harm() {
        let mut rng = StdRng::seed_from_u64(1);
        assert!(chance(&mut rng, 7.0));
        assert!(!chance(&mut rng, -1.0));
        assert!(!chance(&mut rng, f64::NAN));
        assert_eq!(weighted::<&str>(&mut rng, &[]), "");
    }
}
