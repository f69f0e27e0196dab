//! Those who follow the same.
//!
//! Invariant: a cohort has one place, up to which each of its members has been told everything. Somebody joins only who has been told as
//! much, and whoever cannot be told at once leaves with its own place, so nobody's pace is anybody else's and no event falls between.

use super::Live;
use super::following::Following;
use super::print::{Printed, Template};
use super::queue::{Full, Item};
use super::source::{Lost, Source};
use crate::graphql::{Told, Wanted};
use domain::api_version::ApiVersion;
use domain::credential::Scopes;
use service::followed::Place;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// After how long without anything for it a subscription that asked for heartbeats is sent one.
pub const HEARTBEAT: Duration = Duration::from_secs(25);
/// How long to wait after the log could not be read.
pub const RETRY: Duration = Duration::from_millis(500);
/// Most events that are printed at once.
pub const CHUNK: usize = 32;

/// What makes two subscriptions the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// What is wanted, and whose.
    pub wanted: Wanted,
    /// What its scopes let it see.
    pub scopes: Option<Scopes>,
    /// By which version they are told.
    pub version: ApiVersion,
    /// The hash of the document.
    pub document: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Its variables but for the place where it began, as JSON.
    pub variables: String,
}

struct Members {
    place: Place,
    list: Vec<Arc<Following>>,
    is_over: bool,
}

/// Those who follow the same.
pub struct Cohort {
    key: Key,
    template: Template,
    members: Mutex<Members>,
    over: Notify,
}

/// All cohorts of a node.
#[derive(Default)]
pub struct Cohorts(Mutex<HashMap<Key, Arc<Cohort>>>);

/// There is more to be told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooEarly;

/// Whether somebody has been told everything there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It has.
    UpToDate,
    /// Perhaps not.
    Behind,
}

impl Cohorts {
    fn all(&self) -> MutexGuard<'_, HashMap<Key, Arc<Cohort>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// Lets somebody join who has been told everything up to its place. Where there is no cohort yet, one begins there, but only for
    /// somebody who is up to date: at the pace of one slow reader nothing is to be printed for others.
    ///
    /// # Errors
    /// When there is more to be told first.
    pub fn join(live: &Live, who: &Arc<Following>, pace: Pace) -> Result<Arc<Cohort>, TooEarly> {
        let mut all = live.cohorts().all();
        if let Some(cohort) = all.get(who.key()) {
            let mut members = cohort.members();
            if !members.is_over {
                if who.place() < members.place {
                    return Err(TooEarly);
                }
                members.list.push(Arc::clone(who));
                drop(members);
                return Ok(Arc::clone(cohort));
            }
        }
        if pace == Pace::Behind {
            return Err(TooEarly);
        }
        let cohort = Arc::new(Cohort {
            key: who.key().clone(),
            template: who.template().clone(),
            members: Mutex::new(Members {
                place: who.place(),
                list: vec![Arc::clone(who)],
                is_over: false,
            }),
            over: Notify::new(),
        });
        all.insert(who.key().clone(), Arc::clone(&cohort));
        let source = live.logs().follow(live.app(), &cohort.key.wanted, who.place());
        live.spawn(run(live.clone(), Arc::clone(&cohort), source));
        Ok(cohort)
    }
}

impl Cohort {
    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody leaves; the last one ends it. When this returns, nothing more is told to it here.
    pub fn leave(self: &Arc<Self>, live: &Live, who: &Arc<Following>) {
        let is_over = {
            let mut members = self.members();
            members.list.retain(|member| !Arc::ptr_eq(member, who));
            members.is_over |= members.list.is_empty();
            members.is_over
        };
        if is_over {
            self.strike_off(live);
            self.over.notify_one();
        }
    }

    fn strike_off(self: &Arc<Self>, live: &Live) {
        let mut all = live.cohorts().all();
        if all.get(&self.key).is_some_and(|cohort| Arc::ptr_eq(cohort, self)) {
            all.remove(&self.key);
        }
    }

    fn is_over(&self) -> bool {
        self.members().is_over
    }

    /// Tells members what was printed, and notes that they know everything up to `upto`. Gives those that could not be told at once.
    fn tell(&self, printed: &[Printed], upto: Place) -> Vec<Arc<Following>> {
        let mut slow = Vec::new();
        let mut members = self.members();
        members.list.retain(|member| {
            for Printed { place, payload } in printed {
                if *place <= member.place() {
                    continue;
                }
                let item = Item::Next {
                    operation: Arc::clone(member.operation()),
                    payload: payload.clone(),
                    place: Some(*place),
                };
                if member.queue().offer(item) == Err(Full) {
                    slow.push(Arc::clone(member));
                    return false;
                }
                member.told(*place);
            }
            member.reached(upto);
            true
        });
        members.place = members.place.max(upto);
        members.is_over |= members.list.is_empty();
        slow
    }
}

/// Tells the members of a cohort what happens, until it is over.
async fn run(live: Live, cohort: Arc<Cohort>, mut source: Source) {
    // Nothing that is wanted has happened since a heartbeat before this.
    let mut beat = Instant::now() + HEARTBEAT;
    while !cohort.is_over() {
        let told = tokio::select! {
            () = cohort.over.notified() => return,
            () = tokio::time::sleep_until(beat), if cohort.key.wanted.heartbeats => {
                let told = vec![Told::Heartbeat(source.place())];
                let printed = cohort.template.print(live.schema(), live.app(), told).await;
                cohort.beat(&printed);
                beat = Instant::now() + HEARTBEAT;
                continue;
            }
            told = source.next() => told,
        };
        match told {
            Ok(told) => {
                if !told.is_empty() {
                    beat = Instant::now() + HEARTBEAT;
                }
                let upto = source.place();
                for printed in print(&live, &cohort.template, &told).await {
                    let reached = printed.last().map_or(upto, |printed| printed.place);
                    fall_behind(&live, cohort.tell(&printed, reached));
                }
                fall_behind(&live, cohort.tell(&[], upto));
            }
            // Each finds out by itself, and says so.
            Err(lost @ (Lost::Deleted | Lost::Newer)) => {
                tracing::warn!(%lost, "those who follow the same are told no more here");
                fall_behind(&live, cohort.dissolve());
            }
            Err(Lost::Log(error)) => {
                tracing::warn!(%error, "a log could not be read for those who follow it");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
    cohort.strike_off(&live);
}

impl Cohort {
    /// Ends it; gives who was in it.
    fn dissolve(&self) -> Vec<Arc<Following>> {
        let mut members = self.members();
        members.is_over = true;
        std::mem::take(&mut members.list)
    }

    /// Tells those who have been told everything that nothing happened. One whose queue is full hears enough.
    fn beat(&self, printed: &[Printed]) {
        for member in &self.members().list {
            for Printed { place, payload } in printed {
                // One that began further on is not told of a place before its own.
                if *place < member.place() {
                    continue;
                }
                let item = Item::Next {
                    operation: Arc::clone(member.operation()),
                    payload: payload.clone(),
                    place: Some(*place),
                };
                if member.queue().offer(item).is_ok() {
                    member.reached(*place);
                }
            }
        }
    }
}

fn fall_behind(live: &Live, slow: Vec<Arc<Following>>) {
    for member in slow {
        member.fall_behind(live);
    }
}

/// Prints what there is to tell, in chunks.
pub async fn print(live: &Live, template: &Template, told: &[Told]) -> Vec<Vec<Printed>> {
    let mut chunks = Vec::new();
    for chunk in told.chunks(CHUNK) {
        chunks.push(template.print(live.schema(), live.app(), chunk.to_vec()).await);
    }
    chunks
}
