//! Limits: how many requests one caller (a person, a company's own software, a partner), and one client address, may send
//! in a while.

use std::{convert::Infallible, hash::Hash, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderName, HeaderValue, RETRY_AFTER},
    },
    middleware::Next,
    web::Data,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, StateStore},
};
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::{
    address::limited_as,
    caller::bearer,
    problem::{Code, Problem},
};
use crate::app::App;

/// Of how many keys a policy remembers what they sent; those that send most are forgotten last.
const REMEMBERED: usize = 100_000;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// So many requests in so many seconds: at once or one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    requests: NonZeroU32,
    seconds: NonZeroU32,
}

impl Allowance {
    /// At least one request in at least one second.
    pub fn new(requests: u32, seconds: u32) -> Self {
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { requests: positive(requests), seconds: positive(seconds) }
    }

    /// `requests/seconds`, up to a million in up to a day.
    pub fn parse(text: &str) -> Option<Self> {
        let (requests, seconds) = text.split_once('/')?;
        let (requests, seconds): (NonZeroU32, NonZeroU32) = (requests.parse().ok()?, seconds.parse().ok()?);
        (requests.get() <= 1_000_000 && seconds.get() <= 86_400).then_some(Self { requests, seconds })
    }

    fn quota(self) -> Quota {
        let each = Duration::from_secs(self.seconds.get().into()) / self.requests.get();
        Quota::with_period(each).unwrap_or(Quota::per_second(self.requests)).allow_burst(self.requests)
    }
}

/// What is allowed to whom.
#[derive(Debug, Clone, Copy)]
pub struct Allowances {
    /// To one person, a company's own software or an administration's back end, by their tokens.
    pub person: Allowance,
    /// To one client address.
    pub address: Allowance,
    /// To one client address, of `POST /v1/registrations` and what is below it.
    pub registrations: Allowance,
    /// To one client address, of `POST /v1/token` and what is below it.
    pub tokens: Allowance,
    /// To one client address, of `/v1/verify` and what is below it: anybody asks, and each answer costs a content.
    pub verifications: Allowance,
}

/// The state of each key, in a bounded memory. Who floods from many addresses pushes out what was seen once, so a key
/// that sends much stays limited.
struct Buckets<K>(Cache<K, Arc<InMemoryState>>);

impl<K: Hash + Eq + Clone> StateStore for Buckets<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Ok(bucket) = self.0.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default()));
        bucket.measure_and_replace(&NotKeyed::NonKey, measure)
    }
}

/// One limit.
struct Policy<K: Hash + Eq + Clone, C: Clock> {
    name: &'static str,
    allowance: Allowance,
    buckets: RateLimiter<K, Buckets<K>, C, StateInformationMiddleware>,
}

/// How one key stands with a policy, once a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    policy: &'static str,
    allowance: Allowance,
    remaining: u32,
    /// Until all is allowed again; to who was refused, until one more is.
    seconds: u64,
    is_refused: bool,
}

impl<K: Hash + Eq + Clone, C: Clock> Policy<K, C> {
    fn new(name: &'static str, allowance: Allowance, clock: C) -> Self {
        let buckets = RateLimiter::new(allowance.quota(), Buckets(Cache::new(REMEMBERED)), clock);
        Self { name, allowance, buckets }
    }

    fn count(&self, key: &K) -> Standing {
        let (remaining, wait, is_refused) = match self.buckets.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = self.allowance.requests.get().saturating_sub(remaining);
                (remaining, state.quota().replenish_interval() * used, false)
            }
            Err(refused) => (0, refused.wait_time_from(self.buckets.clock().now()), true),
        };
        // Rounded up: who comes back then is let in.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Standing {
            policy: self.name,
            allowance: self.allowance,
            remaining,
            seconds: seconds.max(is_refused.into()),
            is_refused,
        }
    }
}

/// All limits of a server. Its memory of them is its own: behind a balancer each server counts what reaches it.
pub struct Limits<C: Clock = MonotonicClock> {
    person: Policy<Uuid, C>,
    address: Policy<IpAddr, C>,
    registrations: Policy<IpAddr, C>,
    tokens: Policy<IpAddr, C>,
    verifications: Policy<IpAddr, C>,
}

impl<C: Clock + Clone> Limits<C> {
    /// Limits that nobody has used yet.
    pub fn new(allowances: &Allowances, clock: &C) -> Self {
        Self {
            person: Policy::new("person", allowances.person, clock.clone()),
            address: Policy::new("address", allowances.address, clock.clone()),
            registrations: Policy::new("registrations", allowances.registrations, clock.clone()),
            tokens: Policy::new("tokens", allowances.tokens, clock.clone()),
            verifications: Policy::new("verifications", allowances.verifications, clock.clone()),
        }
    }

