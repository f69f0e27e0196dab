//! `tahsil merchant`.

use super::answer::{Answer, Output, fields, table};
use super::{Outcome, installation};
use crate::config::Config;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::fee::{FeeTerms, WHOLE_BPS};
use domain::gateways::Gateways;
use domain::id::MerchantId;
use domain::merchant::{LateSuccess, Merchant};
use domain::money::{AmountRefusal, parse_charge_or_zero};
use domain::{Currency, Money, Timestamp};
use serde::Serialize;
use service::merchant::{MerchantChange, NewMerchant};

/// What to do with merchants.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tahsil merchant list")]
pub enum Command {
    /// Add a merchant.
    Create(Create),
    /// Change a merchant; what is not given stays.
    Update(Box<Update>),
    /// List all merchants, oldest first.
    List(List),
}

/// A merchant to be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tahsil merchant create --name 'Al-Noor School' --fee-bps 250 --fee-fixed 500 --reserve-bps 500"
)]
pub struct Create {
    /// The name that payers and finance read.
    #[arg(long)]
    name: String,
    /// The currency that it is paid out in.
    #[arg(long, value_name = "CODE", default_value = "IQD", ignore_case = true, value_parser = currencies())]
    currency: Currency,
    /// Its price: the share of each payment, in hundredths of a per cent.
    #[arg(long, value_name = "BPS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(..=i64::from(WHOLE_BPS)))]
    fee_bps: u32,
    /// Its price: the fixed part of each payment, in whole units of its currency such as 500.
    #[arg(long, value_name = "AMOUNT")]
    fee_fixed: Option<String>,
    /// The share of each payment that is held back as reserve, in hundredths of a per cent.
    #[arg(long, value_name = "BPS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=i64::from(WHOLE_BPS)))]
    reserve_bps: u32,
    #[command(flatten)]
    output: Output,
}

