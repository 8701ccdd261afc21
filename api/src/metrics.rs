//! What is counted: requests by route, method and status, and how long they took.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// The counters of one server.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    method: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::<Request, Counter>::default();
        // From half a millisecond to sixteen seconds.
        let durations =
            Family::<Route, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(0.0005, 2.0, 16)));
        let mut registry = Registry::with_prefix("espace_pro");
        registry.register("requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from headers to answer",
            Unit::Seconds,
            durations.clone(),
        );
        Self { registry, requests, durations }
    }
}

impl Metrics {
    /// Counts an answered request, under its route's template.
    pub fn count(&self, route: &str, method: &str, status: u16, seconds: f64) {
        let (route, method) = (route.to_owned(), method.to_owned());
        self.requests.get_or_create(&Request { route: route.clone(), method: method.clone(), status }).inc();
        self.durations.get_or_create(&Route { route, method }).observe(seconds);
    }

    /// Everything, in the text format of `OpenMetrics`.
    ///
    /// # Errors
    /// It can't be written.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
