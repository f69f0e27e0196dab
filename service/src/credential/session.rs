//! Dashboard sessions: a cookie in place of a key, for a while.
//!
//! Invariant: a session opens nothing that its holder's key would not open at the same moment from the same place; and a request
//! that may change something needs a token that another page cannot read.

use super::authenticate::{Admitted, Checked, Csrf, Denied, admissible, admitted};
use super::{issue, known};
use crate::{App, Error, Result, Txn};
use chrono::Duration;
use domain::Timestamp;
use domain::actor::Actor;
use domain::api_request::Way;
use domain::credential::{CredentialRefusal, Denial, KeyKind, MAX_SESSION, Secret, Session, SessionHolder};
use domain::id::SessionId;
use entity::{credential, operator, session as table};
use sea_orm::prelude::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::net::IpAddr;
use std::sync::Arc;

/// Longest name of a browser that is kept, in characters.
const MAX_USER_AGENT: usize = 256;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// How long it lasts.
    pub lasts: Duration,
    /// From where it is opened.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// A session with its cookie, which nobody can show again.
#[derive(Debug)]
pub struct IssuedSession {
    /// The session.
    pub session: Session,
    /// Its cookie.
    pub cookie: Secret,
}

/// Which sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The one that asks.
    Own,
    /// Every one of the same holder.
    All,
}

fn holder(actor: &Actor) -> SessionHolder {
    match actor {
        Actor::Merchant(merchant) => SessionHolder::Credential(merchant.credential),
        Actor::Operator(operator) => SessionHolder::Operator(*operator),
    }
}

/// Opens a session for whoever showed a key.
///
/// # Errors
/// When it was a session that asked, or the time cannot be used.
pub async fn create(app: &App, who: &Admitted, new: NewSession) -> Result<IssuedSession> {
    if who.way == Way::Session {
        return Err(CredentialRefusal::SessionFromSession.into());
    }
    if new.lasts < Duration::minutes(1) || new.lasts > MAX_SESSION {
        return Err(CredentialRefusal::SessionTooLong.into());
    }
    let now = app.now();
    let cookie = issue(KeyKind::Session)?;
    let session = Session {
        id: app.id(now),
        token: cookie.token().to_string(),
        holder: holder(&who.actor),
        address: new.address,
        user_agent: new
            .user_agent
            .map(|text| text.chars().take(MAX_USER_AGENT).collect()),
        expires_at: now + new.lasts,
        revoked_at: None,
        created_at: now,
    };
    let row = table::insert(&session, &app.keys().hash(&cookie));
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                table::Entity::insert(row).exec_without_returning(txn).await?;
                Ok(())
            })
        })
        .await?;
    tracing::info!(session = %session.id, "session opened");
    Ok(IssuedSession { session, cookie })
}

/// Ends sessions; says how many.
///
/// # Errors
/// When its own is to end and it is none.
pub async fn revoke(app: &App, who: &Admitted, ending: Ending) -> Result<u64> {
    let now = app.now();
    let own = who.session.as_ref().map(|session| session.id);
    if ending == Ending::Own && own.is_none() {
        return Err(Error::NotFound("session"));
    }
    let holder = holder(&who.actor);
    let ended = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                match (ending, own) {
                    (Ending::Own, Some(own)) => end(txn, holder, Some(own), now).await,
                    _ => end(txn, holder, None, now).await,
                }
            })
        })
        .await?;
    app.known_keys().announce();
    tracing::info!(ended, "sessions revoked");
    Ok(ended)
}

/// Ends every session of a holder.
pub(super) async fn end_all(txn: &Txn, holder: SessionHolder, now: Timestamp) -> Result<u64> {
    end(txn, holder, None, now).await
}

/// Ends one session of a holder, or all.
async fn end(txn: &Txn, holder: SessionHolder, only: Option<SessionId>, now: Timestamp) -> Result<u64> {
    let mut query = table::Entity::update_many()
        .col_expr(table::Column::RevokedAt, Expr::value(now))
        .filter(table::Column::RevokedAt.is_null());
    query = match holder {
        SessionHolder::Credential(id) => query.filter(table::Column::CredentialId.eq(id.to_string())),
        SessionHolder::Operator(id) => query.filter(table::Column::OperatorId.eq(id.to_string())),
    };
    if let Some(only) = only {
        query = query.filter(table::Column::Id.eq(only.to_string()));
    }
    Ok(query.exec(txn).await?.rows_affected)
}

/// The token that requests of a session which may change something carry.
#[must_use]
pub fn csrf_token(app: &App, session: &Session) -> String {
    app.keys().csrf_token(session.id)
}

/// Who shows this cookie.
pub(super) async fn resume(
    app: &App,
    cookie: &str,
    csrf: Csrf<'_>,
    from: IpAddr,
) -> Result<Checked<Admitted>> {
    let unknown = || Ok(Err(Denial::SessionUnknown.into()));
    let Ok(cookie) = cookie.parse::<Secret>() else {
        return unknown();
    };
    let query = table::Entity::find().filter(table::Column::Token.eq(cookie.token().to_string()));
    let Some(row) = query.one(app.db().reads()).await? else {
        return unknown();
    };
    if row.secret_hash()? != app.keys().hash(&cookie) {
        return unknown();
    }
    let session: Session = row.try_into()?;
    let key = match session.holder {
        SessionHolder::Credential(id) => {
            let query = credential::Entity::find().filter(credential::Column::Id.eq(id.to_string()));
            known::of_merchant(app, query).await?
        }
        SessionHolder::Operator(id) => {
            let query = operator::Entity::find().filter(operator::Column::Id.eq(id.to_string()));
            known::of_operator(app, query).await?
        }
    };
    let Some(key) = key else { return unknown() };
    let now = app.now();
    let csrf_is_right = match csrf {
        Csrf::NotNeeded => true,
        Csrf::Needed(token) => token.is_some_and(|token| app.keys().is_csrf_token(session.id, token)),
    };
    let checked = session
        .usable(now)
        .and_then(|()| admissible(&key.holder, None, from, now))
        .and(if csrf_is_right {
            Ok(())
        } else {
            Err(Denial::CsrfTokenWrong)
        });
    Ok(match checked {
        Ok(()) => Ok(admitted(&key.holder, Way::Session, Some(Arc::new(session)))),
        Err(denial) => Err(Denied::from(denial).naming(&key.holder)),
    })
}
