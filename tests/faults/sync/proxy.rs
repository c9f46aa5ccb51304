//! A line that loses three answers in ten.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::dice::Dice;
use super::model::id;
use super::nodes::{Installation, UNIT};
use super::wire::{Line, Speaker};

const CREATES: usize = 10_000;
const BATCH: usize = 50;
const THREADS: usize = 4;
/// Answers of a hundred that are lost.
const LOST: usize = 30;

/// Takes requests to a server, and loses answers of it, some of them after a part.
struct Proxy<'a> {
    listener: TcpListener,
    server: &'a str,
    dice: Mutex<Dice>,
    answered: AtomicUsize,
    lost: AtomicUsize,
    ended: AtomicBool,
}

impl Proxy<'_> {
    fn serve(&self) {
        std::thread::scope(|scope| {
            for phone in self.listener.incoming() {
                if self.ended.load(Ordering::SeqCst) {
                    return;
                }
                let phone = phone.expect("a connection");
                scope.spawn(move || self.carry(phone));
            }
        });
    }

    /// One request, whole, and its answer or not.
    fn carry(&self, mut phone: TcpStream) {
        let mut request = Vec::new();
        let mut block = [0; 16 * 1024];
        while !is_whole(&request) {
            match phone.read(&mut block).expect("the phone speaks") {
                0 => return,
                read => request.extend_from_slice(&block[..read]),
            }
        }
        let mut server = TcpStream::connect(self.server).expect("the server is there");
        server.write_all(&request).expect("the server listens");
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).expect("the server answers");
        let mut dice = self.dice.lock().expect("no thread broke it");
        let (is_lost, part) = (dice.chance(LOST), dice.chance(50));
        let length = if part { dice.below(answer.len()) } else { 0 };
        drop(dice);
        self.answered.fetch_add(1, Ordering::SeqCst);
        if is_lost {
            self.lost.fetch_add(1, Ordering::SeqCst);
            answer.truncate(length);
        }
        phone.write_all(&answer).expect("the phone hears");
        let _gone = phone.shutdown(Shutdown::Both);
    }
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = memchr::memmem::find(request, b"\r\n\r\n") else { return false };
    let head = std::str::from_utf8(&request[..end]).expect("a head");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    request.len() - end - 4 >= length.parse::<usize>().expect("a number")
}

#[test]
fn ten_thousand_contacts_through_a_line_that_loses_three_answers_in_ten_are_ten_thousand_rows_on_sqlite() {
    hand_in(&Installation::sqlite());
}

#[test]
fn ten_thousand_contacts_through_a_line_that_loses_three_answers_in_ten_are_ten_thousand_rows_on_postgresql() {
    if let Some(installation) = Installation::postgres() {
        hand_in(&installation);
    }
}

fn hand_in(installation: &Installation) {
    let group = installation.group("nhom", 1);
    let token = &group.leaders[0].1;
    let server = installation.nodes[0].speaker(token).address;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("its port").to_string();
    let proxy = Proxy {
        listener,
        server: &server,
        dice: Mutex::new(Dice::new(1)),
        answered: AtomicUsize::default(),
        lost: AtomicUsize::default(),
        ended: AtomicBool::default(),
    };
    let speaker = Speaker { address, token: token.clone() };
    let records = std::thread::scope(|scope| {
        scope.spawn(|| proxy.serve());
        let hand_in = |thread| {
            let speaker = &speaker;
            scope.spawn(move || hand_in_part(speaker, &group.id.to_string(), thread))
        };
        let threads: Vec<_> = (0..THREADS).map(hand_in).collect();
        let records: Vec<String> = threads.into_iter().flat_map(|thread| thread.join().expect("it ends")).collect();
        proxy.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&speaker.address));
        records
    });
    let (answered, lost) = (proxy.answered.into_inner(), proxy.lost.into_inner());
    assert!(lost * 5 > answered, "{lost} of {answered} answers were lost");
    assert_eq!(records.iter().collect::<std::collections::BTreeSet<_>>().len(), CREATES);
    let rows =
        |table: &str| installation.number(&format!("select count(*) as n from {table} where group_id = $"), group.id);
    assert_eq!(rows("outreach_contacts"), i64::try_from(CREATES).expect("a number"));
    assert_eq!(rows("outreach_operations"), i64::try_from(CREATES + THREADS).expect("a number"));
}

/// Hands in a session and its part of the contacts, each batch until it is acknowledged. Ids of the contacts.
fn hand_in_part(speaker: &Speaker, group: &str, thread: usize) -> Vec<String> {
    let mut dice = Dice::new(u64::try_from(thread).expect("a number"));
    let device = dice.uuid();
    let mut operation = |kind: &str, body: Value| {
        json!({"id": dice.uuid(), "at": "2026-01-05T03:00:00Z",
        "kind": kind, "body": body})
    };
    let session = operation(
        "session_create",
        json!({"held_on": "2026-01-04", "unit_code": UNIT, "venue": "street",
        "workers": [1]}),
    );
    let contact = |operation: &mut dyn FnMut(&str, Value) -> Value| {
        let mut made = operation("contact_create", json!({"worker": 1, "sex": "female", "age_band": "25_34"}));
        made["session"] = json!({"operation": session["id"]});
        made
    };
    let contacts: Vec<Value> = (0..CREATES / THREADS).map(|_| contact(&mut operation)).collect();
    let mut cursor = Value::Null;
    let mut send = |operations: &[Value]| -> Vec<Value> {
        let body = json!({"group_id": group, "device_id": device, "device_time": "2026-01-05T03:00:00Z",
            "cursor": cursor, "limit": 1, "operations": operations});
        loop {
            if let Some((200, reply)) = speaker.post("/outreach/sync", &body, Line::Good) {
                cursor = reply["cursor"].clone();
                return reply["results"].as_array().expect("a list").clone();
            }
        }
    };
    send(std::slice::from_ref(&session));
    let results = contacts.chunks(BATCH).flat_map(send);
    results
        .map(|result| {
            assert!(["applied", "already_applied"].contains(&result["status"].as_str().expect("a status")), "{result}");
            id(&result["record"]).to_string()
        })
        .collect()
}
