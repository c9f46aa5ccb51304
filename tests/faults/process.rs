//! The real program as a process, and a client for it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

pub const PASSWORD: &str = "ngan lau bat thuong 4711 xanh";

/// The compiled program.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hoanhap"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // Tests look at rules, not at the price of a password.
    command.env("HOANHAP_PASSWORDS__MEMORY_KIB", "64").env("HOANHAP_PASSWORDS__PASSES", "1");
    // Any free port, which is taken before anything else is looked at.
    command.env("HOANHAP_SERVER__PORT", "0");
    command
}

/// A directory of its own that goes when the test ends.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("hoanhap-faults-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a new directory");
        Self(path)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a command of the program to its end.
pub fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = program()
        .args(arguments)
        .env("HOANHAP_SERVER__DATA_DIR", data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("its input takes text");
    child.wait_with_output().expect("the program ends")
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub base: String,
}

impl Server {
    /// Starts the server on a free port and waits until it listens. Its log goes to `server.log` beside the data.
    pub fn start(data: &Path, database_url: &str) -> Self {
        let mut command = program();
        command
            .arg("serve")
            .env("HOANHAP_SERVER__DATA_DIR", data)
            .env("HOANHAP_DATABASE__URL", database_url)
            .env("HOANHAP_LOG__FILTER", "trace");
        Self::start_with(command, &data.join("server.log"))
    }

    /// Runs a command that serves and waits until it listens.
    pub fn start_with(mut command: Command, log: &Path) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
        command.stderr(log);
        Self::listening(command)
    }

    /// Makes a demo of so many persons and serves it on a free port.
    pub fn demo(data: &Path, database_url: &str, persons: u32) -> Self {
        let mut command = program();
        command
            .args(["demo", "--port", "0", "--persons", &persons.to_string()])
            .args(["--data-dir", &data.to_string_lossy(), "--database-url", database_url])
            .stderr(Stdio::null());
        Self::listening(command)
    }

    fn listening(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let base = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned))
            .expect("the server listens");
        Self { child, base }
    }

    /// Ends the process as a power cut would: no handler runs.
    pub fn kill(mut self) {
        self.child.kill().expect("the process ends");
        self.child.wait().expect("the process is gone");
    }
}

impl Server {
    /// Memory of the process: now, and at its highest, in KiB.
    pub fn memory_kib(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
            line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
        };
        (field("VmRSS:"), field("VmHWM:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// A client that may be logged in.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
    next_key: std::sync::Arc<AtomicU32>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { agent: config.into(), base: base.to_owned(), token: String::new(), next_key: Default::default() }
    }

    pub fn login(base: &str, username: &str) -> Self {
        Self::login_with(base, username, PASSWORD)
    }

    pub fn login_with(base: &str, username: &str, password: &str) -> Self {
        let mut client = Self::new(base);
        let (status, tokens) = client.post("/auth/login", &json!({"username": username, "password": password}));
        assert_eq!(status, 200, "{tokens}");
        client.token = tokens["access_token"].as_str().expect("a token").to_owned();
        client
    }

    /// Posts with a key of its own. A connection that breaks is status 0.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let number = self.next_key.fetch_add(1, Ordering::SeqCst);
        let request = self
            .agent
            .post(format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("idempotency-key", format!("key-{:p}-{number}", std::sync::Arc::as_ptr(&self.next_key)))
            .send_json(body);
        answer(request)
    }

    pub fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self
            .agent
            .put(format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .send_json(body);
        answer(request)
    }

    /// Adds a file to a case. A connection that breaks is status 0.
    pub fn upload(&self, case: &str, title: &str, file: &[u8]) -> (u16, Value) {
        let number = self.next_key.fetch_add(1, Ordering::SeqCst);
        let mut body = format!(
            "--b4711\r\nContent-Disposition: form-data; name=\"details\"\r\n\r\n{}\r\n--b4711\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n",
            json!({"kind": "photo", "title": title})
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--b4711--\r\n");
        let request = self
            .agent
            .post(format!("{}/api/v1/cases/{case}/attachments", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("idempotency-key", format!("file-{:p}-{number}", std::sync::Arc::as_ptr(&self.next_key)))
            .header("content-type", "multipart/form-data; boundary=b4711")
            .send(&body[..]);
        answer(request)
    }

    /// The bytes at a path.
    pub fn bytes(&self, path: &str) -> (u16, Vec<u8>) {
        let request = self
            .agent
            .get(format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .call();
        match request {
            Ok(mut response) => (response.status().as_u16(), response.body_mut().read_to_vec().unwrap_or_default()),
            Err(_) => (0, Vec::new()),
        }
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        let request = self
            .agent
            .get(format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .call();
        answer(request)
    }
}

fn answer(request: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    match request {
        Ok(mut response) => {
            let status = response.status().as_u16();
            (status, response.body_mut().read_json().unwrap_or(Value::Null))
        }
        Err(_) => (0, Value::Null),
    }
}

/// An installation with an administrator, a centre and a social worker of it, made as
/// an operator would; returns the worker's login name.
pub fn install(data: &Path, database_url: &str) -> String {
    let made = program()
        .args(["user", "create-admin", "quantri"])
        .env("HOANHAP_SERVER__DATA_DIR", data)
        .env("HOANHAP_DATABASE__URL", database_url)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .and_then(|mut child| {
            child.stdin.take().expect("its input").write_all(PASSWORD.as_bytes())?;
            child.wait()
        })
        .expect("the command runs");
    assert!(made.success());
    let server = Server::start(data, database_url);
    let admin = Client::login(&server.base, "quantri");
    let centre = json!({"kind": "social_work_centre", "name": "Trung tâm thử", "admin_unit_code": "G34-P01", "valid_from": "2020-01-01"});
    let (status, centre) = admin.post("/organisations", &centre);
    assert_eq!(status, 201, "{centre}");
    let (status, user) = admin.post("/users", &json!({"username": "nhanvien", "display_name": "Nhân viên thử"}));
    assert_eq!(status, 201, "{user}");
    let role = json!({"role": "social_worker", "organisation_id": centre["id"]});
    let (status, granted) = admin.post(&format!("/users/{}/roles", user["id"].as_str().expect("an id")), &role);
    assert_eq!(status, 200, "{granted}");
    let accept = json!({"username": "nhanvien", "invitation": user["invitation"], "password": PASSWORD});
    let (status, tokens) = Client::new(&server.base).post("/auth/accept-invitation", &accept);
    assert_eq!(status, 200, "{tokens}");
    "nhanvien".to_owned()
}

/// A person as a request body, with a mark in every text.
pub fn person(mark: &str) -> Value {
    json!({
        "name": format!("{mark} Thị Thử"), "aliases": [format!("{mark} Bé")], "sex": "female",
        "birth": {"precision": "year", "year": 1999}, "phone": format!("{mark} 0000"),
        "national_id": format!("{mark}-000"), "address": format!("{mark}, thôn Thử"),
        "safe_contact": format!("{mark}: chỉ nhắn tin"), "categories": ["person_selling_sex"]
    })
}
