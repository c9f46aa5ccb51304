//! A line to a server that may break at any point of a request.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// What becomes of a request on its way and of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Both arrive.
    Good,
    /// The request is answered, and the answer is lost.
    ReplyLost,
    /// The request arrives whole, and the phone is gone before the answer.
    HungUp,
    /// The line breaks in the middle of the request: so many percent of it arrive.
    Cut(usize),
}

/// Whom one speaks to, and as whom.
#[derive(Debug, Clone)]
pub struct Speaker {
    pub address: String,
    pub token: String,
}

impl Speaker {
    pub fn get(&self, path: &str) -> Option<(u16, Value)> {
        self.ask("GET", path, None, "", Line::Good)
    }

    pub fn post(&self, path: &str, body: &Value, line: Line) -> Option<(u16, Value)> {
        self.ask("POST", path, Some(body), "", line)
    }

    /// A request of a path below `/api/v1`. None when no whole answer came back.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &str,
        line: Line,
    ) -> Option<(u16, Value)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let token = &self.token;
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: phone\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        stream.write_all(head.as_bytes()).ok()?;
        if let Line::Cut(percent) = line {
            stream.write_all(&body.as_bytes()[..body.len() * percent / 100]).ok()?;
            let _gone = stream.shutdown(Shutdown::Both);
            return None;
        }
        stream.write_all(body.as_bytes()).ok()?;
        if line == Line::HungUp {
            let _gone = stream.shutdown(Shutdown::Both);
            return None;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        if line == Line::ReplyLost { None } else { whole(&answer) }
    }
}

/// Status and body of an answer that came whole.
pub fn whole(answer: &[u8]) -> Option<(u16, Value)> {
    let end = memchr::memmem::find(answer, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    let body = &answer[end + 4..];
    if length.is_some_and(|length| length != body.len()) {
        return None;
    }
    Some((status, serde_json::from_slice(body).unwrap_or(Value::Null)))
}
