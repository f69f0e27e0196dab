//! Giving events their places.
//!
//! Invariant: one node at a time numbers, and one that lost its turn cannot. A turn is an epoch: whoever takes over counts it up, and each
//! numbering transaction first locks the row that says whose epoch, and on PostgreSQL whose connection, it is. Rows are numbered when they
//! can be seen, in the order in which they were written, so what was written by somebody who had seen an event comes after it.

use crate::db::{OpenError, Session, sql};
use crate::{App, Error, Result};
use entity::inconsistency::At as _;
use sea_orm::ConnectionTrait;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Name of the lock that the numbering node of a PostgreSQL database holds: "events". It holds it for as long as it runs, so it must be
/// another than that of migrations, for which a node that starts waits.
const LOCK: i64 = 0x6576_656e_7473;

const ELECT: &str = "SELECT pg_try_advisory_lock(?) AS won, CAST(pg_backend_pid() AS BIGINT) AS session";

const TAKE_OVER: &str =
    "UPDATE event_sequencer SET epoch = epoch + 1, session = ? WHERE id = 1 RETURNING epoch";

/// The row stays locked until the transaction ends, so two turns cannot overlap. The second statement of the transaction sees all that was
/// committed before it got the lock.
const MINE_ON_POSTGRES: &str = "SELECT last_pos FROM event_sequencer \
    WHERE id = 1 AND epoch = ? AND session = ? AND session = pg_backend_pid() FOR UPDATE";
const MINE_ON_SQLITE: &str =
    "SELECT last_pos FROM event_sequencer WHERE id = 1 AND epoch = ? AND session = ?";

/// Few rows of a large table are numbered at a time, by their keys. What the planner believes of how many wait is as old as the last time
/// somebody counted; with it, it reads the whole table at times.
const BY_KEYS: [&str; 3] = [
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
];

/// Uses the index of what waits, `outbox_events_waiting`.
const WAITING: &str = "SELECT 1 FROM outbox_events WHERE pos IS NULL AND seq > ? LIMIT 1";

/// What was numbered leaves its entries in that index until the next vacuum, so it is read from near its end: so many places back, which
/// transactions that were begun earlier and committed later have in their favour.
const NEAR: i64 = 10_000;
/// One look of so many is from the beginning, for transactions that took longer than that.
const WHOLE: u32 = 16;

const NUMBER: &str = "\
UPDATE outbox_events SET pos = ? + waiting.place, tenant_seq = waiting.last_seq + waiting.own_place FROM (
    SELECT w.seq, COALESCE(c.last_seq, 0) AS last_seq,
        ROW_NUMBER() OVER (ORDER BY w.seq) AS place,
        ROW_NUMBER() OVER (PARTITION BY w.merchant_id, w.mode ORDER BY w.seq) AS own_place
    FROM (SELECT seq, merchant_id, mode FROM outbox_events WHERE pos IS NULL AND seq > ? ORDER BY seq LIMIT ?) AS w
    LEFT JOIN event_counters AS c ON c.merchant_id = w.merchant_id AND c.mode = w.mode
) AS waiting WHERE outbox_events.seq = waiting.seq RETURNING outbox_events.seq";

const COUNT: &str = "\
INSERT INTO event_counters (merchant_id, mode, last_seq, purged_seq)
SELECT merchant_id, mode, MAX(tenant_seq), 0 FROM outbox_events WHERE pos > ? GROUP BY merchant_id, mode
ON CONFLICT (merchant_id, mode) DO UPDATE SET last_seq = excluded.last_seq";

const ADVANCE: &str = "UPDATE event_sequencer SET last_pos = ? WHERE id = 1";

/// The turn of this node.
#[derive(Debug)]
pub struct Sequencer {
    session: Session,
    epoch: i64,
    backend: i64,
    /// The highest `seq` that it numbered.
    reached: AtomicI64,
    looks: AtomicU32,
}

/// What one transaction numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    /// Nothing waited.
    Nothing,
    /// Events up to this place, whose number is the count.
    Upto {
        /// The last place that was given.
        pos: i64,
        /// How many were given.
        count: i64,
    },
    /// It is somebody else's turn.
    Fenced,
}

/// Whether events wait for a place, anywhere in the log.
///
/// # Errors
/// Storage errors.
pub async fn is_waiting(app: &App) -> Result<bool> {
    are_waiting(app, 0).await
}

async fn are_waiting(app: &App, from: i64) -> Result<bool> {
    let waiting = sql(app.db().is_postgres(), WAITING).bind(from);
    Ok(waiting.one(app.db().reads()).await?.is_some())
}

impl Sequencer {
    /// Most events that one transaction numbers.
    pub const BATCH: i64 = 1_000;

