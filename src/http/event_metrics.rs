//! Numbers of events and of those who follow them, read when somebody asks for them.

use super::graphql::Live;
use super::metrics::raise;
use crate::events::Events;
use jobs::event::{FeedState, SequencerState};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Error, IntCounter, IntGauge};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// How far the node has come with events, whether it numbers them, and who follows.
#[derive(Clone)]
pub struct EventMetrics {
    sequencer: Arc<SequencerState>,
    feed: Arc<FeedState>,
    live: Live,
    epoch: IntGauge,
    numbered: IntCounter,
    pos: IntGauge,
    read: IntCounter,
    reads: IntCounter,
    gaps: IntCounter,
    connections: IntGauge,
    cohorts: IntGauge,
    /// Two that ask at once must not add the same events twice.
    reading: Arc<Mutex<()>>,
}

impl EventMetrics {
    /// The numbers of one node.
    ///
    /// # Errors
    /// When a name is no name, which is a defect.
    pub fn new(events: &Events, live: Live) -> Result<Self, Error> {
        Ok(Self {
            sequencer: Arc::clone(&events.sequencer),
            feed: events.feed.state(),
            live,
            epoch: IntGauge::new(
                "tahsil_event_sequencer_epoch",
                "Epoch of this node's turn at numbering events; 0 while another node has it.",
            )?,
            numbered: IntCounter::new("tahsil_events_numbered_total", "Events that this node numbered.")?,
            pos: IntGauge::new(
                "tahsil_event_feed_pos",
                "Place up to which this node has read events; 0 while nobody follows here.",
            )?,
            read: IntCounter::new(
                "tahsil_event_feed_events_total",
                "Events that this node read for those who follow.",
            )?,
            reads: IntCounter::new("tahsil_event_feed_reads_total", "Statements that read them.")?,
            gaps: IntCounter::new(
                "tahsil_event_feed_gaps_total",
                "Places that were missing when events were read: more than 0 is a defect.",
            )?,
            connections: IntGauge::new(
                "tahsil_live_connections",
                "WebSockets and event streams that are open.",
            )?,
            cohorts: IntGauge::new(
                "tahsil_live_cohorts",
                "Groups of subscriptions that are told the same.",
            )?,
            reading: Arc::default(),
        })
    }

    fn read(&self) {
        let signed = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        let numbered = u64::try_from(self.sequencer.numbered.load(Ordering::Relaxed)).unwrap_or_default();
        let (connections, cohorts) = self.live.counts();
        self.epoch.set(self.sequencer.epoch.load(Ordering::Relaxed));
        raise(&self.numbered, numbered);
        self.pos.set(self.feed.pos.load(Ordering::Relaxed));
        raise(&self.read, self.feed.events.load(Ordering::Relaxed));
        raise(&self.reads, self.feed.reads.load(Ordering::Relaxed));
        raise(&self.gaps, self.feed.gaps.load(Ordering::Relaxed));
        self.connections.set(signed(connections));
        self.cohorts.set(signed(cohorts));
    }
}

impl Collector for EventMetrics {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = [&self.epoch, &self.pos, &self.connections, &self.cohorts];
        let counters = [&self.numbered, &self.read, &self.reads, &self.gaps];
        let counters = counters.into_iter().flat_map(Collector::desc);
        gauges
            .into_iter()
            .flat_map(Collector::desc)
            .chain(counters)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.read();
        let gauges = [&self.epoch, &self.pos, &self.connections, &self.cohorts];
        let counters = [&self.numbered, &self.read, &self.reads, &self.gaps];
        let counters = counters.into_iter().flat_map(Collector::collect);
        gauges
            .into_iter()
            .flat_map(Collector::collect)
            .chain(counters)
            .collect()
    }
}
