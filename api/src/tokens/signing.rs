//! The keys that sign what we issue: files of a folder, each named after the moment from which it signs.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::{DurationRound, NaiveDateTime, TimeDelta};
use domain::Instant;
use ed25519_dalek::{
    SigningKey as PrivateKey, VerifyingKey as PublicKey,
    pkcs8::{
        DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes, spki::der::pem::LineEnding,
    },
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{LEEWAY, access::LIFE};
use crate::keys::secret::{read_secret, write_secret};

/// How long before it signs a new key is published, unless the operator says otherwise: longer than any server takes to
/// see its file, and than others keep our JWK Set.
pub const NOTICE: TimeDelta = TimeDelta::minutes(15);
/// How old what is known of the folder may be.
const FRESH: TimeDelta = TimeDelta::seconds(30);
/// How often an unknown key may have the folder read.
const PATIENCE: TimeDelta = TimeDelta::seconds(1);
/// Longer than servers' clocks are apart, together with [`FRESH`].
const MARGIN: TimeDelta = TimeDelta::minutes(5);
/// How a file says from when its key signs, in UTC.
const SINCE: &str = "%Y%m%dT%H%M%SZ";
/// How the file of a public half ends whose private one is gone.
const PUBLIC: &str = ".pub.pem";

/// A key that signs, has signed or will sign.
pub struct SigningKey {
    /// Its thumbprint (RFC 7638, RFC 8037).
    pub id: String,
    /// From when it signs; one whose file says nothing has always signed.
    pub since: Option<Instant>,
    /// When its file was written: one that was brought late did not sign before.
    written: Instant,
    /// Its file.
    pub path: PathBuf,
    x: String,
    public_pem: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl SigningKey {
    fn read(path: PathBuf) -> Result<Self, String> {
        let told = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let key = PrivateKey::from_pkcs8_pem(&read_secret(&path)?).map_err(|error| told(&error))?;
        let der = key.to_pkcs8_der().map_err(|error| told(&error))?;
        let public = key.verifying_key();
        let (id, x) = named(&public);
        Ok(Self {
            verifying: DecodingKey::from_ed_components(&x).map_err(|error| told(&error))?,
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            public_pem: public.to_public_key_pem(LineEnding::LF).map_err(|error| told(&error))?,
            since: since(&path),
            written: fs::metadata(&path).and_then(|file| file.modified()).map_err(|error| told(&error))?.into(),
            id,
            x,
            path,
        })
    }

    /// What signs.
    pub(super) fn signing(&self) -> &EncodingKey {
        &self.signing
    }

    /// What verifies.
    pub(super) fn verifying(&self) -> &DecodingKey {
        &self.verifying
    }

    fn published(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": self.x })
    }
}

/// The thumbprint of a public key, and its coordinate.
fn named(key: &PublicKey) -> (String, String) {
    let x = BASE64URL.encode(key.as_bytes());
    (BASE64URL.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#))), x)
}

/// A public half that is left of a key.
struct PublicHalf {
    id: String,
    path: PathBuf,
    verifying: DecodingKey,
}

impl PublicHalf {
    fn read(path: PathBuf) -> Result<Self, String> {
        let told = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let pem = fs::read_to_string(&path).map_err(|error| told(&error))?;
        let key = PublicKey::from_public_key_pem(&pem).map_err(|error| told(&error))?;
        let (id, x) = named(&key);
        let verifying = DecodingKey::from_ed_components(&x).map_err(|error| told(&error))?;
        Ok(Self { id, path, verifying })
    }
}

fn since(path: &Path) -> Option<Instant> {
    let name = path.file_stem()?.to_str()?;
    NaiveDateTime::parse_from_str(name, SINCE).ok().map(|since| since.and_utc())
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Published; its time has not come.
    Waiting,
    /// It signs.
    Signing,
    /// A later key signs; tokens of this one may live.
    Retiring,
    /// So are all its tokens.
    Dead,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Signing => "signing",
            Self::Retiring => "retiring",
            Self::Dead => "dead",
        })
    }
}

/// All that a folder held when it was read.
#[derive(Default)]
pub struct Ring {
    /// In the order in which they sign: those that have always signed by their names, the others by their time.
    keys: Vec<Arc<SigningKey>>,
    /// Of keys whose private half is gone: what they signed besides tokens is still believed.
    retired: Vec<Arc<PublicHalf>>,
}

