//! A client's ledger: what he was told of each of his spaces, and what he sent and was never told of.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread::sleep,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::support::{Actor, Reply, text};

/// So many spaces are left open at most: fewer than a product may have.
const LEFT_OPEN: usize = 150;

/// One who writes without pause, and remembers what he was told.
pub struct Client {
    /// The person.
    pub actor: Actor,
    name: String,
    chance: StdRng,
    entries: Vec<Entry>,
    /// How many of them were found right before this round.
    checked: usize,
    open: usize,
}

/// What is known of one space.
struct Entry {
    /// By this it is found if its opening was not answered.
    title: String,
    /// The acts that were acknowledged, as the audit log calls them.
    acts: Vec<&'static str>,
    /// The last acknowledgement.
    told: Option<Reply>,
    /// What was sent last, and whose fate is open.
    unanswered: Option<Request>,
    /// What has an `Idempotency-Key`, with its answer.
    keyed: Vec<(Request, Reply)>,
}

/// Why the life of a space does not go on.
enum Stopped {
    /// Nobody answers.
    Unanswered,
    /// The server itself does not know whether the last act was kept.
    Unknown,
    /// An answer that nobody expects.
    Refused(String),
}

/// A write.
#[derive(Clone)]
struct Request {
    act: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Request {
    fn send(&self, actor: &Actor) -> Option<Reply> {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        actor.try_send(self.method, &self.path, &headers, self.body.to_string().into_bytes())
    }

    fn is_keyed(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == "idempotency-key")
    }

    /// Whether this is how a space looks after it.
    fn is_done(&self, space: &Value) -> bool {
        match self.act {
            "space_closed" => space["state"] == "closed",
            _ => space["title"] == self.body["title"] && space["state"] == "open",
        }
    }
}

impl Client {
    /// Somebody who has nothing yet.
    pub fn new(actor: Actor, name: usize, seed: u64) -> Self {
        let chance = StdRng::seed_from_u64(seed ^ name as u64);
        Self { actor, name: format!("{seed:x} {name}"), chance, entries: vec![], checked: 0, open: 0 }
    }

    /// Opens spaces, edits and closes them, until it is over or nobody answers; counts what is acknowledged. What is
    /// neither an acknowledgement nor a known way to say no is a finding.
    pub fn write(&mut self, is_over: &AtomicBool, acknowledged: &AtomicUsize) -> Vec<String> {
        let mut findings = vec![];
        while !is_over.load(Ordering::Relaxed) {
            let title = format!("{} {}", self.name, self.entries.len());
            let is_keyed = self.chance.random();
            let edits = self.chance.random_range(1..=3);
            let is_closed = self.open >= LEFT_OPEN || self.chance.random_ratio(3, 4);
            let mut entry = Entry { title, acts: vec![], told: None, unanswered: None, keyed: vec![] };
            let done = self.live(&mut entry, (is_keyed, edits, is_closed), acknowledged);
            self.open += usize::from(!is_closed);
            self.entries.push(entry);
            match done {
                Ok(()) | Err(Stopped::Unknown) => (),
                Err(Stopped::Unanswered) => return findings,
                Err(Stopped::Refused(told)) => findings.push(format!("unexpected: {told}")),
            }
        }
        findings
    }

