//! Operators: who runs this installation.

use crate::credential::Issued;
use crate::{App, Result, credential};
use domain::credential::{KeyKind, Operator};
use domain::merchant;
use entity::operator as table;
use sea_orm::EntityTrait;

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