impl Ring {
    /// Reads the keys of a folder.
    ///
    /// # Errors
    /// A sentence for the operator: it can't be read, or one of them can't be, or by others too.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let (ring, problems) = Self::default().read_again(folder)?;
        if problems.is_empty() { Ok(ring) } else { Err(problems.join("; ")) }
    }

    /// Reads the folder again, and gives what is wrong with single files, a sentence each. A key whose file is there and
    /// can't be read now stays as it was known; one whose file is gone is gone, whatever is wrong with the others.
    fn read_again(&self, folder: &Path) -> Result<(Self, Vec<String>), String> {
        let (mut ring, mut problems) = (Self::default(), vec![]);
        for path in key_files(folder)? {
            let problem = if is_public(&path) {
                let known = self.retired.iter().find(|key| key.path == path);
                keep_or_know(&mut ring.retired, PublicHalf::read(path.clone()), known)
            } else {
                let known = self.keys.iter().find(|key| key.path == path);
                keep_or_know(&mut ring.keys, SigningKey::read(path.clone()), known)
            };
            problems.extend(problem.map(|problem| (path, problem)));
        }
        ring.keys.sort_by(|a, b| (a.since, &a.path).cmp(&(b.since, &b.path)));
        // Those that were removed since the folder was listed.
        ring.keys.retain(|key| key.path.exists());
        ring.retired.retain(|key| key.path.exists());
        problems.retain(|(path, _)| path.exists());
        problems.sort();
        Ok((ring, problems.into_iter().map(|(_, problem)| problem).collect()))
    }

    /// Why no key signs, if so.
    fn why_none_signs(&self, folder: &Path, now: Instant) -> Option<String> {
        match (self.signer(now), self.keys.first().and_then(|key| key.since)) {
            (Some(_), _) => None,
            (None, Some(since)) => Some(format!("no key in {} signs before {since}", folder.display())),
            (None, None) => Some(format!("there is no signing key (*.pem, Ed25519, PKCS #8) in {}", folder.display())),
        }
    }

    /// The key that signs: of those whose time has come, the latest.
    pub fn signer(&self, now: Instant) -> Option<&SigningKey> {
        self.keys.get(self.place_of_signer(now)?).map(Arc::as_ref)
    }

    fn place_of_signer(&self, now: Instant) -> Option<usize> {
        self.keys.iter().rposition(|key| key.since.is_none_or(|since| since <= now))
    }

    /// The key with an id, to verify tokens: none of a dead key is alive.
    pub(super) fn key(&self, id: &str, now: Instant) -> Option<&SigningKey> {
        self.living(now).find(|key| key.id == id)
    }

    fn living(&self, now: Instant) -> impl Iterator<Item = &SigningKey> {
        self.states(now).filter(|(_, state)| *state != State::Dead).map(|(key, _)| key)
    }

    /// What verifies a statement that is no token, however old.
    pub(super) fn verifies_statements(&self, id: &str) -> Option<&DecodingKey> {
        let retired = || self.retired.iter().find(|key| key.id == id).map(|key| &key.verifying);
        self.keys.iter().find(|key| key.id == id).map(|key| key.verifying()).or_else(retired)
    }

    /// The public keys (RFC 7517), each once: those that wait for their time, and none whose tokens are dead.
    pub(super) fn jwks(&self, now: Instant) -> Value {
        let mut seen = BTreeSet::new();
        let keys: Vec<_> = self.living(now).filter(|key| seen.insert(&key.id)).map(SigningKey::published).collect();
        json!({ "keys": keys })
    }

    /// Every key, and where it stands.
    pub fn states(&self, now: Instant) -> impl Iterator<Item = (&SigningKey, State)> {
        let signer = self.place_of_signer(now);
        self.keys.iter().map(Arc::as_ref).enumerate().map(move |(place, key)| {
            let state = match signer {
                Some(signer) if place == signer => State::Signing,
                Some(signer) if place < signer => {
                    // One that has always signed does not say since when it superseded this one. One that says so did
                    // it once it was there.
                    let later = self.keys[place + 1..=signer].iter();
                    let superseded = later.filter_map(|key| Some(key.since?.max(key.written))).min();
                    let dead = superseded.map(|at| at + LIFE + TimeDelta::seconds(LEEWAY) + MARGIN);
                    if dead.is_some_and(|dead| dead <= now) { State::Dead } else { State::Retiring }
                }
                _ => State::Waiting,
            };
            (key, state)
        })
    }

    /// The ids of those whose private half is gone.
    pub fn retired(&self) -> impl Iterator<Item = &str> {
        self.retired.iter().map(|key| key.id.as_str())
    }
}

