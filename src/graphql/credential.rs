//! Credentials: API keys as their owners see them.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::{CredentialStatus, Mode, SecurityAction, SigningAlgorithm};
use super::error::{Code, failure, query_failure};
use super::load::SigningKeysOf;
use super::time::DateTime;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use domain::Timestamp;
use domain::credential::KeyMaterial;
use domain::id::CredentialId;
use service::credential::{Filter, Manager};

/// An API key, without what it proves itself with.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct Credential {
    #[graphql(skip)]
    key: CredentialId,
    /// What people call it.
    pub name: String,
    /// The merchant whose data it reaches, `mer_…`.
    pub merchant_id: ID,
    /// The mode in which it does.
    pub mode: Mode,
    /// The public token, `epk_…`: names the key in signed requests and proves nothing.
    pub token: String,
    /// What it is good for now.
    pub status: CredentialStatus,
    /// What it may do: `payments:create`, `payments:read` and so on.
    pub scopes: Vec<String>,
    /// Networks from which it may be used, in CIDR notation; none means everywhere.
    pub ip_allowlist: Vec<String>,
    /// The API version by which its requests are answered unless they name one.
    pub api_version: String,
    /// From when on it opens nothing; null is never.
    pub expires_at: Option<DateTime>,
    /// Until when the secret before this one goes on too; null when none does.
    pub rotating_until: Option<DateTime>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime>,
    /// When it was used last, to the minute or so.
    pub last_used_at: Option<DateTime>,
    /// From where it was used last.
    pub last_used_ip: Option<String>,
    /// What was done with it last.
    pub last_security_action: CredentialAction,
    /// Who made it: `console` for the command line, an operator `op_…` or a credential `cred_…`.
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime,
}

/// Something that was done with a credential for the sake of security.
#[derive(SimpleObject, Clone, Debug)]
pub struct CredentialAction {
    /// What.
    pub action: SecurityAction,
    /// When.
    pub at: DateTime,
    /// By whom: `console` for the command line, an operator `op_…` or a credential `cred_…`.
    pub by: String,
}

/// A key that verifies signed requests.
#[derive(SimpleObject, Clone, Debug)]
pub struct SigningKey {
    /// Its id, `skey_…`.
    pub id: ID,
    /// How it verifies.
    pub algorithm: SigningAlgorithm,
    /// The public key in PEM; null for a shared key, which is kept sealed and shown once.
    pub public_key: Option<String>,
    /// What people compare: SHA-256 of the public key, or a keyed hash of the shared one, in hex.
    pub fingerprint: String,
    /// Until when it verifies; null is for good.
    pub valid_until: Option<DateTime>,
    /// When it was made.
    pub created_at: DateTime,
}

impl Credential {
    /// A credential as it is at `now`.
    pub fn new(credential: domain::credential::Credential, now: Timestamp) -> Self {
        let status = credential.status(now);
        Self {
            key: credential.id,
            merchant_id: credential.tenant.merchant.to_string().into(),
            mode: credential.tenant.mode.into(),
            status: status.into(),
            scopes: credential.scopes.iter().map(|scope| scope.to_string()).collect(),
            ip_allowlist: credential.allowlist.entries().collect(),
            api_version: credential.api_version.to_string(),
            expires_at: credential.expires_at.map(DateTime),
            rotating_until: credential
                .rotating_until
                .filter(|until| now < *until)
                .map(DateTime),
            revoked_at: credential.revoked_at.map(DateTime),
            last_used_at: credential.last_used.map(|last| DateTime(last.at)),
            last_used_ip: credential.last_used.map(|last| last.address.to_string()),
            last_security_action: CredentialAction {
                action: credential.last_action.action.into(),
                at: credential.last_action.at.into(),
                by: credential.last_action.by.to_string(),
            },
            created_by: credential.created_by.to_string(),
            created_at: credential.created_at.into(),
            name: credential.name,
            token: credential.token,
        }
    }
}

#[ComplexObject]
impl Credential {
    /// Its id, `cred_…`.
    pub async fn id(&self) -> ID {
        self.key.to_string().into()
    }

    /// Keys that verify its signed requests, oldest first.
    pub async fn signing_keys(&self, ctx: &Context<'_>) -> Result<Vec<SigningKey>> {
        let keys = ctx.loaders()?.load_one(SigningKeysOf(self.key)).await;
        let keys = keys.map_err(|error| {
            tracing::error!(%error, "signing keys could not be read");
            failure(Code::Unavailable, "the signing keys could not be read; try again")
        })?;
        Ok(keys
            .unwrap_or_default()
            .into_iter()
            .map(SigningKey::from)
            .collect())
    }
}

impl From<domain::credential::SigningKey> for SigningKey {
    fn from(key: domain::credential::SigningKey) -> Self {
        Self {
            id: key.id.to_string().into(),
            algorithm: key.algorithm.into(),
            public_key: match &key.material {
                KeyMaterial::Public(public) => Some(public.to_pem()),
                KeyMaterial::Sealed(_) => None,
            },
            fingerprint: key.fingerprint,
            valid_until: key.valid_until.map(DateTime),
            created_at: key.created_at.into(),
        }
    }
}

/// Which credentials.
#[derive(InputObject, Default)]
pub struct CredentialFilter {
    /// Only those of this merchant. Merchants see their own in any case.
    pub merchant_id: Option<ID>,
    /// Only those of this mode. A test key sees test keys, a live key both.
    pub mode: Option<Mode>,
}

#[derive(Default)]
pub struct CredentialQuery;

#[Object]
impl CredentialQuery {
    /// Credentials, newest first. Takes the scope `credentials:manage`.
    async fn credentials(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
        #[graphql(desc = "Which credentials.")] filter: Option<CredentialFilter>,
    ) -> Result<Connection<Cursor<CredentialId>, Credential, EmptyFields>> {
        let filter = filter.unwrap_or_default();
        let merchant = filter.merchant_id.map(|id| {
            let malformed = |_| failure(Code::BadUserInput, "merchantId is an id of the form mer_…");
            id.parse().map_err(malformed)
        });
        let filter = Filter {
            merchant: merchant.transpose()?,
            mode: filter.mode.map(Into::into),
        };
        let list = List::new(("credentials", &filter));
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let (app, who) = (ctx.app()?, Manager::Actor(ctx.actor()?));
        let page = service::credential::page(app, who, &filter, &request)
            .await
            .map_err(query_failure)?;
        let now = app.now();
        Ok(list.connection(
            page,
            EmptyFields,
            |credential| credential.id,
            |credential| Credential::new(credential, now),
        ))
    }
}
