//! What is counted: requests by route, method and status, how long they took, and recurring jobs; and what is looked up
//! when somebody asks: the database, and the outbox.

use std::fmt::Error;

use domain::Instant;
use persistence::{Fate, Figures, Lane, OutboxFigures};
use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder,
        text::{encode, encode_registry},
    },
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

const PREFIX: &str = "espace_pro";

/// The counters of one server.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
    jobs: Family<JobRun, Counter>,
    jobs_done: Family<Job, Gauge>,
    /// How many security codes were tried.
    pub security_codes: Counter,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobRun {
    job: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Job {
    job: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::<Request, Counter>::default();
        // From half a millisecond to sixteen seconds.
        let durations =
            Family::<Route, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(0.0005, 2.0, 16)));
        let (jobs, jobs_done) = (Family::<JobRun, Counter>::default(), Family::<Job, Gauge>::default());
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register("requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from headers to answer",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("jobs", "Recurring jobs done here, and such that failed", jobs.clone());
        registry.register_with_unit(
            "job_done_timestamp",
            "When a recurring job was last done here",
            Unit::Seconds,
            jobs_done.clone(),
        );
        let security_codes = Counter::default();
        registry.register("security_codes_tried", "Security codes tried, right or wrong", security_codes.clone());
        Self { registry, requests, durations, jobs, jobs_done, security_codes }
    }
}

impl Metrics {
    /// Counts an answered request, under its route's template.
    pub fn count(&self, route: &str, method: &str, status: u16, seconds: f64) {
        let (route, method) = (route.to_owned(), method.to_owned());
        self.requests.get_or_create(&Request { route: route.clone(), method: method.clone(), status }).inc();
        self.durations.get_or_create(&Route { route, method }).observe(seconds);
    }

    /// Counts a recurring job that was done.
    pub fn job_done(&self, job: &'static str, now: Instant) {
        self.jobs.get_or_create(&JobRun { job, outcome: "done" }).inc();
        self.jobs_done.get_or_create(&Job { job }).set(now.timestamp());
    }

    /// Counts a recurring job that failed.
    pub fn job_failed(&self, job: &'static str) {
        self.jobs.get_or_create(&JobRun { job, outcome: "failed" }).inc();
    }

    /// Everything, in the text format of `OpenMetrics`; the outbox is left out where the database did not tell.
    ///
    /// # Errors
    /// It can't be written.
    pub fn text(&self, database: Figures, outbox: Option<OutboxFigures>) -> Result<String, Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        let mut looked_up = Registry::with_prefix(PREFIX);
        looked_up.register_collector(Box::new(LookedUp { database, outbox }));
        encode(&mut text, &looked_up)?;
        Ok(text)
    }
}

/// What was looked up for one scrape.
#[derive(Debug)]
struct LookedUp {
    database: Figures,
    outbox: Option<OutboxFigures>,
}

impl Collector for LookedUp {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        self.lanes(&mut encoder)?;
        self.batches(&mut encoder)?;
        self.outbox(&mut encoder)
    }
}

/// What a lane has of a metric.
type Figure = fn(&Lane) -> Option<u64>;
type Labels<'a> = [(&'a str, &'a str); 1];

impl LookedUp {
    fn lanes(&self, encoder: &mut DescriptorEncoder) -> Result<(), Error> {
        let lanes = [("read", &self.database.reads), ("write", &self.database.writes)];
        let mut family = counters(encoder, "database_transactions", "Transactions by what became of them")?;
        for (access, lane) in lanes {
            for (fate, count) in Fate::ALL.into_iter().zip(lane.fates) {
                let labels = [("access", access), ("outcome", name(fate))];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let mut family = counters(encoder, "database_turned_away", "Transactions refused because so many waited")?;
        for (access, lane) in lanes {
            ConstCounter::new(lane.turned_away).encode(family.encode_family(&of(access))?)?;
        }
        let each: [(&str, &str, Figure); 5] = [
            ("database_waiting", "Transactions that wait to begin", |lane| Some(lane.waiting)),
            ("database_places", "How many may wait", |lane| Some(lane.places)),
            ("database_connections_busy", "Connections at work", |lane| Some(lane.connections?.busy)),
            ("database_connections_idle", "Connections at rest", |lane| Some(lane.connections?.idle)),
            ("database_connections_most", "How many connections there may be", |lane| Some(lane.connections?.most)),
        ];
        for (metric, help, value) in each {
            let mut family = encoder.encode_descriptor(metric, help, None, MetricType::Gauge)?;
            for (access, lane) in lanes {
                if let Some(value) = value(lane) {
                    ConstGauge::new(value).encode(family.encode_family(&of(access))?)?;
                }
            }
        }
        Ok(())
    }

    fn batches(&self, encoder: &mut DescriptorEncoder) -> Result<(), Error> {
        let Some(batches) = self.database.batches else { return Ok(()) };
        let counts = [
            ("database_batches", "Shared commits that were kept", batches.kept),
            ("database_batched_transactions", "Transactions in them", batches.transactions),
            ("database_batches_broken", "Shared commits that were not kept", batches.broken),
        ];
        for (metric, help, count) in counts {
            ConstCounter::new(count).encode(counters(encoder, metric, help)?)?;
        }
        let help = "Whether the database takes writes: 1, or 0 since a commit failed";
        gauge(encoder, "database_writable", help, None, u64::from(batches.is_writable))
    }

    fn outbox(&self, encoder: &mut DescriptorEncoder) -> Result<(), Error> {
        let Some(OutboxFigures { waiting, dead, overdue }) = self.outbox else { return Ok(()) };
        gauge(encoder, "outbox_waiting", "Messages that wait to go out", None, waiting)?;
        gauge(encoder, "outbox_dead", "Messages that were given up", None, dead)?;
        let overdue = overdue.num_seconds().unsigned_abs();
        let help = "How long the oldest message that is due has been so";
        gauge(encoder, "outbox_overdue", help, Some(&Unit::Seconds), overdue)
    }
}

fn of(access: &str) -> Labels<'_> {
    [("access", access)]
}

fn counters<'e>(encoder: &'e mut DescriptorEncoder<'_>, name: &'e str, help: &str) -> Result<MetricEncoder<'e>, Error> {
    encoder.encode_descriptor(name, help, None, MetricType::Counter)
}

fn gauge(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: u64,
) -> Result<(), Error> {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?)
}

fn name(fate: Fate) -> &'static str {
    match fate {
        Fate::Kept => "kept",
        Fate::Refused => "refused",
        Fate::Busy => "busy",
        Fate::Conflict => "conflict",
        Fate::Failed => "failed",
        Fate::OutcomeUnknown => "outcome_unknown",
    }
}
