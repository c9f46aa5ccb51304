//! Sealing long content in chunks (the STREAM construction over XChaCha20-Poly1305): each chunk's
//! nonce holds its number and whether it is the last, so that content cut short, in another order or
//! mixed with other content does not open; and it is opened without ever being whole in memory.

use std::io::{self, Read, Write};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::sealing::SealError;
use super::store::DataKey;
use crate::clock::Random;

const FORMAT: u8 = 1;
/// Random part of a nonce; five bytes of number and end follow.
const PREFIX: usize = 19;
const TAG: usize = 16;
/// Bytes of content in one chunk.
const CHUNK: usize = 64 * 1024;

/// Content could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// It was altered, cut short, or belongs elsewhere.
    #[error("sealed content does not open")]
    Altered,
    /// The system refused.
    #[error("sealed content: {0}")]
    Io(#[from] io::Error),
}

/// Keys of one content: one that seals, one that makes its digest. Derived from a person's data key
/// by HKDF-SHA-256 with the content's id as context, so they need not be kept and go with that key.
#[derive(Clone)]
pub struct ContentKey {
    id: uuid::Uuid,
    sealing: Zeroizing<[u8; 32]>,
    digesting: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

impl ContentKey {
    /// The keys of the content of this id, under a person's key.
    ///
    /// # Errors
    /// [`SealError::Erased`].
    pub fn new(key: &DataKey, id: uuid::Uuid) -> Result<Self, SealError> {
        let hkdf = hkdf::Hkdf::<Sha256>::new(None, key.bytes().ok_or(SealError::Erased)?);
        let derive = |purpose: &str| {
            let mut derived = Zeroizing::new([0; 32]);
            // 32 bytes are always within what HKDF gives.
            let _always_fits = hkdf.expand_multi_info(&[purpose.as_bytes(), id.as_bytes()], derived.as_mut_slice());
            derived
        };
        Ok(Self { id, sealing: derive("seal content|"), digesting: derive("digest of content|") })
    }

    /// Keyed digest of the content in the open, kept apart from it.
    pub fn digest(&self, plain: &[u8]) -> [u8; 32] {
        let mut digest = Digest::new(self);
        digest.update(plain);
        digest.finish()
    }

    /// Seals `plain` and writes it to `to`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn seal(&self, random: &Random, plain: &[u8], to: &mut impl Write) -> io::Result<()> {
        let prefix: [u8; PREFIX] = random.bytes();
        to.write_all(&[FORMAT])?;
        to.write_all(&prefix)?;
        let mut chunks = plain.chunks(CHUNK).peekable();
        let mut number = 0_u32;
        loop {
            let chunk = chunks.next().unwrap_or_default();
            let last = chunks.peek().is_none();
            let sealed = self
                .cipher()
                .encrypt(&nonce(prefix, number, last), Payload { msg: chunk, aad: &self.place() })
                .map_err(|_| io::Error::other("a chunk could not be sealed"))?;
            to.write_all(&sealed)?;
            if last {
                return Ok(());
            }
            number = number.checked_add(1).ok_or_else(|| io::Error::other("too many chunks"))?;
        }
    }

    /// Opens what [`ContentKey::seal`] wrote, chunk by chunk.
    ///
    /// # Errors
    /// When its beginning cannot be read.
    pub fn open<R: Read>(&self, mut from: R) -> Result<Chunks<R>, ContentError> {
        let mut header = [0; 1 + PREFIX];
        from.read_exact(&mut header).map_err(cut_short)?;
        let (format, prefix) = header.split_first().ok_or(ContentError::Altered)?;
        if *format != FORMAT {
            return Err(ContentError::Altered);
        }
        let prefix = prefix.try_into().map_err(|_| ContentError::Altered)?;
        let ahead = Some(block(&mut from)?);
        Ok(Chunks { key: self.clone(), from, prefix, number: 0, ahead })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.sealing))
    }

    fn place(&self) -> [u8; 17] {
        let mut place = [FORMAT; 17];
        for (to, from) in place.iter_mut().zip(self.id.as_bytes()) {
            *to = *from;
        }
        place
    }
}

/// A digest in the making.
#[derive(Debug)]
pub struct Digest(Option<Hmac<Sha256>>);

impl Digest {
    /// The digest under this content's key.
    pub fn new(key: &ContentKey) -> Self {
        // HMAC takes a key of any length, so there always is one.
        Self(<Hmac<Sha256> as KeyInit>::new_from_slice(key.digesting.as_slice()).ok())
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(mac) = &mut self.0 {
            mac.update(bytes);
        }
    }

    /// The digest of all that was taken in.
    pub fn finish(self) -> [u8; 32] {
        self.0.map_or([0; 32], |mac| mac.finalize().into_bytes().into())
    }
}

