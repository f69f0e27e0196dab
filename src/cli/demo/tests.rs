use super::*;
use crate::config::{InForce, Layer, LiveProvider};
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
    assert_eq!(config.provider.live, LiveProvider::Sandbox);
    let refuses = settled(flags(&[("live_provider", "none")], None), &[]);
    assert_eq!(refuses.provider.live, LiveProvider::None);
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
fn the_examples_carry_the_key_and_are_one_shell_command_each() {
    let secret = |mode| Secret::issue(KeyKind::Merchant(mode), &vec![7; secret_entropy()]).unwrap();
    let keys = Keys {
        test: secret(Mode::Test),
        live: Some(secret(Mode::Live)),
    };
    let (test, live) = (keys.test.reveal(), secret(Mode::Live));
    let to_pay = ToPay {
        page: "http://127.0.0.1:8080/checkout/pi_1?client_secret=s".into(),
        link: Some("http://127.0.0.1:8080/l/plink_1".into()),
    };
    let welcome = welcome(
        "http://127.0.0.1:8080",
        &keys,
        &to_pay,
        "2026-06-15T10:42:07Z".parse().unwrap(),
    );
    assert!(welcome.contains("http://127.0.0.1:8080/graphiql"));
    assert_eq!(welcome.matches("http://127.0.0.1:8080/graphql \\\n").count(), 3);
    assert_eq!(welcome.matches(test).count(), 4);
    assert_eq!(welcome.matches(live.reveal()).count(), 1);
    for (label, url) in [
        ("Pay this", Some(&to_pay.page)),
        ("Payment link", to_pay.link.as_ref()),
    ] {
        let line = welcome.lines().find(|line| line.starts_with(label)).unwrap();
        assert_eq!(line.split_whitespace().last(), url.map(String::as_str));
    }
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
    let pages = PageAddress::new(config.http.public_url.clone());
    for secret in [&first.test, &second.test] {
        let to_pay = to_pay(&app, secret, &pages).await.unwrap();
        assert!(to_pay.page.contains("?client_secret="), "{}", to_pay.page);
        assert!(to_pay.link.unwrap().contains("/l/"));
        let shown = Presented::Secret(secret.reveal());
        let found = authenticate(&app, &shown, Ipv4Addr::LOCALHOST.into())
            .await
            .unwrap();
        let actor = found.unwrap().actor;
        assert!(actor.may(domain::credential::Scope::PaymentsRead).is_ok());
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
