//! Makes a payment intent two days ago, with a clock of its own and the same code as ever, and prints the path of its page, which has
//! been over since: `expired_intent SECRET-OF-A-KEY`, with the settings of the server in the environment. For `tests/browser`.

use chrono::Duration;
use domain::{Clock, MockClock, Money, SystemClock};
use service::credential::{Presented, authenticate};
use service::intent::{NewIntent, create};
use service::keys::Keys;
use service::provider::Providers;
use service::random::SystemIds;
use service::{App, Parts};
use std::error::Error;
use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tahsil::compose;
use tahsil::config::{Config, InForce, Layer, from_env};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::args().nth(1).ok_or("the secret of a key is missing")?;
    let settings = InForce::from_layers(Layer::new(), from_env(std::env::vars_os())?, Layer::new());
    let config = Config::from_values(&settings)?;
    let master_key = config.master_key.key()?;
    let app = App::new(Parts {
        db: compose::database(&config.database, None).await?,
        clock: Arc::new(MockClock::at(SystemClock.now() - Duration::days(2))),
        ids: Arc::new(SystemIds),
        keys: Keys::derive(&master_key),
        // Nobody pays it.
        providers: Providers::default(),
        provider_timeout: config.provider.timeout,
        webhook_targets: config.webhooks.targets(),
        questions_logged_per_second: config.request_log_questions_per_second,
    });
    let shown = Presented::Secret(&secret);
    let found = authenticate(&app, &shown, Ipv4Addr::LOCALHOST.into()).await?;
    let admitted = found.map_err(|_| "the key opens nothing")?;
    let new = NewIntent {
        title: Some("School trip to Babylon".to_owned()),
        success_url: Some("https://shop.example/done".parse()?),
        expires_in: None,
        amount: Money::new(35_000_000, domain::Currency::Iqd),
        ..tahsil::demo::fresh(app.now())?
    };
    let created = create(&app, &admitted.actor, new).await?;
    let secret = created.client_secret.ok_or("no client secret")?;
    writeln!(
        std::io::stdout(),
        "/checkout/{}?client_secret={secret}",
        created.intent.id
    )?;
    Ok(())
}
