//! The harness: databases, the running application, and the people who use it.
//!
//! - [`Engine`] and [`TestDatabase`]: a database of its own for every test.
//! - [`TestApp`]: the real server on a port of its own, with a clock that the test moves.
//! - [`Merchant`], [`Operator`], [`Anonymous`]: who asks; each speaks HTTP like anybody else.
//! - [`Reply`]: what came back, with the assertions that tests are written in.
//! - [`Gate`]: a provider that answers when the test lets it; [`Hand`]: a hand in the database, around every rule.
//! - [`Wire`]: a connection by hand, for clients that stall, break off or send on.
//! - [`Till`] and [`Page`]: intents as merchants make them and payers pay them.
//! - [`Program`] and [`Shop`]: the program as a process, and a merchant's server that outlives it.
//! - [`Receiver`]: a merchant's server that receives webhooks.
//! - [`Socket`]: a raw WebSocket client.
//! - [`Rush`], [`crash_round`], [`History`]: many sales at once, a crash in their middle, a long random history with its model.

mod actor;
mod app;
mod asked;
mod crash;
mod database;
mod dice;
mod dump;
mod gate;
mod hand;
mod history;
mod money;
mod process;
mod receiver;
mod reply;
mod rush;
mod seam;
mod signer;
mod socket;
mod till;
mod wait;
mod wire;

pub use actor::{Merchant, Operator, PAYMENT, Payer, card, charge, fresh_key, on};
pub use app::{EPARA, OutboxEvent, TestApp};
pub use asked::{asked, denied};
pub use crash::crash_round;
pub use database::{Engine, TestDatabase};
pub use dice::Dice;
pub use gate::{Gate, Held};
pub use hand::Hand;
pub use history::History;
pub use money::{iqd, money, usd};
pub use process::{Ended, Node, Program, Shop};
pub use receiver::{Answering, Receiver};
pub use reply::Reply;
pub use rush::Rush;
pub use seam::{Seam, numbering};
pub use signer::{Signed, Signer};
pub use socket::{Heard, Socket};
pub use till::{Page, Till, came_to, dinars, fault, is_locked};
pub use wait::until;
pub use wire::Wire;
