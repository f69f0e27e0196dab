//! Table `intents`. Read as [`domain::intent::Intent`].
//!
//! Invariant: the column `status` names the state, and the columns beside it hold exactly what that state carries; a row where they
//! contradict each other is not read. The hash of the client secret never leaves this table but to be compared.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::intent::{
    AppliedPromo, Attempt, Collect, Intent, IntentState, IntentStatus, LateMoney, MAX_ATTEMPTS, Paid, Source,
};
use domain::merchant::Tenant;
use domain::payment::Customer;
use domain::provider::Decline;
use domain::{Currency, Money, Timestamp};
use sea_orm::entity::prelude::*;
use sea_orm::{Set, Unchanged};

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "intents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub source: String,
    pub link_id: Option<String>,
    pub status: String,
    pub currency: String,
    pub amount_minor: i64,
    pub capture_method: String,
    pub gateways: String,
    pub collect_fee: bool,
    pub collect_email: bool,
    pub collect_phone: bool,
    pub allow_promo_code: bool,
    pub title: Option<String>,
    pub description: Option<String>,
    pub merchant_reference: Option<String>,
    pub metadata: Json,
    pub customer_email: Option<String>,
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    pub success_url: Option<String>,
    pub cancel_url: Option<String>,
    pub callback_url: Option<String>,
    pub client_secret_hash: Option<String>,
    pub promo_code_id: Option<String>,
    pub promo_code: Option<String>,
    pub discount_minor: i64,
    pub attempts: i32,
    pub payment_id: Option<String>,
    pub gateway: Option<String>,
    pub last_decline: Option<Json>,
    pub paid_at: Option<Timestamp>,
    pub payout_minor: Option<i64>,
    pub late: bool,
    pub give_back_due: bool,
    pub ended_at: Option<Timestamp>,
    pub lapses_at: Option<Timestamp>,
    pub canceled_by: Option<String>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The only way to rows: a merchant sees its own, in one mode.
    pub fn of(tenant: Tenant) -> Select<Self> {
        Self::find()
            .filter(Column::MerchantId.eq(tenant.merchant.to_string()))
            .filter(Column::Mode.eq(tenant.mode.as_str()))
    }
}

const TABLE: &str = "intents";

