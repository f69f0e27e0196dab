//! What commands on credentials print.
//!
//! Invariant: only [`Keys`] shows a secret, once, and nothing keeps it.

use crate::cli::answer::{Answer, fields, table};
use domain::credential::{Credential, CredentialStatus, Scope};
use domain::id::{CredentialId, MerchantId};
use domain::merchant::Mode;
use domain::{Clock, SystemClock, Timestamp};
use serde::Serialize;

/// A credential as commands show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View<'a> {
    pub(super) id: CredentialId,
    pub(super) name: &'a str,
    pub(super) merchant: MerchantId,
    pub(super) mode: Mode,
    pub(super) scopes: Vec<Scope>,
    pub(super) status: &'static str,
    pub(super) token: &'a str,
    pub(super) ip_allowlist: Vec<String>,
    pub(super) api_version: &'static str,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) rotating_until: Option<Timestamp>,
    pub(super) last_used_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) revoked_at: Option<Timestamp>,
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
pub(super) struct Keys<'a> {
    #[serde(skip)]
    pub(super) done: &'static str,
    #[serde(flatten)]
    pub(super) view: View<'a>,
    pub(super) secret: Option<&'a str>,
    pub(super) private_key: Option<&'a str>,
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

/// Credentials without their secrets.
#[derive(Serialize)]
pub(super) struct Credentials<'a> {
    pub(super) credentials: Vec<View<'a>>,
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

/// A credential that opens nothing any more.
#[derive(Serialize)]
pub(super) struct Revoked<'a>(pub(super) View<'a>);

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
    use domain::api_version::ApiVersion;
    use domain::credential::{
        Author, IpAllowlist, KeyKind, LastAction, Scopes, Secret, SecurityAction, secret_entropy,
    };
    use domain::merchant::Tenant;
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
            private_key: Some("private key in PEM\n"),
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
                "privateKey": "private key in PEM\n",
            })
        );
        let text = view.text();
        assert!(
            text.contains(issued.secret.reveal()) && text.ends_with("private key in PEM"),
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