/// What changes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tahsil merchant update mer_01… --gateways FIB,CREDIT_CARD --late-success give_back --brand-color '#0b6e4f'"
)]
pub struct Update {
    /// The merchant.
    id: MerchantId,
    /// The name that payers and finance read.
    #[arg(long)]
    name: Option<String>,
    /// Its price: the share of each payment, in hundredths of a per cent.
    #[arg(long, value_name = "BPS", value_parser = clap::value_parser!(u32).range(..=i64::from(WHOLE_BPS)))]
    fee_bps: Option<u32>,
    /// Its price: the fixed part of each payment, in whole units of its currency; 0 for none.
    #[arg(long, value_name = "AMOUNT")]
    fee_fixed: Option<String>,
    /// The share of each payment that is held back as reserve, in hundredths of a per cent.
    #[arg(long, value_name = "BPS", value_parser = clap::value_parser!(u32).range(..=i64::from(WHOLE_BPS)))]
    reserve_bps: Option<u32>,
    /// The gateways that it may use, separated by commas.
    #[arg(long, value_name = "LIST")]
    gateways: Option<Gateways>,
    /// Whether a fee may be put on top of card payments in dinars.
    #[arg(long, value_name = "true|false")]
    card_surcharge: Option<bool>,
    /// What becomes of money that arrives after its intent has run out: accept or `give_back`.
    #[arg(long, value_name = "POLICY")]
    late_success: Option<LateSuccess>,
    /// The name on its pages; empty for its own.
    #[arg(long, value_name = "NAME")]
    brand_name: Option<String>,
    /// The colour of its pages, # and six hex digits; empty for ours.
    #[arg(long, value_name = "COLOR")]
    brand_color: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// How to list them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil merchant list --output json | jq -r '.merchants[].id'")]
pub struct List {
    #[command(flatten)]
    output: Output,
}

/// Does it.
pub async fn run(command: Command, config: &Config) -> anyhow::Result<Outcome> {
    match command {
        Command::Create(args) => create(args, config).await,
        Command::Update(args) => update(*args, config).await,
        Command::List(args) => list(&args, config).await,
    }
}

async fn create(args: Create, config: &Config) -> anyhow::Result<Outcome> {
    let output = args.output;
    let new = args.try_into_command()?;
    let merchant = installation::with(config, async |app| {
        Ok(service::merchant::create(app, &installation::owner(app), new).await?)
    });
    output.print(&Created(merchant.await?.into()))?;
    Ok(Outcome::Done)
}

async fn update(args: Update, config: &Config) -> anyhow::Result<Outcome> {
    let output = args.output;
    let merchant = installation::with(config, async |app| {
        let owner = installation::owner(app);
        let all = service::merchant::list(app, &owner).await?;
        let known = all.into_iter().find(|merchant| merchant.id == args.id);
        let known = known.ok_or(service::Error::NotFound("merchant"))?;
        let (id, change) = (args.id, args.try_into_command(&known)?);
        Ok(service::merchant::update(app, &owner, id, change).await?)
    });
    output.print(&Changed(merchant.await?.into()))?;
    Ok(Outcome::Done)
}

async fn list(args: &List, config: &Config) -> anyhow::Result<Outcome> {
    let merchants = installation::with(config, async |app| {
        Ok(service::merchant::list(app, &installation::owner(app)).await?)
    });
    args.output.print(&Merchants {
        merchants: merchants.await?.into_iter().map(Into::into).collect(),
    })?;
    Ok(Outcome::Done)
}

impl Create {
    fn try_into_command(self) -> Result<NewMerchant, FixedFeeRefused> {
        Ok(NewMerchant {
            name: self.name,
            currency: self.currency,
            fees: FeeTerms {
                fee_bps: self.fee_bps,
                fixed: self
                    .fee_fixed
                    .map(|text| fixed_fee(&text, self.currency))
                    .transpose()?
                    .flatten(),
                reserve_bps: self.reserve_bps,
            },
        })
    }
}

impl Update {
    /// What changes on a merchant as it is `known`: of its price, the parts that are given.
    fn try_into_command(self, known: &Merchant) -> anyhow::Result<MerchantChange> {
        let fixed = self.fee_fixed.map(|text| fixed_fee(&text, known.currency));
        let fixed = fixed.transpose()?;
        let priced = self.fee_bps.is_some() || fixed.is_some() || self.reserve_bps.is_some();
        let fees = FeeTerms {
            fee_bps: self.fee_bps.unwrap_or(known.fees.fee_bps),
            fixed: fixed.unwrap_or(known.fees.fixed),
            reserve_bps: self.reserve_bps.unwrap_or(known.fees.reserve_bps),
        };
        let color = |text: String| match text.as_str() {
            "" => Ok(None),
            color => color.parse().map(Some),
        };
        Ok(MerchantChange {
            name: self.name,
            fees: priced.then_some(fees),
            gateways: self.gateways,
            card_surcharge: self.card_surcharge,
            late_success: self.late_success,
            brand_name: self.brand_name.map(|name| (!name.is_empty()).then_some(name)),
            brand_color: self.brand_color.map(color).transpose()?,
        })
    }
}

/// A fixed fee that cannot be charged.
#[derive(Debug, thiserror::Error)]
#[error("--fee-fixed {text}: {refusal}")]
struct FixedFeeRefused {
    text: String,
    refusal: AmountRefusal,
}

/// Reads the fixed fee; zero, however it is written, is none.
fn fixed_fee(text: &str, currency: Currency) -> Result<Option<Money>, FixedFeeRefused> {
    let read = parse_charge_or_zero(text, currency).map_err(|refusal| FixedFeeRefused {
        text: text.to_owned(),
        refusal,
    });
    read.map(|fee| (!fee.is_zero()).then_some(fee))
}

fn currencies() -> impl TypedValueParser<Value = Currency> {
    PossibleValuesParser::new(Currency::ALL.map(Currency::code))
        .try_map(|code| code.to_ascii_uppercase().parse::<Currency>())
}

/// A merchant as commands show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
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
fn percent(bps: u32) -> String {
    format!("{}.{:02}%", bps / 100, bps % 100)
}

#[derive(Serialize)]
struct Created(View);

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

#[derive(Serialize)]
struct Changed(View);

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

#[derive(Serialize)]
struct Merchants {
    merchants: Vec<View>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn school() -> Merchant {
        Merchant {
            id: "mer_00000000000000000000000001".parse().unwrap(),
            name: "Al-Noor School".into(),
            currency: Currency::Iqd,
            fees: FeeTerms {
                fee_bps: 250,
                fixed: Some(Money::new(500_000, Currency::Iqd)),
                reserve_bps: 500,
            },
            checkout: domain::merchant::Checkout::default(),
            created_at: "2026-06-15T10:42:07.000001Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_new_merchant_is_one_json_object() {
        assert_eq!(
            serde_json::to_value(Created(school().into())).unwrap(),
            json!({
                "id": "mer_00000000000000000000000001",
                "name": "Al-Noor School",
                "currency": "IQD",
                "feeBps": 250,
                "feeFixed": "500",
                "reserveBps": 500,
                "gateways": ["CREDIT_CARD", "FAST_PAY", "FIB", "ZAIN", "ASIA_PAY", "NASS_WALLET"],
                "cardSurcharge": false,
                "lateSuccess": "accept",
                "brandName": null,
                "brandColor": null,
                "createdAt": "2026-06-15T10:42:07.000001Z",
            })
        );
    }

    #[test]
    fn a_list_is_one_json_object() {
        let list = |merchants: Vec<Merchant>| -> Value {
            let merchants = merchants.into_iter().map(Into::into).collect();
            serde_json::to_value(Merchants { merchants }).unwrap()
        };
        assert_eq!(list(vec![]), json!({ "merchants": [] }));
        assert_eq!(
            list(vec![school()])["merchants"][0]["id"],
            "mer_00000000000000000000000001"
        );
    }

    #[test]
    fn people_read_the_price_in_per_cent() {
        let text = Merchants {
            merchants: vec![school().into()],
        }
        .text();
        assert!(text.contains("2.50% + 500 IQD  5.00%    all"), "{text}");
        assert_eq!(
            (percent(200), percent(5), percent(10_000)),
            ("2.00%".into(), "0.05%".into(), "100.00%".into())
        );
    }

    fn change(words: &[&str]) -> anyhow::Result<MerchantChange> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            update: Update,
        }
        let id = school().id.to_string();
        let line = ["update", id.as_str()].into_iter().chain(words.iter().copied());
        <Line as clap::Parser>::try_parse_from(line)?
            .update
            .try_into_command(&school())
    }

