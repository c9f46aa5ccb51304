//! Notes, files, and the requests that carry them.

use std::io::Write as _;

use chrono::NaiveDate;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, Rgb, RgbImage};
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Call, Client, User};

/// What a camera notes: that it was turned by a quarter, and where it was.
pub const PLACE: &[u8] = b"GPS 21.0285N 105.8542E";

impl Client {
    /// Writes a note on this shelf, `notes` or `counselling-notes`.
    #[track_caller]
    pub fn note(&self, user: &User, case: Uuid, shelf: &str, text: &str, on: NaiveDate) -> Uuid {
        let body = json!({"kind": "meeting", "occurred_on": on, "text": text});
        self.post(&format!("/cases/{case}/{shelf}"), &body).by(user).send().expect(201).id()
    }

    /// The request that adds a file.
    pub fn attach(&self, user: &User, case: Uuid, title: &str, file: &[u8]) -> Call<'_> {
        let details = json!({"kind": "other", "title": title});
        parts(self.call("POST", &format!("/cases/{case}/attachments")), &details, file).by(user)
    }
}

/// Details and file as the two parts of a body.
pub fn parts<'a>(call: Call<'a>, details: &Value, file: &[u8]) -> Call<'a> {
    let (bytes, content_type) = wrapped(&details.to_string(), file, "ranh-gioi-4711");
    call.bytes(&bytes, &content_type)
}

/// The body between these boundaries, and its type.
pub fn wrapped(details: &str, file: &[u8], boundary: &str) -> (Vec<u8>, String) {
    let mut bytes = Vec::new();
    write!(
        bytes,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"details\"\r\nContent-Type: application/json\r\n\r\n\
         {details}\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Nguyen Thi X.png\"\r\n\r\n"
    )
    .expect("a vector takes all");
    bytes.extend_from_slice(file);
    write!(bytes, "\r\n--{boundary}--\r\n").expect("a vector takes all");
    (bytes, format!("multipart/form-data; boundary={boundary}"))
}

fn picture(width: u32, height: u32) -> DynamicImage {
    let colour = |x, _| if 2 * x < width { Rgb([250, 5, 5]) } else { Rgb([5, 5, 250]) };
    RgbImage::from_fn(width, height, colour).into()
}

/// A small PNG.
pub fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    picture(16, 8).write_with_encoder(PngEncoder::new(&mut bytes)).expect("a vector takes all");
    bytes
}

/// A JPEG, wider than high, red to the left and blue to the right.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture(width, height).write_with_encoder(JpegEncoder::new(&mut bytes)).expect("a vector takes all");
    bytes
}

/// As [`jpeg`], with what a camera notes, and something after its end.
pub fn jpeg_with_place() -> Vec<u8> {
    let jpeg = jpeg(64, 32);
    let mut note = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    note.extend_from_slice(PLACE);
    let length = u16::try_from(note.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &note, &jpeg[2..], b"PK\x03\x04", PLACE].concat()
}

/// A PDF of one page with these further entries.
pub fn pdf(page: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n\
         3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] {page}>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
    )
    .into_bytes()
}

/// A PDF whose page stands in a compressed container of objects.
pub fn pdf_with_container(page: &str) -> Vec<u8> {
    let stream = deflate(format!("3 0 <</Type /Page /Parent 2 0 R {page}>>").as_bytes());
    let mut bytes = b"%PDF-1.5\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n".to_vec();
    let length = stream.len();
    writeln!(bytes, "4 0 obj <</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length {length}>> stream")
        .expect("a vector takes all");
    bytes.extend_from_slice(&stream);
    bytes.extend_from_slice(b"\nendstream endobj\n5 0 obj <</Type /XRef /Root 1 0 R>> endobj\nstartxref\n0\n%%EOF\n");
    bytes
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut to = ZlibEncoder::new(Vec::new(), Compression::best());
    to.write_all(plain).expect("a vector takes all");
    to.finish().expect("a vector takes all")
}

/// A PNG that says it has this many pixels on each side, with a right checksum.
pub fn png_that_claims(side: u32) -> Vec<u8> {
    let mut bytes = png();
    bytes[16..20].copy_from_slice(&side.to_be_bytes());
    bytes[20..24].copy_from_slice(&side.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    bytes
}
