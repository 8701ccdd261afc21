//! An administration's back end.

use std::{
    future::{Ready, ready},
    ops::Deref,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use domain::{
    Refusal,
    partner::{EffectiveScopes, PartnerScope, PartnerScopes},
};
use persistence::{Reading, Transaction};

use super::{Alive, Gate, Sender, Strong, alive};
use crate::{
    app::App,
    http::{
        answer::{Answer, Prepared},
        idempotency::Once,
        problem::{Code, Problem},
    },
    tokens::access::Bearer,
};

/// An administration's back end with an access token, or somebody who is told to get one as soon as he wants anything.
#[derive(Clone)]
pub struct Partner(Gate);

/// A partner that gets in now, for as long as the transaction lasts.
#[derive(Debug, Clone)]
pub struct PartnerCaller {
    partner: domain::partner::Partner,
    scopes: EffectiveScopes,
}

impl Deref for PartnerCaller {
    type Target = domain::partner::Partner;
    fn deref(&self) -> &Self::Target {
        &self.partner
    }
}

impl PartnerCaller {
    pub(super) fn new(partner: domain::partner::Partner, granted: &PartnerScopes) -> Self {
        let scopes = partner.scopes.effective(granted);
        Self { partner, scopes }
    }

    /// The scopes that it has and its token is for.
    pub fn effective_scopes(&self) -> &EffectiveScopes {
        &self.scopes
    }

    /// It has proved by its key who it is: a body opens to it.
    pub fn strong(&self) -> Strong {
        Strong(())
    }
}

impl Sender for PartnerCaller {
    fn written(&self) -> String {
        self.id.to_string()
    }
    fn strong(&self) -> Result<Strong, Problem> {
        Ok(self.strong())
    }
}

impl Partner {
    /// Runs a closure in a read transaction in which the partner gets in, and its token is for this scope if one is wanted.
    ///
    /// # Errors
    /// 401 for anybody who does not get in, 403 for who is no partner or lacks the scope; the closure's own.
    pub async fn read<T: Send + 'static>(
        &self,
        scope: impl Into<Option<PartnerScope>>,
        work: impl FnOnce(&mut Reading<'_>, &PartnerCaller) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (bearer, scope) = (self.0.verified()?, scope.into());
        self.0
            .app
            .store
            .read(move |tx| {
                let partner = admitted(tx, &bearer, scope)?;
                work(tx, &partner)
            })
            .await
    }

    /// The same in a write transaction, for work that does no harm when it is sent again.
    ///
    /// # Errors
    /// Those of [`Partner::read`].
    pub async fn write<T: Send + 'static>(
        &self,
        scope: PartnerScope,
        work: impl FnOnce(&mut Transaction<'_>, &PartnerCaller) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let bearer = self.0.verified()?;
        self.0
            .app
            .store
            .write(move |tx| {
                let partner = admitted(tx, &bearer, Some(scope))?;
                let done = work(tx, &partner)?;
                // It may have waited for a lock, and been suspended meanwhile.
                admitted(tx, &bearer, Some(scope)).map(|_| done)
            })
            .await
    }

    /// The same in a write transaction, for work that its sender may send again: done once, answered as often as it is asked.
    ///
    /// # Errors
    /// Those of [`Partner::read`], and of [`Once::run`].
    pub async fn write_once(
        &self,
        scope: PartnerScope,
        once: Once<PartnerCaller>,
        work: impl FnOnce(&mut Transaction<'_>, &PartnerCaller) -> Result<Prepared, Problem> + Send + 'static,
    ) -> Answer {
        let bearer = self.0.verified()?;
        let caller = move |tx: &mut Reading<'_>| admitted(tx, &bearer, Some(scope));
        let still_admitted = caller.clone();
        let work = move |tx: &mut Transaction<'_>, partner: &PartnerCaller| {
            let done = work(tx, partner)?;
            // It may have waited for a lock, and been suspended meanwhile.
            still_admitted(tx).map(|_| Ok(done))
        };
        self.0.write_once(once, caller, work).await
    }

    /// What every request finds ready.
    pub fn app(&self) -> Arc<App> {
        Arc::clone(&self.0.app)
    }
}

/// A caller where only partners are served, with this scope.
fn admitted(tx: &mut Reading<'_>, bearer: &Bearer, scope: Option<PartnerScope>) -> Result<PartnerCaller, Problem> {
    let Alive::Partner(partner) = alive(tx, bearer)? else { return Err(Refusal::PartnersOnly.into()) };
    scope.map_or(Ok(()), |scope| partner.scopes.require(scope))?;
    Ok(partner)
}

impl FromRequest for Partner {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Gate::of(request).map(Self).ok_or_else(|| Code::Internal.into()))
    }
}
