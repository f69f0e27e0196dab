//! Making, changing and revoking credentials.
//!
//! Invariant: a secret stands in the payload of the command that made it, and nowhere ever after.

use super::api_version::ApiChange;
use super::context::ContextExt;
use super::credential::{Credential, SigningKey};
use super::credential_input::{
    ApiVersionUpgradeInput, CredentialCreateInput, CredentialRevokeInput, CredentialRotateInput,
    CredentialUpdateInput, id, version,
};
use super::user_error::UserError;
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::api_version::ApiVersion;
use domain::credential::Secret;
use service::credential::{IssuedSigningKey, Manager};

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
                    Err(error) => Ok(Self::refused(ctx.refused(error)?)),
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
            Err(error) => Ok(CredentialCreatePayload::refused(ctx.refused(error)?)),
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
            Err(error) => Ok(CredentialRotatePayload::refused(ctx.refused(error)?)),
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
            Err(error) => Ok(refused(ctx.refused(error)?)),
        }
    }
}
