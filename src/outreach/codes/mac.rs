//! What is stored of a code.

use std::fmt;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Binary;
use diesel::sqlite::Sqlite;

use crate::db::connection::MultiBackend;
use crate::text::hex;
use crate::vault::ServerKey;

/// Half of HMAC-SHA-256, the least RFC 2104 (section 5) advises: among 10 million codes two are equal by chance
/// once in 10^24 installations, and an index over them is half as large.
const LENGTH: usize = 16;

/// HMAC of a code under the programme key, 16 bytes: `bytea` on PostgreSQL, a blob on SQLite. Equal codes have equal
/// ones; nothing else can be learnt from it without the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = Binary)]
pub struct CodeMac([u8; LENGTH]);

impl CodeMac {
    pub(super) fn of(key: &ServerKey, canonical: &str) -> Self {
        Self::first_bytes(&key.mac("contact code", &[canonical.as_bytes()]))
    }

    /// As it is compared, in hexadecimal.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// As an id: for counting somebody of whom nothing but the code is known.
    pub fn as_uuid(self) -> uuid::Uuid {
        uuid::Uuid::from_bytes(self.0)
    }

    /// The code of such an id.
    pub fn of_uuid(id: uuid::Uuid) -> Self {
        Self(id.into_bytes())
    }

    /// From hexadecimal.
    pub fn of_hex(text: &str) -> Option<Self> {
        let pair = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Vec<u8> = text.as_bytes().chunks(2).map(pair).collect::<Option<_>>()?;
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn first_bytes(mac: &[u8; 32]) -> Self {
        let mut kept = [0; LENGTH];
        for (kept, byte) in kept.iter_mut().zip(mac) {
            *kept = *byte;
        }
        Self(kept)
    }
}

// It links records of a person, so it is not for logs.
impl fmt::Debug for CodeMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeMac(…)")
    }
}

/// A column of codes holds something of another length: the row was not written by this program.
#[derive(Debug, thiserror::Error)]
#[error("a code in the database is not of {LENGTH} bytes")]
struct OtherLength;

impl ToSql<Binary, Pg> for CodeMac {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl ToSql<Binary, Sqlite> for CodeMac {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_slice());
        Ok(IsNull::No)
    }
}

impl ToSql<Binary, MultiBackend> for CodeMac {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Binary, self));
        Ok(IsNull::No)
    }
}

impl FromSql<Binary, MultiBackend> for CodeMac {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = value.from_sql::<Vec<u8>, Binary>()?;
        bytes.try_into().map(Self).map_err(|_| OtherLength.into())
    }
}
