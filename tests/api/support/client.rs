//! Requests as a client of the API makes them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hoanhap::clock::Clock;
use serde_json::{Value, json};
use ureq::http::{HeaderMap, Method, Request};
use uuid::Uuid;

/// Password of every account that builders make.
pub const PASSWORD: &str = "chuồn chuồn bay thấp thì mưa 1975";

/// An account of a test, logged in when it first asks for something.
#[derive(Debug)]
pub struct User {
    /// Account id.
    pub id: Uuid,
    /// Login name.
    pub username: String,
    token: Mutex<Option<(String, DateTime<Utc>)>>,
}

impl User {
    /// An account that exists.
    pub fn new(id: Uuid, username: &str) -> Self {
        Self { id, username: username.to_owned(), token: Mutex::new(None) }
    }
}

/// Speaks to one server.
#[derive(Debug, Clone)]
pub struct Client {
    /// `http://host:port`.
    pub base: String,
    agent: ureq::Agent,
    clock: Clock,
    keys: Arc<AtomicU64>,
}

impl Client {
    /// A client of the server on this port.
    pub fn new(port: u16, clock: &Clock) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_idle_connections_per_host(32)
            .build();
        Self {
            base: format!("http://127.0.0.1:{port}"),
            agent: config.into(),
            clock: clock.clone(),
            keys: Arc::default(),
        }
    }

    /// A call of a path below `/api/v1`, or of a whole path that starts with a word the API lacks.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call {
            client: self,
            method: method.parse().expect("a method"),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            token: None,
            idempotent: method == "POST",
        }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    /// POST, with an idempotency key of its own.
    pub fn post(&self, path: &str, body: &Value) -> Call<'_> {
        self.call("POST", path).json(body)
    }

    /// PATCH.
    pub fn patch(&self, path: &str, body: &Value) -> Call<'_> {
        self.call("PATCH", path).json(body)
    }

    /// PUT.
    pub fn put(&self, path: &str, body: &Value) -> Call<'_> {
        self.call("PUT", path).json(body)
    }

    /// A fresh idempotency key.
    pub fn new_key(&self) -> String {
        format!("test-key-{}-{:06}", self.base.len(), self.keys.fetch_add(1, Ordering::SeqCst))
    }

    /// Logs in; the reply as it comes.
    pub fn login(&self, username: &str, password: &str) -> Reply {
        self.post("/auth/login", &json!({"username": username, "password": password})).send()
    }

    /// The user's access token; a new login when the clock has moved past the last one.
    pub fn token(&self, user: &User) -> String {
        let now = self.clock.now().0;
        let mut held = user.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((token, _)) = held.as_ref().filter(|(_, since)| now - *since < TimeDelta::minutes(9)) {
            return token.clone();
        }
        let reply = self.login(&user.username, PASSWORD).expect(200);
        let token = reply.text_at("/access_token");
        *held = Some((token.clone(), now));
        token
    }
}

/// A request being put together.
#[derive(Debug)]
pub struct Call<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    token: Option<String>,
    idempotent: bool,
}

impl Call<'_> {
    /// In the name of this user.
    pub fn by(mut self, user: &User) -> Self {
        self.token = Some(self.client.token(user));
        self
    }

    /// With this access token.
    pub fn bearer(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// With this JSON body.
    pub fn json(self, body: &Value) -> Self {
        let bytes = serde_json::to_vec(body).expect("a value is JSON");
        self.bytes(&bytes, "application/json")
    }

    /// With these bytes as body.
    pub fn bytes(mut self, bytes: &[u8], content_type: &str) -> Self {
        self.body = Some(bytes.to_vec());
        self.header("content-type", content_type)
    }

    /// With this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changing the version that was read.
    pub fn version(self, version: i64) -> Self {
        self.header("if-match", &format!("\"{version}\""))
    }

    /// With this idempotency key.
    pub fn key(mut self, key: &str) -> Self {
        self.idempotent = false;
        self.header("idempotency-key", key)
    }

    /// Without an idempotency key.
    pub fn without_key(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// Sends it.
    pub fn send(mut self) -> Reply {
        if self.idempotent {
            let key = self.client.new_key();
            self = self.key(&key);
        }
        let whole = ["/healthz", "/readyz", "/metrics", "/api/"].iter().any(|start| self.path.starts_with(start));
        let below = if whole { "" } else { "/api/v1" };
        let uri = format!("{}{below}{}", self.client.base, self.path);
        let mut request = Request::builder().method(self.method.clone()).uri(&uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let what = format!("{} {}", self.method, self.path);
        let sends_body = self.method != Method::GET && self.method != Method::DELETE;
        let answer = match (sends_body, self.body) {
            (true, body) => self.client.agent.run(request.body(body.unwrap_or_default()).expect("a request")),
            (false, _) => self.client.agent.run(request.body(()).expect("a request")),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
        let body = answer.body_mut().read_to_vec().unwrap_or_else(|error| panic!("{what}: {error}"));
        Reply { what, status: answer.status().as_u16(), headers: answer.headers().clone(), body }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    what: String,
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The reply, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        self
    }

    /// The problem document of this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.text_at("/code"), code, "{}: {}", reply.what, reply.text());
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", reply.what);
        reply
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    /// A text in the body.
    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        let body = self.json();
        let found = body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("{}: no text at {pointer}: {}", self.what, self.text())).to_owned()
    }

    /// The id of the record in the body.
    #[track_caller]
    pub fn id(&self) -> Uuid {
        self.text_at("/id").parse().expect("an id")
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The version of the record.
    #[track_caller]
    pub fn version(&self) -> i64 {
        let tag = self.header("etag").unwrap_or_else(|| panic!("{}: no ETag", self.what));
        tag.trim_matches('"').parse().expect("a version")
    }

    /// The problem without what differs between two equal refusals.
    #[track_caller]
    pub fn refusal(&self) -> (u16, Value) {
        let mut body = self.json();
        if let Some(body) = body.as_object_mut() {
            body.remove("request_id");
        }
        (self.status, body)
    }
}
