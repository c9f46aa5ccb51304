//! Numbers of all units that were asked for lately, kept in memory. Each is as old as the version of its family with which
//! it was read; a reader brings it up to the version of the own transaction, unit by unit.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Asked, Measures};
use crate::admin_units::UnitNo;
use crate::programmes::periods::HalfMonth;

/// Numbers that are kept, of all that is asked: 64 MiB.
const MOST_NUMBERS: usize = 4 * 1024 * 1024;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    counted_as: String,
    series: String,
    spans: Vec<(HalfMonth, HalfMonth)>,
    before: bool,
    by_class: bool,
}

impl Key {
    pub(super) fn new(measures: Measures, asked: Asked<'_>) -> Self {
        let Asked { series, spans, before, by_class } = asked;
        Self { counted_as: measures.counted_as(), series: series.code(), spans: spans.to_vec(), before, by_class }
    }
}

/// Numbers of units, so many for each, in the order of the units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Flat {
    units: Vec<UnitNo>,
    numbers: Vec<Option<i64>>,
}

impl Flat {
    pub(super) fn of(units: &BTreeMap<UnitNo, Vec<Option<i64>>>) -> Self {
        let numbers = units.values().flatten().copied().collect();
        Self { units: units.keys().copied().collect(), numbers }
    }

    pub(super) fn each(&self, spans: usize) -> impl Iterator<Item = (UnitNo, &[Option<i64>])> {
        self.units.iter().copied().zip(self.numbers.chunks_exact(spans.max(1)))
    }
}

/// What is kept of one question.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// Version of the family it was read with.
    pub(super) version: i64,
    /// By class.
    pub(super) classes: BTreeMap<String, Flat>,
}

impl Kept {
    fn size(&self) -> usize {
        self.classes.values().map(|flat| flat.units.len() + flat.numbers.len()).sum()
    }
}

/// What is kept, and when it was asked for last.
#[derive(Debug, Default)]
struct Shelf {
    kept: HashMap<Key, (Arc<Kept>, u64)>,
    asked: u64,
    size: usize,
}

/// Numbers of this node.
#[derive(Debug, Default)]
pub struct Memo {
    shelf: Mutex<Shelf>,
    counting: Mutex<()>,
}

impl Memo {
    /// The turn to count what is due: one at a time on a node.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.counting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Kept>> {
        let mut all = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        all.asked += 1;
        let now = all.asked;
        let (kept, asked) = all.kept.get_mut(key)?;
        *asked = now;
        Some(kept.clone())
    }

    /// Keeps numbers, unless newer ones are there; what was not asked for longest makes room.
    pub(super) fn put(&self, key: Key, kept: Arc<Kept>) {
        let mut all = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if all.kept.get(&key).is_some_and(|(there, _)| there.version > kept.version) {
            return;
        }
        all.asked += 1;
        all.size += kept.size();
        let now = all.asked;
        if let Some((gone, _)) = all.kept.insert(key, (kept, now)) {
            all.size -= gone.size();
        }
        while all.size > MOST_NUMBERS {
            let Some(oldest) = all.kept.iter().min_by_key(|(_, (_, asked))| *asked).map(|(key, _)| key.clone()) else {
                return;
            };
            if let Some((gone, _)) = all.kept.remove(&oldest) {
                all.size -= gone.size();
            }
        }
    }
}
