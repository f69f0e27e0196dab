//! Making, changing and revoking credentials.
//!
//! Invariant: a secret stands in the payload of the command that made it, and nowhere ever after.

use super::api_version::ApiChange;
use super::context::ContextExt;
use super::credential::{Credential, SigningKey};
use super::enums::Mode;
use super::error::{Reply, reply};
use super::time::DateTime;
use super::user_error::{UserError, UserErrorCode, credential as refused};
use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use chrono::Duration;
use domain::actor::Actor;
use domain::api_version::ApiVersion;
use domain::credential::{CredentialRefusal, DEFAULT_OVERLAP, IpAllowlist, PublicKey, Scope, Scopes, Secret};
use domain::id::{CredentialId, SigningKeyId};
use domain::merchant::Tenant;
use service::credential::{Change, IssuedSigningKey, Manager, NewCredential, NewSigningKey, Rotate};

/// Which signing key a credential gets.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningKeyKind {
    /// None: only the secret opens the credential.
    None,
    /// Ed25519, made here; its private key is shown once as plain PKCS#8 PEM.
    Ed25519,
    /// Ed25519, made here; its private key is shown once as PKCS#8 PEM that the secret of the credential decrypts.
    Ed25519Encrypted,
    /// A shared key for HMAC-SHA256, made here and shown once in hex.
    HmacSha256,
    /// Your own public key, Ed25519 or RSA of 2048 to 8192 bits.
    Upload,
}

/// A signing key to be.
#[derive(InputObject)]
pub struct SigningKeyInput {
    /// Which.
    pub kind: SigningKeyKind,
    /// With UPLOAD: the public key in PEM.
    pub public_key: Option<String>,
}

/// Create a credential.
#[derive(InputObject)]
pub struct CredentialCreateInput {
    /// What people call it; 1 to 100 characters.
    pub name: String,
    /// Whose it is; operators have to say, merchants make their own.
    pub merchant_id: Option<ID>,
    /// The mode in which it works; that of the key that asks if left out. A test key makes test keys only.
    pub mode: Option<Mode>,
    /// What it may do; nothing that the credential that asks may not.
    pub scopes: Vec<String>,
    /// Networks from which it may be used, in CIDR notation; none means everywhere.
    #[graphql(default)]
    pub ip_allowlist: Vec<String>,
    /// From when on it opens nothing.
    pub expires_at: Option<DateTime>,
    /// The API version by which its requests are answered unless they name one; the newest if left out.
    pub api_version: Option<String>,
    /// Its signing key; Ed25519 made here if left out.
    pub signing_key: Option<SigningKeyInput>,
}

/// Give a credential new keys while the old ones go on for a while.
#[derive(InputObject)]
pub struct CredentialRotateInput {
    /// The credential, `cred_…`.
    pub id: ID,
    /// Whether it gets a new secret.
    #[graphql(default = true)]
    pub secret: bool,
    /// Its new signing key, in place of those of the same algorithm; they stay as they are if left out.
    pub signing_key: Option<SigningKeyInput>,
    /// How long the old keys go on, 0 to 10080 minutes; 0 ends the old secret, the replaced signing keys and every session at once.
    #[graphql(default_with = "default_overlap()")]
    pub overlap_minutes: i32,
}

fn default_overlap() -> i32 {
    i32::try_from(DEFAULT_OVERLAP.num_minutes()).unwrap_or_default()
}

/// Change a credential. What is left out stays as it is.
#[derive(InputObject)]
pub struct CredentialUpdateInput {
    /// The credential, `cred_…`.
    pub id: ID,
    /// What people call it; 1 to 100 characters.
    pub name: Option<String>,
    /// What it may do; nothing that the credential that asks may not.
    pub scopes: Option<Vec<String>>,
    /// Networks from which it may be used, in CIDR notation; an empty list means everywhere.
    pub ip_allowlist: Option<Vec<String>>,
    /// From when on it opens nothing; null is never.
    pub expires_at: MaybeUndefined<DateTime>,
    /// Signing keys of the credential, `skey_…`, that verify nothing from now on.
    #[graphql(default)]
    pub end_signing_keys: Vec<ID>,
}