    /// Takes the turn, if nobody has it. On PostgreSQL the turn ends with the connection; on SQLite the last process that asks has it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn elect(app: &App) -> Result<Option<Self>> {
        let session = app.db().session().await.map_err(|error| match error {
            OpenError::Unreachable(cause) => Error::Storage(cause),
            _ => Error::Unavailable("the database does not answer"),
        })?;
        let postgres = app.db().is_postgres();
        let backend = if postgres {
            match won(session.connection()).await {
                Ok(Some(backend)) => {
                    for setting in BY_KEYS {
                        session.connection().execute_unprepared(setting).await?;
                    }
                    backend
                }
                lost => {
                    session.close().await;
                    return lost.map(|_| None);
                }
            }
        } else {
            i64::from(std::process::id())
        };
        let epoch = session
            .in_txn(move |txn| {
                Box::pin(async move {
                    let row = sql(postgres, TAKE_OVER).bind(backend).one(txn).await?;
                    let row = row.at("event_sequencer", "id", "1")?;
                    Ok(row.try_get_by("epoch")?)
                })
            })
            .await?;
        Ok(Some(Self {
            session,
            epoch,
            backend,
            reached: AtomicI64::new(0),
            looks: AtomicU32::new(0),
        }))
    }

    /// How many turns there were, this one counted.
    #[must_use]
    pub const fn epoch(&self) -> i64 {
        self.epoch
    }

    /// From where on to look for what waits.
    fn from(&self) -> i64 {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        if look.is_multiple_of(WHOLE) {
            0
        } else {
            self.reached.load(Ordering::Relaxed).saturating_sub(NEAR)
        }
    }

    /// Whether events wait for a place; those of a transaction that took very long are seen by one look of several.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn is_waiting(&self, app: &App) -> Result<bool> {
        let from = self.from();
        let waiting = are_waiting(app, from).await?;
        if waiting && from <= 0 {
            // What was seen from the beginning is to be numbered from there.
            self.looks.store(0, Ordering::Relaxed);
        }
        Ok(waiting)
    }

    /// Gives a batch of waiting events their places, all or none.
    ///
    /// # Errors
    /// Storage errors; whether anything was numbered is not known then, and no harm: it is numbered or still waits.
    pub async fn number(&self, app: &App) -> Result<Numbered> {
        let (postgres, epoch, backend) = (app.db().is_postgres(), self.epoch, self.backend);
        let from = self.from();
        let (numbered, reached) = self
            .session
            .in_txn(move |txn| {
                Box::pin(async move {
                    let mine = if postgres {
                        MINE_ON_POSTGRES
                    } else {
                        MINE_ON_SQLITE
                    };
                    let row = sql(postgres, mine).bind(epoch).bind(backend).one(txn).await?;
                    let Some(row) = row else {
                        return Ok((Numbered::Fenced, 0));
                    };
                    let last: i64 = row.try_get_by("last_pos")?;
                    let placed = sql(postgres, NUMBER).bind(last).bind(from).bind(Self::BATCH);
                    let placed = placed.all(txn).await?;
                    let mut reached = 0;
                    for row in &placed {
                        reached = reached.max(row.try_get_by::<i64, _>("seq")?);
                    }
                    let count = i64::try_from(placed.len()).unwrap_or(i64::MAX);
                    if count == 0 {
                        return Ok((Numbered::Nothing, 0));
                    }
                    let pos = last.checked_add(count).ok_or(Error::Conflict)?;
                    sql(postgres, COUNT).bind(last).run(txn).await?;
                    sql(postgres, ADVANCE).bind(pos).run(txn).await?;
                    Ok((Numbered::Upto { pos, count }, reached))
                })
            })
            .await?;
        self.reached.fetch_max(reached, Ordering::Relaxed);
        Ok(numbered)
    }

    /// Gives the turn up, for the next one to take at once.
    pub async fn resign(self) {
        self.session.close().await;
    }
}

/// Ends the connection of the node that has the turn, for when it numbers nothing although events wait: a process that hangs keeps its
/// connection, and with it its turn. Only on PostgreSQL; the node may be well again at any time, and is fenced then.
///
/// # Errors
/// Storage errors.
pub async fn depose(app: &App) -> Result<()> {
    if app.db().is_postgres() {
        let text = "SELECT pg_terminate_backend(CAST(session AS INTEGER)) FROM event_sequencer \
            WHERE session IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
        sql(true, text).all(app.db().reads()).await?;
    }
    Ok(())
}

/// The process behind this connection, if it got the lock.
async fn won(connection: &impl ConnectionTrait) -> Result<Option<i64>> {
    let row = sql(true, ELECT).bind(LOCK).one(connection).await?;
    let row = row.at("event_sequencer", "id", "1")?;
    let won: bool = row.try_get_by("won")?;
    let session: i64 = row.try_get_by("session")?;
    Ok(won.then_some(session))
}
