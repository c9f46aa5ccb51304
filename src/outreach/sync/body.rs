//! The body of a batch: JSON, packed by gzip or not, of bounded size in both forms.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use flate2::read::MultiGzDecoder;

use crate::db::types::AccountId;
use crate::error::{AppError, PlainForm};
use crate::http::extract::{malformed_field, read_body};

/// Bytes of a batch, unpacked.
pub(super) const LIMIT: usize = 8 * 1024 * 1024;
/// A batch comes over a bad line.
const DEADLINE: Duration = Duration::from_mins(2);

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
}

/// Batches of one account that are received at once.
const AT_ONCE: usize = 8;

/// Who is sending, and how many batches: what arrives is held in memory, so nobody sends many at once.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<HashMap<AccountId, usize>>);

/// A batch that is being received.
#[derive(Debug)]
pub(super) struct Arriving<'a>(&'a Arrivals, AccountId);

impl Arrivals {
    /// Begins to receive a batch; none when too many of the account are under way.
    pub(super) fn begin(&self, account: AccountId) -> Option<Arriving<'_>> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = under_way.entry(account).or_default();
        (*number < AT_ONCE).then(|| {
            *number += 1;
            Arriving(self, account)
        })
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        let mut under_way = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = under_way.get_mut(&self.1) {
            *number -= 1;
            if *number == 0 {
                under_way.remove(&self.1);
            }
        }
    }
}

/// Receives the body as it is.
pub(super) async fn receive(request: &HttpRequest, payload: &mut Payload) -> Result<(Packing, Bytes), AppError> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let media = header(CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
    let packing = match header(CONTENT_ENCODING).map(str::to_ascii_lowercase).as_deref() {
        None | Some("identity") => Packing::Plain,
        Some("gzip") => Packing::Gzip,
        Some(_) => return Err(AppError::UnsupportedMediaType),
    };
    if !media.trim().eq_ignore_ascii_case("application/json") {
        return Err(AppError::UnsupportedMediaType);
    }
    Ok((packing, read_body(payload, LIMIT, DEADLINE).await?))
}

/// Unpacks a body. Nothing is unpacked beyond the limit, however much is packed in few bytes.
pub(super) fn unpack(packing: Packing, bytes: Bytes) -> Result<Vec<u8>, AppError> {
    if packing == Packing::Plain {
        return Ok(bytes.into());
    }
    let mut unpacked = Vec::new();
    let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX);
    MultiGzDecoder::new(bytes.as_ref())
        .take(limit + 1)
        .read_to_end(&mut unpacked)
        .map_err(|_| malformed_field("body", PlainForm::WholeBody))?;
    if unpacked.len() > LIMIT { Err(AppError::TooLarge { limit: LIMIT }) } else { Ok(unpacked) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: usize) -> Bytes {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&vec![b' '; bytes]).expect("packed");
        packer.finish().expect("packed").into()
    }

    #[test]
    fn a_body_is_unpacked_up_to_the_limit_and_not_a_byte_further() {
        assert_eq!(unpack(Packing::Gzip, packed(LIMIT)).expect("unpacked").len(), LIMIT);
        let bomb = packed(8 * LIMIT);
        assert!(bomb.len() < LIMIT / 10, "few bytes");
        assert!(matches!(unpack(Packing::Gzip, bomb), Err(AppError::TooLarge { .. })));
    }

    #[test]
    fn one_account_sends_eight_batches_at_once_and_no_more() {
        let (arrivals, one) = (Arrivals::default(), AccountId(uuid::Uuid::from_u128(1)));
        let mut under_way: Vec<_> = (0..AT_ONCE).filter_map(|_| arrivals.begin(one)).collect();
        assert_eq!(under_way.len(), AT_ONCE);
        assert!(arrivals.begin(one).is_none());
        assert!(arrivals.begin(AccountId(uuid::Uuid::from_u128(2))).is_some(), "nobody else is kept waiting");
        under_way.pop();
        assert!(arrivals.begin(one).is_some());
        under_way.clear();
        assert!(arrivals.0.lock().expect("whole").is_empty(), "nothing is kept of who sent");
    }

    #[test]
    fn a_packed_body_that_broke_off_anywhere_is_refused() {
        let whole = packed(100_000);
        for length in 0..whole.len() {
            assert!(unpack(Packing::Gzip, whole.slice(..length)).is_err(), "{length} bytes");
        }
    }
}