    /// The life of one space; ends early where something is not acknowledged.
    fn live(
        &self,
        entry: &mut Entry,
        (is_keyed, edits, is_closed): (bool, usize, bool),
        acknowledged: &AtomicUsize,
    ) -> Result<(), Stopped> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if is_keyed {
            headers.push(("idempotency-key", entry.title.replace(' ', "-")));
        }
        let opening = Request {
            act: "space_opened",
            method: "POST",
            path: "/v1/spaces".to_owned(),
            headers: headers.clone(),
            body: self.actor.own_professional(&entry.title),
        };
        self.act(entry, opening, acknowledged)?;
        let path = entry.told.as_ref().map(|told| told.header("location")).unwrap_or_default();
        for edit in 1..=edits {
            let etag = entry.told.as_ref().map(|told| told.header("etag")).unwrap_or_default();
            let version = vec![("content-type", "application/merge-patch+json".to_owned()), ("if-match", etag)];
            let body = json!({ "title": format!("{} v{edit}", entry.title) });
            let editing = Request { act: "space_edited", method: "PATCH", path: path.clone(), headers: version, body };
            self.act(entry, editing, acknowledged)?;
        }
        if is_closed {
            let path = format!("{path}/close");
            let closing = Request { act: "space_closed", method: "POST", path, headers, body: json!({}) };
            self.act(entry, closing, acknowledged)?;
        }
        Ok(())
    }

    /// Sends a request, again while the answer is that nothing was done, and notes what came of it.
    fn act(&self, entry: &mut Entry, request: Request, acknowledged: &AtomicUsize) -> Result<(), Stopped> {
        loop {
            let Some(reply) = request.send(&self.actor) else {
                entry.unanswered = Some(request);
                return Err(Stopped::Unanswered);
            };
            match (reply.status, reply.json["code"].as_str()) {
                (200..300, _) => {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                    entry.acknowledge(request, reply);
                    return Ok(());
                }
                (503, Some("busy")) => sleep(Duration::from_millis(20)),
                (503, Some("outcome_unknown")) => {
                    entry.unanswered = Some(request);
                    return Err(Stopped::Unknown);
                }
                (status, _) => return Err(Stopped::Refused(format!("{status} {}", reply.text))),
            }
        }
    }

    /// Compares the ledger of this round with what the server says now; what was open is settled by it.
    pub fn check(&mut self) -> Vec<String> {
        let listed = spaces(&self.actor);
        let fresh = &mut self.entries[self.checked..];
        let mut findings: Vec<String> = fresh.iter_mut().flat_map(|entry| entry.check(&self.actor, &listed)).collect();
        self.checked = self.entries.len();
        let known: Vec<String> = self.entries.iter().filter_map(Entry::id).collect();
        let unknown = spaces(&self.actor).into_keys().filter(|id| !known.contains(id));
        findings.extend(unknown.map(|id| format!("kept, and nobody was told: {id}")));
        findings
    }

    /// Compares the whole ledger.
    pub fn check_all(&mut self) -> Vec<String> {
        self.checked = 0;
        self.check()
    }

    /// The identifiers of the spaces that are closed, of each of which a mail was promised.
    pub fn closed(&self) -> impl Iterator<Item = String> {
        let told = self.entries.iter().filter_map(|entry| entry.told.as_ref());
        told.filter(|told| told.json["state"] == "closed").map(|told| text(&told.json["identifier"]))
    }

    /// How many requests of this round have an open fate.
    pub fn unanswered(&self) -> usize {
        self.entries[self.checked..].iter().filter(|entry| entry.unanswered.is_some()).count()
    }
}

impl Entry {
    fn id(&self) -> Option<String> {
        self.told.as_ref().map(|told| text(&told.json["id"]))
    }

    fn acknowledge(&mut self, request: Request, reply: Reply) {
        self.acts.push(request.act);
        if request.is_keyed() {
            self.keyed.push((request, reply.clone()));
        }
        self.told = Some(reply);
    }

    /// What of this space is not as it was told.
    fn check(&mut self, actor: &Actor, listed: &BTreeMap<String, String>) -> Vec<String> {
        let replayed: Vec<String> =
            self.keyed.iter().filter_map(|(request, told)| replays(request, actor, told)).collect();
        let settled = match self.told.clone() {
            Some(told) => self.settle(actor, &told),
            None => self.settle_opening(actor, listed),
        };
        let Err(finding) = settled else { return replayed };
        replayed.into_iter().chain([format!("{}: {finding}", self.title)]).collect()
    }

