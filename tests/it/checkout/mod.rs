//! The hosted pages, as a payer's browser meets them: cookies, forms and redirects by hand, nothing that a script does.

mod browser;
mod counter;
mod ends;
mod extras;
mod guards;
mod links;
mod opening;
mod paying;
mod secrets;
mod strangers;
mod wallets;

use browser::{Browser, Seen};
use counter::{Counter, order};
