//! Sealing one field: XChaCha20-Poly1305 under the person's data key, bound to
//! the place it stands in, so that a sealed value moved to another row, column
//! or person does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::store::DataKey;
use crate::clock::Random;
use crate::db::types::{OrganisationId, PersonId};
use crate::error::{AppError, Conflict};

const FORMAT: u8 = 1;
const NONCE: usize = 24;
const HEADER: usize = 1 + 4 + NONCE;

/// Where a sealed value stands: table, column, row.
#[derive(Debug, Clone, Copy)]
pub struct FieldName {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// Id of the row.
    pub row: uuid::Uuid,
}

/// Whose key seals a value: a person's, or a peer group's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyOwner(uuid::Uuid);

impl From<PersonId> for KeyOwner {
    fn from(person: PersonId) -> Self {
        Self(person.0)
    }
}

impl From<OrganisationId> for KeyOwner {
    fn from(group: OrganisationId) -> Self {
        Self(group.0)
    }
}

/// A value could not be sealed or opened. Says where, never what.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was altered, or sealed elsewhere or for somebody else.
    #[error("sealed field {table}.{column} does not open")]
    Unopenable {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
    },
    /// Nothing more is sealed for somebody who was erased.
    #[error("the person was erased")]
    Erased,
}

impl From<SealError> for AppError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Unopenable { .. } => Self::internal(error.to_string()),
            SealError::Erased => Self::Conflict(Conflict::PersonErased),
        }
    }
}

/// A value that was opened; wiped from memory when dropped.
pub type Opened = Zeroizing<String>;

/// Seals `text`. `version` starts at 1 and rises each time this field of this row is sealed anew.
///
/// # Errors
/// [`SealError::Erased`]; when the cipher refuses, which it does only for texts of many gigabytes.
pub fn seal(
    random: &Random,
    key: &DataKey,
    owner: impl Into<KeyOwner>,
    field: FieldName,
    version: u32,
    text: &str,
) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE] = random.bytes();
    let aad = place(owner.into(), field, version);
    let sealed = cipher(key)
        .ok_or(SealError::Erased)?
        .encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: &aad })
        .map_err(|_| unopenable(field))?;
    let mut stored = Vec::with_capacity(HEADER + sealed.len());
    stored.push(FORMAT);
    stored.extend_from_slice(&version.to_be_bytes());
    stored.extend_from_slice(&nonce);
    stored.extend_from_slice(&sealed);
    Ok(stored)
}

/// Opens what [`seal`] made for the same owner and place; of somebody who was erased nothing is left.
///
/// # Errors
/// When it was made elsewhere, for somebody else, or was altered.
pub fn open(key: &DataKey, owner: impl Into<KeyOwner>, field: FieldName, stored: &[u8]) -> Result<Opened, SealError> {
    let (version, nonce, sealed) = split(stored).ok_or_else(|| unopenable(field))?;
    let aad = place(owner.into(), field, version);
    let Some(cipher) = cipher(key) else { return Ok(Opened::default()) };
    let plain =
        cipher.decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: &aad }).map_err(|_| unopenable(field))?;
    String::from_utf8(plain).map(Zeroizing::new).map_err(|_| unopenable(field))
}

/// As [`open`], of a text that may be absent; one of somebody who was erased is.
///
/// # Errors
/// As [`open`].
pub fn open_if_any(
    key: &DataKey,
    owner: impl Into<KeyOwner>,
    field: FieldName,
    stored: Option<&[u8]>,
) -> Result<Option<String>, SealError> {
    match stored {
        Some(stored) if !key.is_erased() => Ok(Some(open(key, owner, field, stored)?.to_string())),
        _ => Ok(None),
    }
}

/// The version under which the value was sealed; 0 when there is none.
pub fn version_of(stored: Option<&[u8]>) -> u32 {
    stored.and_then(split).map_or(0, |(version, _, _)| version)
}

fn split(stored: &[u8]) -> Option<(u32, [u8; NONCE], &[u8])> {
    let (&FORMAT, rest) = stored.split_first()? else { return None };
    let (version, rest) = rest.split_first_chunk::<4>()?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
    Some((u32::from_be_bytes(*version), *nonce, sealed))
}

fn place(owner: KeyOwner, field: FieldName, version: u32) -> Vec<u8> {
    let mut aad = Vec::with_capacity(96);
    for part in [field.table.as_bytes(), field.column.as_bytes(), field.row.as_bytes(), owner.0.as_bytes()] {
        aad.extend_from_slice(part);
        aad.push(b'|');
    }
    aad.extend_from_slice(&version.to_be_bytes());
    aad
}

fn cipher(key: &DataKey) -> Option<XChaCha20Poly1305> {
    Some(XChaCha20Poly1305::new(&Key::from(*key.bytes()?)))
}

fn unopenable(field: FieldName) -> SealError {
    SealError::Unopenable { table: field.table, column: field.column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(table: &'static str, column: &'static str, row: u128) -> FieldName {
        FieldName { table, column, row: uuid::Uuid::from_u128(row) }
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_was_sealed_and_for_whom() {
        let random = Random::seeded(7);
        let (key, other_key) = (DataKey::for_tests([1; 32]), DataKey::for_tests([2; 32]));
        let (person, other) = (PersonId(uuid::Uuid::from_u128(1)), PersonId(uuid::Uuid::from_u128(2)));
        let home = place("persons", "sealed_name", 1);
        let sealed = seal(&random, &key, person, home, 1, "Nguyễn Thị Thử").expect("sealed");
        assert_eq!(open(&key, person, home, &sealed).expect("opened").as_str(), "Nguyễn Thị Thử");
        for moved in
            [place("cases", "sealed_name", 1), place("persons", "sealed_phone", 1), place("persons", "sealed_name", 2)]
        {
            assert!(open(&key, person, moved, &sealed).is_err());
        }
        assert!(open(&key, other, home, &sealed).is_err());
        assert!(open(&other_key, person, home, &sealed).is_err());
    }

    #[test]
    fn a_sealed_value_with_any_byte_changed_does_not_open() {
        let random = Random::seeded(7);
        let (key, person) = (DataKey::for_tests([1; 32]), PersonId(uuid::Uuid::from_u128(1)));
        let home = place("persons", "sealed_name", 1);
        let sealed = seal(&random, &key, person, home, 3, "Hòa").expect("sealed");
        assert_eq!(version_of(Some(&sealed)), 3);
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert!(open(&key, person, home, &altered).is_err(), "byte {position}");
        }
        for length in 0..sealed.len() {
            assert!(open(&key, person, home, &sealed[..length]).is_err(), "{length} bytes");
        }
    }
}