    fn settle(&mut self, actor: &Actor, told: &Reply) -> Result<(), String> {
        let path = format!("/v1/spaces/{}", text(&told.json["id"]));
        let seen = actor.get(&path);
        let (before, now) = (version(told), version(&seen));
        if seen.status != 200 || now < before {
            return Err(format!("lost: told {}, found {} {}", told.text, seen.status, seen.text));
        }
        let is_as_told = seen.json == told.json && seen.header("etag") == told.header("etag");
        let is_one_on = |request: &Request| now == before + 1 && request.is_done(&seen.json);
        match self.unanswered.take() {
            Some(request) if is_as_told || is_one_on(&request) => self.end(actor, request, seen, !is_as_told)?,
            None if is_as_told => (),
            _ => return Err(format!("half done: told {}, found {}", told.text, seen.text)),
        }
        let log = actor.get(&format!("{path}/audit-events"));
        let mut acts: Vec<&str> =
            log.json["data"].as_array().into_iter().flatten().filter_map(|event| event["act"].as_str()).collect();
        acts.reverse();
        if acts == self.acts { Ok(()) } else { Err(format!("half done: told {:?}, recorded {acts:?}", self.acts)) }
    }

    /// The space whose opening was not answered is there with all that belongs to it, or it is not there.
    fn settle_opening(&mut self, actor: &Actor, listed: &BTreeMap<String, String>) -> Result<(), String> {
        let Some(request) = self.unanswered.take() else { return Ok(()) };
        let found: Vec<&String> = listed.iter().filter(|(_, title)| **title == self.title).map(|(id, _)| id).collect();
        match found[..] {
            [] if request.is_keyed() => {
                self.repeat(actor, request, None)?;
            }
            [] => return Ok(()),
            [id] => {
                let seen = actor.get(&format!("/v1/spaces/{id}"));
                self.end(actor, request, seen, true)?;
            }
            _ => return Err(format!("done twice: {found:?}")),
        }
        let told = self.told.clone().ok_or("half done: it is listed and can't be read")?;
        self.settle(actor, &told)
    }

    /// Settles a request by what was seen after it. One with a key is sent again: what was done is not done twice.
    fn end(&mut self, actor: &Actor, request: Request, seen: Reply, is_done: bool) -> Result<(), String> {
        if request.is_keyed() {
            return self.repeat(actor, request, is_done.then_some(seen));
        }
        if is_done {
            self.acknowledge(request, seen);
        }
        Ok(())
    }

    fn repeat(&mut self, actor: &Actor, request: Request, done: Option<Reply>) -> Result<(), String> {
        let reply = request.send(actor).ok_or("no answer to a repeat")?;
        let is_replay = reply.header("idempotency-replayed") == "true";
        if reply.status >= 300 || is_replay != done.is_some() {
            return Err(format!("half done: repeated, replay {is_replay}: {} {}", reply.status, reply.text));
        }
        if done.is_some_and(|done| done.json != reply.json) {
            return Err(format!("a replay of another answer: {}", reply.text));
        }
        self.acknowledge(request, reply);
        Ok(())
    }
}

/// What is wrong with the answer to a request that was acknowledged and is sent again.
fn replays(request: &Request, actor: &Actor, told: &Reply) -> Option<String> {
    let Some(again) = request.send(actor) else { return Some("no answer to a repeat".to_owned()) };
    let is_replay = again.header("idempotency-replayed") == "true";
    let is_same = (again.status, &again.text) == (told.status, &told.text);
    (!is_replay || !is_same).then(|| format!("lost: told {}, sent again {} {}", told.text, again.status, again.text))
}

/// Which version of a space an answer shows; an answer without one shows none.
fn version(reply: &Reply) -> u64 {
    let etag = reply.header("etag");
    etag.trim_start_matches('"').split('-').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The ids and titles of all spaces that a person sees, closed ones too.
fn spaces(actor: &Actor) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    for status in ["open", "closed"] {
        let mut cursor = String::new();
        loop {
            let list = actor.get(&format!("/v1/spaces?limit=100&status={status}&cursor={cursor}")).expect(200);
            for space in list["data"].as_array().expect("spaces") {
                seen.insert(text(&space["id"]), text(&space["title"]));
            }
            match list["page"]["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
    }
    seen
}
