//! A company's own software, and the handlers that serve it beside persons.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use domain::{
    Instant, Refusal,
    collaboration::{Standing, SystemRights},
    id::SpaceId,
    identity::Strength,
    space::Space,
};
use persistence::Reading;

use super::{Alive, Caller, Person, Strong, alive};
use crate::{
    app::App,
    http::{problem::Problem, strength::Wanted},
    tokens::access::Bearer,
};

/// A person, or a company's own software; handlers that take it serve both, by one rule.
#[derive(Clone)]
pub struct Anyone(Person);

/// Who calls such an operation, for as long as the transaction lasts.
#[derive(Debug, Clone)]
pub enum Someone {
    /// A person.
    Person(Caller),
    /// Software that gets in.
    Software(Box<Software>),
}

/// A system user that gets in now, with the rights that it has and its token is for.
#[derive(Debug, Clone)]
pub struct Software {
    space: Space,
    rights: SystemRights,
}

impl Software {
    pub(super) fn new(space: Space, rights: SystemRights) -> Self {
        Self { space, rights }
    }
}

impl Someone {
    /// A space, and as what the caller is in it. What he may there, [`Standing::require`] says.
    ///
    /// # Errors
    /// 404 where he sees none.
    pub fn space(&self, tx: &mut Reading<'_>, id: SpaceId) -> Result<(Space, Standing), Problem> {
        let found = match self {
            Self::Person(caller) => tx
                .space_of(id, caller.person, caller.product)?
                .map(|(space, membership)| (space, Standing::Member(membership))),
            Self::Software(software) => Some(software)
                .filter(|software| software.space.id == id)
                .map(|software| (software.space.clone(), Standing::SystemUser(software.rights.clone()))),
        };
        Ok(found.ok_or(Refusal::NotFound)?)
    }

    /// Judges the login of a person, once his right is known; software has proved by its key who it is.
    ///
    /// # Errors
    /// Those of [`Caller::strong`].
    pub fn strong(&self) -> Result<Strong, Problem> {
        match self {
            Self::Person(caller) => caller.strong(),
            Self::Software(_) => Ok(Strong(())),
        }
    }

    /// Whether the login of a person is as strong and fresh as this.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`].
    pub fn require_login(&self, wanted: Strength, now: Instant) -> Result<(), Refusal> {
        match self {
            Self::Person(caller) => wanted.require(caller, now),
            Self::Software(_) => Ok(()),
        }
    }
}

impl Anyone {
    /// Runs a closure in a read transaction in which the caller is known: a person whose session is alive, or software
    /// that gets in.
    ///
    /// # Errors
    /// 401 for anybody else; the closure's own.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reading<'_>, &Someone) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (bearer, wanted) = (self.0.gate.verified()?, self.0.wanted);
        self.0
            .gate
            .app
            .store
            .read(move |tx| {
                let someone = someone(tx, &bearer, wanted)?;
                work(tx, &someone)
            })
            .await
    }

    /// The same without a transaction, as [`Person::glance`].
    ///
    /// # Errors
    /// Those of [`Anyone::read`].
    pub async fn glance<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Reading<'_>, &Someone) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (bearer, wanted) = (self.0.gate.verified()?, self.0.wanted);
        self.0
            .gate
            .app
            .store
            .glance(move |tx| {
                let someone = someone(tx, &bearer, wanted)?;
                work(tx, &someone)
            })
            .await
    }

    /// What every request finds ready.
    pub fn app(&self) -> Arc<App> {
        self.0.app()
    }
}

/// A caller where persons and software are served.
fn someone(tx: &mut Reading<'_>, bearer: &Bearer, wanted: Wanted) -> Result<Someone, Problem> {
    match alive(tx, bearer)? {
        Alive::Person(session, current_space) => {
            Ok(Someone::Person(Caller { session, current_space, wanted, now: tx.now() }))
        }
        Alive::Software(software) => Ok(Someone::Software(Box::new(software))),
        Alive::Partner(_) => Err(Refusal::NotForPartners.into()),
    }
}

impl FromRequest for Anyone {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Person::from_request(request, payload).into_inner().map(Self))
    }
}