    /// Counts a request under every policy that it comes under, up to the first that refuses it. The caller is asked for
    /// last: a flood of tokens to verify has an address.
    fn count(&self, method: &Method, path: &str, client: IpAddr, person: impl FnOnce() -> Option<Uuid>) -> Standings {
        let mut standings = Standings(vec![]);
        if !is_limited(path) {
            return standings;
        }
        let key = limited_as(client);
        standings.0.push(self.address.count(&key));
        let is_post = method == Method::POST;
        for (is_meant, root, policy) in [
            (is_post, "/v1/registrations", &self.registrations),
            (is_post, "/v1/token", &self.tokens),
            (true, "/v1/verify", &self.verifications),
        ] {
            if standings.refused().is_none() && is_meant && is_below(root, path) {
                standings.0.push(policy.count(&key));
            }
        }
        if standings.refused().is_none()
            && let Some(person) = person()
        {
            standings.0.push(self.person.count(&person));
        }
        standings
    }
}

/// Whether requests to a path are counted: all but those of probes, and for what is read about the API.
pub fn is_limited(path: &str) -> bool {
    !["/health", "/docs", "/problems", "/v1/openapi.json", "/v1/openapi.yaml"].iter().any(|root| is_below(root, path))
}

fn is_below(root: &str, path: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What was counted of one request.
pub struct Standings(Vec<Standing>);

impl Standings {
    fn refused(&self) -> Option<&Standing> {
        self.0.iter().find(|standing| standing.is_refused)
    }

    fn problem(&self) -> Option<Problem> {
        let refused = self.refused()?;
        let problem = Problem::from(Code::TooManyRequests).with("retryAfter", refused.seconds).because(refused.policy);
        Some(problem.with_header(RETRY_AFTER, refused.seconds.into()))
    }

    /// The headers that tell a client how he stands (draft-ietf-httpapi-ratelimit-headers-10).
    pub fn headers(&self) -> Option<[(HeaderName, HeaderValue); 2]> {
        let list = |written: fn(&Standing) -> String| {
            let list: Vec<String> = self.0.iter().map(written).collect();
            HeaderValue::from_str(&list.join(", ")).ok().filter(|value| !value.is_empty())
        };
        let policies = list(|standing| {
            let Allowance { requests, seconds } = standing.allowance;
            format!("\"{}\";q={requests};w={seconds}", standing.policy)
        });
        let standings = list(|standing| {
            let Standing { policy, remaining, seconds, .. } = standing;
            format!("\"{policy}\";r={remaining};t={seconds}")
        });
        Some([(RATE_LIMIT_POLICY, policies?), (RATE_LIMIT, standings?)])
    }
}

/// The middleware that counts, and refuses whoever sends too much; [`super::door`] writes the headers.
pub async fn limits<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let standings = request.app_data::<Data<App>>().and_then(|app| count(app, &request));
    if let Some(standings) = standings {
        let problem = standings.problem();
        request.extensions_mut().insert(standings);
        if let Some(problem) = problem {
            return Ok(request.error_response(problem));
        }
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

fn count(app: &App, request: &ServiceRequest) -> Option<Standings> {
    let limits = app.limits.as_ref()?;
    let peer = request.peer_addr()?.ip();
    let client = app.config.proxies.client(peer, request.headers());
    let person = || Some(app.access.verify(bearer(request.headers())?, (app.clock)()).ok()?.subject());
    // The path as the router reads it: `%74oken` is `token`.
    Some(limits.count(request.method(), request.match_info().as_str(), client, person))
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const ANNA: Uuid = Uuid::from_u128(1);
    const MARC: Uuid = Uuid::from_u128(2);

    fn limits() -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let allow = |text| Allowance::parse(text).expect("an allowance");
        let allowances = Allowances {
            person: allow("4/60"),
            address: allow("8/60"),
            registrations: allow("2/60"),
            tokens: allow("3/60"),
            verifications: allow("1/60"),
        };
        let clock = FakeRelativeClock::default();
        (Limits::new(&allowances, &clock), clock)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    /// Sends until refused, and says how many were let in, and by which policy the last one was not.
    fn flood(limits: &Limits<FakeRelativeClock>, path: &str, from: u8, person: Option<Uuid>) -> (usize, String) {
        for sent in 0..1000 {
            let standings = limits.count(&Method::POST, path, address(from), || person);
            if let Some(refused) = standings.refused() {
                return (sent, refused.policy.to_owned());
            }
        }
        (1000, String::new())
    }

    #[test]
    fn a_person_has_his_own_allowance_wherever_he_is() {
        let (limits, _) = limits();
        assert_eq!(flood(&limits, "/v1/spaces", 1, Some(ANNA)), (4, "person".into()));
        assert_eq!(flood(&limits, "/v1/spaces", 2, Some(ANNA)), (0, "person".into()));
        assert_eq!(flood(&limits, "/v1/spaces", 2, Some(MARC)), (4, "person".into()));
    }

    #[test]
    fn an_address_has_its_own_and_less_where_nobody_is_known() {
        let (limits, _) = limits();
        assert_eq!(flood(&limits, "/v1/registrations", 1, None), (2, "registrations".into()));
        assert_eq!(flood(&limits, "/v1/registrations/x/confirm", 1, None), (0, "registrations".into()));
        assert_eq!(flood(&limits, "/v1/token", 1, None), (3, "tokens".into()));
        assert_eq!(flood(&limits, "/v1/verify/x", 4, None), (1, "verifications".into()));
        // All eight were counted, three of them though refused by stricter policies.
        assert_eq!(flood(&limits, "/v1/terms", 1, None), (0, "address".into()));
        assert_eq!(flood(&limits, "/v1/terms", 2, None), (8, "address".into()));
        assert_eq!(flood(&limits, "/v1/registrationsX", 3, None), (8, "address".into()));
    }

    #[test]
    fn who_is_refused_by_address_is_not_counted_as_a_person() {
        let (limits, _) = limits();
        flood(&limits, "/v1/terms", 1, None);
        let refused = limits.count(&Method::GET, "/v1/spaces", address(1), || panic!("the token was verified"));
        assert_eq!(refused.refused().map(|standing| standing.policy), Some("address"));
    }

    #[test]
    fn probes_and_papers_are_not_counted() {
        let (limits, _) = limits();
        for path in ["/health/live", "/health/ready", "/docs", "/docs/", "/problems/not_found", "/v1/openapi.json"] {
            assert_eq!(flood(&limits, path, 1, Some(ANNA)).0, 1000, "{path}");
            assert!(limits.count(&Method::GET, path, address(1), || None).headers().is_none());
        }
        for path in ["/healthy", "/v1/openapi", "/", "/v1/spaces"] {
            assert!(is_limited(path), "{path}");
        }
    }

    #[test]
    fn what_was_used_comes_back_with_time() {
        let (limits, clock) = limits();
        flood(&limits, "/v1/spaces", 1, Some(ANNA));
        let refused = limits.count(&Method::GET, "/v1/spaces", address(2), || Some(ANNA)).problem().expect("refused");
        let wait = refused.members["retryAfter"].as_u64().expect("seconds");
        assert_eq!(wait, 15, "a quarter of a minute a request");
        clock.advance(Duration::from_secs(wait));
        assert_eq!(flood(&limits, "/v1/spaces", 3, Some(ANNA)), (1, "person".into()));
        clock.advance(Duration::from_hours(1));
        assert_eq!(flood(&limits, "/v1/spaces", 3, Some(ANNA)), (4, "person".into()));
    }

    #[test]
    fn a_client_is_told_how_he_stands() {
        let (limits, _) = limits();
        let standings = limits.count(&Method::GET, "/v1/spaces", address(1), || Some(ANNA));
        let [policy, standing] = standings.headers().expect("headers").map(|(_, value)| value);
        assert_eq!(policy, "\"address\";q=8;w=60, \"person\";q=4;w=60");
        assert_eq!(standing, "\"address\";r=7;t=8, \"person\";r=3;t=15");
        flood(&limits, "/v1/spaces", 2, Some(ANNA));
        let refused = limits.count(&Method::GET, "/v1/spaces", address(1), || Some(ANNA));
        assert_eq!(refused.headers().expect("headers")[1].1, "\"address\";r=6;t=15, \"person\";r=0;t=15");
    }

    #[test]
    fn the_memory_of_addresses_is_bounded_and_keeps_who_floods() {
        let (limits, _) = limits();
        for _ in 0..20 {
            limits.count(&Method::GET, "/", address(1), || None);
        }
        for other in 0..3 * u32::try_from(REMEMBERED).expect("a number") {
            limits.count(&Method::GET, "/", IpAddr::from(other.to_be_bytes()), || None);
            limits.count(&Method::GET, "/", address(1), || None);
        }
        let Buckets(remembered) = limits.address.buckets.into_state_store();
        assert!(remembered.len() <= REMEMBERED, "{}", remembered.len());
        assert!(remembered.get(&address(1)).is_some());
    }

    #[test]
    fn an_allowance_is_requests_in_seconds() {
        for wrong in ["", "5", "0/1", "1/0", "-1/1", "1/1/1", "1000001/1", "1/86401", "a/b"] {
            assert_eq!(Allowance::parse(wrong), None, "{wrong}");
        }
        assert!(Allowance::parse("1000000/86400").is_some());
    }
}
