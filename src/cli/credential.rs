//! `tahsil credential`.

use super::answer::{Answer, Output, fields, table};
use super::{Outcome, installation};
use crate::config::Config;
use anyhow::Context;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::api_version::ApiVersion;
use domain::credential::{
    Credential, CredentialStatus, DEFAULT_OVERLAP, IpAllowlist, PublicKey, Scope, Scopes, Secret,
};
use domain::id::{CredentialId, MerchantId};
use domain::merchant::{Mode, Tenant};
use domain::{Clock, SystemClock, Timestamp};
use serde::Serialize;
use service::credential::{IssuedSigningKey, Manager, NewCredential, NewSigningKey};

/// What to do with credentials.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tahsil credential list")]
pub enum Command {
    /// Add a credential and print its keys, once.
    Create(Create),
    /// List credentials, oldest first, without their secrets.
    List(List),
    /// Give a credential new keys and print them, once; the old ones go on for the overlap.
    Rotate(Rotate),
    /// Revoke a credential: it opens nothing any more.
    Revoke(Revoke),
}

/// A credential to be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tahsil credential create --merchant mer_01… --mode test --name 'Web shop' --scopes payments:create,payments:read"
)]
pub struct Create {
    /// The merchant whose data it opens.
    #[arg(long, value_name = "ID")]
    merchant: MerchantId,
    /// Real money, or rehearsal.
    #[arg(long, value_parser = modes())]
    mode: Mode,
    /// What people call it.
    #[arg(long)]
    name: String,
    /// What it may do: all, or a list with commas of payments:create, payments:read, payments:capture, refunds:create,
    /// reports:read, webhooks:manage, credentials:manage, logs:read.
    #[arg(long, value_name = "all|LIST")]
    scopes: Scopes,
    /// Networks from which it may be used, in CIDR notation, with commas; everywhere if left out.
    #[arg(long, value_name = "CIDR,…", value_delimiter = ',')]
    ip_allowlist: Vec<String>,
    /// From when on it opens nothing, as RFC 3339; never if left out.
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
    /// By which version its requests are answered unless they name one; the newest if left out.
    #[arg(long, value_name = "VERSION")]
    api_version: Option<ApiVersion>,
    /// Its signing key: ed25519, ed25519-encrypted (its secret is the passphrase), hmac-sha256, none, or the file of your own
    /// public key in PEM.
    #[arg(long, value_name = "KIND|FILE", default_value = "ed25519")]
    signing_key: String,
    #[command(flatten)]
    output: Output,
}

/// Which keys become others.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tahsil credential rotate cred_01…\n  tahsil credential rotate cred_01… --overlap-minutes 0 --signing-key ed25519"
)]
pub struct Rotate {
    /// The credential.
    id: CredentialId,
    /// Leave the secret as it is.
    #[arg(long, requires = "signing_key")]
    keep_secret: bool,
    /// Its new signing key, in place of those of the same kind: ed25519, ed25519-encrypted, hmac-sha256, or the file of your own
    /// public key in PEM; they stay as they are if left out.
    #[arg(long, value_name = "KIND|FILE", default_value = "none")]
    signing_key: String,
    /// How long the old keys go on; 0 ends the old secret, the replaced signing keys and every session at once.
    #[arg(long, value_name = "MINUTES", default_value_t = DEFAULT_OVERLAP.num_minutes())]
    overlap_minutes: i64,
    #[command(flatten)]
    output: Output,
}

/// Which credentials.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil credential list --merchant mer_01… --output json")]
pub struct List {
    /// Only those of this merchant.
    #[arg(long, value_name = "ID")]
    merchant: Option<MerchantId>,
    #[command(flatten)]
    output: Output,
}

/// Which credential.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil credential revoke cred_01…")]
pub struct Revoke {
    /// The credential.
    id: CredentialId,
    #[command(flatten)]
    output: Output,
}

/// What `--signing-key` names.
fn signing_key(text: &str) -> anyhow::Result<NewSigningKey> {
    Ok(match text {
        "none" => NewSigningKey::None,
        "ed25519" => NewSigningKey::Ed25519,
        "ed25519-encrypted" => NewSigningKey::Ed25519Encrypted,
        "hmac-sha256" => NewSigningKey::HmacSha256,
        path => {
            let pem = std::fs::read_to_string(path).with_context(|| {
                format!("--signing-key: {path} is no kind of signing key (ed25519, ed25519-encrypted, hmac-sha256, none) and no file")
            })?;
            NewSigningKey::Upload(
                PublicKey::from_pem(&pem).with_context(|| format!("--signing-key: {path}"))?,
            )
        }
    })
}

fn modes() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new([Mode::Live, Mode::Test].map(Mode::as_str)).try_map(|word| word.parse::<Mode>())
}

