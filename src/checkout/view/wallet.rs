//! The simulated wallet: what the sandbox shows in place of a wallet's own page.

use super::Page;
use super::frame::{Form, Frame, Order};
use askama::Template;
use domain::Money;
use domain::provider::Gateway;

/// A wallet that asks its owner. The form sends `outcome`: `approve`, `decline` or `insufficient_funds`.
#[derive(Debug, Template)]
#[template(path = "wallet.html")]
pub struct WalletPage {
    /// Around it.
    pub frame: Frame,
    /// Which wallet it stands in for.
    pub gateway: Gateway,
    /// What is asked for.
    pub amount: Money,
    /// What for.
    pub order: Order,
    /// Where the answer goes.
    pub answer: Form,
}

impl Page for WalletPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}