impl TryFrom<Model> for Intent {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let currency: Currency = row.currency.parse().at(TABLE, "currency", &row.id)?;
        let url = |text: &Option<String>, column| {
            text.as_deref()
                .map(str::parse)
                .transpose()
                .at(TABLE, column, &row.id)
        };
        let callback = row.callback_url.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: row.id.parse().at(TABLE, "id", &row.id)?,
            tenant: Tenant {
                merchant: row.merchant_id.parse().at(TABLE, "merchant_id", &row.id)?,
                mode: row.mode.parse().at(TABLE, "mode", &row.id)?,
            },
            source: source(&row)?,
            amount: Money::new(row.amount_minor, currency),
            capture_method: row.capture_method.parse().at(TABLE, "capture_method", &row.id)?,
            gateways: row.gateways.parse().at(TABLE, "gateways", &row.id)?,
            collect: Collect {
                fee: row.collect_fee,
                email: row.collect_email,
                phone: row.collect_phone,
                promo_code: row.allow_promo_code,
            },
            success_url: url(&row.success_url, "success_url")?,
            cancel_url: url(&row.cancel_url, "cancel_url")?,
            callback_url: callback.at(TABLE, "callback_url", &row.id)?,
            promo: promo(&row, currency)?,
            attempts: attempts(&row)?,
            state: agreed(&row, state(&row, currency)?)?,
            metadata: serde_json::from_value(row.metadata).at(TABLE, "metadata", &row.id)?,
            customer: Customer {
                email: row.customer_email,
                name: row.customer_name,
                phone: row.customer_phone,
            },
            title: row.title,
            description: row.description,
            merchant_reference: row.merchant_reference,
            expires_at: row.expires_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

fn source(row: &Model) -> Result<Source, Inconsistency> {
    match (row.source.as_str(), &row.link_id) {
        ("api", None) => Ok(Source::Api),
        ("rasedi", None) => Ok(Source::Rasedi),
        ("link", Some(link)) => Ok(Source::Link(link.parse().at(TABLE, "link_id", &row.id)?)),
        (source, _) => Err(format!("{source} with this link")).at(TABLE, "source", &row.id),
    }
}

fn promo(row: &Model, currency: Currency) -> Result<Option<AppliedPromo>, Inconsistency> {
    let Some(id) = &row.promo_code_id else {
        empty(row, "promo_code", row.promo_code.is_none())?;
        empty(row, "discount_minor", row.discount_minor == 0)?;
        return Ok(None);
    };
    within(row.discount_minor, 0, row.amount_minor.saturating_sub(1)).at(TABLE, "discount_minor", &row.id)?;
    let code = row.promo_code.as_deref().at(TABLE, "promo_code", &row.id)?;
    Ok(Some(AppliedPromo {
        id: id.parse().at(TABLE, "promo_code_id", &row.id)?,
        code: code.parse().at(TABLE, "promo_code", &row.id)?,
        discount: Money::new(row.discount_minor, currency),
    }))
}

/// How many were declined agrees with whether another one may follow.
fn attempts(row: &Model) -> Result<u8, Inconsistency> {
    let all = i64::from(MAX_ATTEMPTS);
    let (least, most) = if row.status == IntentStatus::Failed.as_str() {
        (all, all)
    } else {
        (0, all - 1)
    };
    within(row.attempts.into(), least, most).at(TABLE, "attempts", &row.id)?;
    u8::try_from(row.attempts).at(TABLE, "attempts", &row.id)
}

fn within(number: i64, least: i64, most: i64) -> Result<(), String> {
    if (least..=most).contains(&number) {
        Ok(())
    } else {
        Err(format!("expected {least} to {most}, came {number}"))
    }
}

fn empty(row: &Model, column: &'static str, is_empty: bool) -> Result<(), Inconsistency> {
    if is_empty {
        Ok(())
    } else {
        Err(format!("expected nothing in a row that is {}", row.status)).at(TABLE, column, &row.id)
    }
}

/// The state, if the columns that it does not need are empty.
fn agreed(row: &Model, state: IntentState) -> Result<IntentState, Inconsistency> {
    let needs = Parts::of(&state);
    let paid = state.paid().is_some();
    empty(
        row,
        "payment_id",
        state.payment().is_some() || row.payment_id.is_none(),
    )?;
    empty(row, "gateway", needs.gateway.is_some() || row.gateway.is_none())?;
    let decline = state.last_decline().is_some() || row.last_decline.is_none();
    empty(row, "last_decline", decline)?;
    empty(row, "paid_at", paid || row.paid_at.is_none())?;
    empty(row, "payout_minor", paid || row.payout_minor.is_none())?;
    empty(row, "late", needs.late || !row.late)?;
    empty(row, "give_back_due", needs.give_back_due || !row.give_back_due)?;
    empty(
        row,
        "ended_at",
        needs.ended_at.is_some() || row.ended_at.is_none(),
    )?;
    // `lapses_at` is not asked about: a node of the release before does not know it, and leaves it behind when it moves a row.
    empty(
        row,
        "canceled_by",
        needs.canceled_by.is_some() || row.canceled_by.is_none(),
    )?;
    Ok(state)
}

fn state(row: &Model, currency: Currency) -> Result<IntentState, Inconsistency> {
    let ended = || row.ended_at.at(TABLE, "ended_at", &row.id);
    let status: IntentStatus = row.status.parse().at(TABLE, "status", &row.id)?;
    Ok(match status {
        IntentStatus::Created => IntentState::Created {
            last_decline: last_decline(row)?,
        },
        IntentStatus::Processing => IntentState::Processing {
            attempt: attempt(row)?,
        },
        IntentStatus::RequiresCapture => IntentState::RequiresCapture {
            attempt: attempt(row)?,
            late: row.late,
            lapses_at: row.lapses_at,
        },
        IntentStatus::Succeeded => {
            let attempt = attempt(row)?;
            IntentState::Succeeded {
                paid: Paid {
                    payment: attempt.payment,
                    via: attempt.gateway,
                    at: row.paid_at.at(TABLE, "paid_at", &row.id)?,
                    payout: Money::new(row.payout_minor.at(TABLE, "payout_minor", &row.id)?, currency),
                    late: row.late,
                },
            }
        }
        IntentStatus::Failed => IntentState::Failed {
            at: ended()?,
            decline: last_decline(row)?.at(TABLE, "last_decline", &row.id)?,
        },
        IntentStatus::Canceled => IntentState::Canceled {
            at: ended()?,
            by: row
                .canceled_by
                .as_deref()
                .at(TABLE, "canceled_by", &row.id)?
                .parse()
                .at(TABLE, "canceled_by", &row.id)?,
        },
        IntentStatus::Expired => IntentState::Expired {
            at: ended()?,
            late: late_money(row)?,
        },
    })
}

fn attempt(row: &Model) -> Result<Attempt, Inconsistency> {
    let payment = row.payment_id.as_deref().at(TABLE, "payment_id", &row.id)?;
    let gateway = row.gateway.as_deref().at(TABLE, "gateway", &row.id)?;
    Ok(Attempt {
        payment: payment.parse().at(TABLE, "payment_id", &row.id)?,
        gateway: gateway.parse().at(TABLE, "gateway", &row.id)?,
    })
}

fn last_decline(row: &Model) -> Result<Option<Decline>, Inconsistency> {
    let read = |json: &Json| serde_json::from_value(json.clone()).at(TABLE, "last_decline", &row.id);
    row.last_decline.as_ref().map(read).transpose()
}

fn late_money(row: &Model) -> Result<Option<LateMoney>, Inconsistency> {
    if !row.late {
        return Ok(None);
    }
    let attempt = attempt(row)?;
    Ok(Some(LateMoney {
        payment: attempt.payment,
        gateway: attempt.gateway,
        given_back: !row.give_back_due,
    }))
}

/// The row of a new intent; the hash is of its client secret, for those that have one.
#[must_use]
pub fn insert(intent: &Intent, client_secret_hash: Option<String>) -> ActiveModel {
    let (source, link) = match intent.source {
        Source::Api => ("api", None),
        Source::Rasedi => ("rasedi", None),
        Source::Link(link) => ("link", Some(link.to_string())),
    };
    ActiveModel {
        id: Set(intent.id.to_string()),
        merchant_id: Set(intent.tenant.merchant.to_string()),
        mode: Set(intent.tenant.mode.to_string()),
        source: Set(source.to_owned()),
        link_id: Set(link),
        currency: Set(intent.amount.currency().to_string()),
        amount_minor: Set(intent.amount.minor()),
        capture_method: Set(intent.capture_method.as_str().to_owned()),
        gateways: Set(intent.gateways.to_string()),
        collect_fee: Set(intent.collect.fee),
        collect_email: Set(intent.collect.email),
        collect_phone: Set(intent.collect.phone),
        allow_promo_code: Set(intent.collect.promo_code),
        title: Set(intent.title.clone()),
        description: Set(intent.description.clone()),
        merchant_reference: Set(intent.merchant_reference.clone()),
        metadata: Set(intent.metadata.iter().collect()),
        success_url: Set(intent.success_url.as_ref().map(ToString::to_string)),
        cancel_url: Set(intent.cancel_url.as_ref().map(ToString::to_string)),
        callback_url: Set(intent.callback_url.as_ref().map(ToString::to_string)),
        client_secret_hash: Set(client_secret_hash),
        expires_at: Set(intent.expires_at),
        created_at: Set(intent.created_at),
        ..change(intent)
    }
}

/// The columns that follow an intent; the others never change.
#[must_use]
pub fn change(intent: &Intent) -> ActiveModel {
    let currency = intent.amount.currency();
    let parts = Parts::of(&intent.state);
    let decline = intent.state.last_decline().map(column::decline_json);
    ActiveModel {
        id: Unchanged(intent.id.to_string()),
        status: Set(intent.state.status().to_string()),
        customer_email: Set(intent.customer.email.clone()),
        customer_name: Set(intent.customer.name.clone()),
        customer_phone: Set(intent.customer.phone.clone()),
        promo_code_id: Set(intent.promo.as_ref().map(|promo| promo.id.to_string())),
        promo_code: Set(intent.promo.as_ref().map(|promo| promo.code.to_string())),
        discount_minor: Set(column::minor(
            intent.promo.as_ref().map(|promo| promo.discount),
            currency,
        )),
        attempts: Set(i32::from(intent.attempts)),
        payment_id: Set(intent.state.payment().map(|payment| payment.to_string())),
        gateway: Set(parts.gateway),
        last_decline: Set(decline),
        paid_at: Set(intent.state.paid().map(|paid| paid.at)),
        payout_minor: Set(intent
            .state
            .paid()
            .map(|paid| column::minor(paid.payout, currency))),
        late: Set(parts.late),
        give_back_due: Set(parts.give_back_due),
        ended_at: Set(parts.ended_at),
        lapses_at: Set(parts.lapses_at),
        canceled_by: Set(parts.canceled_by),
        updated_at: Set(intent.updated_at),
        version: Set(intent.version),
        ..Default::default()
    }
}

/// What single states carry.
#[derive(Default)]
struct Parts {
    gateway: Option<String>,
    late: bool,
    give_back_due: bool,
    ended_at: Option<Timestamp>,
    lapses_at: Option<Timestamp>,
    canceled_by: Option<String>,
}

impl Parts {
    fn of(state: &IntentState) -> Self {
        let nothing = Self::default();
        match state {
            IntentState::Created { .. } => nothing,
            IntentState::Processing { attempt } => Self {
                gateway: Some(attempt.gateway.to_string()),
                ..nothing
            },
            IntentState::RequiresCapture {
                attempt,
                late,
                lapses_at,
            } => Self {
                gateway: Some(attempt.gateway.to_string()),
                late: *late,
                lapses_at: *lapses_at,
                ..nothing
            },
            IntentState::Succeeded { paid } => Self {
                gateway: Some(paid.via.to_string()),
                late: paid.late,
                ..nothing
            },
            IntentState::Failed { at, .. } => Self {
                ended_at: Some(*at),
                ..nothing
            },
            IntentState::Canceled { at, by } => Self {
                ended_at: Some(*at),
                canceled_by: Some(by.as_str().to_owned()),
                ..nothing
            },
            IntentState::Expired { at, late } => Self {
                ended_at: Some(*at),
                late: late.is_some(),
                give_back_due: late.is_some_and(|late| !late.given_back),
                gateway: late.map(|late| late.gateway.to_string()),
                ..nothing
            },
        }
    }
}

#[cfg(test)]
mod tests;
