//! Pictures are decoded and encoded anew: nothing but pixels comes through, turned as the camera's
//! note about its position says before that note is lost.

use std::io::Cursor;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{PngDecoder, PngEncoder};
use image::{ColorType, DynamicImage, ImageDecoder};

use super::content::{Fault, Limits};
use super::jpeg;

/// Of the JPEG that is made anew.
const QUALITY: u8 = 88;

/// Makes a JPEG anew.
pub(super) fn clean_jpeg(sent: &[u8], limits: Limits) -> Result<Vec<u8>, Fault> {
    // The decoder fills up what is missing; a picture cut short would pass for a whole one.
    jpeg::ends(sent)?;
    let decoder = JpegDecoder::new(Cursor::new(sent)).map_err(damaged)?;
    let picture = decode(decoder, limits)?;
    let picture = match picture {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => picture,
        other => DynamicImage::ImageRgb8(other.into_rgb8()),
    };
    let mut bytes = Vec::with_capacity(sent.len());
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).map_err(damaged)?;
    Ok(bytes)
}

/// Makes a PNG anew. Of an animation the first picture stays.
pub(super) fn clean_png(sent: &[u8], limits: Limits) -> Result<Vec<u8>, Fault> {
    let mut cap = image::Limits::no_limits();
    cap.max_alloc = Some(memory(limits));
    let decoder = PngDecoder::with_limits(Cursor::new(sent), cap).map_err(damaged)?;
    let picture = decode(decoder, limits)?;
    // Sixteen bits a colour are for laboratories.
    let picture = match picture.color() {
        ColorType::L16 => DynamicImage::ImageLuma8(picture.into_luma8()),
        ColorType::La16 => DynamicImage::ImageLumaA8(picture.into_luma_alpha8()),
        ColorType::Rgb16 => DynamicImage::ImageRgb8(picture.into_rgb8()),
        ColorType::Rgba16 => DynamicImage::ImageRgba8(picture.into_rgba8()),
        _ => picture,
    };
    let mut bytes = Vec::with_capacity(sent.len());
    picture.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(damaged)?;
    Ok(bytes)
}

fn decode(mut decoder: impl ImageDecoder, limits: Limits) -> Result<DynamicImage, Fault> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > u64::from(limits.max_pixels) || decoder.total_bytes() > memory(limits) {
        return Err(Fault::Pixels);
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Bytes that a picture may take in the open.
fn memory(limits: Limits) -> u64 {
    4 * u64::from(limits.max_pixels)
}

fn damaged<E>(_: E) -> Fault {
    Fault::Damaged
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GenericImageView as _, Rgb, RgbImage};

    const LIMITS: Limits = Limits { max_pixels: 100_000, max_bytes: 1 << 20 };

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> DynamicImage {
        let colour = |x, _| if 2 * x < width { Rgb([250, 5, 5]) } else { Rgb([5, 5, 250]) };
        RgbImage::from_fn(width, height, colour).into()
    }

    fn jpeg() -> Vec<u8> {
        let mut bytes = Vec::new();
        halves(64, 32).write_with_encoder(JpegEncoder::new(&mut bytes)).expect("a vector takes all");
        bytes
    }

    fn png() -> Vec<u8> {
        let mut bytes = Vec::new();
        halves(64, 32).write_with_encoder(PngEncoder::new(&mut bytes)).expect("a vector takes all");
        bytes
    }

    /// With a camera's note: that it was turned, and where.
    fn noted(jpeg: &[u8]) -> Vec<u8> {
        let mut note = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        note.extend_from_slice(b"GPS 21.0285N 105.8542E");
        let length = u16::try_from(note.len() + 2).expect("short").to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &note, &jpeg[2..], b"PK\x03\x04 and a film"].concat()
    }

    #[test]
    fn a_picture_is_turned_as_noted_before_the_note_and_what_follows_the_end_are_lost() {
        let made = clean_jpeg(&noted(&jpeg()), LIMITS).expect("a good picture");
        for gone in [&b"GPS"[..], b"Exif", b"PK\x03\x04"] {
            assert!(!made.windows(gone.len()).any(|part| part == gone));
        }
        let picture = image::load_from_memory(&made).expect("it opens");
        assert_eq!(picture.dimensions(), (32, 64));
        let (top, bottom) = (picture.get_pixel(16, 5), picture.get_pixel(16, 58));
        assert!(top.0[0] > 200 && bottom.0[2] > 200, "red above blue: {top:?} {bottom:?}");
    }

    #[test]
    fn a_png_keeps_its_pixels_and_nothing_else() {
        let given = png();
        let (head, rest) = given.split_at(33);
        // A text chunk; its checksum is read leniently by none, so it is a right one.
        let mut chunk = b"tEXtComment\0GPS 21.0".to_vec();
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        let length = u32::try_from(chunk.len() - 4).expect("short").to_be_bytes();
        chunk.extend_from_slice(&crc.sum().to_be_bytes());
        let noted = [head, &length, &chunk, rest, b"tail"].concat();
        let made = clean_png(&noted, LIMITS).expect("a good picture");
        assert!(!made.windows(3).any(|part| part == b"GPS") && !made.ends_with(b"tail"));
        assert_eq!(image::load_from_memory(&made).expect("it opens").into_rgb8(), halves(64, 32).into_rgb8());
    }

    #[test]
    fn a_picture_cut_anywhere_is_refused() {
        let (jpeg, png) = (jpeg(), png());
        for length in 0..jpeg.len() {
            assert_eq!(clean_jpeg(&jpeg[..length], LIMITS), Err(Fault::Damaged), "{length} bytes");
        }
        // The last chunk of a PNG says nothing.
        for length in 0..png.len() - 12 {
            assert_eq!(clean_png(&png[..length], LIMITS), Err(Fault::Damaged), "{length} bytes");
        }
    }

    #[test]
    fn more_pixels_than_allowed_are_refused_before_they_are_decoded() {
        let mut bomb = png();
        bomb[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert_eq!(clean_png(&bomb, LIMITS), Err(Fault::Pixels));
        let mut large = jpeg();
        let frame = large.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
        large[frame + 5..frame + 9].copy_from_slice(&[0xc3, 0x50, 0xc3, 0x50]);
        assert_eq!(clean_jpeg(&large, LIMITS), Err(Fault::Pixels));
    }
}
