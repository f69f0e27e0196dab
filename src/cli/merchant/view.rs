//! Merchants as commands show them.

use crate::cli::answer::{Answer, fields, table};
use domain::fee::FeeTerms;
use domain::gateways::Gateways;
use domain::id::MerchantId;
use domain::merchant::Merchant;
use domain::{Currency, Timestamp};
use serde::Serialize;

/// A merchant as commands show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    id: MerchantId,
    name: String,
    currency: Currency,
    fee_bps: u32,
    /// Decimal text in `currency`, "0" for none.
    fee_fixed: String,
    reserve_bps: u32,
    gateways: Gateways,
    card_surcharge: bool,
    late_success: &'static str,
    brand_name: Option<String>,
    brand_color: Option<String>,
    created_at: Timestamp,
}

impl From<Merchant> for View {
    fn from(merchant: Merchant) -> Self {
        let FeeTerms {
            fee_bps,
            fixed,
            reserve_bps,
        } = merchant.fees;
        Self {
            id: merchant.id,
            name: merchant.name,
            currency: merchant.currency,
            fee_bps,
            fee_fixed: fixed.map_or_else(|| "0".to_owned(), |fixed| fixed.decimal().to_string()),
            reserve_bps,
            gateways: merchant.checkout.gateways,
            card_surcharge: merchant.checkout.card_surcharge,
            late_success: merchant.checkout.late_success.as_str(),
            brand_name: merchant.checkout.brand_name,
            brand_color: merchant
                .checkout
                .brand_color
                .map(|color| color.as_str().to_owned()),
            created_at: merchant.created_at,
        }
    }
}

impl View {
    fn fee(&self) -> String {
        let share = percent(self.fee_bps);
        match self.fee_fixed.as_str() {
            "0" => share,
            fixed => format!("{share} + {fixed} {}", self.currency),
        }
    }

    fn gateways(&self) -> String {
        if self.gateways == Gateways::all() {
            "all".to_owned()
        } else {
            self.gateways.to_string()
        }
    }
}

/// Basis points as per cent: 250 is `2.50%`.
pub(super) fn percent(bps: u32) -> String {
    format!("{}.{:02}%", bps / 100, bps % 100)
}

/// One that was made.
#[derive(Serialize)]
pub(super) struct Created(pub(super) View);

impl Answer for Created {
    fn text(&self) -> String {
        let view = &self.0;
        let about = fields(&[
            ("id", &view.id),
            ("name", &view.name),
            ("currency", &view.currency),
            ("fee", &view.fee()),
            ("reserve", &percent(view.reserve_bps)),
        ]);
        let id = view.id;
        format!(
            "merchant created\n{about}\n\nnext: tahsil credential create --merchant {id} --mode test --name 'First key' --scopes all"
        )
    }
}

/// One that was changed.
#[derive(Serialize)]
pub(super) struct Changed(pub(super) View);

impl Answer for Changed {
    fn text(&self) -> String {
        let view = &self.0;
        let about = fields(&[
            ("id", &view.id),
            ("name", &view.name),
            ("fee", &view.fee()),
            ("reserve", &percent(view.reserve_bps)),
            ("gateways", &view.gateways),
            ("card surcharge", &view.card_surcharge),
            ("late success", &view.late_success),
            ("brand name", &view.brand_name.as_deref().unwrap_or("its own")),
            ("brand colour", &view.brand_color.as_deref().unwrap_or("ours")),
        ]);
        format!("merchant changed\n{about}")
    }
}

/// All of them.
#[derive(Serialize)]
pub(super) struct Merchants {
    pub(super) merchants: Vec<View>,
}

impl Answer for Merchants {
    fn text(&self) -> String {
        let rows = self.merchants.iter().map(|view| {
            [
                view.id.to_string(),
                view.name.clone(),
                view.currency.to_string(),
                view.fee(),
                percent(view.reserve_bps),
                view.gateways(),
                view.created_at.format("%F %T").to_string(),
            ]
        });
        table(
            [
                "ID",
                "NAME",
                "CURRENCY",
                "FEE",
                "RESERVE",
                "GATEWAYS",
                "CREATED (UTC)",
            ],
            rows,
        )
    }
}
