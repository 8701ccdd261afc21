//! `espace-pro audit`: the heads of all chains, signed, for somebody else to keep; and the walk that holds the log
//! against them.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use domain::{
    Instant,
    audit::{Chain, EntryHash, Finding, Head, Walk},
};
use persistence::{Clock, Store};
use serde::{Deserialize, Serialize};

use crate::{
    command::{beside, told},
    config::Config,
    tokens::access::AccessTokens,
};

/// The type of the signed statement: nobody takes it for a token.
const TYPE: &str = "audit-heads+jwt";
/// How many heads, or entries, are read at once.
const PAGE: u32 = 500;

/// What is signed.
#[derive(Debug, Serialize, Deserialize)]
struct Statement {
    iss: String,
    iat: i64,
    heads: Vec<SignedHead>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SignedHead {
    chain: String,
    entries: u32,
    hash: String,
    at: Instant,
}

impl SignedHead {
    fn read(&self) -> Option<Head> {
        let (chain, hash) = (Chain::parse(&self.chain)?, EntryHash::parse(&self.hash)?);
        Some(Head { chain, entries: self.entries, hash, at: Some(self.at) })
    }
}

/// What a walk along every chain was.
#[derive(Debug, Default)]
pub struct Walked {
    /// How many chains were walked.
    pub chains: u64,
    /// How many entries they have.
    pub entries: u64,
    /// How many exported heads they were held against, and when those were exported.
    pub against: Option<(usize, Instant)>,
    /// How many findings there were.
    pub findings: u64,
}

impl fmt::Display for Walked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chains: {}, entries: {}", self.chains, self.entries)?;
        match self.against {
            Some((heads, at)) => write!(f, ", exported heads: {heads} of {at}")?,
            None => write!(f, ", exported heads: none, so what was cut off together with its head is not seen")?,
        }
        write!(f, ", findings: {}", self.findings)
    }
}

/// The heads of all chains that have entries, as a JWS of our current signing key (RFC 7515, compact).
///
/// # Errors
/// A sentence for the operator.
pub async fn export(config: &Config, clock: &Clock) -> Result<String, String> {
    let keys = AccessTokens::load(&config.signing_keys, &config.public_url, clock())?;
    let store = beside(config.database_url.clone())?;
    let mut heads = Vec::new();
    let mut after = String::new();
    loop {
        let page = heads_after(&store, &after).await?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        for (name, head) in page {
            let head = head.ok_or(format!("the head of {name} was changed: see `espace-pro audit verify`"))?;
            let (chain, hash) = (head.chain.to_string(), head.hash.to_string());
            heads.extend(head.at.map(|at| SignedHead { chain, entries: head.entries, hash, at }));
        }
    }
    let now = clock();
    keys.sign(TYPE, &Statement { iss: config.public_url.clone(), iat: now.timestamp(), heads }, now)
}

/// Walks every chain, and tells `found` what is wrong; against an export, also what was cut off since.
///
/// # Errors
/// A sentence for the operator: the database can't be read, or the export is not ours.
pub async fn verify(
    config: &Config,
    clock: &Clock,
    against: Option<&Path>,
    mut found: impl FnMut(&str, Finding),
) -> Result<Walked, String> {
    let mut walked = Walked::default();
    let mut exported = BTreeMap::new();
    if let Some(path) = against {
        let (heads, at) = read(config, path, clock()).map_err(|problem| format!("{}: {problem}", path.display()))?;
        walked.against = Some((heads.len(), at));
        exported = heads;
    }
    let mut tell = |walked: &mut Walked, chain: &str, finding: Finding| {
        walked.findings += 1;
        found(chain, finding);
    };
    let store = beside(config.database_url.clone())?;
    let mut after = String::new();
    loop {
        let heads = heads_after(&store, &after).await?;
        let Some((last, _)) = heads.last() else { break };
        after.clone_from(last);
        for (name, head) in &heads {
            walked.chains += 1;
            if head.is_none() {
                tell(&mut walked, name, Finding::HeadChanged);
            }
            // A name that was changed, too, has no entries.
            let Some(chain) = Chain::parse(name) else { continue };
            let witnesses = exported.remove(&chain).into_iter().chain(*head).collect();
            for finding in walk(&store, chain, Walk::new(witnesses), &mut walked.entries).await? {
                tell(&mut walked, name, finding);
            }
        }
    }
    // Of these not even the head is left.
    for (chain, head) in exported {
        tell(&mut walked, &chain.to_string(), Finding::Cut { left: 0, of: head.entries });
    }
    Ok(walked)
}

async fn walk(store: &Store, chain: Chain, mut walk: Walk, entries: &mut u64) -> Result<Vec<Finding>, String> {
    let mut after = 0;
    loop {
        let page = store.read(move |tx| tx.audit_chain(chain, after, PAGE)).await.map_err(told)?;
        for (position, entry) in &page {
            walk.step(*position, entry.as_ref());
            after = *position;
            *entries += 1;
        }
        if page.len() < PAGE as usize {
            return Ok(walk.end());
        }
    }
}

async fn heads_after(store: &Store, after: &str) -> Result<Vec<(String, Option<Head>)>, String> {
    let after = after.to_owned();
    store.read(move |tx| tx.audit_heads(&after, PAGE)).await.map_err(told)
}

/// The heads of an export, and when they were exported.
fn read(config: &Config, path: &Path, now: Instant) -> Result<(BTreeMap<Chain, Head>, Instant), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let keys = AccessTokens::load(&config.signing_keys, &config.public_url, now)?;
    let statement: Statement = keys.signed(TYPE, text.trim(), now)?;
    let heads: Option<Vec<Head>> = statement.heads.iter().map(SignedHead::read).collect();
    let at = Instant::from_timestamp(statement.iat, 0);
    let (heads, at) = heads.zip(at).ok_or("a head can't be read")?;
    Ok((heads.into_iter().map(|head| (head.chain, head)).collect(), at))
}
