use super::*;
use std::collections::HashSet;

fn layer(values: &[(&'static str, &str)]) -> Layer {
    values
        .iter()
        .map(|(key, text)| (*key, (*text).to_owned()))
        .collect()
}

fn from_flags(values: &[(&'static str, &str)]) -> InForce {
    InForce::from_layers(Layer::new(), Layer::new(), layer(values))
}

fn refusal(key: &'static str, text: &str) -> String {
    match Config::from_values(&from_flags(&[(key, text)])) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{key} took `{text}`"),
    }
}

#[test]
fn nothing_set_means_an_embedded_database_on_this_machine_only() {
    let config = Config::from_values(&from_flags(&[])).unwrap();
    assert_eq!(config.database.url.expose(), "sqlite://tahsil.db");
    assert_eq!(config.database.max_connections, 16);
    assert!(config.http.listen.ip().is_loopback());
    assert!(!config.http.graphiql);
    assert_eq!(config.http.max_body_bytes, 256 * 1024);
    assert_eq!(config.master_key, MasterKeySource::File("tahsil.key".into()));
    assert_eq!(config.role, Role::All);
    assert_eq!(config.log.format, LogFormat::Auto);
}

#[test]
fn a_request_lasts_longer_than_its_provider_may_take() {
    let config = Config::from_values(&from_flags(&[])).unwrap();
    assert!(config.http.request_timeout >= config.provider.timeout + LONGER_THAN_A_PROVIDER);
    let with = |request: &str| {
        Config::from_values(&from_flags(&[
            ("request_timeout_ms", request),
            ("provider_timeout_ms", "5000"),
        ]))
    };
    assert!(with("6000").is_ok());
    assert_eq!(
        with("5999").unwrap_err().to_string(),
        "request_timeout_ms is 5999 and provider_timeout_ms is 5000: a request has to last at least 1000 milliseconds longer than a \
         provider may take, or whoever pays is told of a time-out instead of a payment under way"
    );
}

#[test]
fn nobody_takes_live_payments_until_somebody_is_named() {
    let config = Config::from_values(&from_flags(&[])).unwrap();
    assert_eq!(config.provider.live, LiveProvider::None);
}

#[test]
fn webhooks_go_to_public_servers_until_more_is_said() {
    let webhooks = |values: &[_]| Config::from_values(&from_flags(values)).unwrap().webhooks;
    let unsaid = Webhooks {
        jitter: true,
        log: chrono::Duration::days(90),
        test_log: chrono::Duration::days(30),
        ..Webhooks::default()
    };
    assert_eq!(webhooks(&[]), unsaid);
    let said = webhooks(&[
        ("webhook_allow_cidrs", "10.0.0.0/8, fd00::/8"),
        ("webhook_ports", "8443,8080"),
    ]);
    let allow = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap());
    assert_eq!((said.allow, said.ports), (allow.to_vec(), vec![8443, 8080]));
    assert_eq!(
        refusal("webhook_ports", "8443,25"),
        "--webhook-ports (flag): expected ports such as 8443,8080, separated by commas, and none of mail, databases or \
         remote shells, got `8443,25`"
    );
    assert!(refusal("webhook_allow_cidrs", "10.0.0.1").contains("expected networks such as"));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = layer(&[("role", "api"), ("listen", "10.0.0.1:1"), ("log", "debug")]);
    let env = layer(&[("role", "worker"), ("listen", "10.0.0.2:2")]);
    let values = InForce::from_layers(file, env, layer(&[("listen", "10.0.0.3:3")]));

    let said: Vec<_> = values
        .rows()
        .into_iter()
        .filter(|row| row.origin != Origin::Default)
        .map(|row| (row.key, row.value.unwrap(), row.origin))
        .collect();
    assert_eq!(
        said,
        [
            ("listen", "10.0.0.3:3".to_owned(), Origin::Flag),
            ("log", "debug".to_owned(), Origin::File),
            ("role", "worker".to_owned(), Origin::Env),
        ]
    );
}

#[test]
fn the_public_address_follows_the_listener_until_it_is_set() {
    let link = |values: &[_]| {
        Config::from_values(&from_flags(values))
            .unwrap()
            .http
            .public_url
            .link("/")
    };
    assert_eq!(link(&[("listen", "127.0.0.1:9000")]), "http://127.0.0.1:9000/");
    assert_eq!(
        link(&[
            ("listen", "127.0.0.1:9000"),
            ("public_url", "https://pay.example.iq")
        ]),
        "https://pay.example.iq/"
    );
}

#[test]
fn secrets_and_passwords_are_not_printed() {
    let key = "5e".repeat(32);
    let values = from_flags(&[
        ("master_key", &key),
        ("database_url", "postgres://tahsil:hunter2@db/tahsil"),
    ]);
    let printed = format!("{:?} {:?}", values.rows(), Config::from_values(&values).unwrap());
    assert!(
        !printed.contains(&key) && !printed.contains("hunter2"),
        "{printed}"
    );
    assert!(printed.contains("postgres://tahsil:***@db/tahsil"));
}

#[test]
fn a_refused_secret_is_not_repeated() {
    assert!(!refusal("master_key", "0ff1ce").contains("0ff1ce"));
    assert!(!refusal("database_url", "mysql://tahsil:hunter2@db").contains("hunter2"));
}

#[test]
fn an_error_names_place_origin_expectation_and_value() {
    let env = layer(&[("listen", "localhost")]);
    let error = Config::from_values(&InForce::from_layers(Layer::new(), env, Layer::new())).unwrap_err();
    let expected =
        "TAHSIL_LISTEN (env): expected an IP address and a port such as 127.0.0.1:8080, got `localhost`";
    assert_eq!(error.to_string(), expected);
    assert_eq!(
        refusal("role", "both"),
        "--role (flag): expected one of all, api, worker, got `both`"
    );
}

#[test]
fn every_limit_is_taken_at_its_ends_and_refused_beyond_them() {
    for setting in settings::ALL {
        let Shape::Count { min, max, .. } = setting.shape else {
            continue;
        };
        // What has to leave room for another setting is tried beside the end of that one which leaves the most.
        let roomy = [("provider_timeout_ms", "100"), ("request_timeout_ms", "300000")];
        for taken in [min, max] {
            let taken = taken.to_string();
            let beside = roomy.into_iter().filter(|(key, _)| *key != setting.key);
            let values: Vec<_> = beside.chain([(setting.key, taken.as_str())]).collect();
            assert!(
                Config::from_values(&from_flags(&values)).is_ok(),
                "{} {taken}",
                setting.key
            );
        }
        let below = min
            .checked_sub(1)
            .map_or_else(|| "-1".to_owned(), |number| number.to_string());
        for refused in [below, (max + 1).to_string(), "1e3".into(), u128::MAX.to_string()] {
            let error = refusal(setting.key, &refused);
            assert!(
                error.contains(&format!("from {min} to {max}, got `{refused}`")),
                "{error}"
            );
        }
    }
}

#[test]
fn an_empty_value_is_refused_everywhere() {
    for setting in settings::ALL {
        assert!(
            refusal(setting.key, "").contains(setting.shape.expected().as_str()),
            "{}",
            setting.key
        );
    }
}

#[test]
fn every_word_of_a_choice_is_understood() {
    for setting in settings::ALL {
        let Shape::Choice(words) = setting.shape else {
            continue;
        };
        for word in words {
            assert!(
                Config::from_values(&from_flags(&[(setting.key, word)])).is_ok(),
                "{} {word}",
                setting.key
            );
        }
    }
}

#[test]
fn the_names_of_a_setting_are_one_name_in_three_spellings() {
    let mut keys = HashSet::new();
    for setting in settings::ALL {
        assert!(keys.insert(setting.key), "{} stands twice", setting.key);
        assert_eq!(setting.env, format!("TAHSIL_{}", setting.key.to_uppercase()));
        let flag = setting.flag.map(str::to_owned);
        assert_eq!(
            flag,
            (!setting.is_secret()).then(|| setting.key.replace('_', "-"))
        );
    }
}

#[test]
fn the_reference_page_has_a_line_for_every_setting() {
    let page = reference();
    assert_eq!(page.lines().count(), settings::ALL.len() + 2);
    assert!(page.contains("| `provider_timeout_ms` | `TAHSIL_PROVIDER_TIMEOUT_MS` | `10000` | a whole number of milliseconds from 100 to 120000 |"));
}

#[test]
fn a_file_that_was_asked_for_is_read_and_has_to_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("school.toml");
    let flags = SettingFlags {
        config: Some(path.clone()),
        layer: Layer::new(),
    };
    assert!(
        matches!(in_force(&flags, []), Err(ConfigError::Unreadable { path: named, .. }) if named == path)
    );

    std::fs::write(&path, "role = 'worker'\n").unwrap();
    let env = [("TAHSIL_LOG".into(), "debug".into())];
    let config = Config::from_values(&in_force(&flags, env).unwrap()).unwrap();
    assert_eq!((config.role, config.log.filter.as_str()), (Role::Worker, "debug"));
}

#[test]
fn a_browser_gets_an_address_that_it_can_open() {
    let config = |values: &[(&'static str, &str)]| Config::from_values(&from_flags(values)).unwrap();
    let at = |text: &str| text.parse::<SocketAddr>().unwrap();
    assert_eq!(
        config(&[("listen", "127.0.0.1:0")])
            .http
            .reached_at(at("127.0.0.1:40123"))
            .to_string(),
        "http://127.0.0.1:40123"
    );
    assert_eq!(
        config(&[("listen", "0.0.0.0:8080")])
            .http
            .reached_at(at("0.0.0.0:8080"))
            .to_string(),
        "http://127.0.0.1:8080"
    );
    assert_eq!(
        config(&[("public_url", "https://try.example.iq")])
            .http
            .reached_at(at("127.0.0.1:8080"))
            .to_string(),
        "https://try.example.iq"
    );
}
