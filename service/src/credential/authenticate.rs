//! Who asks?
//!
//! Invariant: the checks come in the order of design.md 8 (key known, mode, active and not expired, address, time, body hash,
//! signature, nonce), and the first that is not passed is the reason. A nonce is used up by a right signature only, so that
//! nobody else can use it up.

use super::known::{self, Holder, KnownKey};
use super::session;
use crate::{App, Error, Result};
use chrono::Duration;
use domain::Timestamp;
use domain::actor::Actor;
use domain::api_request::Way;
use domain::api_version::ApiVersion;
use domain::credential::signing::{BodyClaim, SignedRequest, legacy_message};
use domain::credential::{Denial, KeyKind, KeyMaterial, Secret, Session, SigningAlgorithm, Token};
use domain::id::{CredentialId, OperatorId};
use domain::merchant::{Mode, Tenant};
use entity::nonce;
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use sha2::Sha256;
use std::net::IpAddr;
use std::sync::Arc;

/// Most by which the clock of a signed request may differ from ours, both ways and inclusive.
pub const MAX_DRIFT: Duration = Duration::seconds(300);
/// How long a nonce is kept: longer than its request could be taken again, which is twice the drift.
const NONCE_KEPT: Duration = Duration::seconds(660);

/// What somebody shows.
#[derive(Debug)]
pub enum Presented<'a> {
    /// The secret of a key.
    Secret(&'a str),
    /// A signed request: our own form, or HTTP Message Signatures.
    Signed(&'a SignedRequest),
    /// S3's `x-id` and `x-signature`.
    Legacy(Legacy<'a>),
    /// The cookie of a session.
    Session {
        /// The cookie.
        cookie: &'a str,
        /// What came against forged requests.
        csrf: Csrf<'a>,
    },
}

/// S3's way: the secret itself, and a signature over method, secret and path.
#[derive(Clone, Copy, Debug)]
pub struct Legacy<'a> {
    /// `x-id`.
    pub secret: &'a str,
    /// `x-signature`, decoded; `None` when it is missing or no base64.
    pub signature: Option<&'a [u8]>,
    /// The HTTP method.
    pub method: &'a str,
    /// The path, without its query.
    pub path: &'a str,
    /// The mode that the path names.
    pub mode: Mode,
}

/// The CSRF token of a session.
#[derive(Clone, Copy, Debug)]
pub enum Csrf<'a> {
    /// The request only asks.
    NotNeeded,
    /// It may change something; what came with it.
    Needed(Option<&'a str>),
}

/// Somebody who was let in so far: scope, rate and idempotency are looked at later.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who it is.
    pub actor: Actor,
    /// How they showed it.
    pub way: Way,
    /// By which version they are answered unless the request names one.
    pub api_version: ApiVersion,
    /// Their session.
    pub session: Option<Arc<Session>>,
    /// Seconds between the time in the signature and ours.
    pub drift_seconds: Option<i64>,
}

/// Somebody who was not let in, and whom they named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Why not.
    pub denial: Denial,
    /// Whose key was named, whether or not it was proved.
    pub tenant: Option<Tenant>,
    /// Which credential was named.
    pub credential: Option<CredentialId>,
    /// Which operator was named.
    pub operator: Option<OperatorId>,
    /// Seconds between the time in the signature and ours.
    pub drift_seconds: Option<i64>,
}

impl From<Denial> for Denied {
    fn from(denial: Denial) -> Self {
        Self {
            denial,
            tenant: None,
            credential: None,
            operator: None,
            drift_seconds: None,
        }
    }
}

impl Denied {
    /// With whom the request named.
    pub(super) fn naming(mut self, holder: &Holder) -> Self {
        match holder {
            Holder::Credential(credential, _) => {
                self.tenant = Some(credential.tenant);
                self.credential = Some(credential.id);
            }
            Holder::Operator(operator) => self.operator = Some(operator.id),
        }
        self
    }
}

/// What a check comes to.
pub(super) type Checked<T> = std::result::Result<T, Denied>;

/// Finds out who shows this, `from` where.
///
/// # Errors
/// Storage errors; somebody who is not let in is `Ok(Err(_))`.
pub async fn authenticate(app: &App, presented: &Presented<'_>, from: IpAddr) -> Result<Checked<Admitted>> {
    match presented {
        Presented::Secret(secret) => by_secret(app, secret, from, Way::Secret, None).await,
        Presented::Legacy(legacy) => by_legacy_signature(app, *legacy, from).await,
        Presented::Signed(request) => by_signature(app, request, from).await,
        Presented::Session { cookie, csrf } => session::resume(app, cookie, *csrf, from).await,
    }
}

