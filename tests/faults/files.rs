//! Files under kills and under load: what was acknowledged is whole, what was not leaves nothing for long,
//! and memory stays bounded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use hoanhap::attachments::{SHELVES, sweep_shelf};
use hoanhap::boot::{Purpose, Surroundings, boot};
use hoanhap::clock::{Clock, Random};
use hoanhap::config::Config;
use hoanhap::db::DatabaseOptions;
use serde_json::json;

use crate::process::{Client, Dir, Server, install, person};

/// A PNG that does not compress, of about so many bytes.
fn noise(bytes: u32, seed: u64) -> Vec<u8> {
    let side = bytes.isqrt();
    let mut pixels = vec![0; usize::try_from(side * side).expect("small")];
    Random::seeded(seed).fill(&mut pixels);
    let picture = image::GrayImage::from_raw(side, side, pixels).expect("as many bytes as pixels");
    let mut png = Vec::new();
    picture.write_with_encoder(image::codecs::png::PngEncoder::new(&mut png)).expect("a vector takes all");
    png
}

fn open_case(client: &Client) -> String {
    let (status, registered) = client.post("/persons", &person("FILES"));
    assert_eq!(status, 201, "{registered}");
    let case = json!({"person_id": registered["id"], "unit_code": "G34-P01", "category": "at_risk", "received_on": "2026-01-05"});
    let (status, opened) = client.post("/cases", &case);
    assert_eq!(status, 201, "{opened}");
    opened["id"].as_str().expect("an id").to_owned()
}

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

#[test]
fn a_killed_server_keeps_every_file_it_acknowledged_and_others_are_swept() {
    let dir = Dir::new();
    let worker = install(&dir.0, "");
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let server = Server::start(&dir.0, "");
        let client = Client::login(&server.base, &worker);
        let case = open_case(&client);
        acknowledged.extend(upload_until_killed(&client, &case, server, round));
    }
    assert!(acknowledged.len() > 10, "too few files to tell anything: {}", acknowledged.len());
    // As if all of it had happened long ago.
    for path in below(&dir.join("files")) {
        let old = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
        fs::File::options().write(true).open(path).and_then(|file| file.set_modified(old)).expect("a time");
    }
    sweep(&dir);
    let left = below(&dir.join("files"));
    let server = Server::start(&dir.0, "");
    let client = Client::login(&server.base, &worker);
    let mut known = 0;
    for (id, pixels) in &acknowledged {
        let (status, content) = client.bytes(&format!("/attachments/{id}/content"));
        assert_eq!(status, 200, "{id} was acknowledged and is gone");
        assert_eq!(&image::load_from_memory(&content).expect("whole").into_bytes(), pixels, "{id} is another");
        known += 1;
    }
    // A row may have been written whose answer no client saw; each names its file.
    assert!(left.len() >= known && left.iter().all(|path| !path.to_string_lossy().contains("part-")), "{left:?}");
    assert!(left.len() <= known + 4 * 3, "{} files for {known} acknowledged", left.len());
}

/// Adds files from four threads, kills the server amid them, and returns what was acknowledged, with its pixels.
fn upload_until_killed(client: &Client, case: &str, server: Server, round: u64) -> Vec<(String, Vec<u8>)> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..4)
            .map(|lane| {
                let stop = &stop;
                scope.spawn(move || {
                    let file = noise(200_000, 10 * round + lane);
                    let pixels = image::load_from_memory(&file).expect("a picture").into_bytes();
                    let mut acknowledged = Vec::new();
                    while !stop.load(Ordering::SeqCst) {
                        let (status, added) = client.upload(case, "Ảnh", &file);
                        if status == 201 {
                            acknowledged.push((added["id"].as_str().expect("an id").to_owned(), pixels.clone()));
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(1500));
        server.kill();
        stop.store(true, Ordering::SeqCst);
        lanes.into_iter().flat_map(|lane| lane.join().expect("a lane")).collect()
    })
}

/// What housekeeping does in 256 rounds.
fn sweep(dir: &Dir) {
    let mut config = Config::load(None).expect("the defaults");
    config.server.data_dir.clone_from(&dir.0);
    let database = DatabaseOptions { connections: 2, abort_first_attempt: false };
    let around = Surroundings { clock: Clock::system(), random: Random::system(), database, metrics: None };
    let app = boot(&config, Purpose::Work, around).expect("it boots");
    for shelf in 0..SHELVES {
        sweep_shelf(&app, u8::try_from(shelf).expect("a shelf")).expect("swept");
    }
}

#[test]
fn twenty_large_files_at_once_take_bounded_memory() {
    let dir = Dir::new();
    let worker = install(&dir.0, "");
    let server = Server::start(&dir.0, "");
    let client = Client::login(&server.base, &worker);
    let case = open_case(&client);
    let file = noise(10_300_000, 7);
    assert!(file.len() > 10_000_000 && file.len() < 10 << 20, "{}", file.len());
    let (before, _) = server.memory_kib();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..20).map(|_| scope.spawn(|| client.upload(&case, "Ảnh", &file).0)).collect();
        lanes.into_iter().map(|lane| lane.join().expect("a lane")).collect()
    });
    let (_, peak) = server.memory_kib();
    // 0: the server refused and closed while the client was still sending.
    assert!(statuses.iter().all(|status| matches!(status, 201 | 503 | 0)), "{statuses:?}");
    assert!(statuses.contains(&201));
    assert!(peak - before < 256 * 1024, "{before} KiB before, {peak} KiB at its highest");
}
