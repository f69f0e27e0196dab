//! `tahsil demo`.
//!
//! Invariant: it writes to no database that somebody did not mean for it. A `tahsil.toml` that happens to lie here describes the
//! real installation, so its database counts only when the file was named; and a database with other merchants is refused.

#[cfg(test)]
mod tests;

use super::answer::line;
use super::serve::{self, Server};
use super::{Outcome, installation};
use crate::compose::{self, sqlite_file};
use crate::config::{self, Config, DatabaseUrl, Origin, SettingFlags, settings};
use crate::demo;
use crate::http::page_address::PageAddress;
use anyhow::{Context, bail};
use chrono::Datelike;
use domain::Timestamp;
use domain::credential::{Scopes, Secret};
use domain::id::MerchantId;
use domain::merchant::{Mode, Tenant};
use service::App;
use service::credential::{Manager, NewCredential, Presented, authenticate};
use service::page::{PageRequest, Way};
use std::ffi::OsString;
use std::io;
use std::net::Ipv4Addr;
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

/// The settings of a demo: as given, with a database, a key file, the editor and a live provider of its own.
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
    // The live data of a demo is made up, and so is the money.
    if !given(settings::LIVE_PROVIDER.key) {
        flags
            .layer
            .insert(settings::LIVE_PROVIDER.key, "sandbox".to_owned());
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
    let public = config.http.reached_at(listener.local_addr()?);
    let to_pay = to_pay(&server.app, &keys.test, &PageAddress::new(public.clone())).await?;
    line(&welcome(&public.to_string(), &keys, &to_pay, server.app.now()))?;
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
    let tenant = Tenant {
        merchant,
        mode: Mode::Test,
    };
    let new = NewCredential::named("Demo, another run", tenant, Scopes::all());
    let issued = service::credential::create(app, Manager::Console, new).await?;
    Ok(issued.secret)
}

/// Pages of the demo's first merchant.
struct ToPay {
    /// A payment that nobody has made yet.
    page: String,
    /// A link that anybody pays by, if it is still there.
    link: Option<String>,
}

/// Asks for a payment as the merchant's server would, and finds the newest payment link.
async fn to_pay(app: &App, key: &Secret, pages: &PageAddress) -> anyhow::Result<ToPay> {
    let shown = Presented::Secret(key.reveal());
    let found = authenticate(app, &shown, Ipv4Addr::LOCALHOST.into()).await?;
    let Ok(admitted) = found else {
        bail!("a key made a moment ago opens nothing");
    };
    let created = service::intent::create(app, &admitted.actor, demo::fresh(app.now())?).await?;
    let first = PageRequest {
        limit: 1,
        edge: None,
        way: Way::Forward,
    };
    let links = service::payment_link::page(app, &admitted.actor, &first).await?;
    Ok(ToPay {
        page: pages.of(&created.intent, created.client_secret.as_deref()),
        link: links.items.first().map(|link| pages.link(link.id)),
    })
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

/// What somebody who sees this for the first time needs.
fn welcome(address: &str, keys: &Keys, to_pay: &ToPay, now: Timestamp) -> String {
    let secret = keys.test.reveal();
    let page = &to_pay.page;
    let link = to_pay
        .link
        .as_ref()
        .map_or_else(String::new, |link| format!("Payment link     {link}\n"));
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
         Pay this         {page}\n\
         {link}\
         The editor has a field for a key, and keeps it in its tab only.\n\n\
         # The latest payments\n{payments}\n\n\
         # A sale with a card that is approved\n{sale}\n\n\
         # What the merchant is owed\n{balances}\n"
    )
}