/// Revoke a credential.
#[derive(InputObject)]
pub struct CredentialRevokeInput {
    /// The credential, `cred_…`.
    pub id: ID,
}

/// Pin a credential to a newer API version.
#[derive(InputObject)]
pub struct ApiVersionUpgradeInput {
    /// The credential, `cred_…`.
    pub credential_id: ID,
    /// The version; the newest if left out.
    pub version: Option<String>,
    /// Whether only to say what would change.
    #[graphql(default)]
    pub preview: bool,
}

/// A payload with keys, and how it is made.
macro_rules! keys_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The credential; null when it was refused.
            credential: Option<Credential>,
            /// Its new secret, `esk_…`. It is shown here and never again.
            secret: Option<String>,
            /// Its new private key in PEM, or its new shared key in hex. It is shown here and never again.
            private_key: Option<String>,
            /// Its new signing key.
            signing_key: Option<SigningKey>,
            /// Why it was refused; empty when it was not.
            user_errors: Vec<UserError>,
        }

        impl $name {
            fn refused(user_errors: Vec<UserError>) -> Self {
                Self { credential: None, secret: None, private_key: None, signing_key: None, user_errors }
            }

            fn issued(
                ctx: &Context<'_>,
                credential: domain::credential::Credential,
                secret: Option<&Secret>,
                signing_key: Option<IssuedSigningKey>,
            ) -> Result<Self> {
                ctx.note_made(credential.id);
                Ok(Self {
                    credential: Some(Credential::new(credential, ctx.app()?.now())),
                    secret: secret.map(|secret| secret.reveal().to_owned()),
                    private_key: signing_key.as_ref().and_then(IssuedSigningKey::reveal).map(str::to_owned),
                    signing_key: signing_key.map(|issued| issued.key.into()),
                    user_errors: Vec::new(),
                })
            }
        }
    };
}

keys_payload! {
    /// A new credential with what nobody can show again.
    CredentialCreatePayload
}

keys_payload! {
    /// A credential with its new keys, which nobody can show again.
    CredentialRotatePayload
}

/// A payload without keys, and how it is made.
macro_rules! changed_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The credential; null when it was refused.
            credential: Option<Credential>,
            /// Why it was refused; empty when it was not.
            user_errors: Vec<UserError>,
        }

        impl $name {
            const fn refused(user_errors: Vec<UserError>) -> Self {
                Self { credential: None, user_errors }
            }

            fn of(ctx: &Context<'_>, result: service::Result<domain::credential::Credential>) -> Result<Self> {
                match result {
                    Ok(credential) => {
                        ctx.note_made(credential.id);
                        let credential = Some(Credential::new(credential, ctx.app()?.now()));
                        Ok(Self { credential, user_errors: Vec::new() })
                    }
                    Err(error) => Ok(Self::refused(errors(ctx, error)?)),
                }
            }
        }
    };
}

changed_payload! {
    /// A credential after a change.
    CredentialUpdatePayload
}

changed_payload! {
    /// A credential that was revoked.
    CredentialRevokePayload
}

