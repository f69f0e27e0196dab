//! What a door has to know of a payment before or beside an operation on it.

use crate::{App, Error, Result};
use domain::Currency;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::PaymentId;
use domain::operation::{Operation, OperationKind};
use entity::inconsistency::At;
use entity::{operation, payment};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

/// The currency of a payment, for whoever may do `command` on it: a door whose amounts carry no currency needs it to read them.
///
/// # Errors
/// When the scope of the command is missing; not found.
pub async fn currency(app: &App, who: &Actor, command: Scope, payment: PaymentId) -> Result<Currency> {
    let tenant = who.may(command)?.tenant;
    let id = payment.to_string();
    let code: Option<String> = payment::Entity::of(tenant)
        .filter(payment::Column::Id.eq(&id))
        .select_only()
        .column(payment::Column::Currency)
        .into_tuple()
        .one(app.db().reads())
        .await?;
    let code = code.ok_or(Error::NotFound("payment"))?;
    Ok(code.parse().at("payments", "currency", &id)?)
}

/// The operation that began a payment of this merchant and mode: what the issuer said then is true of the payment as a whole.
///
/// # Errors
/// When the scope is missing.
pub async fn first(app: &App, who: &Actor, payment: PaymentId) -> Result<Option<Operation>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let row = operation::Entity::of(tenant)
        .filter(operation::Column::PaymentId.eq(payment.to_string()))
        .filter(
            operation::Column::Kind.is_in([OperationKind::Authorize.as_str(), OperationKind::Sale.as_str()]),
        )
        .one(app.db().reads())
        .await?;
    Ok(row.map(TryInto::try_into).transpose()?)
}
