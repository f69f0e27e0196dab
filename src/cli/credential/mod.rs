//! `tahsil credential`.

mod view;

use super::answer::Output;
use super::{Outcome, installation};
use crate::config::Config;
use anyhow::Context;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::Timestamp;
use domain::api_version::ApiVersion;
use domain::credential::{DEFAULT_OVERLAP, IpAllowlist, PublicKey, Scopes, Secret};
use domain::id::{CredentialId, MerchantId};
use domain::merchant::{Mode, Tenant};
use service::credential::{IssuedSigningKey, Manager, NewCredential, NewSigningKey};
use view::{Credentials, Keys, Revoked};

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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use domain::credential::Scope;

    #[derive(clap::Parser)]
    struct Program {
        #[command(subcommand)]
        _command: Command,
    }

    #[test]
    fn the_help_names_every_scope() {
        let mut program = Program::command();
        let create = program.find_subcommand_mut("create").unwrap();
        let help = create.render_long_help().to_string();
        for scope in Scope::ALL {
            assert!(help.contains(scope.as_str()), "{scope}");
        }
    }
}
