//! Files: made anew, kept sealed outside the row store, given chunk by chunk.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use hoanhap::attachments::{SHELVES, sweep_shelf};
use image::GenericImageView as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::client::Reply;
use crate::support::files::{self, PLACE, jpeg, jpeg_with_place, pdf, pdf_with_container, png, png_that_claims};
use crate::support::{TestApp, World, both_dbs};

fn scene(app: &TestApp) -> (World, Uuid) {
    let world = World::build(app);
    let person = app.person(&world.worker, "Trần Thị Ban Mai");
    let case = app.case(&world.worker, person, "at_risk", app.days_ago(10));
    (world, case)
}

/// Every file below the directory of sealed files.
fn sealed_files(app: &TestApp) -> Vec<PathBuf> {
    fn below(dir: &PathBuf) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let mut files = below(&app.files_dir());
    files.sort();
    files
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

fn refused(reply: Reply, rule: &str) {
    let problem = reply.expect_problem(422, "invalid").json();
    assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["rule"]), (&json!("file"), &json!(rule)));
}

both_dbs! {
    fn a_file_is_read_as_it_was_made_anew_with_headers_that_let_it_do_nothing(app: &TestApp) {
        let (world, case) = scene(app);
        let cases = [
            (png(), "image/png", "file.png"), (jpeg(64, 32), "image/jpeg", "file.jpg"), (pdf(""), "application/pdf", "file.pdf"),
        ];
        for (sent, kind, name) in cases {
            let added = app.attach(&world.worker, case, "Bản chụp giấy", &sent).send().expect(201);
            assert_eq!((added.text_at("/media_type"), added.text_at("/title")), (kind.into(), "Bản chụp giấy".into()));
            let path = format!("/attachments/{}", added.id());
            let content = app.get(&format!("{path}/content")).by(&world.manager).send().expect(200);
            for (header, value) in [
                ("content-type", kind),
                ("content-disposition", &format!("attachment; filename=\"{name}\"")),
                ("x-content-type-options", "nosniff"),
                ("cache-control", "no-store"),
                ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
                ("content-length", &content.body.len().to_string()),
            ] {
                assert_eq!(content.header(header), Some(value), "{header}");
            }
            assert_eq!(added.json()["size_bytes"], content.body.len());
            assert!(content.body.starts_with(&sent[..4]));
            app.get(&path).by(&world.manager).send().expect(200);
        }
        let listed = app.all_items(&world.worker, &format!("/cases/{case}/attachments"), 2);
        assert_eq!(listed.len(), 3);
    }

    fn what_a_camera_noted_is_gone_and_the_picture_stands_upright(app: &TestApp) {
        let (world, case) = scene(app);
        let id = app.attach(&world.worker, case, "Ảnh", &jpeg_with_place()).send().expect(201).id();
        let content = app.get(&format!("/attachments/{id}/content")).by(&world.worker).send().expect(200).body;
        assert!(holds(&jpeg_with_place(), PLACE));
        for gone in [PLACE, b"Exif", b"PK\x03\x04"] {
            assert!(!holds(&content, gone));
        }
        let picture = image::load_from_memory(&content).expect("it opens");
        assert_eq!(picture.dimensions(), (32, 64), "turned by a quarter, as the camera noted");
        assert!(picture.get_pixel(16, 5).0[0] > 200 && picture.get_pixel(16, 58).0[2] > 200, "red above blue");
    }

    fn nothing_of_a_file_stands_readable_at_rest(app: &TestApp) {
        let (world, case) = scene(app);
        let mark = b"QXFILEMARKZK";
        let sent = pdf(&format!("/Mark ({})", String::from_utf8_lossy(mark)));
        app.attach(&world.worker, case, "QXTITLEMARKZK", &sent).send().expect(201);
        let stored = sealed_files(app);
        assert_eq!(stored.len(), 1);
        for path in fs::read_dir(app.data_dir()).expect("the data").flatten().map(|entry| entry.path()).chain(stored) {
            if path.is_file() {
                let bytes = fs::read(&path).expect("a file");
                assert!(!holds(&bytes, mark) && !holds(&bytes, b"QXTITLEMARKZK") && !holds(&bytes, b"%PDF-1"), "{path:?}");
            }
        }
    }

    fn hostile_files_are_refused_and_leave_nothing_behind(app: &TestApp) {
        let (world, case) = scene(app);
        let program = [b"\x7fELF\x02\x01\x01".as_slice(), &pdf("")].concat();
        let appended = [pdf("").as_slice(), b"PK\x03\x04 a program"].concat();
        let script = "/A <</S /JavaScript /JS (app.launchURL)>>";
        let before = app.row_counts();
        for (file, rule) in [
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "file_type"),
            (b"<html><script>alert(1)</script></html>".to_vec(), "file_type"),
            (b"GIF89a".to_vec(), "file_type"),
            (Vec::new(), "file_type"),
            (program, "file_type"),
            (appended, "file_damaged"),
            (png()[..40].to_vec(), "file_damaged"),
            (jpeg(64, 32)[..200].to_vec(), "file_damaged"),
            (pdf("")[..60].to_vec(), "file_damaged"),
            (png_that_claims(50_000), "pixels"),
            (pdf(script), "active_content"),
            (pdf_with_container(script), "active_content"),
            (pdf("/A <</S /Launch /F (cmd.exe)>>"), "active_content"),
            (pdf("/Annots [<</Subtype /FileAttachment /FS <</EF <<>>>>>>]"), "active_content"),
            ([pdf("").as_slice(), b"trailer <</Root 1 0 R /Encrypt 7 0 R>> %%EOF"].concat(), "encrypted"),
            (pdf(&format!("/X [{}]", "0 ".repeat(1_100_000))), "too_complex"),
        ] {
            refused(app.attach(&world.worker, case, "Tệp", &file).send(), rule);
        }
        assert_eq!(app.row_counts(), before);
        assert_eq!(sealed_files(app), Vec::<PathBuf>::new());
    }

    fn bodies_that_are_not_the_two_parts_are_refused(app: &TestApp) {
        let (world, case) = scene(app);
        let path = format!("/cases/{case}/attachments");
        let send = |bytes: &[u8], kind: &str| app.call("POST", &path).by(&world.worker).bytes(bytes, kind).send();
        let (good, kind) = files::wrapped(r#"{"kind": "other", "title": "Giấy"}"#, &png(), "b4711");
        let part = |details: &str| files::wrapped(details, &png(), "b4711").0;
        send(&good, "application/json").expect_problem(400, "malformed");
        send(&good, "multipart/form-data").expect_problem(400, "malformed");
        send(b"", &kind).expect_problem(400, "malformed");
        send(&good[..good.len() - 40], &kind).expect_problem(400, "malformed");
        send(&part("{}"), &kind).expect_problem(400, "malformed");
        send(&part(r#"{"kind": "letter", "title": "x"}"#), &kind).expect_problem(400, "malformed");
        send(&part(r#"{"kind": "other", "title": "x", "owner": 1}"#), &kind).expect_problem(400, "malformed");
        send(&part(&format!(r#"{{"kind": "other", "title": "{}"}}"#, "x".repeat(201))), &kind).expect_problem(422, "invalid");
        let twice = [&good[..good.len() - 10], &good].concat();
        send(&twice, &kind).expect_problem(400, "malformed");
        app.call("POST", &path).by(&world.worker).without_key().bytes(&good, &kind).send().expect_problem(400, "malformed");
        assert_eq!(sealed_files(app), Vec::<PathBuf>::new());
    }

    fn a_file_belongs_to_a_note_of_the_case_and_a_consent_of_the_person_or_is_refused(app: &TestApp) {
        let (world, case) = scene(app);
        let person = app.get(&format!("/cases/{case}")).by(&world.worker).send().expect(200).text_at("/person_id");
        let person: Uuid = person.parse().expect("an id");
        let note = app.note(&world.worker, case, "notes", "Đã gặp", app.today());
        let counselling = app.note(&world.worker, case, "counselling-notes", "Kín", app.today());
        let consent = app.consent(&world.worker, person, world.lender, app.today());
        let stranger = app.person(&world.worker, "Lê Thị Cỏ May");
        let elsewhere = app.case(&world.worker, stranger, "at_risk", app.today());
        let foreign_note = app.note(&world.worker, elsewhere, "notes", "Người khác", app.today());
        let foreign_consent = app.consent(&world.worker, stranger, world.lender, app.today());
        let send = |more: Value| {
            let mut details = json!({"kind": "consent_paper", "title": "Giấy đồng ý"});
            details.as_object_mut().expect("a form").extend(more.as_object().expect("fields").clone());
            files::parts(app.call("POST", &format!("/cases/{case}/attachments")), &details, &png()).by(&world.worker).send()
        };
        let added = send(json!({"note_id": note, "consent_id": consent})).expect(201).json();
        assert_eq!((&added["note_id"], &added["consent_id"]), (&json!(note), &json!(consent)));
        for (field, id) in [("note_id", foreign_note), ("note_id", counselling), ("consent_id", foreign_consent)] {
            let problem = send(json!({field: id})).expect_problem(422, "invalid").json();
            assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["rule"]), (&json!(field), &json!("no_such_reference")));
        }
        assert_eq!(sealed_files(app).len(), 1, "what was refused leaves no file");
    }

    fn a_repeated_upload_leaves_one_row_and_one_file(app: &TestApp) {
        let (world, case) = scene(app);
        let path = format!("/cases/{case}/attachments");
        let details = r#"{"kind": "other", "title": "Giấy"}"#;
        let send = |details: &str, boundary: &str| {
            let (bytes, kind) = files::wrapped(details, &png(), boundary);
            app.call("POST", &path).by(&world.worker).key("the-same-key").bytes(&bytes, &kind).send()
        };
        let first = send(details, "one-boundary").expect(201).id();
        assert_eq!(send(details, "another-boundary").expect(201).id(), first);
        send(r#"{"kind": "other", "title": "Khác"}"#, "one-boundary").expect_problem(422, "idempotency_key_reused");
        assert_eq!((app.all_items(&world.worker, &path, 50).len(), sealed_files(app).len()), (1, 1));
        let together = std::thread::scope(|scope| {
            let racing = || {
                let (bytes, kind) = files::wrapped(details, &jpeg(64, 32), "b");
                app.call("POST", &path).by(&world.worker).key("a-racing-key").bytes(&bytes, &kind).send().expect(201).id()
            };
            let racers: Vec<_> = (0..4).map(|_| scope.spawn(racing)).collect();
            racers.into_iter().map(|racer| racer.join().expect("an id")).collect::<std::collections::BTreeSet<_>>()
        });
        assert_eq!((together.len(), sealed_files(app).len()), (1, 2));
    }

    fn a_file_altered_on_disk_is_refused_before_the_first_byte(app: &TestApp) {
        let (world, case) = scene(app);
        let large = noise(700);
        let ids: Vec<Uuid> = [&large, &png()].map(|file| app.attach(&world.worker, case, "Tệp", file).send().expect(201).id()).to_vec();
        let read = |id: Uuid| app.get(&format!("/attachments/{id}/content")).by(&world.worker).send();
        let stored = sealed_files(app);
        let (mut one, mut other) = (stored[0].clone(), stored[1].clone());
        if fs::metadata(&one).expect("a file").len() < fs::metadata(&other).expect("a file").len() {
            std::mem::swap(&mut one, &mut other);
        }
        let whole = fs::read(&one).expect("a file");
        assert!(whole.len() > 4 * 65_536, "several chunks: {}", whole.len());
        let lost = |what: &str| {
            let reply = read(ids[0]).expect_problem(500, "file_lost");
            assert!(!reply.text().contains(&ids[0].to_string()), "{what}");
        };
        for place in [0, 10, 100_000, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[place] ^= 1;
            fs::write(&one, flipped).expect("written");
            lost("flipped");
        }
        for length in [0, 19, 20, 20 + 65_536 + 16, whole.len() - 1] {
            fs::write(&one, &whole[..length]).expect("written");
            lost("cut");
        }
        fs::write(&one, [whole.as_slice(), &[0]].concat()).expect("written");
        lost("longer");
        fs::write(&one, fs::read(&other).expect("a file")).expect("written");
        lost("another's");
        fs::remove_file(&one).expect("removed");
        lost("missing");
        fs::write(&one, &whole).expect("written");
        assert!(read(ids[0]).expect(200).body.len() > 4 * 65_536);
        read(ids[1]).expect(200);
    }

    fn a_voided_file_stays_listed_and_its_content_is_given_to_nobody(app: &TestApp) {
        let (world, case) = scene(app);
        let id = app.attach(&world.worker, case, "Nhầm", &png()).send().expect(201).id();
        let void = |version| {
            app.post(&format!("/attachments/{id}/void"), &json!({"reason": "wrong_person"})).by(&world.worker).version(version).send()
        };
        void(7).expect_problem(412, "version_stale");
        void(1).expect(200);
        void(2).expect_problem(409, "already_voided");
        for reader in [&world.worker, &world.manager] {
            app.get(&format!("/attachments/{id}/content")).by(reader).send().expect_problem(409, "already_voided");
            let listed = app.all_items(reader, &format!("/cases/{case}/attachments"), 50);
            assert_eq!(listed[0]["void_reason"], "wrong_person");
        }
        assert_eq!(sealed_files(app).len(), 1, "sealed until the person's records go");
    }

    fn a_view_of_content_is_logged_before_it_is_given(app: &TestApp) {
        let (world, case) = scene(app);
        let id = app.attach(&world.worker, case, "Giấy", &png()).send().expect(201).id();
        fs::remove_file(&sealed_files(app)[0]).expect("removed");
        app.get(&format!("/attachments/{id}/content")).by(&world.manager).send().expect_problem(500, "file_lost");
        let views = app.all_items(&world.auditor, &format!("/audit/views?account_id={}", world.manager.id), 50);
        assert!(views.iter().any(|view| view["subject_kind"] == "attachment" && view["subject_id"] == json!(id)));
    }

    fn whoever_may_not_add_a_file_is_told_before_the_body_is_read(app: &TestApp) {
        let (world, case) = scene(app);
        let started = std::time::Instant::now();
        let (status, _) = send_head(app, &app.token(&world.other_worker), case, 9_000_000, b"--b\r\n");
        assert_eq!(status, 404);
        let (status, problem) = send_head(app, &app.token(&world.worker), case, 200_000_000, b"--b\r\n");
        assert_eq!(status, 413, "{problem}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    fn a_body_that_goes_on_beyond_the_limit_is_refused_there(app: &TestApp) {
        let (world, case) = scene(app);
        let mut stream = connect(app);
        write!(
            stream,
            "POST /api/v1/cases/{case}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: chunked-key\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n",
            app.token(&world.worker)
        )
        .expect("sent");
        let head = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
        write!(stream, "{:x}\r\n{head}\r\n", head.len()).expect("sent");
        // Whatever still comes after the answer is thrown away; the answer comes when the limit is passed.
        let mut answers = stream.try_clone().expect("a second handle");
        let answered = std::thread::spawn(move || {
            let mut head = [0; 4096];
            let read = answers.read(&mut head).expect("an answer");
            String::from_utf8_lossy(&head[..read]).into_owned()
        });
        let (block, mut sent) = (vec![b'x'; 64 * 1024], 0_usize);
        while sent < 200_000_000 && !answered.is_finished() {
            write!(stream, "{:x}\r\n", block.len()).expect("sent");
            stream.write_all(&block).and_then(|()| stream.write_all(b"\r\n")).expect("sent");
            sent += block.len();
        }
        let answer = answered.join().expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(sent < 40_000_000, "{sent} bytes were sent before the answer");
    }

    fn a_body_that_hardly_comes_is_given_up_within_half_a_minute(app: &TestApp) {
        let (world, case) = scene(app);
        let mut stream = connect(app);
        write!(
            stream,
            "POST /api/v1/cases/{case}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: slow-key-1\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n\
             Content-Disposition: form-data; name=\"file\"\r\n\r\n",
            app.token(&world.worker)
        )
        .expect("sent");
        let started = std::time::Instant::now();
        stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        let mut head = [0; 4096];
        let answer = loop {
            assert!(started.elapsed() < Duration::from_secs(30), "still listening");
            match stream.read(&mut head) {
                Ok(read) => break String::from_utf8_lossy(&head[..read]).into_owned(),
                Err(_) => stream.write_all(b"x").expect("sent"),
            }
        };
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }

    fn files_that_no_row_names_are_swept_late_and_those_that_one_names_never(app: &TestApp) {
        let (world, case) = scene(app);
        let id = app.attach(&world.worker, case, "Giấy", &png()).send().expect(201).id();
        let named = sealed_files(app)[0].clone();
        let orphan = named.with_file_name(format!("{}{}", &named.file_name().expect("a name").to_string_lossy()[..4], "0".repeat(28)));
        let passing = named.with_file_name("part-00000000000000000000000000000000");
        let foreign = named.with_file_name("notes.txt");
        let age = |path: &PathBuf, days: u64| {
            let written = SystemTime::from(app.clock.now().0) - Duration::from_secs(days * 86_400);
            fs::File::options().write(true).open(path).and_then(|file| file.set_modified(written)).expect("a time");
        };
        for path in [&orphan, &passing, &foreign] {
            fs::write(path, "x").expect("written");
            age(path, 30);
        }
        age(&named, 400);
        let sweep = || {
            (0..SHELVES).map(|shelf| sweep_shelf(app.state(), u8::try_from(shelf).expect("a shelf")).expect("swept")).sum::<usize>()
        };
        assert_eq!(sweep(), 1, "what was never whole");
        assert!(orphan.exists() && !passing.exists());
        age(&orphan, 36);
        assert_eq!(sweep(), 1, "what no backup can know");
        assert!(!orphan.exists() && named.exists() && foreign.exists());
        app.get(&format!("/attachments/{id}/content")).by(&world.worker).send().expect(200);
    }

    fn a_sweep_that_finds_many_orphans_removes_none(app: &TestApp) {
        let (world, case) = scene(app);
        app.attach(&world.worker, case, "Giấy", &png()).send().expect(201);
        let named = sealed_files(app)[0].clone();
        let name = named.file_name().expect("a name").to_string_lossy().into_owned();
        for number in 0..101 {
            let path = named.with_file_name(format!("{}{number:028x}", &name[..4]));
            fs::write(&path, "x").expect("written");
            let old = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
            fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(old)).expect("a time");
        }
        let shelf = u8::from_str_radix(&name[..2], 16).expect("a shelf");
        assert!(sweep_shelf(app.state(), shelf).is_err());
        assert_eq!(sealed_files(app).len(), 102);
    }
}

/// A PNG that does not compress, of so many pixels on each side.
fn noise(side: u32) -> Vec<u8> {
    let random = hoanhap::clock::Random::seeded(7);
    let mut bytes = vec![0; usize::try_from(side * side).expect("small")];
    random.fill(&mut bytes);
    let picture = image::GrayImage::from_raw(side, side, bytes).expect("as many bytes as pixels");
    let mut png = Vec::new();
    picture.write_with_encoder(image::codecs::png::PngEncoder::new(&mut png)).expect("a vector takes all");
    png
}

fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.base.trim_start_matches("http://")).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream
}

/// Sends the head of an upload that says it has so many bytes, and their beginning; the answer.
fn send_head(app: &TestApp, token: &str, case: Uuid, length: usize, body: &[u8]) -> (u16, String) {
    let mut stream = connect(app);
    write!(
        stream,
        "POST /api/v1/cases/{case}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: head-{length}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
    )
    .expect("sent");
    stream.write_all(body).expect("sent");
    let mut head = [0; 4096];
    let read = stream.read(&mut head).expect("an answer");
    let answer = String::from_utf8_lossy(&head[..read]).into_owned();
    (answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), answer)
}
