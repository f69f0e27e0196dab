//! What is asked for when credentials are made, changed and revoked.

use super::enums::Mode;
use super::time::DateTime;
use super::user_error::{UserError, UserErrorCode, credential as refused};
use async_graphql::{Enum, ID, InputObject, MaybeUndefined};
use chrono::Duration;
use domain::actor::Actor;
use domain::api_version::ApiVersion;
use domain::credential::{CredentialRefusal, DEFAULT_OVERLAP, IpAllowlist, PublicKey, Scope, Scopes};
use domain::id::{CredentialId, SigningKeyId};
use domain::merchant::Tenant;
use service::credential::{Change, NewCredential, NewSigningKey, Rotate};

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

pub type Read<T> = Result<T, UserError>;

fn scopes(words: &[String]) -> Read<Scopes> {
    let scopes: Result<Vec<Scope>, _> = words.iter().map(|word| word.parse()).collect();
    let scopes = scopes.map_err(|unknown| UserError::at(UserErrorCode::ScopeUnknown, unknown, "scopes"))?;
    Scopes::of(&scopes).ok_or_else(|| refused(&CredentialRefusal::NoScope))
}

fn allowlist(entries: &[String]) -> Read<IpAllowlist> {
    IpAllowlist::read(entries).map_err(|refusal| refused(&refusal.into()))
}

pub fn version(word: Option<&str>, field: &str) -> Read<Option<ApiVersion>> {
    word.map(str::parse)
        .transpose()
        .map_err(|unknown| UserError::at(UserErrorCode::ApiVersionUnknown, unknown, field))
}

pub fn id(id: &ID, field: &str) -> Read<CredentialId> {
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
    pub fn read(self, actor: &Actor) -> Read<NewCredential> {
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
    pub fn read(self) -> Read<Rotate> {
        Ok(Rotate {
            id: id(&self.id, "id")?,
            secret: self.secret,
            signing_key: signing_key(self.signing_key, NewSigningKey::None)?,
            overlap: Duration::minutes(self.overlap_minutes.into()),
        })
    }
}

impl CredentialUpdateInput {
    pub fn read(self) -> Read<(CredentialId, Change)> {
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
