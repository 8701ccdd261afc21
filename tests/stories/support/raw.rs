//! Requests byte by byte, for what no well-behaved client sends.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use super::World;

/// An answer.
#[derive(Debug)]
pub struct RawReply {
    /// Its status; 0 if the connection ended without an answer.
    pub status: u16,
    /// Its head: status line and headers.
    pub head: String,
    /// What followed the head.
    pub body: String,
}

impl RawReply {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next().unwrap_or("")
    }

    /// Asserts a problem of this status and code.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{}\n{}", self.head, self.body);
        problem
    }
}

impl World {
    /// Sends these bytes on a connection of their own, and reads the answer.
    pub fn send_bytes(&self, request: &[u8]) -> RawReply {
        let url = self.url();
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        // A server that has answered early may have stopped reading.
        let _ = stream.write_all(request);
        let is_head = request.starts_with(b"HEAD ");
        let mut answer = Vec::new();
        let mut some = [0; 8192];
        // A server that waits for the rest of a body does not close; that it says no more is all that is wanted then.
        while is_head || !is_complete(&answer) {
            match stream.read(&mut some) {
                Ok(count) if count > 0 => answer.extend_from_slice(&some[..count]),
                _ => break,
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        RawReply { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Sends a request with exactly these headers, after which the connection is closed.
    pub fn send_raw(&self, line: &str, headers: &[&str], body: &[u8]) -> RawReply {
        let host = format!("Host: {}", self.url().trim_start_matches("http://"));
        let has_host = headers.iter().any(|header| header.to_ascii_lowercase().starts_with("host:"));
        let mut request =
            format!("{line} HTTP/1.1\r\n{}Connection: close\r\n", if has_host { String::new() } else { host + "\r\n" });
        for header in headers {
            request = request + header + "\r\n";
        }
        self.send_bytes(&[request.as_bytes(), b"\r\n", body].concat())
    }
}

/// Whether the head is there, and as much of a body as it promises.
fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}
