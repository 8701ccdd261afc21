//! Who calls. A handler's signature says whom it serves; what it does runs in a transaction that has first found the
//! caller's session alive. How strong a login the route wants, the caller knows; the handler asks once it found the right.

mod partner;
mod software;

use std::{
    future::{Ready, ready},
    ops::Deref,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE},
    web::Data,
};
use domain::{
    Instant, Refusal, audit::Actor, collaboration::SystemRights, helpdesk::Agent, id::SpaceId, identity::Session,
    partner::PartnerScopes,
};
use persistence::{Reading, Transaction};

pub use self::{
    partner::{Partner, PartnerCaller},
    software::{Anyone, Software, Someone},
};

use super::{
    answer::{Answer, Prepared},
    idempotency::{Hindered, Once},
    problem::{Code, Problem},
    strength::{Strengths, Wanted},
};
use crate::{app::App, tokens::access::Bearer};

/// Where requests come in: with an access token, or without one.
#[derive(Clone)]
struct Gate {
    app: Arc<App>,
    token: Option<String>,
}

/// A person with an access token, or somebody who is told to get one as soon as he wants anything.
#[derive(Clone)]
pub struct Person {
    gate: Gate,
    wanted: Wanted,
}

/// A person who must be an agent of the Helpdesk as soon as he wants anything.
#[derive(Clone)]
pub struct Helpdesk(Person);

/// Who sends a request, so that what is kept for him serves nobody else: cursors, and keys of idempotency.
pub trait Sender {
    /// What tells him from all others.
    fn written(&self) -> String;

    /// Judges his login, where he has one.
    ///
    /// # Errors
    /// Those of [`Caller::strong`].
    fn strong(&self) -> Result<Strong, Problem>;
}

/// A person whose session is alive, for as long as the transaction lasts.
#[derive(Debug, Clone)]
pub struct Caller {
    session: Session,
    current_space: Option<SpaceId>,
    wanted: Wanted,
    now: Instant,
}

/// The caller's login is as strong and as fresh as the operation wants; a body opens to nobody else.
#[derive(Debug, Clone, Copy)]
pub struct Strong(());

impl Deref for Caller {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Caller {
    /// Judges the login, once the caller's right is known.
    ///
    /// # Errors
    /// 401 with a challenge (RFC 9470).
    pub fn strong(&self) -> Result<Strong, Problem> {
        self.wanted.always.require(&self.session, self.now)?;
        Ok(Strong(()))
    }

    /// The same where it may be turned against an administrator, of which some operations want more.
    ///
    /// # Errors
    /// Those of [`Caller::strong`].
    pub fn strong_where(&self, is_against_administrator: bool) -> Result<Strong, Problem> {
        let strong = self.strong()?;
        if let Some(more) = self.wanted.against_administrators.filter(|_| is_against_administrator) {
            more.require(&self.session, self.now)?;
        }
        Ok(strong)
    }

    /// The space in which his session works, whether he still sees it or not.
    pub fn current_space(&self) -> Option<SpaceId> {
        self.current_space
    }

    /// Who acts, for the audit log.
    pub fn actor(&self) -> Actor {
        Actor::from(&self.session)
    }
}

impl Sender for Caller {
    fn written(&self) -> String {
        format!("{}\n{}", self.person, self.product)
    }
    fn strong(&self) -> Result<Strong, Problem> {
        self.strong()
    }
}

impl Gate {
    fn of(request: &HttpRequest) -> Option<Self> {
        let token = bearer(request.headers()).map(str::to_owned);
        let app = request.app_data::<Data<App>>().map(|app| Arc::clone(app))?;
        Some(Self { app, token })
    }

    fn verified(&self) -> Result<Bearer, Problem> {
        let token = self.token.as_deref().ok_or(Code::TokenInvalid)?;
        self.app.access.verify(token, (self.app.clock)()).map_err(|reason| refused().because(reason))
    }

    /// Runs work that its sender may send again.
    async fn write_once<C: Sender + 'static>(
        &self,
        once: Once<C>,
        caller: impl Fn(&mut Reading<'_>) -> Result<C, Problem> + Clone + Send + 'static,
        work: impl FnOnce(&mut Transaction<'_>, &C) -> Result<Result<Prepared, Refusal>, Problem> + Send + 'static,
    ) -> Answer {
        let (app, caller_of_work) = (Arc::clone(&self.app), caller.clone());
        let done = self.app.store.write(move |tx| {
            let caller = caller_of_work(tx)?;
            once.run(tx, &caller, &app.data_keys, work)
        });
        let taken = match done.await {
            Ok(answer) => return Ok(answer?.send()),
            Err(Hindered::Problem(problem)) => return Err(problem),
            Err(Hindered::Rival(taken)) => taken,
        };
        let app = Arc::clone(&self.app);
        let recalled = self.app.store.read(move |tx| {
            let caller = caller(tx)?;
            taken.recall_rivals(tx, &caller, &app.data_keys)
        });
        Ok(recalled.await?.send())
    }
}

impl Person {
    /// Runs a closure in a read transaction in which the caller's session is alive.
    ///
    /// # Errors
    /// 401 without a live session; the closure's own.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reading<'_>, &Caller) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (bearer, wanted) = (self.gate.verified()?, self.wanted);
        self.gate
            .app
            .store
            .read(move |tx| {
                let caller = live(tx, &bearer, wanted)?;
                work(tx, &caller)
            })
            .await
    }

