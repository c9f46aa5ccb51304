//! What a file is, by its content, and how it is made anew.

use zeroize::Zeroizing;

use super::model::MediaType;
use super::{pdf, pictures};
use crate::error::Rule;

/// What one file may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Pixels of a picture.
    pub(super) max_pixels: u32,
    /// Bytes of the file that is made anew.
    pub(super) max_bytes: usize,
}

/// A file made anew.
#[derive(Debug)]
pub(super) struct Clean {
    /// What it is.
    pub(super) media_type: MediaType,
    /// Its bytes.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another type.
    Type,
    /// It does not open as what it says it is.
    Damaged,
    /// Too many pixels.
    Pixels,
    /// It does something by itself.
    Active,
    /// It asks for a password.
    Encrypted,
    /// It holds too much.
    TooComplex,
}

impl Fault {
    /// The rule it breaks.
    pub(super) fn rule(self, limits: Limits) -> Rule {
        match self {
            Self::Type => Rule::FileType,
            Self::Damaged => Rule::FileDamaged,
            Self::Pixels => Rule::Pixels { max: limits.max_pixels },
            Self::Active => Rule::ActiveContent,
            Self::Encrypted => Rule::Encrypted,
            Self::TooComplex => Rule::TooComplex,
        }
    }
}

/// Makes a file anew from what can be seen of it.
pub(super) fn clean(sent: &[u8], limits: Limits) -> Result<Clean, Fault> {
    let media_type = MediaType::of(sent).ok_or(Fault::Type)?;
    let bytes = match media_type {
        MediaType::Jpeg => pictures::clean_jpeg(sent, limits)?,
        MediaType::Png => pictures::clean_png(sent, limits)?,
        MediaType::Pdf => pdf::clean(sent, limits)?,
    };
    let bytes = Zeroizing::new(bytes);
    if bytes.len() > limits.max_bytes { Err(Fault::TooComplex) } else { Ok(Clean { media_type, bytes }) }
}