/// Whether this secret opened something on this node before, so that refusing its address for the sake of others would be
/// wrong. It asks no database.
#[must_use]
pub fn opened_before(app: &App, secret: &str) -> bool {
    secret.parse::<Secret>().is_ok_and(|secret| {
        let hash = app.keys().hash(&secret);
        let token = secret.token().to_string();
        app.known_keys().opened(&token, &hash, app.now())
    })
}

/// Whether a key with this token was read on this node a moment ago. It asks no database.
#[must_use]
pub fn token_is_known(app: &App, token: &str) -> bool {
    app.known_keys().get(token, app.now()).is_some()
}

/// A denial that names the credential with this token, if there is one; for the request log, so what the database does not say is
/// left out.
pub async fn naming(app: &App, denial: Denial, token: Option<&str>) -> Denied {
    let denied = Denied::from(denial);
    let Some(token) = token.and_then(|token| token.parse::<Token>().ok()) else {
        return denied;
    };
    let text = token.to_string();
    let known = match app.known_keys().get(&text, app.now()) {
        Some(key) => Some(key),
        None => known::read(app, &text, token.kind()).await.unwrap_or_default(),
    };
    known.map_or(denied, |key| denied.naming(&key.holder))
}

async fn by_secret(
    app: &App,
    secret: &str,
    from: IpAddr,
    way: Way,
    mode: Option<Mode>,
) -> Result<Checked<Admitted>> {
    let found = open(app, secret).await?;
    Ok(found.and_then(|key| {
        admissible(&key.holder, mode, from, app.now())
            .map_err(|denial| Denied::from(denial).naming(&key.holder))?;
        Ok(admitted(&key.holder, way, None))
    }))
}

/// The key that a secret opens.
async fn open(app: &App, secret: &str) -> Result<Checked<Arc<KnownKey>>> {
    let Ok(secret) = secret.parse::<Secret>() else {
        return Ok(Err(Denial::KeyMalformed.into()));
    };
    let (now, hash) = (app.now(), app.keys().hash(&secret));
    let token = secret.token().to_string();
    if let Some(key) = app.known_keys().get(&token, now)
        && key.opens(&hash, now)
    {
        return Ok(Ok(key));
    }
    // Not remembered, or with another secret: it may have been rotated on another node.
    let Some(key) = known::read(app, &token, secret.token().kind()).await? else {
        return Ok(Err(Denial::KeyUnknown.into()));
    };
    if !key.opens(&hash, now) {
        return Ok(Err(Denied::from(Denial::SecretWrong).naming(&key.holder)));
    }
    Ok(Ok(key))
}

/// Mode, life and address.
pub(super) fn admissible(
    holder: &Holder,
    mode: Option<Mode>,
    from: IpAddr,
    now: Timestamp,
) -> std::result::Result<(), Denial> {
    match holder {
        Holder::Credential(credential, _) => {
            if mode.is_some_and(|mode| mode != credential.tenant.mode) {
                return Err(Denial::ModeMismatch);
            }
            credential.usable(now)?;
            if credential.allowlist.allows(from) {
                Ok(())
            } else {
                Err(Denial::AddressNotAllowed)
            }
        }
        Holder::Operator(_) if mode.is_some() => Err(Denial::ModeMismatch),
        Holder::Operator(operator) if operator.revoked_at.is_some() => Err(Denial::KeyRevoked),
        Holder::Operator(_) => Ok(()),
    }
}

pub(super) fn admitted(holder: &Holder, way: Way, session: Option<Arc<Session>>) -> Admitted {
    Admitted {
        actor: holder.actor(),
        way,
        api_version: holder.api_version(),
        session,
        drift_seconds: None,
    }
}

