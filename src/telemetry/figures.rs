//! Server. What is counted, for Prometheus. Each label has few values, whatever comes in: routes are templates.

use crate::domain::{Error, Result};
use prometheus::core::Collector;
use prometheus::{Encoder as _, TextEncoder};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Seconds of a request, by method and route: few, because there are many routes.
const OF_REQUESTS: [f64; 8] = [0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
const OF_WRITES: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
const OF_WAITING: [f64; 10] = [0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0];
const OF_DERIVATIONS: [f64; 9] = [0.002, 0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// The figures of one server. Cheap to clone.
#[derive(Clone)]
pub struct Figures(Arc<Counted>);

/// All that is counted where it happens.
pub struct Counted {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    jobs: IntCounterVec,
    /// Jobs that were handed to the writer and that no transaction has taken up.
    pub jobs_waiting: IntGauge,
    transactions: IntCounterVec,
    transaction_seconds: Histogram,
    pub sockets: IntGauge,
    pub frames_sent: IntCounter,
    pub batches_skipped: IntCounter,
    /// Runs that this server is at.
    pub runs_here: IntGauge,
    start_seconds: Histogram,
    spans: IntCounterVec,
    runs_derived: IntCounterVec,
    derivation_seconds: Histogram,
}

impl Deref for Figures {
    type Target = Counted;
    fn deref(&self) -> &Counted {
        &self.0
    }
}

impl Figures {
    pub fn new() -> Result<Self> {
        // Names and labels are fixed, so this is for the compiler.
        let counted = Counted::new().map_err(|e| Error::Unavailable(format!("the metrics can't be set up: {e}")))?;
        Ok(Self(Arc::new(counted)))
    }
}

impl Counted {
    fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let r = &registry;
        let counted = Self {
            requests: counters(
                r,
                "runboard_http_requests_total",
                "Requests answered.",
                &["method", "route", "status"],
            )?,
            request_seconds: kept(
                r,
                HistogramVec::new(
                    histogram("runboard_http_request_seconds", "Time to an answer's first byte.", &OF_REQUESTS),
                    &["method", "route"],
                )?,
            )?,
            jobs: counters(
                r,
                "runboard_writer_jobs_total",
                "Changes, by result: kept, or refused (by a rule, or by the database).",
                &["result"],
            )?,
            jobs_waiting: kept(
                r,
                IntGauge::new("runboard_writer_waiting_jobs", "Changes that wait for the writer to take them up.")?,
            )?,
            transactions: counters(
                r,
                "runboard_writer_transactions_total",
                "The writer's transactions, by result: ok, or failed (not begun or not committed).",
                &["result"],
            )?,
            transaction_seconds: kept(
                r,
                Histogram::with_opts(histogram(
                    "runboard_writer_transaction_seconds",
                    "From taking up a transaction's first change to the end of its commit.",
                    &OF_WRITES,
                ))?,
            )?,
            sockets: kept(r, IntGauge::new("runboard_sockets", "Open WebSockets.")?)?,
            frames_sent: kept(
                r,
                IntCounter::new("runboard_socket_frames_sent_total", "Messages sent to WebSockets.")?,
            )?,
            batches_skipped: kept(
                r,
                IntCounter::new(
                    "runboard_socket_batches_dropped_total",
                    "Batches of changes dropped for sockets that read too slowly; they were sent the newest states instead.",
                )?,
            )?,
            runs_here: kept(r, IntGauge::new("runboard_engine_runs", "Runs that this server is doing.")?)?,
            start_seconds: kept(
                r,
                Histogram::with_opts(histogram(
                    "runboard_engine_start_seconds",
                    "From the moment a run was queued to the one this server began it.",
                    &OF_WAITING,
                ))?,
            )?,
            spans: counters(
                r,
                "runboard_otlp_spans_total",
                "Spans that came in, by result: taken or rejected.",
                &["result"],
            )?,
            runs_derived: counters(
                r,
                "runboard_otlp_runs_derived_total",
                "Runs that derivations gave: new ones, and known ones that were looked at again.",
                &["result"],
            )?,
            derivation_seconds: kept(
                r,
                Histogram::with_opts(histogram(
                    "runboard_otlp_derivation_seconds",
                    "One derivation: reading what is stored of some traces, making runs of it, writing them.",
                    &OF_DERIVATIONS,
                ))?,
            )?,
            registry,
        };
        // What never happened is 0, and not unknown.
        for (counters, results) in [
            (&counted.jobs, ["kept", "refused"]),
            (&counted.transactions, ["ok", "failed"]),
            (&counted.spans, ["taken", "rejected"]),
            (&counted.runs_derived, ["new", "known"]),
        ] {
            for result in results {
                counters.get_metric_with_label_values(&[result])?;
            }
        }
        Ok(counted)
    }

    /// `route` is a template.
    pub fn answered(&self, method: &str, route: &str, status: &str, took: Duration) {
        self.requests.with_label_values(&[method, route, status]).inc();
        self.request_seconds.with_label_values(&[method, route]).observe(took.as_secs_f64());
    }

    /// A transaction is over: `kept` of its `jobs` stand.
    pub fn written(&self, jobs: usize, kept: usize, ok: bool, took: Duration) {
        self.jobs.with_label_values(&["kept"]).inc_by(kept as u64);
        self.jobs.with_label_values(&["refused"]).inc_by(jobs.saturating_sub(kept) as u64);
        self.transactions.with_label_values(&[if ok { "ok" } else { "failed" }]).inc();
        self.transaction_seconds.observe(took.as_secs_f64());
    }

    /// A run was begun for the first time.
    pub fn begun(&self, waited: Duration) {
        self.start_seconds.observe(waited.as_secs_f64());
    }

    pub fn spans_came(&self, taken: u64, rejected: u64) {
        self.spans.with_label_values(&["taken"]).inc_by(taken);
        self.spans.with_label_values(&["rejected"]).inc_by(rejected);
    }

    pub fn derived(&self, new: usize, known: usize, took: Duration) {
        self.runs_derived.with_label_values(&["new"]).inc_by(new as u64);
        self.runs_derived.with_label_values(&["known"]).inc_by(known as u64);
        self.derivation_seconds.observe(took.as_secs_f64());
    }

    /// As Prometheus reads it.
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        if let Err(e) = TextEncoder::new().encode(&self.registry.gather(), &mut bytes) {
            tracing::error!(error = %e, "metrics can't be written");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(buckets.to_vec())
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
    kept(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

/// The registry has it, too.
fn kept<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> prometheus::Result<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

/// One more of something, for as long as this is held.
pub struct Held(IntGauge);

impl Held {
    pub fn one(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_happened_is_nought() {
        let figures = Figures::new().expect("figures");
        figures.written(3, 2, true, Duration::from_millis(4));
        let held = Held::one(&figures.sockets);
        let text = figures.text();
        for line in [
            "runboard_writer_jobs_total{result=\"kept\"} 2",
            "runboard_writer_jobs_total{result=\"refused\"} 1",
            "runboard_writer_transactions_total{result=\"failed\"} 0",
            "runboard_writer_transaction_seconds_bucket{le=\"0.005\"} 1",
            "runboard_otlp_spans_total{result=\"taken\"} 0",
            "runboard_sockets 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        drop(held);
        assert!(figures.text().contains("runboard_sockets 0\n"));
    }
}
