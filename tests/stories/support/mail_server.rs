//! A real mail server: Python's aiosmtpd, with the handler of `tests/smtp/server.py`.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use super::wait_until;

/// A mail server on a port of its own, which need not run.
pub struct MailServer {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl MailServer {
    /// A port on which nobody listens yet.
    pub fn down() -> Self {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        Self { folder: TempDir::new().expect("a temporary folder"), port, running: None }
    }

    /// A running one without TLS.
    pub fn plain() -> Self {
        Self::running("plain", Duration::ZERO)
    }

    /// A running one: `plain`, `starttls` or `wrapped`; each mail takes so long.
    pub fn running(security: &str, slowness: Duration) -> Self {
        let mut server = Self::down();
        server.start(security, slowness);
        server
    }

    /// Starts it.
    pub fn start(&mut self, security: &str, slowness: Duration) {
        if security != "plain" {
            self.make_certificate();
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("../.tools/python/bin/python");
        assert!(python.exists(), "aiosmtpd is not installed: run `make python` first, as `make test` does");
        let mut child = Command::new(python)
            .args(["-W", "ignore"])
            .arg(root.join("smtp/server.py"))
            .arg(self.port.to_string())
            .arg(self.folder.path())
            .args([security, &slowness.as_secs_f64().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mail server");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        self.running = Some(child);
    }

    fn make_certificate(&self) {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"])
            .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(self.folder.path())
            .output()
            .expect("openssl, the program");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// Its certificate, which signs itself.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// `127.0.0.1:…`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What the next recipients are answered, one line each; after them all are taken.
    pub fn answer_next(&self, answers: &[&str]) {
        fs::write(self.folder.path().join("answers"), answers.join("\n")).expect("the answers");
    }

    /// How many of these answers were not given yet.
    pub fn answers_left(&self) -> usize {
        fs::read_to_string(self.folder.path().join("answers")).map_or(0, |answers| answers.lines().count())
    }

    /// The mails that came, in their order.
    pub fn mails(&self) -> Vec<Value> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        files.iter().map(|path| serde_json::from_slice(&fs::read(path).expect("a mail")).expect("JSON")).collect()
    }

    /// Waits until so many mails have come, and gives all.
    pub fn wait_for(&self, count: usize) -> Vec<Value> {
        wait_until(&format!("{count} mails"), || self.mails().len() >= count);
        self.mails()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