    #[test]
    fn what_is_not_given_stays() {
        let nothing = change(&[]).unwrap();
        assert_eq!(
            (nothing.fees, nothing.brand_name, nothing.brand_color),
            (None, None, None)
        );
        let price = change(&["--fee-bps", "300"]).unwrap().fees.unwrap();
        assert_eq!(
            price,
            FeeTerms {
                fee_bps: 300,
                ..school().fees
            }
        );
        let price = change(&["--fee-fixed", "0", "--reserve-bps", "0"]).unwrap();
        let price = price.fees.unwrap();
        assert_eq!((price.fee_bps, price.fixed, price.reserve_bps), (250, None, 0));
        let brand = change(&["--brand-name", "", "--brand-color", "#0B6E4F"]).unwrap();
        assert_eq!(brand.brand_name, Some(None));
        assert_eq!(brand.brand_color.flatten().unwrap().as_str(), "#0b6e4f");
        let how = change(&[
            "--gateways",
            "FIB,CREDIT_CARD",
            "--card-surcharge",
            "true",
            "--late-success",
            "give_back",
        ])
        .unwrap();
        assert_eq!(how.gateways.unwrap().to_string(), "CREDIT_CARD,FIB");
        assert_eq!(
            (how.card_surcharge, how.late_success),
            (Some(true), Some(LateSuccess::GiveBack))
        );
        for bad in [
            ["--brand-color", "green"],
            ["--gateways", "PAYPAL"],
            ["--gateways", ""],
            ["--fee-fixed", "0.5"],
            ["--late-success", "keep"],
            ["--card-surcharge", "perhaps"],
        ] {
            assert!(change(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_fixed_fee_is_read_exactly_and_zero_is_none() {
        let fee = |text| fixed_fee(text, Currency::Iqd).map_err(|refused| refused.to_string());
        assert_eq!(fee("500"), Ok(Some(Money::new(500_000, Currency::Iqd))));
        assert_eq!(fee("0"), Ok(None));
        assert_eq!(fee("0.000"), Ok(None));
        for refused in ["-1", "-0", "0.5", "five", "", "."] {
            assert!(
                fee(refused)
                    .unwrap_err()
                    .starts_with(&format!("--fee-fixed {refused}: ")),
                "{refused}"
            );
        }
    }
}
