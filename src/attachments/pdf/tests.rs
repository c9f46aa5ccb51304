use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::super::content::{Fault, Limits};

const LIMITS: Limits = Limits { max_pixels: 1000, max_bytes: 4 << 20 };

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut to = ZlibEncoder::new(Vec::new(), Compression::best());
    to.write_all(plain).expect("a vector takes all");
    to.finish().expect("a vector takes all")
}

/// A file of these objects, numbered from one; the first is the catalogue.
fn file(objects: &[&str]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    for (number, object) in (1..).zip(objects) {
        write!(file, "{number} 0 obj\n{object}\nendobj\n").expect("a vector takes all");
    }
    file.extend_from_slice(b"trailer <</Root 1 0 R /Info 9 0 R>>\nstartxref\n0\n%%EOF\n");
    file
}

const CATALOGUE: &str = "<</Type /Catalog /Pages 2 0 R>>";
const PAGES: &str = "<</Type /Pages /Kids [3 0 R] /Count 1>>";

/// A page with these further entries.
fn page(more: &str) -> Vec<u8> {
    file(&[CATALOGUE, PAGES, &format!("<</Type /Page /Parent 2 0 R /MediaBox [0 0 10.5 10] {more}>>")])
}

fn cleaned(file: &[u8]) -> Result<String, Fault> {
    super::clean(file, LIMITS).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A file whose page stands inside a container of objects, compressed.
fn contained(page: &str, parameters: &str) -> Vec<u8> {
    let content = format!("3 0 {page}");
    let stream = deflate(content.as_bytes());
    let mut file = b"%PDF-1.5\n".to_vec();
    write!(file, "1 0 obj\n{CATALOGUE}\nendobj\n2 0 obj\n{PAGES}\nendobj\n").expect("a vector takes all");
    let length = stream.len();
    write!(file, "4 0 obj\n<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode {parameters} /Length {length}>>stream\n")
        .expect("a vector takes all");
    file.extend_from_slice(&stream);
    file.extend_from_slice(b"\nendstream endobj\n5 0 obj <</Type /XRef /Root 1 0 R>> endobj\nstartxref\n0\n%%EOF");
    file
}

#[test]
fn a_page_comes_through_as_it_was() {
    let made = cleaned(&page("/Rotate -90 /X [(a\\)\\\\b\\101) <414> true null /A#20B]")).expect("a good file");
    for kept in ["/MediaBox [0 0 10.5 10 ]", "/Rotate -90", "(a\\)\\\\bA)", "(A@)", "/A#20B", "/Parent 2 0 R"] {
        assert!(made.contains(kept), "{kept}: {made}");
    }
    assert_eq!(cleaned(made.as_bytes()).expect("still a good file"), made, "twice is once");
}

#[test]
fn what_is_noted_about_file_author_and_earlier_versions_goes() {
    let mut given = file(&[
        "<</Type /Catalog /Pages 2 0 R /Metadata 4 0 R /PieceInfo <</X (Secret)>>>>",
        PAGES,
        "<</Type /Page /Parent 2 0 R /Thumb 5 0 R /LastModified (D:2025 Secret)>>",
        "<</Type /Metadata /Length 6>>stream\nSecret\nendstream",
        "<</Length 6>>stream\nSecret\nendstream",
        "(Secret, reached by nothing)",
        "null",
        "null",
        "<</Author (Secret)>>",
    ]);
    given.extend_from_slice(b"3 0 obj <</Type /Page /Parent 2 0 R>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n");
    let made = cleaned(&given).expect("a good file");
    assert!(!made.contains("Secret"), "{made}");
}

#[test]
fn objects_in_containers_are_read_and_written_out() {
    let made = cleaned(&contained("<</Type /Page /Parent 2 0 R /Mark (here)>>", "")).expect("a good file");
    assert!(made.contains("(here)") && !made.contains("ObjStm"), "{made}");
}

#[test]
fn what_does_something_by_itself_is_refused_wherever_it_stands() {
    for active in [
        "/A <</S /JavaScript /JS (app.alert)>>",
        "/A <</S /J#61vaScript>>",
        "/A << /S /Launch /F (x.exe) >>",
        "/X [[<</Y <</S /SubmitForm>>>>]]",
        "/A <</S /GoToR /F (\\\\\\\\host\\\\share)>>",
        "/AA <</O 3 0 R>>",
        "/Annots [<</Subtype /FileAttachment>>]",
        "/X <</Type /Filespec /EF <<>> >>",
        "/X <</EF <<>> >>",
        "/X <</XFA []>>",
    ] {
        assert_eq!(cleaned(&page(active)), Err(Fault::Active), "{active}");
        let hidden = contained(&format!("<</Type /Page /Parent 2 0 R {active}>>"), "");
        assert_eq!(cleaned(&hidden), Err(Fault::Active), "in a container: {active}");
    }
    let catalogue = |more: &str| file(&[&format!("<</Type /Catalog /Pages 2 0 R {more}>>"), PAGES, "<<>>"]);
    assert_eq!(cleaned(&catalogue("/OpenAction <</S /URI /URI (https://x.example)>>")), Err(Fault::Active));
    assert_eq!(cleaned(&catalogue("/Names <</JavaScript <<>>>>")), Err(Fault::Active));
    assert_eq!(cleaned(&catalogue("/Names <</EmbeddedFiles <<>>>>")), Err(Fault::Active));
    assert!(cleaned(&catalogue("/OpenAction [3 0 R /Fit]")).is_ok());
    assert!(cleaned(&page("/A <</S /URI /URI (https://x.example)>>")).is_ok(), "a link is clicked, or not");
}

#[test]
fn a_stream_in_another_file_or_through_an_unknown_filter_is_refused() {
    let stream = |dict: &str| {
        file(&[CATALOGUE, PAGES, "<</Contents 4 0 R>>", &format!("<<{dict} /Length 1>>stream\nx\nendstream")])
    };
    assert!(cleaned(&stream("")).is_ok());
    assert_eq!(cleaned(&stream("/F (other)")), Err(Fault::Active));
    assert_eq!(cleaned(&stream("/Filter /Crypt")), Err(Fault::Damaged));
    assert_eq!(cleaned(&stream("/Filter [/ASCIIHexDecode /DCTDecode]")), Err(Fault::Damaged));
}

#[test]
fn a_password_is_refused() {
    let mut given = page("");
    given.extend_from_slice(b"trailer <</Root 1 0 R /Encrypt 9 0 R>>\n%%EOF");
    assert_eq!(cleaned(&given), Err(Fault::Encrypted));
}

#[test]
fn a_file_that_goes_on_after_its_end_or_stops_before_it_is_refused() {
    let good = page("");
    let with = |tail: &[u8]| [good.as_slice(), tail].concat();
    assert!(cleaned(&with(b"\r\n\0\0 ")).is_ok());
    assert_eq!(cleaned(&with(b"PK\x03\x04")), Err(Fault::Damaged));
    assert_eq!(cleaned(&with(b"<script>")), Err(Fault::Damaged));
    for length in 0..good.len() - 2 {
        assert!(cleaned(&good[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_stream_keeps_its_bytes_whether_its_length_is_stated_referred_to_or_wrong() {
    let bytes = "data\r\n endstrea data\n";
    for length in ["21", "5 0 R", "4711", "3"] {
        let objects =
            [CATALOGUE, PAGES, "<</Contents 4 0 R>>", &format!("<</Length {length}>>stream\n{bytes}\nendstream"), "21"];
        let made = cleaned(&file(&objects)).expect("a good file");
        // A length that is wrong leaves us the word that ends it, and the line break before it is nobody's.
        let kept = if matches!(length, "21" | "5 0 R") { bytes } else { bytes.trim_end() };
        assert!(made.contains(&format!("stream\n{kept}")), "{length}: {made}");
    }
}

#[test]
fn pictures_in_a_file_lose_what_the_camera_noted() {
    let mut picture = vec![0xff, 0xd8, 0xff, 0xe1, 0x00, 0x0a];
    picture.extend_from_slice(b"GPS 21.0");
    picture.extend_from_slice(&[0xff, 0xda, 0x00, 0x02, 1, 2, 0xff, 0x00, 3, 0xff, 0xd9]);
    for (filter, bytes) in [("/DCTDecode", picture.clone()), ("[/FlateDecode /DCTDecode]", deflate(&picture))] {
        let mut given =
            format!("%PDF-1.4\n1 0 obj{CATALOGUE}endobj 2 0 obj{PAGES}endobj 3 0 obj<</X 4 0 R>>endobj ").into_bytes();
        writeln!(given, "4 0 obj<</Filter {filter} /Length {}>>stream", bytes.len()).expect("a vector takes all");
        given.extend_from_slice(&bytes);
        given.extend_from_slice(b"\nendstream endobj trailer <</Root 1 0 R>> %%EOF");
        let made = super::clean(&given, LIMITS).expect("a good file");
        assert!(!made.windows(3).any(|part| part == b"GPS"), "{filter}");
        assert!(
            made.windows(11).any(|part| part == [0xff, 0xda, 0x00, 0x02, 1, 2, 0xff, 0x00, 3, 0xff, 0xd9]),
            "{filter}"
        );
        assert!(String::from_utf8_lossy(&made).contains("/Filter /DCTDecode"), "{filter}");
    }
}

#[test]
fn what_grows_beyond_bounds_is_refused_soon() {
    let zeros = deflate(&vec![b'0'; 40 << 20]);
    let mut bomb = format!("%PDF-1.5\n1 0 obj{CATALOGUE}endobj 2 0 obj{PAGES}endobj\n").into_bytes();
    writeln!(bomb, "4 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {}>>stream", zeros.len())
        .expect("a vector takes all");
    bomb.extend_from_slice(&zeros);
    bomb.extend_from_slice(b"\nendstream endobj trailer <</Root 1 0 R>> %%EOF");
    assert_eq!(cleaned(&bomb), Err(Fault::TooComplex));
    assert_eq!(cleaned(&page(&format!("/X [{}]", "0 ".repeat(1_100_000)))), Err(Fault::TooComplex));
    assert_eq!(cleaned(&page(&format!("/X {}", "[".repeat(100_000)))), Err(Fault::TooComplex));
    let many: Vec<u8> = (10..300_000).flat_map(|number| format!("{number} 0 obj 0 endobj ").into_bytes()).collect();
    let mut crowd = page("");
    crowd.splice(9..9, many);
    assert_eq!(cleaned(&crowd), Err(Fault::TooComplex));
}

#[test]
fn objects_that_share_their_place_in_a_container_are_refused() {
    let stream = "3 0 4 0 <</Type /Page>>";
    let given = format!(
        "%PDF-1.5\n1 0 obj{CATALOGUE}endobj 2 0 obj{PAGES}endobj
        5 0 obj<</Type/ObjStm/N 2/First 8/Length {}>>stream\n{stream}\nendstream endobj trailer <</Root 1 0 R>> %%EOF",
        stream.len()
    );
    assert_eq!(cleaned(given.as_bytes()), Err(Fault::Damaged));
}

/// Bits of syntax that may stand in any order.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let scrap = prop::sample::select(vec![
        "1 0 obj",
        "2 0 obj",
        "endobj",
        "<<",
        ">>",
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "/Type",
        "/Catalog",
        "/Pages 2 0 R",
        "/Kids [3 0 R]",
        "stream\n",
        "endstream",
        "/Length 5",
        "/Filter /FlateDecode",
        "/ObjStm",
        "trailer",
        "/Root 1 0 R",
        "%%EOF",
        "\\",
        "#4",
        "0",
        "-1.5",
        "%",
        "\n",
        "null",
        "R",
        "/N 1",
        "/First 1",
    ]);
    prop::collection::vec(scrap, 0..60)
        .prop_map(|scraps| [b"%PDF-1.4\n", scraps.join(" ").as_bytes(), b"\n%%EOF"].concat())
}

proptest! {
    #[test]
    fn no_order_of_syntax_does_more_than_be_refused_and_what_is_made_is_made_again_alike(given in scraps()) {
        if let Ok(made) = super::clean(&given, LIMITS) {
            prop_assert_eq!(super::clean(&made, LIMITS).expect("what we made"), made);
        }
    }

    #[test]
    fn a_file_with_any_byte_changed_is_refused_or_made_anew(at in 0..400_usize, byte in any::<u8>()) {
        let mut given = page("/Contents 4 0 R /X [1 2 (three) <34>]");
        let at = at % given.len();
        given[at] = byte;
        if let Ok(made) = super::clean(&given, LIMITS) {
            prop_assert!(super::clean(&made, LIMITS).is_ok());
        }
    }
}
