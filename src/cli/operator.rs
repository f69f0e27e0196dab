//! `tahsil operator`.

use super::answer::{Answer, Output, fields};
use super::{Outcome, installation};
use crate::config::Config;
use clap::Subcommand;
use domain::Timestamp;
use domain::credential::Operator;
use domain::id::OperatorId;
use serde::Serialize;
use service::credential::Issued;

/// What to do with operators.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tahsil operator create --name Zainab")]
pub enum Command {
    /// Add an operator and print the key, once.
    Create(Create),
}

/// An operator to be.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil operator create --name Zainab --output json | jq -r .secret")]
pub struct Create {
    /// What people call the operator.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    output: Output,
}

/// Does it.
pub async fn run(command: &Command, config: &Config) -> anyhow::Result<Outcome> {
    let Command::Create(args) = command;
    let issued = installation::with(config, async |app| {
        Ok(service::operator::create(app, &args.name).await?)
    });
    args.output.print(&Created::from(&issued.await?))?;
    Ok(Outcome::Done)
}

/// A new operator with the key in clear: shown once, never stored.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created<'a> {
    id: OperatorId,
    name: &'a str,
    token: &'a str,
    secret: &'a str,
    created_at: Timestamp,
}

impl<'a> From<&'a Issued<Operator>> for Created<'a> {
    fn from(issued: &'a Issued<Operator>) -> Self {
        let Issued { key, secret } = issued;
        Self {
            id: key.id,
            name: &key.name,
            token: &key.token,
            secret: secret.reveal(),
            created_at: key.created_at,
        }
    }
}

impl Answer for Created<'_> {
    fn text(&self) -> String {
        let about = fields(&[
            ("id", &self.id),
            ("name", &self.name),
            ("token", &self.token),
            ("secret", &self.secret),
        ]);
        format!("operator created; keep the secret now, it cannot be shown again\n{about}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::credential::{KeyKind, Secret, secret_entropy};
    use serde_json::json;

    #[test]
    fn a_new_operator_is_one_json_object() {
        let secret = Secret::issue(KeyKind::Operator, &vec![7; secret_entropy()]).unwrap();
        let issued = Issued {
            key: Operator {
                id: "op_00000000000000000000000001".parse().unwrap(),
                name: "Zainab".into(),
                token: secret.token().to_string(),
                revoked_at: None,
                created_at: "2026-06-15T10:42:07Z".parse().unwrap(),
            },
            secret,
        };
        let view = Created::from(&issued);
        assert_eq!(
            serde_json::to_value(&view).unwrap(),
            json!({
                "id": "op_00000000000000000000000001",
                "name": "Zainab",
                "token": issued.key.token,
                "secret": issued.secret.reveal(),
                "createdAt": "2026-06-15T10:42:07Z",
            })
        );
        assert!(view.text().contains(issued.secret.reveal()));
    }
}
