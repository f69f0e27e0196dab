//! What payments should be, in plain arithmetic: whole dinars, one merchant, the sandbox's faults.
//!
//! It shares no code with the product. Where the two differ, one of them is wrong.

use chrono::{DateTime, Duration, Utc};

/// What becomes of an operation at the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It happens.
    Done,
    /// It does not happen, and that is known at once.
    Refused,
    /// The answer is lost. After so many questions in vain it turns out to have happened, or not.
    Lost { in_vain: u32, done: bool },
}

/// What was tried on a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Authorize,
    Sale,
    Capture { keep_rest: bool },
    Void,
    Refund,
}

/// An operation whose answer was lost.
#[derive(Clone, Debug)]
struct Open {
    kind: Kind,
    amount: i64,
    asked: u32,
    in_vain: u32,
    done: bool,
    due: DateTime<Utc>,
    /// When it was asked for: a hold counts from then, however late its answer.
    begun: DateTime<Utc>,
}

/// A payment as it should be.
#[derive(Clone, Debug)]
pub struct Model {
    /// What the provider agreed to.
    pub authorized: i64,
    /// What was taken.
    pub captured: i64,
    /// What went back.
    pub refunded: i64,
    /// What is promised to go back.
    pub pending: i64,
    /// What the merchant is owed for it.
    pub owed: i64,
    /// When what is held is given up by itself.
    held_until: Option<DateTime<Utc>>,
    voided: bool,
    failed: bool,
    open: Vec<Open>,
}

impl Model {
    /// A payment before its first command.
    pub const fn new() -> Self {
        Self {
            authorized: 0,
            captured: 0,
            refunded: 0,
            pending: 0,
            owed: 0,
            held_until: None,
            voided: false,
            failed: false,
            open: Vec::new(),
        }
    }

    fn holds(&self, now: DateTime<Utc>) -> bool {
        self.held_until.is_some_and(|end| now < end)
    }

    /// Whether a capture or void has no answer yet.
    fn busy(&self) -> bool {
        let busy = |open: &Open| matches!(open.kind, Kind::Capture { .. } | Kind::Void);
        self.open.iter().any(busy)
    }

    /// What can still be captured.
    pub fn capturable(&self, now: DateTime<Utc>) -> i64 {
        if self.holds(now) {
            self.authorized - self.captured
        } else {
            0
        }
    }

    /// What can still be refunded.
    pub const fn refundable(&self) -> i64 {
        self.captured - self.refunded - self.pending
    }

    /// Whether the payment lets this happen now.
    pub fn allows(&self, kind: Kind, amount: i64, now: DateTime<Utc>) -> bool {
        let busy = self.busy();
        match kind {
            Kind::Authorize | Kind::Sale => true,
            Kind::Capture { .. } => !busy && amount > 0 && amount <= self.capturable(now),
            Kind::Void => !busy && self.holds(now),
            Kind::Refund => amount > 0 && amount <= self.refundable(),
        }
    }

    /// Does what is allowed, as far as its fate lets it.
    pub fn try_now(&mut self, kind: Kind, amount: i64, fate: Fate, now: DateTime<Utc>) {
        if kind == Kind::Refund {
            self.pending += amount;
            self.owed -= amount;
        }
        match fate {
            Fate::Done => self.answered(kind, amount, true, now),
            Fate::Refused => self.answered(kind, amount, false, now),
            Fate::Lost { in_vain, done } => {
                let due = now + Duration::seconds(5);
                self.open.push(Open {
                    kind,
                    amount,
                    asked: 0,
                    in_vain,
                    done,
                    due,
                    begun: now,
                });
            }
        }
    }

    fn answered(&mut self, kind: Kind, amount: i64, done: bool, begun: DateTime<Utc>) {
        match (kind, done) {
            (Kind::Authorize, true) => {
                self.authorized = amount;
                self.held_until = Some(begun + Duration::days(7));
            }
            (Kind::Sale, true) => {
                self.authorized = amount;
                self.take(amount);
            }
            (Kind::Authorize | Kind::Sale, false) => self.failed = true,
            (Kind::Capture { keep_rest }, true) => {
                self.take(amount);
                if !keep_rest || self.captured == self.authorized {
                    self.held_until = None;
                }
            }
            (Kind::Void, true) => {
                self.held_until = None;
                self.voided = self.captured == 0;
            }
            (Kind::Capture { .. } | Kind::Void, false) => {}
            (Kind::Refund, true) => {
                self.pending -= amount;
                self.refunded += amount;
            }
            (Kind::Refund, false) => {
                self.pending -= amount;
                self.owed += amount;
            }
        }
    }

    /// Two per cent are the platform's, five are held back, each half up to a whole dinar.
    const fn take(&mut self, amount: i64) {
        self.captured += amount;
        self.owed += amount - (amount * 2 + 50) / 100 - (amount * 5 + 50) / 100;
    }

    /// Asks about everything that is due.
    pub fn sweep(&mut self, now: DateTime<Utc>) {
        for mut open in std::mem::take(&mut self.open) {
            if open.due > now {
                self.open.push(open);
            } else if open.asked < open.in_vain {
                open.asked += 1;
                open.due = now + Duration::seconds(5 << open.asked);
                self.open.push(open);
            } else {
                self.answered(open.kind, open.amount, open.done, open.begun);
            }
        }
    }

    /// How the door calls it.
    pub fn status(&self, now: DateTime<Utc>) -> &'static str {
        if self.failed {
            return "FAILED";
        }
        // A hold whose capture or void has no answer yet may have been used in time.
        let held = self.holds(now) || (self.held_until.is_some() && self.busy());
        match (self.authorized, self.captured, self.refunded, held) {
            (0, ..) => "PROCESSING",
            (_, 0, _, true) => "AUTHORIZED",
            (_, 0, ..) if self.voided => "VOIDED",
            (_, 0, ..) => "EXPIRED",
            (_, _, 0, true) => "PARTIALLY_CAPTURED",
            (_, _, 0, false) => "CAPTURED",
            (_, captured, refunded, false) if captured == refunded => "REFUNDED",
            _ => "PARTIALLY_REFUNDED",
        }
    }
}
