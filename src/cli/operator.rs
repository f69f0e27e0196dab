//! `tahsil operator`.

use super::answer::{Answer, Output, fields, table};
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
    /// List operators, oldest first, without their keys.
    List(List),
    /// Revoke an operator: its key opens nothing any more.
    Revoke(Revoke),
}

/// How to list them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil operator list --output json")]
pub struct List {
    #[command(flatten)]
    output: Output,
}

/// Which operator.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil operator revoke op_01…")]
pub struct Revoke {
    /// The operator.
    id: OperatorId,
    #[command(flatten)]
    output: Output,
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
    match command {
        Command::Create(args) => {
            let issued = installation::with(config, async |app| {
                Ok(service::operator::create(app, &args.name).await?)
            });
            args.output.print(&Created::from(&issued.await?))?;
        }
        Command::List(args) => {
            let all = installation::with(config, async |app| Ok(service::operator::list(app).await?));
            let operators = all.await?;
            args.output.print(&Operators {
                operators: operators.iter().map(View::from).collect(),
            })?;
        }
        Command::Revoke(args) => {
            let revoked = installation::with(config, async |app| {
                Ok(service::operator::revoke(app, args.id).await?)
            });
            args.output.print(&Revoked(View::from(&revoked.await?)))?;
        }
    }
    Ok(Outcome::Done)
}

/// An operator as commands show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    id: OperatorId,
    name: String,
    token: String,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

impl From<&Operator> for View {
    fn from(operator: &Operator) -> Self {
        Self {
            id: operator.id,
            name: operator.name.clone(),
            token: operator.token.clone(),
            created_at: operator.created_at,
            revoked_at: operator.revoked_at,
        }
    }
}

#[derive(Serialize)]
struct Operators {
    operators: Vec<View>,
}

impl Answer for Operators {
    fn text(&self) -> String {
        let rows = self.operators.iter().map(|view| {
            let state = if view.revoked_at.is_some() {
                "revoked"
            } else {
                "active"
            };
            [
                view.id.to_string(),
                view.name.clone(),
                view.token.clone(),
                state.to_owned(),
            ]
        });
        table(["ID", "NAME", "TOKEN", "STATE"], rows)
    }
}

#[derive(Serialize)]
struct Revoked(View);

impl Answer for Revoked {
    fn text(&self) -> String {
        format!("{} is revoked", self.0.id)
    }
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
