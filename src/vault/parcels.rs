//! Sealed parcels: what a phone keeps until it can hand it in. HPKE (RFC 9180, base mode, one message) with
//! DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, which a browser does with `WebCrypto` alone. The phone
//! seals to the server's public key, so it cannot read its own parcels; decision 33 says how, step by step.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable as _, HpkeError, Kem as _, OpModeR, OpModeS, Serializable as _};
use rand::SeedableRng as _;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::files::ServerKey;
use crate::clock::Random;
use crate::db::types::AccountId;
use crate::text::hex;

const INFO: &[u8] = b"hoanhap parcel v1";
/// Bytes of the sender's one-time public key, which a parcel begins with.
const ENC: usize = 65;

type Kem = DhP256HkdfSha256;
type PrivateKey = <Kem as hpke::Kem>::PrivateKey;
type PublicKey = <Kem as hpke::Kem>::PublicKey;
type OneTimeKey = <Kem as hpke::Kem>::EncappedKey;

/// A parcel could not be opened or sealed. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// It was altered, cut short, or sealed to another key, or by another device or account.
    #[error("sealed parcel does not open")]
    Unopenable,
    /// The key to seal to is none, or there is more to seal than the cipher takes.
    #[error("parcel could not be sealed")]
    Unsealable,
}

/// Whose parcel it is: a device, and the account it was registered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParcelSender {
    /// The device.
    pub device: uuid::Uuid,
    /// The account.
    pub account: AccountId,
}

impl ParcelSender {
    /// Id of the device, id of the account.
    fn aad(self) -> Vec<u8> {
        [self.device.as_bytes().as_slice(), self.account.0.as_bytes()].concat()
    }
}

/// The key pair of this installation that parcels are sealed to. Derived from a key file, so it needs none of its
/// own. Its private half is wiped from memory when dropped.
#[derive(Clone)]
pub struct ParcelKeys {
    private: PrivateKey,
    public: PublicKey,
    id: String,
}

impl std::fmt::Debug for ParcelKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParcelKeys({})", self.id)
    }
}

impl ParcelKeys {
    /// The key pair under a server's key: HKDF, then `DeriveKeyPair` of RFC 9180.
    pub fn new(server: &ServerKey) -> Self {
        let (private, public) = Kem::derive_keypair(server.derive("sealed parcels").as_slice());
        let id = hex(Sha256::digest(public.to_bytes()).get(..8).unwrap_or_default());
        Self { private, public, id }
    }

    /// The public key as an uncompressed point of 65 bytes, which `importKey('raw', …)` takes.
    pub fn public_key(&self) -> Vec<u8> {
        self.public.to_bytes().to_vec()
    }

    /// Tells this key pair from others: the first eight bytes of SHA-256 of the public key, in hexadecimal.
    pub fn key_id(&self) -> &str {
        &self.id
    }

    /// Opens a parcel of this sender.
    ///
    /// # Errors
    /// [`ParcelError::Unopenable`].
    pub fn open(&self, from: ParcelSender, parcel: &[u8]) -> Result<Zeroizing<Vec<u8>>, ParcelError> {
        let (enc, sealed) = parcel.split_at_checked(ENC).ok_or(ParcelError::Unopenable)?;
        OneTimeKey::from_bytes(enc)
            .and_then(|enc| self.open_with(&enc, &from.aad(), sealed))
            .map(Zeroizing::new)
            .map_err(|_| ParcelError::Unopenable)
    }

    fn open_with(&self, enc: &OneTimeKey, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, HpkeError> {
        let mode = OpModeR::Base;
        hpke::single_shot_open::<AesGcm256, HkdfSha256, Kem>(&mode, &self.private, enc, INFO, sealed, aad)
    }
}

/// Seals a parcel as a phone does, to a public key as [`ParcelKeys::public_key`] gives it. The server itself never
/// seals one; this is for whoever speaks to it without a browser.
///
/// # Errors
/// [`ParcelError::Unsealable`].
pub fn seal_parcel(
    random: &Random,
    public_key: &[u8],
    from: ParcelSender,
    plain: &[u8],
) -> Result<Vec<u8>, ParcelError> {
    let mut rng = rand::rngs::StdRng::from_seed(random.bytes());
    let (mode, aad) = (OpModeS::Base, from.aad());
    PublicKey::from_bytes(public_key)
        .and_then(|to| {
            hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, Kem>(&mode, &to, INFO, plain, &aad, &mut rng)
        })
        .map(|(enc, sealed)| [enc.to_bytes().as_slice(), &sealed].concat())
        .map_err(|_| ParcelError::Unsealable)
}

/// What a device tags its parcels with: a parcel that is handed in when access has ended comes without a token, and
/// its tag proves that it is of a device that was registered while access lived. Given to the phone when it
/// registers; derived anew each time, so the server keeps none. Nothing but parcels may be tagged with it.
#[derive(Clone)]
pub struct DeviceKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

impl DeviceKey {
    /// The key of this sender under a server's key.
    pub fn new(server: &ServerKey, of: ParcelSender) -> Self {
        let ids: [&[u8]; 2] = [of.device.as_bytes(), of.account.0.as_bytes()];
        Self(Zeroizing::new(server.mac("tags of sealed parcels", &ids)))
    }