/// Adds a key that was read to the others, or the one that was known in its place; gives why it can't be read.
fn keep_or_know<K>(keys: &mut Vec<Arc<K>>, read: Result<K, String>, known: Option<&Arc<K>>) -> Option<String> {
    let (key, problem) = match read {
        Ok(key) => (Some(Arc::new(key)), None),
        Err(problem) => (known.map(Arc::clone), Some(problem)),
    };
    keys.extend(key);
    problem
}

/// Adds a key that signs from a moment on, in whole seconds.
///
/// # Errors
/// A sentence for the operator: another key signs, or signed, from that very moment.
pub fn add(folder: &Path, since: Instant) -> Result<SigningKey, String> {
    let since = since.duration_trunc(TimeDelta::seconds(1)).unwrap_or(since);
    let path = folder.join(format!("{}.pem", since.format(SINCE)));
    if !make_key(&path)? {
        return Err(format!("{} exists: another key signs from that moment", path.display()));
    }
    SigningKey::read(path)
}

/// Removes the private halves of the keys whose tokens are all dead, and gives their ids. The public halves stay, for what
/// else they signed.
///
/// # Errors
/// A sentence for the operator.
pub fn prune(folder: &Path, now: Instant) -> Result<Vec<String>, String> {
    let ring = Ring::read(folder)?;
    let mut pruned = Vec::new();
    for (key, _) in ring.states(now).filter(|(_, state)| *state == State::Dead) {
        // First the one, then the other: a prune that is interrupted is done again.
        let public = public_half(&key.path);
        write_secret(&public, &key.public_pem)?;
        if PublicHalf::read(public.clone())?.id != key.id {
            return Err(format!("{} is another key's: {} stays", public.display(), key.path.display()));
        }
        fs::remove_file(&key.path).map_err(|error| format!("{}: {error}", key.path.display()))?;
        pruned.push(key.id.clone());
    }
    Ok(pruned)
}

/// Makes a first signing key where there is none, which has always signed.
///
/// # Errors
/// A sentence for the operator.
pub fn make_first_key(folder: &Path) -> Result<(), String> {
    let has_one = key_files(folder).is_ok_and(|files| files.iter().any(|file| !is_public(file)));
    if has_one { Ok(()) } else { make_key(&folder.join("0000-first.pem")).map(drop) }
}

/// Writes a new Ed25519 key, as `openssl genpkey` would. Says whether it is there now: another process that was faster wins.
///
/// # Errors
/// A sentence for the operator: the public half of an older key has that name.
pub fn make_key(path: &Path) -> Result<bool, String> {
    let public = public_half(path);
    if public.exists() {
        return Err(format!("{} exists: an older key had that name", public.display()));
    }
    let pair = KeypairBytes { secret_key: rand::random(), public_key: None };
    let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(|error| error.to_string())?;
    write_secret(path, &pem)
}

fn public_half(path: &Path) -> PathBuf {
    path.with_extension(&PUBLIC[1..])
}

fn key_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "pem")).collect())
}

fn is_public(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(PUBLIC))
}

/// The ring of a folder, which is read again now and then: keys come and go without a restart.
pub struct SigningKeys {
    folder: PathBuf,
    ring: RwLock<Arc<Ring>>,
    /// When the folder was last read, in milliseconds.
    read_at: AtomicI64,
    /// Held by who reads the folder: what was wrong with it last time.
    problem: Mutex<Option<String>>,
}

impl SigningKeys {
    /// Reads the keys of a folder.
    ///
    /// # Errors
    /// A sentence for the operator: none signs, or one can't be read or is readable by others.
    pub fn load(folder: &Path, now: Instant) -> Result<Self, String> {
        let ring = Ring::read(folder)?;
        if let Some(problem) = ring.why_none_signs(folder, now) {
            return Err(problem);
        }
        Ok(Self {
            ring: RwLock::new(Arc::new(ring)),
            folder: folder.to_owned(),
            read_at: AtomicI64::new(now.timestamp_millis()),
            problem: Mutex::new(None),
        })
    }

    /// The keys as they were half a minute ago at most: all of them, while the folder itself can't be read. Whoever finds them older reads the few small files; who comes
    /// meanwhile does not wait for him.
    pub fn ring(&self, now: Instant) -> Arc<Ring> {
        if self.is_older_than(FRESH, now)
            && let Ok(reading) = self.problem.try_lock()
        {
            self.read_if_older(FRESH, now, reading);
        }
        self.last_read()
    }