/// What an upgrade changes.
#[derive(SimpleObject)]
pub struct ApiVersionUpgradePayload {
    /// The credential, pinned or as it would be; null when it was refused.
    pub credential: Option<Credential>,
    /// The version before.
    pub from: Option<String>,
    /// The version after.
    pub to: Option<String>,
    /// What its requests get otherwise from then on.
    pub changes: Vec<ApiChange>,
    /// Whether it is pinned now; false for a preview.
    pub applied: bool,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

type Read<T> = std::result::Result<T, UserError>;

fn scopes(words: &[String]) -> Read<Scopes> {
    let scopes: std::result::Result<Vec<Scope>, _> = words.iter().map(|word| word.parse()).collect();
    let scopes = scopes.map_err(|unknown| UserError::at(UserErrorCode::ScopeUnknown, unknown, "scopes"))?;
    Scopes::of(&scopes).ok_or_else(|| refused(&CredentialRefusal::NoScope))
}

fn allowlist(entries: &[String]) -> Read<IpAllowlist> {
    IpAllowlist::read(entries).map_err(|refusal| refused(&refusal.into()))
}

fn version(word: Option<&str>, field: &str) -> Read<Option<ApiVersion>> {
    word.map(str::parse)
        .transpose()
        .map_err(|unknown| UserError::at(UserErrorCode::ApiVersionUnknown, unknown, field))
}

fn id(id: &ID, field: &str) -> Read<CredentialId> {
    id.parse()
        .map_err(|malformed| UserError::at(UserErrorCode::IdMalformed, malformed, field))
}

fn signing_key(input: Option<SigningKeyInput>, otherwise: NewSigningKey) -> Read<NewSigningKey> {
    let Some(input) = input else { return Ok(otherwise) };
    Ok(match input.kind {
        SigningKeyKind::None => NewSigningKey::None,
        SigningKeyKind::Ed25519 => NewSigningKey::Ed25519,
        SigningKeyKind::Ed25519Encrypted => NewSigningKey::Ed25519Encrypted,
        SigningKeyKind::HmacSha256 => NewSigningKey::HmacSha256,
        SigningKeyKind::Upload => {
            let pem = input.public_key.unwrap_or_default();
            NewSigningKey::Upload(PublicKey::from_pem(&pem).map_err(|refusal| refused(&refusal.into()))?)
        }
    })
}

impl CredentialCreateInput {
    fn read(self, actor: &Actor) -> Read<NewCredential> {
        let merchant = self.merchant_id.map(|id| {
            id.parse()
                .map_err(|malformed| UserError::at(UserErrorCode::IdMalformed, malformed, "merchantId"))
        });
        let merchant = merchant.transpose()?;
        let mode = self.mode.map(Into::into);
        let tenant = match actor {
            Actor::Merchant(own) => Tenant {
                merchant: merchant.unwrap_or(own.tenant.merchant),
                mode: mode.unwrap_or(own.tenant.mode),
            },
            Actor::Operator(_) => Tenant {
                merchant: merchant.ok_or_else(|| refused(&CredentialRefusal::MerchantRequired))?,
                mode: mode.unwrap_or(domain::merchant::Mode::Test),
            },
        };
        Ok(NewCredential {
            tenant,
            name: self.name,
            scopes: scopes(&self.scopes)?,
            allowlist: allowlist(&self.ip_allowlist)?,
            api_version: version(self.api_version.as_deref(), "apiVersion")?,
            expires_at: self.expires_at.map(|at| at.0),
            signing_key: signing_key(self.signing_key, NewSigningKey::Ed25519)?,
        })
    }
}

impl CredentialRotateInput {
    fn read(self) -> Read<Rotate> {
        Ok(Rotate {
            id: id(&self.id, "id")?,
            secret: self.secret,
            signing_key: signing_key(self.signing_key, NewSigningKey::None)?,
            overlap: Duration::minutes(self.overlap_minutes.into()),
        })
    }
}

impl CredentialUpdateInput {
    fn read(self) -> Read<(CredentialId, Change)> {
        let ended: Read<Vec<SigningKeyId>> = self
            .end_signing_keys
            .iter()
            .map(|id| {
                id.parse().map_err(|malformed| {
                    UserError::at(UserErrorCode::IdMalformed, malformed, "endSigningKeys")
                })
            })
            .collect();
        let change = Change {
            name: self.name,
            scopes: self.scopes.as_deref().map(scopes).transpose()?,
            allowlist: self.ip_allowlist.as_deref().map(allowlist).transpose()?,
            expires_at: match self.expires_at {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(at) => Some(Some(at.0)),
            },
            ended_signing_keys: ended?,
        };
        Ok((id(&self.id, "id")?, change))
    }
}

/// The errors of a refusal that the caller can mend; everything else fails the request.
fn errors(ctx: &Context<'_>, error: service::Error) -> Result<Vec<UserError>> {
    match reply(error) {
        Reply::UserErrors(errors) => {
            ctx.note_refusal(&errors);
            Ok(errors)
        }
        Reply::Failure(failure) => Err(failure),
    }
}

#[derive(Default)]
pub struct CredentialMutation;

#[Object]
impl CredentialMutation {
    /// Makes a credential. Takes the scope `credentials:manage`. The secret and the private key are in this answer only.
    async fn credential_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CredentialCreateInput,
    ) -> Result<CredentialCreatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let new = match input.read(actor) {
            Ok(new) => new,
            Err(error) => return Ok(CredentialCreatePayload::refused(vec![error])),
        };
        match service::credential::create(app, Manager::Actor(actor), new).await {
            Ok(issued) => CredentialCreatePayload::issued(
                ctx,
                issued.credential,
                Some(&issued.secret),
                issued.signing_key,
            ),
            Err(error) => Ok(CredentialCreatePayload::refused(errors(ctx, error)?)),
        }
    }

    /// Gives a credential a new secret, a new signing key or both; the old ones go on for the overlap. Takes the scope
    /// `credentials:manage` and every scope of the credential.
    async fn credential_rotate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CredentialRotateInput,
    ) -> Result<CredentialRotatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let what = match input.read() {
            Ok(what) => what,
            Err(error) => return Ok(CredentialRotatePayload::refused(vec![error])),
        };
        match service::credential::rotate(app, Manager::Actor(actor), what).await {
            Ok(rotated) => CredentialRotatePayload::issued(
                ctx,
                rotated.credential,
                rotated.secret.as_ref(),
                rotated.signing_key,
            ),
            Err(error) => Ok(CredentialRotatePayload::refused(errors(ctx, error)?)),
        }
    }

    /// Changes the name, scopes, allowlist or expiry of a credential, or ends signing keys of it. Takes the scope `credentials:manage` and every scope of the
    /// credential.
    async fn credential_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CredentialUpdateInput,
    ) -> Result<CredentialUpdatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match input.read() {
            Ok((id, change)) => {
                let result = service::credential::update(app, Manager::Actor(actor), id, change).await;
                CredentialUpdatePayload::of(ctx, result)
            }
            Err(error) => Ok(CredentialUpdatePayload::refused(vec![error])),
        }
    }

    /// Revokes a credential, for good: it and its sessions open nothing from the next request on, on other nodes after a second
    /// at most. Takes the scope `credentials:manage`.
    async fn credential_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CredentialRevokeInput,
    ) -> Result<CredentialRevokePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match id(&input.id, "id") {
            Ok(id) => {
                let result = service::credential::revoke(app, Manager::Actor(actor), id).await;
                CredentialRevokePayload::of(ctx, result)
            }
            Err(error) => Ok(CredentialRevokePayload::refused(vec![error])),
        }
    }

    /// Pins a credential to a newer API version, or says what that would change. Takes the scope `credentials:manage` and every
    /// scope of the credential.
    async fn api_version_upgrade(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ApiVersionUpgradeInput,
    ) -> Result<ApiVersionUpgradePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let refused = |user_errors| ApiVersionUpgradePayload {
            credential: None,
            from: None,
            to: None,
            changes: Vec::new(),
            applied: false,
            user_errors,
        };
        let read = || {
            let to = version(input.version.as_deref(), "version")?.unwrap_or(ApiVersion::NEWEST);
            Ok((id(&input.credential_id, "credentialId")?, to))
        };
        let (credential, to) = match read() {
            Ok(read) => read,
            Err(error) => return Ok(refused(vec![error])),
        };
        let manager = Manager::Actor(actor);
        match service::credential::upgrade(app, manager, credential, to, input.preview).await {
            Ok((from, credential)) => {
                if !input.preview {
                    ctx.note_made(credential.id);
                }
                Ok(ApiVersionUpgradePayload {
                    credential: Some(Credential::new(credential, app.now())),
                    from: Some(from.to_string()),
                    to: Some(to.to_string()),
                    changes: from.changes_until(to).map(ApiChange::from).collect(),
                    applied: !input.preview,
                    user_errors: Vec::new(),
                })
            }
            Err(error) => Ok(refused(errors(ctx, error)?)),
        }
    }
}
