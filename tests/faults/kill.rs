//! A killed process loses nothing that it acknowledged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::process::{Client, Dir, Server, install, person};

#[test]
fn a_killed_server_keeps_every_person_it_acknowledged_and_starts_again() {
    let dir = Dir::new();
    let worker = install(&dir.0, "");
    for round in 0..3 {
        let server = Server::start(&dir.0, "");
        let client = Client::login(&server.base, &worker);
        let acknowledged = write_until_killed(&client, &person(&format!("KILL{round}")), server);
        assert!(acknowledged.len() > 5, "too few writes to tell anything: {}", acknowledged.len());
        let server = Server::start(&dir.0, "");
        let client = Client::login(&server.base, &worker);
        for id in acknowledged {
            assert_eq!(client.get(&format!("/persons/{id}")).0, 200, "person {id} was acknowledged and is gone");
        }
    }
}

/// Registers persons from four threads, kills the server amid them, and returns what was acknowledged.
fn write_until_killed(client: &Client, body: &serde_json::Value, server: Server) -> Vec<String> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut acknowledged = Vec::new();
                    while !stop.load(Ordering::SeqCst) {
                        let (status, made) = client.post("/persons", body);
                        if status == 201 {
                            acknowledged.push(made["id"].as_str().expect("an id").to_owned());
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(700));
        server.kill();
        stop.store(true, Ordering::SeqCst);
        writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
    })
}