    /// The same, read again for a key that is not among them, unless that was done a second ago.
    pub fn ring_with(&self, id: &str, now: Instant) -> Arc<Ring> {
        let ring = self.ring(now);
        if ring.key(id, now).is_some() {
            return ring;
        }
        // Who comes meanwhile waits: what is being read may be his key.
        self.read_if_older(PATIENCE, now, self.problem.lock().unwrap_or_else(PoisonError::into_inner));
        self.last_read()
    }

    fn last_read(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A clock that was set back makes it older, too.
    fn is_older_than(&self, age: TimeDelta, now: Instant) -> bool {
        now.timestamp_millis().abs_diff(self.read_at.load(Ordering::Acquire)) >= age.num_milliseconds().unsigned_abs()
    }

    fn read_if_older(&self, age: TimeDelta, now: Instant, mut told: MutexGuard<'_, Option<String>>) {
        if !self.is_older_than(age, now) {
            return;
        }
        let problem = match self.last_read().read_again(&self.folder) {
            Ok((ring, mut problems)) => {
                problems.extend(ring.why_none_signs(&self.folder, now));
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
                (!problems.is_empty()).then(|| problems.join("; "))
            }
            Err(problem) => Some(problem),
        };
        self.read_at.store(now.timestamp_millis(), Ordering::Release);
        if *told != problem {
            if let Some(problem) = &problem {
                tracing::error!(
                    problem,
                    "the signing keys can't be read; those known stay in use until their files are gone"
                );
            } else {
                tracing::info!("the signing keys can be read again");
            }
            *told = problem;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn at(second: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    /// Adds a key whose file was written at a moment.
    fn add_at(folder: &Path, written: i64, since: i64) -> SigningKey {
        let key = add(folder, at(since)).unwrap();
        fs::File::open(&key.path).unwrap().set_modified(at(written).into()).unwrap();
        key
    }

    fn states(folder: &Path, now: i64) -> Vec<State> {
        Ring::read(folder).unwrap().states(at(now)).map(|(_, state)| state).collect()
    }

    fn knows(keys: &SigningKeys, id: &str, now: i64) -> bool {
        keys.ring(at(now)).key(id, at(now)).is_some()
    }

    #[test]
    fn names_say_who_signs_and_when() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for name in ["2026-11.pem", "0000-first.pem"] {
            make_key(&folder.join(name)).unwrap();
        }
        assert_eq!(states(folder, 0), [State::Retiring, State::Signing]);
        let next = add_at(folder, 0, 900);
        assert_eq!(next.path.file_name().unwrap(), "20270115T081500Z.pem");
        assert!(add(folder, at(900)).is_err());
        assert_eq!(states(folder, 899), [State::Retiring, State::Signing, State::Waiting]);
        assert_eq!(Ring::read(folder).unwrap().signer(at(900)).unwrap().id, next.id);
        // Ten minutes of a token, five seconds of leeway, five minutes.
        assert_eq!(states(folder, 900 + 904), [State::Retiring, State::Retiring, State::Signing]);
        assert_eq!(states(folder, 900 + 905), [State::Dead, State::Dead, State::Signing]);
    }

    #[test]
    fn a_key_that_is_brought_late_supersedes_when_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        make_first_key(folder).unwrap();
        add_at(folder, 5000, 0);
        assert_eq!(states(folder, 5000), [State::Retiring, State::Signing]);
        assert_eq!(states(folder, 5905), [State::Dead, State::Signing]);
    }

    #[test]
    fn a_dead_key_verifies_statements_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        make_first_key(folder).unwrap();
        let first = Ring::read(folder).unwrap().keys[0].id.clone();
        add_at(folder, 0, 0);
        let ring = Ring::read(folder).unwrap();
        let published = |now| ring.jwks(at(now))["keys"].as_array().unwrap().len();
        assert!(ring.key(&first, at(904)).is_some() && published(904) == 2);
        assert!(ring.key(&first, at(905)).is_none() && published(905) == 1);
        assert!(ring.verifies_statements(&first).is_some());
    }

    #[test]
    fn a_pruned_key_verifies_statements_and_no_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        make_first_key(folder).unwrap();
        let first = Ring::read(folder).unwrap().keys[0].id.clone();
        let next = add_at(folder, 0, 0).id;
        assert_eq!(prune(folder, at(0)), Ok(vec![]));
        assert_eq!(prune(folder, at(905)), Ok(vec![first.clone()]));
        assert!(!folder.join("0000-first.pem").exists());
        let ring = Ring::read(folder).unwrap();
        assert!(ring.key(&first, at(905)).is_none() && ring.verifies_statements(&first).is_some());
        assert_eq!(ring.jwks(at(905))["keys"].as_array().unwrap().len(), 1);
        assert_eq!(
            (ring.signer(at(905)).unwrap().id.as_str(), ring.retired().collect::<Vec<_>>()),
            (&*next, vec![&*first])
        );
        let mode = fs::metadata(folder.join("0000-first.pub.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn no_key_takes_the_name_of_one_whose_public_half_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        make_first_key(folder).unwrap();
        let next = add_at(folder, 0, 0);
        assert_eq!(prune(folder, at(905)).unwrap().len(), 1);
        fs::rename(&next.path, folder.join("away")).unwrap();
        assert!(make_first_key(folder).unwrap_err().contains("0000-first.pub.pem exists"));
        fs::write(public_half(&next.path), &next.public_pem).unwrap();
        assert!(add(folder, at(0)).err().unwrap().contains("20270115T080000Z.pub.pem exists"));

        // Nor is a private half removed where the public one beside it is another key's.
        fs::rename(folder.join("away"), &next.path).unwrap();
        fs::copy(folder.join("0000-first.pub.pem"), public_half(&next.path)).unwrap();
        add_at(folder, 1000, 1000);
        assert!(prune(folder, at(2000)).unwrap_err().contains("is another key's"));
        assert!(next.path.exists());
    }

    #[test]
    fn the_folder_is_read_again_and_kept_when_it_can_not_be() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("signing");
        make_first_key(&folder).unwrap();
        let keys = SigningKeys::load(&folder, at(0)).unwrap();
        let next = add_at(&folder, 0, 900).id;
        assert!(!knows(&keys, &next, 29) && knows(&keys, &next, 30));
        // An unknown key has it read at once, and another one within the second has not.
        let later = add_at(&folder, 0, 901).id;
        assert!(keys.ring_with("unknown", at(30)).key(&later, at(30)).is_none());
        assert!(keys.ring_with(&later, at(31)).key(&later, at(31)).is_some());

        fs::rename(&folder, home.path().join("away")).unwrap();
        assert!(knows(&keys, &later, 100));
        fs::rename(home.path().join("away"), &folder).unwrap();
        fs::remove_file(folder.join("20270115T081501Z.pem")).unwrap();
        assert!(!knows(&keys, &later, 200));
    }

    #[test]
    fn a_key_that_is_deleted_is_gone_whatever_is_wrong_with_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        make_first_key(folder).unwrap();
        let (leaked, next, later) = (add_at(folder, 0, 0), add_at(folder, 0, 100), add_at(folder, 0, 10_000));
        let keys = SigningKeys::load(folder, at(100)).unwrap();
        fs::write(folder.join("bad.pem"), "no key").unwrap();
        fs::set_permissions(&next.path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::remove_file(&leaked.path).unwrap();
        assert!(!knows(&keys, &leaked.id, 200));
        // One that can't be read now is there all the same.
        assert!(knows(&keys, &next.id, 200) && knows(&keys, &later.id, 200));
        let told = keys.problem.lock().unwrap().clone().unwrap();
        assert!(told.contains("bad.pem") && told.contains("make it 0600"), "{told}");

        // Nor does it come back where no other one signs.
        fs::remove_file(&next.path).and_then(|()| fs::remove_file(folder.join("0000-first.pem"))).unwrap();
        assert!(!knows(&keys, &next.id, 300) && knows(&keys, &later.id, 300));
        assert!(keys.ring(at(300)).signer(at(300)).is_none());
        assert!(keys.problem.lock().unwrap().clone().unwrap().contains("signs before"));
    }

    #[test]
    fn who_has_no_key_that_signs_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let told = |now| SigningKeys::load(folder.path(), at(now)).err().unwrap();
        assert!(told(0).starts_with("there is no signing key"));
        add(folder.path(), at(60)).unwrap();
        assert!(told(59).contains("signs before 2027-01-15 08:01:00 UTC"));
        assert!(SigningKeys::load(folder.path(), at(60)).is_ok());
    }
}