/// Does it.
pub async fn run(command: Command, config: &Config) -> anyhow::Result<Outcome> {
    match command {
        Command::Create(args) => create(args, config).await,
        Command::List(args) => list(&args, config).await,
        Command::Rotate(args) => rotate(&args, config).await,
        Command::Revoke(args) => revoke(&args, config).await,
    }
}

async fn create(args: Create, config: &Config) -> anyhow::Result<Outcome> {
    let tenant = Tenant {
        merchant: args.merchant,
        mode: args.mode,
    };
    let new = NewCredential {
        allowlist: IpAllowlist::read(&args.ip_allowlist).context("--ip-allowlist")?,
        api_version: args.api_version,
        expires_at: args.expires_at,
        signing_key: signing_key(&args.signing_key)?,
        ..NewCredential::named(&args.name, tenant, args.scopes)
    };
    let issued = installation::with(config, async |app| {
        Ok(service::credential::create(app, Manager::Console, new).await?)
    })
    .await?;
    args.output.print(&Keys {
        done: "created",
        view: (&issued.credential).into(),
        secret: Some(issued.secret.reveal()),
        private_key: issued.signing_key.as_ref().and_then(IssuedSigningKey::reveal),
    })?;
    Ok(Outcome::Done)
}

async fn rotate(args: &Rotate, config: &Config) -> anyhow::Result<Outcome> {
    let what = service::credential::Rotate {
        id: args.id,
        secret: !args.keep_secret,
        signing_key: signing_key(&args.signing_key)?,
        overlap: chrono::Duration::minutes(args.overlap_minutes),
    };
    let rotated = installation::with(config, async |app| {
        Ok(service::credential::rotate(app, Manager::Console, what).await?)
    })
    .await?;
    args.output.print(&Keys {
        done: "rotated",
        view: (&rotated.credential).into(),
        secret: rotated.secret.as_ref().map(Secret::reveal),
        private_key: rotated.signing_key.as_ref().and_then(IssuedSigningKey::reveal),
    })?;
    Ok(Outcome::Done)
}

async fn list(args: &List, config: &Config) -> anyhow::Result<Outcome> {
    let credentials = installation::with(config, async |app| {
        Ok(service::credential::all(app, Manager::Console, args.merchant).await?)
    })
    .await?;
    args.output.print(&Credentials {
        credentials: credentials.iter().map(Into::into).collect(),
    })?;
    Ok(Outcome::Done)
}

async fn revoke(args: &Revoke, config: &Config) -> anyhow::Result<Outcome> {
    let credential = installation::with(config, async |app| {
        Ok(service::credential::revoke(app, Manager::Console, args.id).await?)
    })
    .await?;
    args.output.print(&Revoked((&credential).into()))?;
    Ok(Outcome::Done)
}

/// A credential as commands show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    id: CredentialId,
    name: &'a str,
    merchant: MerchantId,
    mode: Mode,
    scopes: Vec<Scope>,
    status: &'static str,
    token: &'a str,
    ip_allowlist: Vec<String>,
    api_version: &'static str,
    expires_at: Option<Timestamp>,
    rotating_until: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

impl<'a> From<&'a Credential> for View<'a> {
    fn from(credential: &'a Credential) -> Self {
        Self {
            status: status(credential, SystemClock.now()),
            id: credential.id,
            name: &credential.name,
            merchant: credential.tenant.merchant,
            mode: credential.tenant.mode,
            scopes: credential.scopes.iter().collect(),
            token: &credential.token,
            ip_allowlist: credential.allowlist.entries().collect(),
            api_version: credential.api_version.as_str(),
            expires_at: credential.expires_at,
            rotating_until: credential.rotating_until,
            last_used_at: credential.last_used.map(|last| last.at),
            created_at: credential.created_at,
            revoked_at: credential.revoked_at,
        }
    }
}

fn status(credential: &Credential, now: Timestamp) -> &'static str {
    match credential.status(now) {
        CredentialStatus::Active => "active",
        CredentialStatus::Rotating => "rotating",
        CredentialStatus::Expired => "expired",
        CredentialStatus::Revoked => "revoked",
    }
}

impl View<'_> {
    fn scopes(&self) -> String {
        if self.scopes.len() == Scope::ALL.len() {
            return "all".to_owned();
        }
        let words: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        words.join(",")
    }
}

/// A credential with new keys in clear: shown once, never stored.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Keys<'a> {
    #[serde(skip)]
    done: &'static str,
    #[serde(flatten)]
    view: View<'a>,
    secret: Option<&'a str>,
    private_key: Option<&'a str>,
}

