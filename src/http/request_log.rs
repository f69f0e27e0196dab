//! Numbers of the request log, read when somebody asks for them.

use super::metrics::raise;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Error, IntCounterVec, IntGauge, Opts};
use service::App;
use service::api_request::Counts;
use std::sync::{Arc, Mutex, PoisonError};

/// How many rows were written, how many were not and why, and how many wait.
#[derive(Clone)]
pub struct RequestLogMetrics {
    app: App,
    rows: IntCounterVec,
    dropped: IntCounterVec,
    queued: IntGauge,
    /// Two that ask at once must not add the same rows twice.
    reading: Arc<Mutex<()>>,
}

impl RequestLogMetrics {
    /// The numbers of one application.
    ///
    /// # Errors
    /// When a name is no name, which is a defect.
    pub fn new(app: App) -> Result<Self, Error> {
        let rows = Opts::new(
            "tahsil_request_log_rows_total",
            "Requests that the log was to keep, by what became of them.",
        );
        let dropped = Opts::new(
            "tahsil_request_log_dropped_rows_total",
            "Requests that the log did not keep, by cause.",
        );
        Ok(Self {
            app,
            rows: IntCounterVec::new(rows, &["outcome"])?,
            dropped: IntCounterVec::new(dropped, &["cause"])?,
            queued: IntGauge::new(
                "tahsil_request_log_queue_rows",
                "Requests that wait to be written to the log.",
            )?,
            reading: Arc::default(),
        })
    }

    fn read(&self, counts: Counts) {
        let Counts {
            written,
            dropped_full,
            dropped_over_rate,
            dropped_unreachable,
            dropped_refused,
            queued,
        } = counts;
        let causes = [
            ("full", dropped_full),
            ("over_rate", dropped_over_rate),
            ("unreachable", dropped_unreachable),
            ("refused", dropped_refused),
        ];
        let dropped = causes.iter().map(|(_, rows)| rows).sum();
        for (outcome, rows) in [("written", written), ("dropped", dropped)] {
            raise(&self.rows.with_label_values(&[outcome]), rows);
        }
        for (cause, rows) in causes {
            raise(&self.dropped.with_label_values(&[cause]), rows);
        }
        self.queued.set(i64::try_from(queued).unwrap_or(i64::MAX));
    }
}

impl Collector for RequestLogMetrics {
    fn desc(&self) -> Vec<&Desc> {
        let parts = [self.rows.desc(), self.dropped.desc(), self.queued.desc()];
        parts.into_iter().flatten().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(self.app.request_log().counts());
        let parts = [self.rows.collect(), self.dropped.collect(), self.queued.collect()];
        parts.into_iter().flatten().collect()
    }
}
