//! `tahsil demo`.
//!
//! Invariant: it writes to no database that somebody did not mean for it. A `tahsil.toml` that happens to lie here describes the
//! real installation, so its database counts only when the file was named; and a database with other merchants is refused.

use super::answer::line;
use super::serve::{self, Server};
use super::{Outcome, installation};
use crate::compose::{self, sqlite_file};
use crate::config::{self, Config, DatabaseUrl, Origin, SettingFlags, settings};
use crate::{demo, signing_key};
use anyhow::{Context, bail};
use chrono::Datelike;
use domain::Timestamp;
use domain::credential::{Scopes, Secret};
use domain::id::MerchantId;
use domain::merchant::{Mode, Tenant};
use service::App;
use service::credential::NewCredential;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// The database when nobody names another.
const DATABASE: &str = "sqlite://tahsil-demo.db";

/// The key file beside a database that is no file.
const KEY_FILE: &str = "tahsil-demo.key";

/// The card that the sandbox approves.
const CARD: &str = "4242424242424242";

/// How to begin.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tahsil demo\n  tahsil demo --fresh --listen 127.0.0.1:9000\n  \
                  tahsil demo --database-url postgres://tahsil@db/tahsil_demo\n\n\
                  Without --database-url or TAHSIL_DATABASE_URL the data is in tahsil-demo.db, and the key file is beside it."
)]
pub struct Args {
    /// Throw the demo's SQLite file away and begin anew; the name of the file must hold the word demo.
    #[arg(long)]
    fresh: bool,
}

/// The settings of a demo: as given, with a database, a key file and the editor of its own.
pub fn settings(flags: SettingFlags) -> anyhow::Result<SettingFlags> {
    with_defaults(flags, std::env::vars_os)
}

fn with_defaults<E: IntoIterator<Item = (OsString, OsString)>>(
    mut flags: SettingFlags,
    env: impl Fn() -> E,
) -> anyhow::Result<SettingFlags> {
    let rows = config::in_force(&flags, env())?.rows();
    let named_file = flags.config.is_some();
    let given = |key: &str| {
        rows.iter().any(|row| {
            row.key == key
                && match row.origin {
                    Origin::Default => false,
                    Origin::File => named_file,
                    Origin::Env | Origin::Flag => true,
                }
        })
    };
    if !given(settings::DATABASE_URL.key) {
        flags
            .layer
            .insert(settings::DATABASE_URL.key, DATABASE.to_owned());
    }
    if !given(settings::GRAPHIQL.key) {
        flags.layer.insert(settings::GRAPHIQL.key, "true".to_owned());
    }
    if !given(settings::KEY_FILE.key) {
        let config = Config::from_values(&config::in_force(&flags, env())?)?;
        let beside = sqlite_file(&config.database.url)?.map(|file| file.with_extension("key"));
        let key_file = beside.map_or_else(|| KEY_FILE.to_owned(), |path| path.display().to_string());
        flags.layer.insert(settings::KEY_FILE.key, key_file);
    }
    Ok(flags)
}

/// Fills, prints, serves.
pub async fn run(args: &Args, config: &Config) -> anyhow::Result<Outcome> {
    let url = &config.database.url;
    if args.fresh {
        remove(url)?;
    }
    compose::migrate(url).await?;
    // First, because a taken address should not cost the time that filling takes.
    let listener = serve::listen(config).await?;
    let server = Server::open(config).await?;
    let keys = keys(&server.app, config).await?;
    let address = reachable(config, listener.local_addr()?);
    line(&welcome(&address, &keys, server.app.now()))?;
    server.until_stopped(listener, config).await
}

/// The merchant of the demo that is shown first.
const MERCHANT: &str = "Al-Nahrain School";

/// Keys of the demo's first merchant, with data behind them.
struct Keys {
    test: Secret,
    /// Shown once: when the data was made.
    live: Option<Secret>,
}

async fn keys(app: &App, config: &Config) -> anyhow::Result<Keys> {
    let merchants = service::merchant::list(app, &installation::owner(app)).await?;
    if merchants.is_empty() {
        line("filling the database with sample data …")?;
        let master_key = config.master_key.key()?;
        let seeded = demo::seed(app.db().clone(), &master_key, app.now()).await?;
        return Ok(Keys {
            test: seeded.school.test.issued.secret,
            live: Some(seeded.school.live.issued.secret),
        });
    }
    let Some(school) = merchants.iter().find(|merchant| merchant.name == MERCHANT) else {
        let url = &config.database.url;
        bail!("{url} holds merchants that are not the demo's: name another database with --database-url");
    };
    Ok(Keys {
        test: another_key(app, school.id).await?,
        live: None,
    })
}

