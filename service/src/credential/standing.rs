//! Whether somebody who was let in would be let in now: for connections that stay open.
//!
//! Invariant: what ends a key, a session or a permission ends what it opened, at once on the node that did it and within a moment on others.

use super::authenticate::{Admitted, admissible};
use super::known::{self, KnownKey};
use crate::{App, Result};
use chrono::Duration;
use domain::actor::Actor;
use domain::credential::{Denial, Secret, SecretHash, Session, Token};
use entity::session as table;
use sea_orm::EntityTrait;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// How long a key that was read is believed of connections that stay open: thousands of them show the same few keys, and each looks every
/// ten seconds. Of what ends on this node they are told.
const BELIEVED: Duration = Duration::seconds(5);

/// What somebody was let in with.
#[derive(Clone, Debug)]
pub struct Standing {
    admitted: Admitted,
    /// The secret that was shown, as token and hash; none of a session or a signature.
    shown: Option<(Token, SecretHash)>,
    address: IpAddr,
}

impl Standing {
    /// Of somebody who has just been let in, by `secret` if it was one.
    #[must_use]
    pub fn new(app: &App, admitted: Admitted, secret: Option<&str>, address: IpAddr) -> Self {
        let secret = secret.and_then(|secret| secret.parse::<Secret>().ok());
        Self {
            admitted,
            shown: secret.map(|secret| (secret.token().clone(), app.keys().hash(&secret))),
            address,
        }
    }

    /// Whether it would be let in now, and may do what it could.
    ///
    /// # Errors
    /// Storage errors; somebody who would not is `Ok(Err(_))`.
    pub async fn check(&self, app: &App) -> Result<std::result::Result<(), Denial>> {
        let now = app.now();
        if let Some(session) = &self.admitted.session {
            let row = table::Entity::find_by_id(session.id.to_string())
                .one(app.db().reads())
                .await?;
            let Some(row) = row else {
                return Ok(Err(Denial::SessionUnknown));
            };
            if let Err(denial) = Session::try_from(row)?.usable(now) {
                return Ok(Err(denial));
            }
        }
        let Some(key) = self.key(app).await? else {
            return Ok(Err(Denial::KeyUnknown));
        };
        if let Err(denial) = admissible(&key.holder, None, self.address, now) {
            return Ok(Err(denial));
        }
        if self.shown.as_ref().is_some_and(|(_, hash)| !key.opens(hash, now)) {
            return Ok(Err(Denial::SecretWrong));
        }
        let same = match (&self.admitted.actor, &key.holder.actor()) {
            (Actor::Merchant(then), Actor::Merchant(now)) => then.scopes == now.scopes,
            (Actor::Operator(_), Actor::Operator(_)) => true,
            _ => false,
        };
        Ok(same.then_some(()).ok_or(Denial::ScopeMissing))
    }

    /// The key behind it, believed for a while if it was shown.
    async fn key(&self, app: &App) -> Result<Option<Arc<KnownKey>>> {
        let Some((token, _)) = &self.shown else {
            return Ok(known::of_actor(app, &self.admitted.actor).await?.map(Arc::new));
        };
        let text = token.to_string();
        match app.known_keys().get_within(&text, app.now(), BELIEVED) {
            Some(key) => Ok(Some(key)),
            None => known::read(app, &text, token.kind()).await,
        }
    }
}

/// Told whenever a key or a session may have ended on this node.
#[must_use]
pub fn changes(app: &App) -> watch::Receiver<()> {
    app.known_keys().changes()
}
