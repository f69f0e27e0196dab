//! Numbers of webhooks, read when somebody asks for them.

use super::metrics::raise;
use jobs::webhook::DispatcherState;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Error, IntCounter, IntGauge};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a number stands that only rises.
type Rising = fn(&DispatcherState) -> &AtomicU64;
/// Where a number of this moment stands.
type Present = fn(&DispatcherState) -> &AtomicI64;

/// What the dispatcher of this node did and does.
#[derive(Clone)]
pub struct WebhookMetrics {
    state: Arc<DispatcherState>,
    counters: Vec<(IntCounter, Rising)>,
    gauges: Vec<(IntGauge, Present)>,
    seconds: Counter,
    /// Two that ask at once must not add the same attempts twice.
    reading: Arc<Mutex<()>>,
}

impl WebhookMetrics {
    /// The numbers of one node.
    ///
    /// # Errors
    /// When a name is no name, which is a defect.
    pub fn new(state: Arc<DispatcherState>) -> Result<Self, Error> {
        let counters: [(&str, &str, Rising); 6] = [
            (
                "tahsil_webhook_attempts_succeeded_total",
                "Attempts that servers took.",
                |it| &it.succeeded,
            ),
            (
                "tahsil_webhook_attempts_failed_total",
                "Attempts that they did not.",
                |it| &it.failed,
            ),
            (
                "tahsil_webhook_expired_total",
                "Deliveries whose time was over.",
                |it| &it.expired,
            ),
            (
                "tahsil_webhook_stale_results_total",
                "Attempts whose delivery another node or a merchant decided about meanwhile.",
                |it| &it.stale,
            ),
            (
                "tahsil_webhook_denied_total",
                "Addresses that were not dialled.",
                |it| &it.denied,
            ),
            (
                "tahsil_webhook_leases_lost_total",
                "Endpoints that another node took over.",
                |it| &it.lanes_lost,
            ),
        ];
        let gauges: [(&str, &str, Present); 5] = [
            ("tahsil_webhook_inflight", "Attempts under way.", |it| {
                &it.in_flight
            }),
            (
                "tahsil_webhook_slow_inflight",
                "Of these, to slow endpoints.",
                |it| &it.slow_in_flight,
            ),
            (
                "tahsil_webhook_lanes",
                "Endpoints to which this node sends.",
                |it| &it.lanes,
            ),
            (
                "tahsil_webhook_open_breakers",
                "Endpoints that are left alone for a while.",
                |it| &it.open_breakers,
            ),
            (
                "tahsil_webhook_overdue_milliseconds",
                "For how long the oldest delivery that is due has waited.",
                |it| &it.overdue_millis,
            ),
        ];
        let counter = |(name, help, of)| Ok((IntCounter::new::<&str, &str>(name, help)?, of));
        let gauge = |(name, help, of)| Ok((IntGauge::new::<&str, &str>(name, help)?, of));
        Ok(Self {
            state,
            counters: counters.into_iter().map(counter).collect::<Result<_, Error>>()?,
            gauges: gauges.into_iter().map(gauge).collect::<Result<_, Error>>()?,
            seconds: Counter::new("tahsil_webhook_attempt_seconds_total", "Time that attempts took.")?,
            reading: Arc::default(),
        })
    }

    #[expect(clippy::float_arithmetic, reason = "seconds as Prometheus counts them")]
    fn read(&self) {
        for (counter, of) in &self.counters {
            raise(counter, of(&self.state).load(Ordering::Relaxed));
        }
        for (gauge, of) in &self.gauges {
            gauge.set(of(&self.state).load(Ordering::Relaxed));
        }
        let micros = self.state.attempt_micros.load(Ordering::Relaxed);
        let seconds = std::time::Duration::from_micros(micros).as_secs_f64() - self.seconds.get();
        self.seconds.inc_by(seconds.max(0.0));
    }
}

impl Collector for WebhookMetrics {
    fn desc(&self) -> Vec<&Desc> {
        let counters = self.counters.iter().flat_map(|(counter, _)| counter.desc());
        let gauges = self.gauges.iter().flat_map(|(gauge, _)| gauge.desc());
        counters.chain(gauges).chain(self.seconds.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.read();
        let counters = self.counters.iter().flat_map(|(counter, _)| counter.collect());
        let gauges = self.gauges.iter().flat_map(|(gauge, _)| gauge.collect());
        counters.chain(gauges).chain(self.seconds.collect()).collect()
    }
}