/// The secrets of the first run were shown then and are not kept, so this run gets a key of its own.
async fn another_key(app: &App, merchant: MerchantId) -> anyhow::Result<Secret> {
    let new = NewCredential {
        tenant: Tenant {
            merchant,
            mode: Mode::Test,
        },
        name: "Demo, another run".to_owned(),
        scopes: Scopes::all(),
        signing_public_key: signing_key::generate().public_hex,
    };
    Ok(service::credential::create(app, new).await?.secret)
}

/// Removes the files of a SQLite database whose name says that it is a demo.
fn remove(url: &DatabaseUrl) -> anyhow::Result<()> {
    let Some(file) = sqlite_file(url)? else {
        bail!("--fresh throws away a SQLite file; empty {url} by hand, with dropdb and createdb");
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if !name.contains("demo") {
        bail!(
            "--fresh throws away only files with the word demo in their name, and not {}",
            file.display()
        );
    }
    for part in ["", "-wal", "-shm"] {
        let mut path = file.clone().into_os_string();
        path.push(part);
        remove_file(Path::new(&path))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// The address that a browser on this machine opens: the public one if it was set, else where we listen.
fn reachable(config: &Config, listening: SocketAddr) -> String {
    let configured = config.http.public_url.to_string();
    if configured != format!("http://{}", config.http.listen) {
        return configured;
    }
    if listening.ip().is_unspecified() {
        return format!("http://{}:{}", Ipv4Addr::LOCALHOST, listening.port());
    }
    format!("http://{listening}")
}

/// What somebody who sees this for the first time needs.
fn welcome(address: &str, keys: &Keys, now: Timestamp) -> String {
    let secret = keys.test.reveal();
    let live = keys.live.as_ref().map_or_else(String::new, |live| {
        format!(
            "Live key         {}  (live data, shown this once)\n",
            live.reveal()
        )
    });
    let curl = |query: &str| {
        let body = serde_json::json!({ "query": query });
        format!(
            "curl -sw '\\n' {address}/graphql \\\n  -H 'X-API-Key: {secret}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"
        )
    };
    let payments =
        curl("{ payments(first: 5) { nodes { id status amount { amount currency } createdAt } } }");
    let sale = curl(&format!(
        r#"mutation {{ paymentSale(input: {{ idempotencyKey: "demo-{}", amount: {{ amount: "125000", currency: "IQD" }}, card: {{ number: "{CARD}", expMonth: 12, expYear: {}, cvv: "123" }} }}) {{ payment {{ id status }} userErrors {{ code message }} idempotentReplay }} }}"#,
        now.format("%Y%m%d%H%M%S"),
        now.year().saturating_add(3),
    ));
    let balances =
        curl("{ balances { currency pending { amount } available { amount } reserve { amount } } }");
    format!(
        "\n\
         Tahsil is running. Stop it with Ctrl-C.\n\n\
         GraphQL editor   {address}/graphiql\n\
         Test key         {secret}\n\
         {live}\
         In the editor, put this under Headers:  {{\"X-API-Key\": \"{secret}\"}}\n\n\
         # The latest payments\n{payments}\n\n\
         # A sale with a card that is approved\n{sale}\n\n\
         # What the merchant is owed\n{balances}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{InForce, Layer};
    use domain::credential::{KeyKind, secret_entropy};
    use std::path::PathBuf;

    fn flags(values: &[(&'static str, &str)], config: Option<PathBuf>) -> SettingFlags {
        let layer = values
            .iter()
            .map(|(key, text)| (*key, (*text).to_owned()))
            .collect();
        SettingFlags { config, layer }
    }

    fn settled(flags: SettingFlags, env: &[(&str, &str)]) -> Config {
        let env = || env.iter().map(|(name, value)| (name.into(), value.into()));
        let flags = with_defaults(flags, env).unwrap();
        Config::from_values(&config::in_force(&flags, env()).unwrap()).unwrap()
    }

    fn database_and_key(config: &Config) -> (String, String) {
        (
            config.database.url.to_string(),
            format!("{:?}", config.master_key),
        )
    }

    #[test]
    fn a_demo_has_a_database_a_key_file_and_an_editor_of_its_own() {
        let config = settled(flags(&[], None), &[]);
        assert_eq!(
            database_and_key(&config),
            (DATABASE.into(), "File(\"tahsil-demo.key\")".into())
        );
        assert!(config.http.graphiql);
    }

    #[test]
    fn the_key_file_lies_beside_a_database_that_was_given() {
        let env = [("TAHSIL_DATABASE_URL", "sqlite:///srv/try.db")];
        let config = settled(flags(&[], None), &env);
        assert_eq!(
            database_and_key(&config),
            ("sqlite:///srv/try.db".into(), "File(\"/srv/try.key\")".into())
        );
        let config = settled(
            flags(
                &[("database_url", "postgres://db/demo"), ("graphiql", "false")],
                None,
            ),
            &[],
        );
        assert_eq!(
            database_and_key(&config),
            ("postgres://db/demo".into(), "File(\"tahsil-demo.key\")".into())
        );
        assert!(!config.http.graphiql);
    }

    #[test]
    fn a_file_counts_when_it_was_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("try.toml");
        std::fs::write(&path, "database_url = 'sqlite://try.db'\nkey_file = 'try.pem'\n").unwrap();
        let config = settled(flags(&[], Some(path)), &[]);
        assert_eq!(
            database_and_key(&config),
            ("sqlite://try.db".into(), "File(\"try.pem\")".into())
        );
    }

    #[test]
    fn fresh_throws_away_demo_files_only() {
        let folder = tempfile::tempdir().unwrap();
        let url =
            |name: &str| DatabaseUrl::parse(&format!("sqlite://{}/{name}", folder.path().display())).unwrap();
        for name in ["tahsil.db", "my-demo.db", "my-demo.db-wal", "my-demo.key"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(remove(&url("tahsil.db")).is_err());
        assert!(remove(&DatabaseUrl::parse("postgres://db/demo").unwrap()).is_err());
        remove(&url("my-demo.db")).unwrap();
        remove(&url("my-demo.db")).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["my-demo.key", "tahsil.db"]);
    }

    #[test]
    fn a_browser_gets_an_address_that_it_can_open() {
        let config = |values: &[(&'static str, &str)]| {
            let layer = values
                .iter()
                .map(|(key, text)| (*key, (*text).to_owned()))
                .collect();
            Config::from_values(&InForce::from_layers(Layer::new(), Layer::new(), layer)).unwrap()
        };
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(
            reachable(&config(&[("listen", "127.0.0.1:0")]), at("127.0.0.1:40123")),
            "http://127.0.0.1:40123"
        );
        assert_eq!(
            reachable(&config(&[("listen", "0.0.0.0:8080")]), at("0.0.0.0:8080")),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            reachable(
                &config(&[("public_url", "https://try.example.iq")]),
                at("127.0.0.1:8080")
            ),
            "https://try.example.iq"
        );
    }

    #[test]
    fn the_examples_carry_the_key_and_are_one_shell_command_each() {
        let secret = |mode| Secret::issue(KeyKind::Merchant(mode), &vec![7; secret_entropy()]).unwrap();
        let keys = Keys {
            test: secret(Mode::Test),
            live: Some(secret(Mode::Live)),
        };
        let (test, live) = (keys.test.reveal(), secret(Mode::Live));
        let welcome = welcome(
            "http://127.0.0.1:8080",
            &keys,
            "2026-06-15T10:42:07Z".parse().unwrap(),
        );
        assert!(welcome.contains("http://127.0.0.1:8080/graphiql"));
        assert_eq!(welcome.matches("http://127.0.0.1:8080/graphql \\\n").count(), 3);
        assert_eq!(welcome.matches(test).count(), 5);
        assert_eq!(welcome.matches(live.reveal()).count(), 1);
        for body in welcome
            .lines()
            .filter_map(|line| line.trim().strip_prefix("-d '"))
        {
            // A quote inside would end the shell's word.
            let body = body.strip_suffix('\'').unwrap();
            assert!(!body.contains('\''), "{body}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert!(body["query"].is_string());
        }
        assert!(welcome.contains("expYear: 2029"), "{welcome}");
    }
    async fn installed() -> (tempfile::TempDir, Config, App) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let layer = [
            ("database_url", format!("sqlite://{}", path("demo.db"))),
            ("key_file", path("demo.key")),
        ];
        let values = InForce::from_layers(Layer::new(), Layer::new(), layer.into());
        let config = Config::from_values(&values).unwrap();
        compose::migrate(&config.database.url).await.unwrap();
        let app = compose::app(&config, None).await.unwrap();
        (folder, config, app)
    }

    #[tokio::test]
    async fn the_first_run_fills_the_database_and_the_next_adds_a_key() {
        let (_folder, config, app) = installed().await;

        let first = keys(&app, &config).await.unwrap();
        assert!(first.live.is_some());
        let second = keys(&app, &config).await.unwrap();
        assert!(second.live.is_none());
        for secret in [&first.test, &second.test] {
            let actor = service::credential::authenticate(&app, secret.reveal())
                .await
                .unwrap();
            assert!(
                actor
                    .unwrap()
                    .may(domain::credential::Scope::PaymentsRead)
                    .is_ok()
            );
        }
    }

    #[tokio::test]
    async fn a_database_with_other_merchants_is_refused() {
        let (_folder, config, app) = installed().await;
        let shop = service::merchant::NewMerchant {
            name: "Somebody's shop".into(),
            currency: domain::Currency::Iqd,
            fees: domain::fee::FeeTerms::FREE,
        };
        service::merchant::create(&app, &installation::owner(&app), shop)
            .await
            .unwrap();

        let refused = keys(&app, &config).await.err().unwrap();
        assert!(refused.to_string().contains("not the demo's"), "{refused}");
    }
}