    /// The key itself, to be given to its device and to nobody else.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 over all bytes of a parcel.
    pub fn tag(&self, parcel: &[u8]) -> [u8; 32] {
        // HMAC takes a key of any length, so there always is one.
        self.mac(parcel).map_or([0; 32], |mac| mac.finalize().into_bytes().into())
    }

    /// Whether `tag` is of this parcel under this key; compared in constant time.
    pub fn verify_tag(&self, parcel: &[u8], tag: &[u8]) -> bool {
        self.mac(parcel).is_some_and(|mac| mac.verify_slice(tag).is_ok())
    }

    fn mac(&self, parcel: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        mac.update(parcel);
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Gặp 3 người ở bến xe, phát 2 tờ rơi";

    fn server(byte: u8) -> ServerKey {
        ServerKey::new([byte; 32])
    }

    fn keys() -> ParcelKeys {
        ParcelKeys::new(&server(7))
    }

    fn sender(device: u128, account: u128) -> ParcelSender {
        ParcelSender { device: uuid::Uuid::from_u128(device), account: AccountId(uuid::Uuid::from_u128(account)) }
    }

    fn sealed(seed: u64, plain: &[u8]) -> Vec<u8> {
        seal_parcel(&Random::seeded(seed), &keys().public_key(), sender(1, 2), plain).expect("sealed")
    }

    fn opens(parcel: &[u8]) -> bool {
        keys().open(sender(1, 2), parcel).is_ok()
    }

    fn unhex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ascii"));
        pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
    }

    /// Of the test vectors published with RFC 9180: mode 0, KEM 0x0010, KDF 1, AEAD 2, first encryption.
    #[test]
    fn the_suite_is_the_one_the_standard_describes() {
        const IKM_R: &str = "a0ce15d49e28bd47a18a97e147582d814b08cbe00109fed5ec27d1b4e9f6f5e3";
        const PK_R: &str = "\
            04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a0\
            5ccf5ded7860c7c021238f9e2073d2356c";
        const ONE_TIME: &str = "\
            04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3b\
            f01da5cc4c39ff5370d331a4f1f7d5a4e0";
        const SEALED: &str =
            "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f";
        let (private, public) = Kem::derive_keypair(&unhex(IKM_R));
        assert_eq!(hex(&public.to_bytes()), PK_R);
        let enc = OneTimeKey::from_bytes(&unhex(ONE_TIME)).expect("a point");
        let (info, aad, mode) = (b"Ode on a Grecian Urn", b"Count-0", OpModeR::Base);
        let opened =
            hpke::single_shot_open::<AesGcm256, HkdfSha256, Kem>(&mode, &private, &enc, info, &unhex(SEALED), aad);
        assert_eq!(opened.expect("opens"), b"Beauty is truth, truth beauty");
    }

    /// Sealed and tagged by `WebCrypto` with the steps of decision 33.
    #[test]
    fn a_parcel_that_webcrypto_sealed_opens_and_its_tag_holds() {
        const PUBLIC: &str = "\
            04145e9f8abaaff8f9074fc9d7353fcae358ee7329a82a0fcb4c32baf4f904ba54b0c656d165785ef609b9a3619f037c\
            446edccf76477c60effb4c06e0b8cc16d4";
        const KEY_ID: &str = "b09bb6fd23d7574a";
        const PARCEL: &str = "\
            048eaeb58c905cbcf4dc80b4c4b1f629d794af58cfa9b30ebf311c12a8405bf0d20cbecbe25efdbd773d86683ddec090\
            94067421f18af34c4ea1c59661303a05327d6f5acf5b70cc9a139b06aad094c8aedbe48858383623273dc02d0f8bb602\
            6071e027745ea18cc969a840ae528f5bc85488d242890cfe2ae6eae85720b99449";
        const TAG_KEY: &str = "34507d256c2e83bea663a2a1f6ee81503f5bcf644c4a9f45831bfc6e07520607";
        const TAG: &str = "ba4645007d4edf8ec5cf1310eb3dd5a8cc314ca78999ddc8ed1dff5cd1056092";
        assert_eq!((hex(&keys().public_key()).as_str(), keys().key_id()), (PUBLIC, KEY_ID));
        let parcel = unhex(PARCEL);
        let opened = keys().open(sender(1, 2), &parcel).expect("opens");
        assert_eq!(opened.as_slice(), TEXT.as_bytes());
        let key = DeviceKey::new(&server(7), sender(1, 2));
        assert_eq!((hex(key.bytes()).as_str(), hex(&key.tag(&parcel)).as_str()), (TAG_KEY, TAG));
        assert!(key.verify_tag(&parcel, &unhex(TAG)));
    }