impl Answer for Keys<'_> {
    fn text(&self) -> String {
        let view = &self.view;
        let mut about = fields(&[
            ("id", &view.id),
            ("name", &view.name),
            ("merchant", &view.merchant),
            ("mode", &view.mode),
            ("scopes", &view.scopes()),
            ("token", &view.token),
        ]);
        if let Some(secret) = self.secret {
            about = format!("{about}\n{}", fields(&[("secret", &secret)]));
        }
        let private_key = self.private_key.map_or_else(String::new, |key| {
            format!("\n\nThe private key signs requests:\n{}", key.trim_end())
        });
        format!(
            "credential {}; keep what is secret now, it cannot be shown again\n{about}{private_key}",
            self.done
        )
    }
}

#[derive(Serialize)]
struct Credentials<'a> {
    credentials: Vec<View<'a>>,
}

impl Answer for Credentials<'_> {
    fn text(&self) -> String {
        let rows = self.credentials.iter().map(|view| {
            [
                view.id.to_string(),
                view.merchant.to_string(),
                view.mode.to_string(),
                view.name.to_owned(),
                view.token.to_owned(),
                view.status.to_owned(),
                view.scopes(),
            ]
        });
        table(
            ["ID", "MERCHANT", "MODE", "NAME", "TOKEN", "STATE", "SCOPES"],
            rows,
        )
    }
}

#[derive(Serialize)]
struct Revoked<'a>(View<'a>);

impl Answer for Revoked<'_> {
    fn text(&self) -> String {
        let View { id, revoked_at, .. } = &self.0;
        let since = revoked_at.map_or_else(String::new, |at| at.format(" since %F %T UTC").to_string());
        format!("{id} is revoked{since}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::credential::{Author, KeyKind, LastAction, SecurityAction, secret_entropy};
    use serde_json::json;

    struct Example {
        key: Credential,
        secret: Secret,
    }

    fn issued() -> Example {
        let secret = Secret::issue(KeyKind::Merchant(Mode::Test), &vec![7; secret_entropy()]).unwrap();
        let created_at = "2026-06-15T10:42:07Z".parse().unwrap();
        Example {
            key: Credential {
                id: "cred_00000000000000000000000001".parse().unwrap(),
                tenant: Tenant {
                    merchant: "mer_00000000000000000000000001".parse().unwrap(),
                    mode: Mode::Test,
                },
                name: "Web shop".into(),
                token: secret.token().to_string(),
                scopes: "payments:read,payments:create".parse().unwrap(),
                allowlist: IpAllowlist::default(),
                api_version: ApiVersion::NEWEST,
                expires_at: None,
                rotating_until: None,
                revoked_at: None,
                last_used: None,
                last_action: LastAction {
                    action: SecurityAction::Created,
                    at: created_at,
                    by: Author::Console,
                },
                created_by: Author::Console,
                created_at,
            },
            secret,
        }
    }

    #[test]
    fn a_new_credential_is_one_json_object_with_its_keys() {
        let issued = issued();
        let view = Keys {
            done: "created",
            view: (&issued.key).into(),
            secret: Some(issued.secret.reveal()),
            private_key: Some("-----BEGIN PRIVATE KEY-----\n"),
        };
        assert_eq!(
            serde_json::to_value(&view).unwrap(),
            json!({
                "id": "cred_00000000000000000000000001",
                "name": "Web shop",
                "merchant": "mer_00000000000000000000000001",
                "mode": "test",
                "scopes": ["payments:create", "payments:read"],
                "status": "active",
                "token": issued.key.token,
                "ipAllowlist": [],
                "apiVersion": "2026-06-14.basra",
                "expiresAt": null,
                "rotatingUntil": null,
                "lastUsedAt": null,
                "createdAt": "2026-06-15T10:42:07Z",
                "revokedAt": null,
                "secret": issued.secret.reveal(),
                "privateKey": "-----BEGIN PRIVATE KEY-----\n",
            })
        );
        let text = view.text();
        assert!(
            text.contains(issued.secret.reveal()) && text.ends_with("-----BEGIN PRIVATE KEY-----"),
            "{text}"
        );
    }

    #[test]
    fn a_list_shows_no_secret() {
        let issued = issued();
        let list = Credentials {
            credentials: vec![(&issued.key).into()],
        };
        let printed = format!("{}{}", list.text(), serde_json::to_string(&list).unwrap());
        assert!(
            printed.contains(&issued.key.token) && !printed.contains("esk_"),
            "{printed}"
        );
    }

    #[test]
    fn all_scopes_read_as_one_word() {
        let key = Credential {
            scopes: Scopes::all(),
            ..issued().key
        };
        assert_eq!(View::from(&key).scopes(), "all");
        assert_eq!(
            View::from(&issued().key).scopes(),
            "payments:create,payments:read"
        );
    }

    #[test]
    fn a_revoked_credential_says_since_when() {
        let key = Credential {
            revoked_at: Some("2026-06-16T08:00:00Z".parse().unwrap()),
            ..issued().key
        };
        assert_eq!(
            Revoked((&key).into()).text(),
            "cred_00000000000000000000000001 is revoked since 2026-06-16 08:00:00 UTC"
        );
    }
}
