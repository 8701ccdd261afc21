//! `Idempotency-Key`: a POST that is sent again is answered again, and not done again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::HeaderName},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::TimeDelta;
use domain::{Fault, Instant, Refusal, collaboration::Permission, id::SpaceId};
use persistence::{Answered, Reading, StoreError, Transaction};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    answer::Prepared,
    body::{Body, Request},
    caller::{Caller, Sender},
    field::{FieldError, Place},
    problem::{Code, Problem},
};
use crate::keys::DataKeys;

/// The header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// What fingerprints and answers are sealed for: bodies hold numbers and codes that a plain hash would give away.
const ASKED: &str = "asked";
const ANSWER: &str = "answer";
/// As what an answer is remembered that showed a secret: no other one that is remembered has this status.
const SHOWED_SECRET: StatusCode = StatusCode::CONFLICT;
/// How long a key is remembered.
pub const MEMORY: TimeDelta = TimeDelta::hours(24);

/// A request that its sender may send again.
pub struct Once<C = Caller> {
    key: Result<Option<String>, Problem>,
    /// Method, path and query.
    route: String,
    fingerprint: String,
    guard: Guard<C>,
}

/// What must hold of the caller, for fresh work and for a replay alike.
type Guard<C> = Box<dyn Fn(&mut Reading<'_>, &C) -> Result<(), Problem> + Send>;

/// Why work under a key was not done in this transaction.
pub enum Hindered<C> {
    /// A rival with the same key came first: what it was answered is to be read.
    Rival(Taken<C>),
    /// The work itself, or its database, said no.
    Problem(Problem),
}

impl<C, E: Into<Problem>> From<E> for Hindered<C> {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// A key, with all that a replay of its answer has to agree with.
pub struct Taken<C> {
    scope: String,
    /// Under every key, that of the current one first.
    fingerprints: Vec<String>,
    guard: Guard<C>,
}

impl<C: Sender> Once<C> {
    /// Reads the key, which is judged only once the caller is known.
    pub fn of<R: Request>(request: &HttpRequest, body: &Body<R>) -> Self {
        let given: Vec<_> = request.headers().get_all(IDEMPOTENCY_KEY).collect();
        let key = match given[..] {
            [] => Ok(None),
            [key] => key.to_str().ok().and_then(parse).map(Some).ok_or_else(malformed),
            _ => Err(malformed()),
        };
        let route = format!("{} {}?{}", request.method(), request.path(), request.query_string());
        Self { key, route, fingerprint: BASE64URL.encode(body.digest()), guard: Box::new(|_, _| Ok(())) }
    }

    /// Does the work, or gives the answer that was given before: in one transaction, so that no crash comes between. A
    /// refusal that the work keeps, such as a wrong code that is counted, is no answer to be remembered.
    ///
    /// # Errors
    /// The guard's, the login is too weak (401), the key is malformed (400) or was used for another request (422), a rival
    /// came first, or the work's own.
    pub fn run(
        self,
        tx: &mut Transaction<'_>,
        caller: &C,
        keys: &DataKeys,
        work: impl FnOnce(&mut Transaction<'_>, &C) -> Result<Result<Prepared, Refusal>, Problem>,
    ) -> Result<Result<HttpAnswer, Refusal>, Hindered<C>> {
        (self.guard)(tx, caller)?;
        if matches!(self.key, Ok(None)) {
            return Ok(work(tx, caller)?.map(HttpAnswer::fresh));
        }
        caller.strong()?;
        let key = self.key?.unwrap_or_default();
        let scope = format!("{}\n{}\n{key}", caller.written(), self.route);
        let fingerprints = keys.digests(ASKED, &self.fingerprint);
        let taken = Taken { scope: BASE64URL.encode(Sha256::digest(scope)), fingerprints, guard: self.guard };
        let since = tx.now() - MEMORY;
        if let Some(answered) = taken.recall(tx, keys, since)? {
            return Ok(Ok(answered));
        }
        match tx.take_key(&taken.scope, &taken.fingerprints[0], since) {
            Err(StoreError::Conflict(_)) => return Err(Hindered::Rival(taken)),
            done => done?,
        }
        let done = work(tx, caller)?;
        match &done {
            Ok(prepared) => tx.keep_answer(&taken.scope, &prepared.answered(&taken.fingerprints[0], keys))?,
            Err(_) => tx.free_key(&taken.scope)?,
        }
        Ok(done.map(HttpAnswer::fresh))
    }
}

impl Once {
    /// For work that needs a right: who has lost it is not answered again. It is looked at before anything is locked, and
    /// by the work once more.
    #[must_use]
    pub fn guarded(self, guard: impl Fn(&mut Reading<'_>, &Caller) -> Result<(), Problem> + Send + 'static) -> Self {
        Self { guard: Box::new(guard), ..self }
    }

    /// For what a space's administrators may do.
    #[must_use]
    pub fn by_administrator_of(self, space: SpaceId, act: Permission) -> Self {
        self.guarded(move |tx, caller| {
            let (_, membership) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
            Ok(membership.administrator(act).map(drop)?)
        })
    }
}

impl<C> Taken<C> {
    /// What was answered under the key, if that is remembered.
    ///
    /// # Errors
    /// 422 if the key was used for another request, 409 if the answer showed a secret.
    fn recall(&self, tx: &mut Reading<'_>, keys: &DataKeys, since: Instant) -> Result<Option<HttpAnswer>, Problem> {
        let Some(answered) = tx.answered(&self.scope, since)? else { return Ok(None) };
        if !self.fingerprints.contains(&answered.fingerprint) {
            return Err(Code::IdempotencyKeyReused.into());
        }
        let prepared = Prepared::kept(answered, keys)?;
        match prepared.secret_of {
            Some(id) => Err(Refusal::AlreadyDone { id }.into()),
            None => Ok(Some(HttpAnswer { prepared, is_replay: true })),
        }
    }

    /// What the rival was answered that came first, for a caller who may still know it.
    ///
    /// # Errors
    /// The guard's; 422 if the key was used for another request, 409 if the answer is gone.
    pub fn recall_rivals(&self, tx: &mut Reading<'_>, caller: &C, keys: &DataKeys) -> Result<HttpAnswer, Problem> {
        (self.guard)(tx, caller)?;
        let since = tx.now() - MEMORY;
        self.recall(tx, keys, since)?.ok_or_else(|| Refusal::TryAgain.into())
    }
}

/// An answer, and whether it was given before.
pub struct HttpAnswer {
    prepared: Prepared,
    is_replay: bool,
}

impl HttpAnswer {
    fn fresh(prepared: Prepared) -> Self {
        Self { prepared, is_replay: false }
    }

    /// As it goes out.
    pub fn send(self) -> HttpResponse {
        let mut response = self.prepared.send();
        if self.is_replay {
            response.headers_mut().insert(REPLAYED, actix_web::http::header::HeaderValue::from_static("true"));
        }
        response
    }
}

/// Quoted, as a structured field, or bare: 1 to 255 visible characters.
fn parse(header: &str) -> Option<String> {
    let header = header.trim();
    let key = header.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(header);
    let is_key = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    is_key.then(|| key.to_owned())
}

fn malformed() -> Problem {
    let place = Place::Header("Idempotency-Key".to_owned());
    Problem::invalid(vec![FieldError { place, flaw: Fault::Malformed.into() }])
}

impl Prepared {
    /// As it is kept; of one that shows a secret no more than what was made.
    fn answered(&self, fingerprint: &str, keys: &DataKeys) -> Answered {
        if let Some(made) = self.secret_of {
            let (status, sealed) = (SHOWED_SECRET.as_u16().into(), keys.seal(ANSWER, &made.to_string()));
            return Answered { fingerprint: fingerprint.to_owned(), status, location: None, etag: None, sealed };
        }
        Answered {
            fingerprint: fingerprint.to_owned(),
            status: self.status.as_u16().into(),
            location: self.location.clone(),
            etag: self.etag.clone(),
            sealed: keys.seal(ANSWER, &String::from_utf8_lossy(&self.body)),
        }
    }

    fn kept(answered: Answered, keys: &DataKeys) -> Result<Self, Problem> {
        let status = u16::try_from(answered.status).ok().and_then(|status| status.try_into().ok());
        let body = keys.open(ANSWER, &answered.sealed);
        let body =
            body.ok_or_else(|| Problem::from(Code::Internal).because("the key that sealed an answer is missing"))?;
        let status = status.unwrap_or(StatusCode::OK);
        let secret_of = (status == SHOWED_SECRET).then(|| Uuid::parse_str(&body)).transpose();
        Ok(Self {
            status,
            location: answered.location,
            etag: answered.etag,
            secret_of: secret_of.map_err(|error| Problem::from(Code::Internal).because(error))?,
            body: body.into_bytes(),
        })
    }
}