    #[test]
    fn a_parcel_with_any_byte_changed_does_not_open() {
        let parcel = sealed(1, TEXT.as_bytes());
        assert!(opens(&parcel));
        for position in 0..parcel.len() {
            let mut altered = parcel.clone();
            altered[position] ^= 1;
            assert!(!opens(&altered), "byte {position}");
        }
    }

    #[test]
    fn a_parcel_cut_to_any_length_or_made_longer_does_not_open() {
        let mut parcel = sealed(1, TEXT.as_bytes());
        for length in 0..parcel.len() {
            assert!(!opens(&parcel[..length]), "{length} bytes");
        }
        parcel.push(0);
        assert!(!opens(&parcel));
    }

    #[test]
    fn a_parcel_opens_only_for_its_device_and_account_and_under_its_key() {
        let parcel = sealed(1, b"");
        assert!(opens(&parcel));
        for other in [sender(3, 2), sender(1, 3), sender(2, 1)] {
            assert!(keys().open(other, &parcel).is_err(), "{other:?}");
        }
        let others = ParcelKeys::new(&server(8));
        assert!(others.open(sender(1, 2), &parcel).is_err());
        assert_ne!(others.key_id(), keys().key_id());
    }

    #[test]
    fn a_one_time_key_that_is_no_point_or_of_another_parcel_is_refused() {
        let (parcel, other) = (sealed(1, TEXT.as_bytes()), sealed(2, TEXT.as_bytes()));
        let (enc, content) = parcel.split_at(ENC);
        let compressed = [[2 | enc[64] & 1].as_slice(), &enc[1..33], &[0; 32]].concat();
        for wrong in [&other[..ENC], &[0; ENC], &[4; ENC], &[0xff; ENC], &compressed] {
            assert!(!opens(&[wrong, content].concat()));
            assert!(seal_parcel(&Random::seeded(1), &wrong[1..], sender(1, 2), b"").is_err());
        }
    }

    #[test]
    fn what_is_sealed_twice_makes_two_parcels_that_share_nothing() {
        let (one, other) = (sealed(1, &[0; 64]), sealed(2, &[0; 64]));
        assert_ne!(one[1..ENC], other[1..ENC]);
        assert!(one[ENC..].iter().zip(&other[ENC..]).filter(|(a, b)| a == b).count() < 10);
    }

    #[test]
    fn a_tag_holds_only_for_its_parcel_device_and_account_and_under_its_server() {
        let parcel = sealed(1, TEXT.as_bytes());
        let key = DeviceKey::new(&server(7), sender(1, 2));
        let tag = key.tag(&parcel);
        assert!(DeviceKey::new(&server(7), sender(1, 2)).verify_tag(&parcel, &tag));
        for position in 0..parcel.len() {
            let mut altered = parcel.clone();
            altered[position] ^= 1;
            assert!(!key.verify_tag(&altered, &tag), "byte {position}");
        }
        for position in 0..tag.len() {
            let mut altered = tag;
            altered[position] ^= 1;
            assert!(!key.verify_tag(&parcel, &altered), "byte {position}");
            assert!(!key.verify_tag(&parcel, &tag[..position]), "{position} bytes");
        }
        for (server_byte, other) in [(7, sender(3, 2)), (7, sender(1, 3)), (7, sender(2, 1)), (8, sender(1, 2))] {
            assert!(!DeviceKey::new(&server(server_byte), other).verify_tag(&parcel, &tag), "{other:?}");
        }
    }

    #[test]
    fn debug_and_errors_show_no_key_and_no_content() {
        let key = DeviceKey::new(&server(7), sender(1, 2));
        assert_eq!(format!("{key:?}"), "DeviceKey(…)");
        assert_eq!(format!("{:?}", keys()), format!("ParcelKeys({})", keys().key_id()));
        let refused = keys().open(sender(3, 2), &sealed(1, TEXT.as_bytes())).expect_err("refused");
        assert_eq!(format!("{refused:?} {refused}"), "Unopenable sealed parcel does not open");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn content_of_any_length_opens_to_what_was_sealed(
            content in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                prop::collection::vec(any::<u8>(), 0..=300 * 1024),
            ],
            seed in any::<u64>(), device in any::<u128>(), account in any::<u128>(),
        ) {
            let from = sender(device, account);
            let parcel = seal_parcel(&Random::seeded(seed), &keys().public_key(), from, &content).expect("sealed");
            prop_assert_eq!(parcel.len(), ENC + content.len() + 16);
            let opened = keys().open(from, &parcel).expect("opens");
            prop_assert_eq!(opened.as_slice(), content.as_slice());
        }

        #[test]
        fn bytes_that_are_no_parcel_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(!opens(&bytes));
        }
    }
}