async fn by_legacy_signature(app: &App, legacy: Legacy<'_>, from: IpAddr) -> Result<Checked<Admitted>> {
    let key = match open(app, legacy.secret).await? {
        Ok(key) => key,
        Err(denied) => return Ok(Err(denied)),
    };
    let denied = |denial: Denial| Ok(Err(Denied::from(denial).naming(&key.holder)));
    if let Err(denial) = admissible(&key.holder, Some(legacy.mode), from, app.now()) {
        return denied(denial);
    }
    let Some(signature) = legacy.signature else {
        return denied(Denial::SignatureMalformed);
    };
    let message = legacy_message(legacy.method, legacy.secret, legacy.path);
    let public = [SigningAlgorithm::Ed25519, SigningAlgorithm::Rsa];
    match verify(app, &key, &public, message.as_bytes(), signature).await? {
        Ok(()) => Ok(Ok(admitted(&key.holder, Way::LegacySignature, None))),
        Err(denial) => denied(denial),
    }
}

async fn by_signature(app: &App, request: &SignedRequest, from: IpAddr) -> Result<Checked<Admitted>> {
    let now = app.now();
    let kind = request.token.parse::<Token>().map(|token| token.kind());
    let Ok(kind @ KeyKind::Merchant(_)) = kind else {
        return Ok(Err(Denial::KeyMalformed.into()));
    };
    let key = match app.known_keys().get(&request.token, now) {
        Some(key) => Some(key),
        None => known::read(app, &request.token, kind).await?,
    };
    let Some(key) = key else {
        return Ok(Err(Denial::KeyUnknown.into()));
    };
    // In whole seconds, as the log shows it, so that what it shows is what was decided by.
    let drift = (now - request.signed_at).abs();
    let drift = (drift.num_milliseconds() + 500) / 1_000;
    let drift_seconds = Some(drift);
    let denied = |denial: Denial| {
        Ok(Err(Denied {
            drift_seconds,
            ..Denied::from(denial).naming(&key.holder)
        }))
    };
    if let Err(denial) = admissible(&key.holder, None, from, now) {
        return denied(denial);
    }
    // A signer may ask for less time than everybody has.
    if drift > MAX_DRIFT.num_seconds() || request.has_expired(now) {
        return denied(Denial::ClockDrift);
    }
    if request.body == BodyClaim::Differs {
        return denied(Denial::BodyHashMismatch);
    }
    if let Err(denial) = verify(
        app,
        &key,
        &[request.algorithm],
        &request.message,
        &request.signature,
    )
    .await?
    {
        return denied(denial);
    }
    if !use_up(app, &key.holder, &request.nonce, now).await? {
        return denied(Denial::NonceReused);
    }
    Ok(Ok(Admitted {
        drift_seconds,
        ..admitted(&key.holder, request.way, None)
    }))
}

/// Whether one of the key's signing keys of these kinds signed `message`.
async fn verify(
    app: &App,
    key: &KnownKey,
    kinds: &[SigningAlgorithm],
    message: &[u8],
    signature: &[u8],
) -> Result<std::result::Result<(), Denial>> {
    let now = app.now();
    let keys = key.signing_keys(app).await?;
    let mut fitting = keys
        .iter()
        .filter(|key| kinds.contains(&key.algorithm) && key.is_valid(now))
        .peekable();
    if fitting.peek().is_none() {
        return Ok(Err(Denial::SigningKeyMissing));
    }
    for key in fitting {
        let verifies = match &key.material {
            KeyMaterial::Public(public) => public.verifies(message, signature),
            KeyMaterial::Sealed(sealed) => {
                let shared = app.keys().unseal(sealed, &key.id.to_string()).map_err(|cause| {
                    tracing::error!(%cause, key = %key.id, "a shared key cannot be opened");
                    Error::Unavailable("a shared signing key cannot be opened; the log says why")
                })?;
                let mac = Hmac::<Sha256>::new_from_slice(&shared).map(|mac| mac.chain_update(message));
                mac.is_ok_and(|mac| mac.verify_slice(signature).is_ok())
            }
        };
        if verifies {
            return Ok(Ok(()));
        }
    }
    Ok(Err(Denial::SignatureInvalid))
}

/// Notes that a nonce was used; `false` when it had been.
async fn use_up(app: &App, holder: &Holder, text: &str, now: Timestamp) -> Result<bool> {
    let Holder::Credential(credential, _) = holder else {
        return Ok(false);
    };
    let row = nonce::insert(credential.id, text, now + NONCE_KEPT);
    let once = OnConflict::columns([nonce::Column::CredentialId, nonce::Column::Nonce])
        .do_nothing()
        .to_owned();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let written = nonce::Entity::insert(row)
                    .on_conflict(once)
                    .exec_without_returning(txn)
                    .await?;
                Ok(written == 1)
            })
        })
        .await
}
