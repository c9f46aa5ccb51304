//! Sealed fields and the keys that open them.
//!
//! Each person has a data key of their own; it is kept, wrapped by the key
//! encryption key, in the key store — a database apart from the records, so
//! that neither a stolen database nor a stolen backup of it reads a name.

mod content;
mod files;
mod parcels;
pub mod schema;
mod sealing;
mod store;

pub use content::{Chunks, ContentError, ContentKey, Digest};
pub use files::{KeyFileError, KeyRing, KnownKeys, ServerKey};
pub use parcels::{DeviceKey, ParcelError, ParcelKeys, ParcelSender, seal_parcel};
pub use sealing::{FieldName, KeyOwner, Opened, SealError, open, open_if_any, seal, version_of};
pub use store::{DataKey, Vault};
