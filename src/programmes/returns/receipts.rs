//! Receipts: the number of a return and a short MAC, made to be read out on the telephone.

use diesel::prelude::*;
use subtle::ConstantTimeEq as _;

use super::chain::{is_signed_as_told, receipt_mac};
use super::model::OfficialReturn;
use crate::db::DbConnection;
use crate::db::schema::official_returns;
use crate::error::AppError;
use crate::vault::ServerKey;

/// Base 32 of Douglas Crockford (crockford.com/base32.html): no I, L, O and U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of 5 bits each, shown in two groups: nobody guesses 40 bits through the API.
const LENGTH: usize = 8;

/// The receipt of a return, such as `17-7KQ2-M9XD`.
pub(super) fn text(number: i64, mac: &[u8]) -> String {
    let bits = mac.iter().take(5).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let symbol = |place: usize| {
        let index = usize::try_from(bits >> (5 * place) & 31).unwrap_or(0);
        SYMBOLS.get(index).map_or('0', |symbol| char::from(*symbol))
    };
    let symbols: String = (0..LENGTH).rev().map(symbol).collect();
    let (first, second) = symbols.split_at(LENGTH / 2);
    format!("{number}-{first}-{second}")
}

/// Number and MAC of a receipt as somebody wrote it down: with small letters, O for 0, I or L for 1, or spaces.
fn read(text: &str) -> Option<(i64, String)> {
    let meant = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let (number, rest) = text.trim().split_once(['-', ' '])?;
    let symbols: String = rest.chars().filter(|c| !matches!(c, '-' | ' ')).map(meant).collect();
    let number: String = number.chars().map(meant).collect();
    let plain = symbols.len() == LENGTH && symbols.bytes().all(|byte| SYMBOLS.contains(&byte));
    Some((number.parse().ok()?, symbols)).filter(|_| plain)
}

/// The filed return that a receipt is of, if the receipt is genuine.
pub(super) fn find(conn: &mut DbConnection, key: &ServerKey, receipt: &str) -> Result<OfficialReturn, AppError> {
    let (number, symbols) = read(receipt).ok_or(AppError::NotFound)?;
    let row = official_returns::table.filter(official_returns::number.eq(number));
    let row: OfficialReturn = row.select(OfficialReturn::as_select()).first(conn)?;
    let mac = receipt_mac(key, &row).ok_or(AppError::NotFound)?;
    let (_, expected) = read(&text(number, &mac)).ok_or(AppError::NotFound)?;
    let same: bool = expected.as_bytes().ct_eq(symbols.as_bytes()).into();
    if same && is_signed_as_told(key, &row) { Ok(row) } else { Err(AppError::NotFound) }
}

#[cfg(test)]
mod tests {
    use super::{read, text};

    #[test]
    fn a_receipt_is_read_however_it_is_written_down() {
        let receipt = text(107, &[0b0000_0001, 0b0010_0011, 0xff, 0x00, 0x5a]);
        assert_eq!(receipt, "107-04HZ-Y02T");
        let expected = Some((107, "04HZY02T".to_owned()));
        for written in ["107-04HZ-Y02T", "107-o4hz-yo2t", " IO7 04HZ Y02T ", "l07-04hzy02t"] {
            assert_eq!(read(written), expected, "{written}");
        }
        for wrong in ["", "107", "107-04HZ", "107-04HZ-Y02TT", "107-04HZ-Y02U", "x-04HZ-Y02T", "107-04HZ-Y02é"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
