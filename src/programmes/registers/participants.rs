//! Those who took part in an activity: of their numbers nothing is kept but a keyed hash.

use unicode_normalization::UnicodeNormalization as _;

use crate::db::types::ParticipantId;
use crate::text::tidy;
use crate::vault::ServerKey;

/// The number of a participant under the programme key, half of an HMAC-SHA-256: equal numbers have equal ones, at
/// every unit that shares the key, and nothing else is learnt from it without the key.
pub fn participant_of(key: &ServerKey, number: &str) -> ParticipantId {
    let canonical: String = tidy(number).to_lowercase().nfc().collect();
    let mac = key.mac("register participant", &[canonical.as_bytes()]);
    let mut kept = [0; 16];
    for (kept, byte) in kept.iter_mut().zip(mac) {
        *kept = byte;
    }
    ParticipantId(uuid::Uuid::from_bytes(kept))
}
