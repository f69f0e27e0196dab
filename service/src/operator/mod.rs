//! Operators: who runs this installation.

use crate::credential::Issued;
use crate::{App, Error, Result, credential};
use domain::credential::{KeyKind, Operator};
use domain::id::OperatorId;
use domain::merchant;
use entity::operator as table;
use sea_orm::prelude::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

/// Creates an operator and its key. Whoever can run this command owns the machine; there is nobody to ask.
///
/// # Errors
/// When the name cannot be used.
pub async fn create(app: &App, name: &str) -> Result<Issued<Operator>> {
    let now = app.now();
    let secret = credential::issue(KeyKind::Operator)?;
    let operator = Operator {
        id: app.id(now),
        name: merchant::name(name)?,
        token: secret.token().to_string(),
        revoked_at: None,
        created_at: now,
    };
    let row = table::insert(&operator, &app.keys().hash(&secret));
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                Ok(table::Entity::insert(row)
                    .exec_without_returning(txn)
                    .await
                    .map(drop)?)
            })
        })
        .await?;
    tracing::info!(operator = %operator.id, "operator created");
    Ok(Issued {
        key: operator,
        secret,
    })
}

/// All operators, oldest first. Whoever can run this command owns the machine.
///
/// # Errors
/// Storage errors.
pub async fn list(app: &App) -> Result<Vec<Operator>> {
    let query = table::Entity::find().order_by_asc(table::Column::Id);
    let rows = query.all(app.db().reads()).await?;
    let operators: std::result::Result<_, _> = rows.into_iter().map(TryInto::try_into).collect();
    Ok(operators?)
}

/// Revokes an operator: its key and its sessions open nothing from the next request on. Revoking it again changes nothing.
///
/// # Errors
/// When it is not there.
pub async fn revoke(app: &App, id: OperatorId) -> Result<Operator> {
    let now = app.now();
    let revoked: Operator = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                table::Entity::update_many()
                    .col_expr(table::Column::RevokedAt, Expr::value(now))
                    .filter(table::Column::Id.eq(id.to_string()))
                    .filter(table::Column::RevokedAt.is_null())
                    .exec(txn)
                    .await?;
                let row = table::Entity::find_by_id(id.to_string()).one(txn).await?;
                Ok(row.ok_or(Error::NotFound("operator"))?.try_into()?)
            })
        })
        .await?;
    app.known_keys().forget(&revoked.token);
    tracing::info!(operator = %revoked.id, "operator revoked");
    Ok(revoked)
}