    /// The same without a transaction, where one statement follows that which finds the session:
    /// [`Store::glance`](persistence::Store::glance) says when.
    ///
    /// # Errors
    /// Those of [`Person::read`].
    pub async fn glance<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Reading<'_>, &Caller) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (bearer, wanted) = (self.gate.verified()?, self.wanted);
        self.gate
            .app
            .store
            .glance(move |tx| {
                let caller = live(tx, &bearer, wanted)?;
                work(tx, &caller)
            })
            .await
    }

    /// The same in a write transaction.
    ///
    /// # Errors
    /// 401 without a live session; the closure's own.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>, &Caller) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (bearer, wanted) = (self.gate.verified()?, self.wanted);
        self.gate
            .app
            .store
            .write(move |tx| {
                let caller = live(tx, &bearer, wanted)?;
                work(tx, &caller)
            })
            .await
    }

    /// The same for work that its sender may send again: done once, answered as often as it is asked.
    ///
    /// # Errors
    /// Those of [`Person::write`], and of [`Once::run`].
    pub async fn write_once(
        &self,
        once: Once,
        work: impl FnOnce(&mut Transaction<'_>, &Caller) -> Result<Prepared, Problem> + Send + 'static,
    ) -> Answer {
        self.try_once(once, move |tx, caller| work(tx, caller).map(Ok)).await
    }

    /// The same for work that may refuse and yet keep what it did: an inner refusal is kept, and leaves the key free.
    ///
    /// # Errors
    /// Those of [`Person::write_once`], and the refusal.
    pub async fn try_once(
        &self,
        once: Once,
        work: impl FnOnce(&mut Transaction<'_>, &Caller) -> Result<Result<Prepared, Refusal>, Problem> + Send + 'static,
    ) -> Answer {
        let (bearer, wanted) = (self.gate.verified()?, self.wanted);
        self.gate.write_once(once, move |tx| live(tx, &bearer, wanted), work).await
    }

    /// What every request finds ready.
    pub fn app(&self) -> Arc<App> {
        Arc::clone(&self.gate.app)
    }
}

impl Helpdesk {
    /// Runs a closure in a read transaction in which the session of an agent is alive.
    ///
    /// # Errors
    /// Those of [`Person::read`]; 403 for a caller who is no agent.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reading<'_>, &Caller, Agent) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.0.read(|tx, caller| work(tx, caller, Agent::of(caller)?)).await
    }

    /// The same in a write transaction, for work that its sender may send again.
    ///
    /// # Errors
    /// Those of [`Person::write_once`]; 403 for a caller who is no agent.
    pub async fn write_once(
        &self,
        once: Once,
        work: impl FnOnce(&mut Transaction<'_>, &Caller, Agent) -> Result<Prepared, Problem> + Send + 'static,
    ) -> Answer {
        let once = once.guarded(|_, caller| Ok(Agent::of(caller).map(drop)?));
        self.0.write_once(once, |tx, caller| work(tx, caller, Agent::of(caller)?)).await
    }

    /// What every request finds ready.
    pub fn app(&self) -> Arc<App> {
        self.0.app()
    }
}

/// Whoever has a token and gets in now.
enum Alive {
    Person(Session, Option<SpaceId>),
    Software(Software),
    Partner(PartnerCaller),
}

/// An ended session, and software or a partner that is not let in any more, is refused on the next request, on every node: the
/// row is read each time, in the transaction.
fn alive(tx: &mut Reading<'_>, bearer: &Bearer) -> Result<Alive, Problem> {
    let unknown = || refused().because("the scope is unknown");
    match bearer {
        Bearer::Person { session, .. } => {
            let found = tx.live_session_with_space(*session)?;
            let (session, current_space) = found.ok_or_else(|| refused().because("the session has ended"))?;
            Ok(Alive::Person(session, current_space))
        }
        Bearer::SystemUser { user, scope } => {
            let found = tx.live_system_user(*user)?;
            let (user, space) = found.ok_or_else(|| refused().because("the system user does not get in now"))?;
            let granted = SystemRights::parse(scope).ok_or_else(unknown)?;
            Ok(Alive::Software(Software::new(space, user.rights.common(&granted))))
        }
        Bearer::Partner { partner, scope } => {
            let partner = tx.live_partner(*partner)?.ok_or_else(|| refused().because("the partner is suspended"))?;
            let granted = PartnerScopes::parse(scope).map_err(|_| unknown())?;
            Ok(Alive::Partner(PartnerCaller::new(partner, &granted)))
        }
    }
}

/// A caller where only persons are served.
fn live(tx: &mut Reading<'_>, bearer: &Bearer, wanted: Wanted) -> Result<Caller, Problem> {
    match alive(tx, bearer)? {
        Alive::Person(session, current_space) => Ok(Caller { session, current_space, wanted, now: tx.now() }),
        Alive::Software(_) => Err(Refusal::NotForSystemUsers.into()),
        Alive::Partner(_) => Err(Refusal::NotForPartners.into()),
    }
}

/// RFC 6750 §3.1.
fn refused() -> Problem {
    let mut problem = Problem::from(Code::TokenInvalid);
    problem.headers = vec![(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#))];
    problem
}

/// The token in a request's headers.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    // Two headers are none: whoever stands before us may have read the other one.
    let mut given = headers.get_all(AUTHORIZATION);
    let header = given.next().filter(|_| given.next().is_none())?;
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

impl FromRequest for Person {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let wanted = request
            .app_data::<Data<Strengths>>()
            .and_then(|strengths| strengths.wanted(&request.match_pattern()?, request.method()));
        let person = Gate::of(request).zip(wanted).map(|(gate, wanted)| Self { gate, wanted });
        ready(person.ok_or_else(|| Code::Internal.into()))
    }
}

impl FromRequest for Helpdesk {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Person::from_request(request, payload).into_inner().map(Self))
    }
}