/// Sealed content that is opened chunk by chunk.
#[derive(Debug)]
pub struct Chunks<R> {
    key: ContentKey,
    from: R,
    prefix: [u8; PREFIX],
    number: u32,
    /// The block read ahead, which tells whether the one before was the last; none after the end.
    ahead: Option<Vec<u8>>,
}

impl<R: Read> Chunks<R> {
    /// The next chunk in the open; none after the last one.
    ///
    /// # Errors
    /// When the content was altered or cannot be read; nothing of the chunk is then given.
    pub fn read(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ContentError> {
        let Some(sealed) = self.ahead.take() else { return Ok(None) };
        let next = if sealed.len() == CHUNK + TAG { block(&mut self.from)? } else { Vec::new() };
        let last = next.is_empty();
        let nonce = nonce(self.prefix, self.number, last);
        let plain = self
            .key
            .cipher()
            .decrypt(&nonce, Payload { msg: &sealed, aad: &self.key.place() })
            .map_err(|_| ContentError::Altered)?;
        if !last {
            self.ahead = Some(next);
            self.number = self.number.checked_add(1).ok_or(ContentError::Altered)?;
        }
        Ok(Some(Zeroizing::new(plain)))
    }
}

fn nonce(prefix: [u8; PREFIX], number: u32, last: bool) -> XNonce {
    let mut nonce = [0; 24];
    let bytes = prefix.into_iter().chain(number.to_be_bytes()).chain([u8::from(last)]);
    for (to, from) in nonce.iter_mut().zip(bytes) {
        *to = from;
    }
    XNonce::from(nonce)
}

fn block(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let most = u64::try_from(CHUNK + TAG).unwrap_or(u64::MAX);
    let mut block = Vec::with_capacity(CHUNK + TAG);
    from.take(most).read_to_end(&mut block)?;
    Ok(block)
}

fn cut_short(error: io::Error) -> ContentError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ContentError::Altered,
        _ => ContentError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(person: u8, id: u128) -> ContentKey {
        ContentKey::new(&DataKey::for_tests([person; 32]), uuid::Uuid::from_u128(id)).expect("a key")
    }

    fn sealed(key: &ContentKey, plain: &[u8]) -> Vec<u8> {
        let mut to = Vec::new();
        key.seal(&Random::seeded(7), plain, &mut to).expect("a vector takes all");
        to
    }

    fn opened(key: &ContentKey, stored: &[u8]) -> Result<Vec<u8>, ContentError> {
        let mut chunks = key.open(stored)?;
        let mut all = Vec::new();
        while let Some(chunk) = chunks.read()? {
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|n| u8::try_from(n % 251).expect("below 256")).collect()
    }

    #[test]
    fn content_of_any_length_opens_to_what_was_sealed() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
            let plain = content(length);
            assert_eq!(opened(&key(1, 1), &sealed(&key(1, 1), &plain)).expect("opens"), plain, "{length}");
        }
    }

    #[test]
    fn content_opens_only_under_its_own_id_and_person() {
        let stored = sealed(&key(1, 1), b"scan");
        assert!(opened(&key(1, 2), &stored).is_err());
        assert!(opened(&key(2, 1), &stored).is_err());
        assert_ne!(key(1, 1).digest(b"scan"), key(1, 2).digest(b"scan"));
    }

    #[test]
    fn content_cut_at_any_chunk_or_with_chunks_swapped_repeated_or_added_does_not_open() {
        let stored = sealed(&key(1, 1), &content(3 * CHUNK));
        let (header, chunks) = stored.split_at(1 + PREFIX);
        let chunks: Vec<&[u8]> = chunks.chunks(CHUNK + TAG).collect();
        let joined = |order: &[usize]| {
            let mut all = header.to_vec();
            for at in order {
                all.extend_from_slice(chunks[*at]);
            }
            all
        };
        assert!(opened(&key(1, 1), &joined(&[0, 1, 2])).is_ok());
        for order in [&[][..], &[0], &[0, 1], &[1, 0, 2], &[0, 2], &[2], &[0, 1, 1, 2], &[0, 1, 2, 2], &[0, 1, 2, 0]] {
            assert!(opened(&key(1, 1), &joined(order)).is_err(), "{order:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn content_with_any_bit_flipped_or_any_byte_cut_or_added_does_not_open(
            length in 0..2 * CHUNK, place in any::<prop::sample::Index>(), bit in 0..8_u32,
        ) {
            let stored = sealed(&key(1, 1), &content(length));
            let at = place.index(stored.len());
            let mut flipped = stored.clone();
            flipped[at] ^= 1_u8.rotate_left(bit);
            prop_assert!(opened(&key(1, 1), &flipped).is_err());
            prop_assert!(opened(&key(1, 1), &stored[..at]).is_err());
            let mut longer = stored;
            longer.push(0);
            prop_assert!(opened(&key(1, 1), &longer).is_err());
        }
    }
}
