//! The load: what is asked, by whom, and what wrk says came of it.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use api::tokens::access::AccessTokens;
use domain::{
    Instant,
    id::{PersonId, ProductId, SessionId},
    identity::{Assurance, Session},
};
use serde::{Deserialize, Serialize};

use crate::{
    dataset::{Dataset, Kind, MEMBERS, email, id},
    machine::on_core,
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    Landing,
    List,
    Get,
    Open,
}

impl Job {
    /// Those that read come first: what is opened makes the database larger.
    pub const ALL: [Self; 4] = [Self::Landing, Self::List, Self::Get, Self::Open];

    pub fn name(self) -> &'static str {
        match self {
            Self::Landing => "landing",
            Self::List => "list my spaces",
            Self::Get => "get a space",
            Self::Open => "open a space",
        }
    }

    /// The requests, each with a token of the person who sends it.
    pub fn requests(self, dataset: Dataset, tokens: &AccessTokens, now: Instant) -> Result<String, String> {
        let callers: Vec<u64> = match self {
            Self::Open => dataset.openers().collect(),
            _ => dataset.readers().collect(),
        };
        let mut requests = String::new();
        for caller in callers {
            let (token, _) = tokens.issue(&session(caller, now), now)?;
            let (method, path, body) = self.request(dataset, caller);
            writeln!(requests, "{method}\t{path}\t{token}\t{body}").map_err(|error| error.to_string())?;
        }
        Ok(requests)
    }

    fn request(self, dataset: Dataset, caller: u64) -> (&'static str, String, String) {
        match self {
            Self::Landing => ("GET", "/v1/me/landing".into(), String::new()),
            Self::List => ("GET", "/v1/spaces".into(), String::new()),
            Self::Get => {
                let space = dataset.space_of(caller, caller % MEMBERS);
                ("GET", format!("/v1/spaces/{}", id(Kind::Space, space)), String::new())
            }
            // The address is the person's own, so it is confirmed already and no mail is sent.
            Self::Open => {
                let wish = serde_json::json!({
                    "kind": "professional", "title": "Boulangerie du Coin", "entityType": "legal_person",
                    "notificationEmail": email(caller), "language": "fr",
                });
                ("POST", "/v1/spaces".into(), wish.to_string())
            }
        }
    }
}

fn session(caller: u64, now: Instant) -> Session {
    Session {
        id: SessionId(id(Kind::Session, caller)),
        person: PersonId(id(Kind::Person, caller)),
        product: ProductId(id(Kind::Product, caller)),
        assurance: Assurance::High,
        authenticated_at: now,
        helpdesk: false,
        created_at: now,
        refreshed_at: now,
        ended: None,
    }
}

/// How hard is asked.
#[derive(Debug, Clone)]
pub struct Load {
    pub connections: u32,
    pub seconds: u32,
    /// On which core wrk runs, where it has one of its own.
    pub core: Option<u32>,
}

/// What wrk counted.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Outcome {
    pub requests: f64,
    micros: f64,
    /// Answers of 400 and above.
    refused: f64,
    /// Connections that failed, and answers that did not come.
    broken: f64,
    /// Microseconds within which half of the answers came.
    pub p50: f64,
    /// Microseconds within which 99 of 100 came.
    pub p99: f64,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.requests * 1e6 / self.micros
    }
}

impl Load {
    /// Sends the requests of a file to a server until the time is up.
    ///
    /// # Errors
    /// wrk failed, or a request did: a measurement of refusals is none.
    pub fn send(&self, url: &str, requests: &Path) -> Result<Outcome, String> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("wrk.lua");
        let mut wrk = on_core(self.core, Path::new("wrk"));
        wrk.args(["--threads", "1", "--timeout", "10s"])
            .args(["--connections", &self.connections.to_string()])
            .args(["--duration", &format!("{}s", self.seconds)])
            .arg("--script")
            .arg(script)
            .args([url, "--"])
            .arg(requests);
        read(&output(&mut wrk)?)
    }
}

/// What a command prints; one that fails is told with what it printed.
pub fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let ran = command.output().map_err(|error| format!("{name}: {error}"))?;
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    if ran.status.success() { Ok(out.into_owned()) } else { Err(format!("{name}: {}: {out}{err}", ran.status)) }
}

fn read(printed: &str) -> Result<Outcome, String> {
    let line = printed.lines().rfind(|line| line.starts_with('{')).ok_or(format!("wrk told nothing: {printed}"))?;
    let outcome: Outcome = serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?;
    if outcome.refused > 0.0 || outcome.broken > 0.0 || outcome.requests < 1.0 {
        return Err(format!("not every request was answered well: {line}"));
    }
    Ok(outcome)
}

/// Writes the requests of a job where wrk reads them.
pub fn write_requests(folder: &Path, job: Job, requests: &str) -> Result<PathBuf, String> {
    let path = folder.join(format!("requests-{job:?}.tsv").to_lowercase());
    fs::write(&path, requests).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(refused: u32, broken: u32, requests: u32) -> String {
        format!(
            "Running 2s test @ http://127.0.0.1:8080\n  1 threads and 32 connections\n{{\"requests\": {requests}, \
             \"micros\": 2000000, \"refused\": {refused}, \"broken\": {broken}, \"p50\": 1234, \"p99\": 5678}}\n"
        )
    }

    #[test]
    fn what_wrk_prints_is_read() {
        let outcome = read(&printed(0, 0, 3000)).expect("an outcome");
        assert!((outcome.per_second() - 1500.0).abs() < 1e-9);
        assert!((outcome.p50 - 1234.0).abs() < 1e-9 && (outcome.p99 - 5678.0).abs() < 1e-9);
    }

    #[test]
    fn a_refusal_a_broken_connection_and_silence_are_failures() {
        for failed in [printed(1, 0, 3000), printed(0, 1, 3000), printed(0, 0, 0), "unable to connect".into()] {
            assert!(read(&failed).is_err(), "{failed}");
        }
    }

    #[test]
    fn every_caller_asks_for_a_space_of_his_own() {
        let dataset = Dataset { spaces: 100 };
        for caller in dataset.readers() {
            let (_, path, _) = Job::Get.request(dataset, caller);
            let spaces: Vec<String> = (0..MEMBERS)
                .map(|place| format!("/v1/spaces/{}", id(Kind::Space, dataset.space_of(caller, place))))
                .collect();
            assert!(spaces.contains(&path));
        }
    }
}
