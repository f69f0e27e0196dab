//! The rules of the database: shown from the live catalogue, with the rows that offend against them.

use crate::support::{Engine, Hand, Merchant, Program, TestApp, iqd};
use domain::credential::Scopes;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

const REPORT: &str = "{ integrityReport { healthy installed total legacyIssues rules { name table kind status enforcement } \
                      issues { name rule rows blocksFuture } warnings { rule table rowId at } } }";
const CIDR: &str = "ip_allowlist_valid_cidr";

/// A constraint, what the definition of the table says of it, and a hand that breaks and mends a row.
struct Case {
    rule: &'static str,
    table: &'static str,
    /// For `ALTER TABLE … ADD CONSTRAINT`.
    definition: &'static str,
    /// What stands in the text of the table on SQLite.
    text: &'static str,
    breaks: &'static str,
    rows: i64,
    mends: &'static str,
}

/// `{id}` is the credential that the hand changes, `{other}` another one, `{hash}` and `{scopes}` what the first had.
const CASES: [Case; 4] = [
    Case {
        rule: "api_keys_no_plaintext_secret",
        table: "credentials",
        definition: "CHECK (length(secret_hash) = 64 AND secret_hash NOT LIKE 'esk%')",
        text: "CONSTRAINT api_keys_no_plaintext_secret CHECK (length(secret_hash) = 64 AND secret_hash NOT LIKE 'esk%')",
        breaks: "UPDATE credentials SET secret_hash = 'esk_test_in_plain_sight' WHERE id = '{id}'",
        rows: 1,
        mends: "UPDATE credentials SET secret_hash = '{hash}' WHERE id = '{id}'",
    },
    Case {
        rule: "api_keys_unique_hash",
        table: "credentials",
        definition: "UNIQUE (secret_hash)",
        text: "CONSTRAINT api_keys_unique_hash UNIQUE",
        breaks: "UPDATE credentials SET secret_hash = (SELECT secret_hash FROM credentials WHERE id = '{other}') WHERE id = '{id}'",
        rows: 2,
        mends: "UPDATE credentials SET secret_hash = '{hash}' WHERE id = '{id}'",
    },
    Case {
        rule: "webhook_secrets_hashed",
        table: "webhook_endpoints",
        definition: "CHECK (sealed_secret LIKE 'v1.%' AND length(secret_fingerprint) = 64)",
        text: "CONSTRAINT webhook_secrets_hashed CHECK (sealed_secret LIKE 'v1.%' AND length(secret_fingerprint) = 64)",
        breaks: "INSERT INTO webhook_endpoints (id, merchant_id, mode, url, description, dialect, naming, payload, security_fields, events, \
                 success, timeout_ms, schedule, max_in_flight, ordering, api_version, header_names, signs, sealed_secret, \
                 secret_fingerprint, created_at, updated_at) SELECT 'whend_01kv5bjh80ex9aenrk1yfn4p0w', merchant_id, mode, \
                 'https://example.iq', '', 'hmac', 'dotted', 'event', 'id', '[]', '200', 1000, '{}', 1, 'none', '2026-06-14.basra', '[]', \
                 TRUE, 'whsec_in_plain_sight', '00', created_at, created_at FROM credentials WHERE id = '{id}'",
        rows: 1,
        mends: "DELETE FROM webhook_endpoints",
    },
    Case {
        rule: "credential_scope_required",
        table: "credentials",
        definition: "CHECK (scopes <> '')",
        text: "CONSTRAINT credential_scope_required CHECK (scopes <> '')",
        breaks: "UPDATE credentials SET scopes = '' WHERE id = '{id}'",
        rows: 1,
        mends: "UPDATE credentials SET scopes = '{scopes}' WHERE id = '{id}'",
    },
];

async fn report(merchant: &Merchant) -> Value {
    let reply = merchant.ask(REPORT, json!({})).await;
    assert_eq!(reply.errors, Vec::<Value>::new());
    reply.data["integrityReport"].clone()
}

fn rule<'a>(report: &'a Value, name: &str) -> &'a Value {
    let rules = report["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["name"] == name).unwrap()
}

fn issue<'a>(report: &'a Value, name: &str) -> &'a Value {
    let issues = report["issues"].as_array().unwrap();
    issues.iter().find(|issue| issue["rule"] == name).unwrap()
}

#[track_caller]
fn is_healthy(report: &Value) {
    let head = json!([
        report["healthy"],
        report["installed"],
        report["total"],
        report["legacyIssues"]
    ]);
    assert_eq!(head, json!([true, 5, 5, 0]), "{report:#}");
}

/// Makes a table of SQLite anew with another text, as somebody would who wants a constraint gone.
async fn rebuild(hand: &Hand, table: &str, from: &str, to: &str) {
    let text = hand
        .text(&format!(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{table}'"
        ))
        .await;
    let rest = hand
        .texts(&format!(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = '{table}' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
        ))
        .await;
    assert!(text.contains(from), "{from} is not in {text}");
    let (_, columns) = text.split_once('(').unwrap();
    hand.run("PRAGMA foreign_keys = OFF").await;
    hand.run(&format!("CREATE TABLE rebuilt ({}", columns.replace(from, to)))
        .await;
    for statement in [
        format!("INSERT INTO rebuilt SELECT * FROM {table}"),
        format!("DROP TABLE {table}"),
        format!("ALTER TABLE rebuilt RENAME TO {table}"),
    ]
    .into_iter()
    .chain(rest)
    {
        hand.run(&statement).await;
    }
    hand.run("PRAGMA foreign_keys = ON").await;
}

impl Case {
    async fn is_dropped(&self, hand: &Hand) {
        if hand.is_postgres() {
            hand.run(&format!(
                "ALTER TABLE {} DROP CONSTRAINT {}",
                self.table, self.rule
            ))
            .await;
        } else {
            rebuild(hand, self.table, self.text, "CHECK (1 = 1)").await;
        }
    }

    async fn is_put_back(&self, hand: &Hand) {
        if hand.is_postgres() {
            self.add(hand, self.definition, "").await;
        } else {
            rebuild(hand, self.table, "CHECK (1 = 1)", self.text).await;
        }
    }

    async fn add(&self, hand: &Hand, definition: &str, how: &str) {
        let (table, rule) = (self.table, self.rule);
        hand.run(&format!(
            "ALTER TABLE {table} ADD CONSTRAINT {rule} {definition} {how}"
        ))
        .await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_installation_has_all_rules_and_nothing_that_offends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let report = report(&school).await;

    is_healthy(&report);
    let rules = report["rules"].as_array().unwrap().iter();
    let rules: Vec<String> = rules
        .map(|rule| {
            let word = |name: &str| rule[name].as_str().unwrap();
            let (kind, status) = (word("kind"), word("status"));
            format!(
                "{} {} {kind} {status} {}",
                word("name"),
                word("table"),
                word("enforcement")
            )
        })
        .collect();
    let expected = [
        "api_keys_no_plaintext_secret credentials CHECK INSTALLED BLOCK",
        "api_keys_unique_hash credentials UNIQUE INSTALLED BLOCK",
        "webhook_secrets_hashed webhook_endpoints CHECK INSTALLED BLOCK",
        "credential_scope_required credentials CHECK INSTALLED BLOCK",
        "ip_allowlist_valid_cidr credentials CHECK INSTALLED WARN",
    ];
    assert_eq!(rules, expected);
    let expected = json!({
        "name": "Plaintext credential audit", "rule": "api_keys_no_plaintext_secret", "rows": 0, "blocksFuture": true,
    });
    assert_eq!(report["issues"][0], expected);
    assert_eq!(issue(&report, CIDR)["blocksFuture"], false, "it only warns");
    assert_eq!(report["warnings"], json!([]));

    let operator = app.operator("Zainab").await;
    is_healthy(&operator.ask(REPORT, json!({})).await.data["integrityReport"]);
    let other_scopes: Scopes = "payments:read,reports:read".parse().unwrap();
    let reader = app.key_of(school.tenant, other_scopes).await;
    reader.ask(REPORT, json!({})).await.fails_with("FORBIDDEN");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_dropped_is_missing_what_offends_then_is_counted_and_it_recovers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let shop = app.merchant("shop").await;
    let spare = app.key_of(school.tenant, Scopes::all()).await;
    let third = app.key_of(school.tenant, Scopes::all()).await;
    let program = Program::on(&app.database);
    let hand = Hand::at(&app.database.url).await;
    let id = spare.credential.to_string();
    let had = async |column: &str| {
        hand.text(&format!("SELECT {column} FROM credentials WHERE id = '{id}'"))
            .await
    };
    let (hash, scopes) = (had("secret_hash").await, had("scopes").await);
    for case in &CASES {
        let said = |text: &str| {
            text.replace("{id}", &id)
                .replace("{other}", &third.credential.to_string())
                .replace("{hash}", &hash)
                .replace("{scopes}", &scopes)
        };
        hand.refused(&said(case.breaks)).await;

        case.is_dropped(&hand).await;

        let now = report(&school).await;
        assert_eq!(rule(&now, case.rule)["status"], "MISSING", "{now:#}");
        assert_eq!((&now["healthy"], &now["installed"]), (&json!(false), &json!(4)));
        assert_eq!(issue(&now, case.rule)["blocksFuture"], false);
        assert_eq!(now["legacyIssues"], 0, "{now:#}");
        let verified = program.run(&["verify"]).await;
        assert_eq!(verified.code, Some(1));
        let line = format!(
            "4 of 5 rules installed, no offending rows\n  {} on {}: missing",
            case.rule, case.table
        );
        assert!(verified.out.contains(&line), "{}", verified.out);

        hand.change_all(&said(case.breaks)).await;
        let now = report(&school).await;
        assert_eq!(issue(&now, case.rule)["rows"], case.rows, "{now:#}");
        assert_eq!(
            report(&shop).await["legacyIssues"],
            0,
            "rows are those of one's own merchant"
        );
        hand.change_all(&said(case.mends)).await;
        case.is_put_back(&hand).await;

        is_healthy(&report(&school).await);
        assert_eq!(program.run(&["verify"]).await.code, Some(0));
        hand.refused(&said(case.breaks)).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_constraint_that_does_not_hold_for_every_row_is_not_validated(
    #[values(Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let spare = app.key_of(school.tenant, Scopes::all()).await;
    let hand = Hand::at(&app.database.url).await;
    let case = &CASES[3];
    case.is_dropped(&hand).await;
    hand.change(&format!(
        "UPDATE credentials SET scopes = 'root' WHERE id = '{}'",
        spare.credential
    ))
    .await;
    let unknown = report(&school).await;
    assert_eq!(issue(&unknown, case.rule)["rows"], 1, "a scope that nobody knows");
    hand.change(&format!(
        "UPDATE credentials SET scopes = '' WHERE id = '{}'",
        spare.credential
    ))
    .await;

    case.add(&hand, case.definition, "NOT VALID").await;

    let now = report(&school).await;
    assert_eq!(rule(&now, case.rule)["status"], "NOT_VALIDATED");
    let expected =
        json!({ "name": "Credential scope audit", "rule": case.rule, "rows": 1, "blocksFuture": true });
    assert_eq!(issue(&now, case.rule), &expected, "new rows are refused already");

    // Another rule under its name, and its name on another table.
    for (table, definition) in [
        ("credentials", "CHECK (name <> '')"),
        ("operators", "CHECK (name <> '')"),
    ] {
        case.is_dropped(&hand).await;
        let elsewhere = Case { table, ..*case };
        elsewhere.add(&hand, definition, "").await;
        let now = report(&school).await;
        assert_eq!(rule(&now, case.rule)["status"], "NOT_VALIDATED", "{table}");
        assert_eq!(issue(&now, case.rule)["blocksFuture"], false, "{table}");
        elsewhere.is_dropped(&hand).await;
        case.add(&hand, case.definition, "NOT VALID").await;
    }

    hand.change(&format!(
        "UPDATE credentials SET scopes = 'all' WHERE id = '{}'",
        spare.credential
    ))
    .await;
    hand.run("ALTER TABLE credentials VALIDATE CONSTRAINT credential_scope_required")
        .await;
    is_healthy(&report(&school).await);
    hand.run("ALTER TABLE credentials DISABLE TRIGGER ip_allowlist_valid_cidr")
        .await;
    let now = report(&school).await;
    assert_eq!(rule(&now, CIDR)["status"], "NOT_VALIDATED");
    hand.run("DROP TRIGGER ip_allowlist_valid_cidr ON credentials")
        .await;
    assert_eq!(rule(&report(&school).await, CIDR)["status"], "MISSING");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_sqlite_under_its_name_that_says_something_else_does_not_count(
    #[values(Engine::Sqlite)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let hand = Hand::at(&app.database.url).await;
    let case = &CASES[3];
    let empty = "CONSTRAINT credential_scope_required CHECK (scopes IS NOT NULL)";
    rebuild(&hand, "credentials", case.text, empty).await;
    assert_eq!(rule(&report(&school).await, case.rule)["status"], "NOT_VALIDATED");
    rebuild(&hand, "credentials", empty, &format!("-- {}\n", case.text)).await;
    assert_eq!(
        rule(&report(&school).await, case.rule)["status"],
        "MISSING",
        "a comment"
    );
    hand.run(&format!("CREATE TABLE elsewhere (scopes TEXT {})", case.text))
        .await;
    assert_eq!(rule(&report(&school).await, case.rule)["status"], "NOT_VALIDATED");

    hand.run("DROP TRIGGER ip_allowlist_valid_cidr_insert").await;
    assert_eq!(rule(&report(&school).await, CIDR)["status"], "NOT_VALIDATED");
    hand.run("DROP TRIGGER ip_allowlist_valid_cidr").await;
    assert_eq!(rule(&report(&school).await, CIDR)["status"], "MISSING");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_none_warns_is_counted_and_opens_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let shop = app.merchant("shop").await;
    let operator = app.operator("Zainab").await;
    let hand = Hand::at(&app.database.url).await;
    let spare = app.key_of(school.tenant, Scopes::all()).await;
    spare.sale(iqd(1_000)).await.succeeds();
    let set = |list: &str| {
        format!(
            "UPDATE credentials SET ip_allowlist = '{list}' WHERE id = '{}'",
            spare.credential
        )
    };
    for (warnings, list) in [
        r#"["everywhere"]"#,
        r#"["127.0.0.1/99"]"#,
        r#"["127"]"#,
        "0.0.0.0/0",
        "{}",
        "[0]",
    ]
    .into_iter()
    .enumerate()
    {
        hand.change(&set(list)).await;
        // What is remembered of the key lasts a second.
        app.clock.advance(chrono::Duration::seconds(2));

        let refused = spare.sale(iqd(1_000)).await;
        assert_ne!(refused.status, StatusCode::OK, "{list}");
        let now = report(&school).await;
        let expected =
            json!({ "name": "IP allowlist audit", "rule": CIDR, "rows": 1, "blocksFuture": false });
        assert_eq!(issue(&now, CIDR), &expected, "{list}");
        assert_eq!((&now["healthy"], &now["installed"]), (&json!(false), &json!(5)));
        assert_eq!(now["warnings"].as_array().unwrap().len(), warnings + 1, "{list}");
        let warning = &now["warnings"][0];
        let row = spare.credential.to_string();
        assert_eq!(
            json!([warning["rule"], warning["table"], warning["rowId"]]),
            json!([CIDR, "credentials", row])
        );
    }
    let program = Program::on(&app.database).run(&["verify"]).await;
    assert_eq!(program.code, Some(0), "{}", program.err);
    assert!(
        program.out.contains("5 of 5 rules installed, 1 offending row\n"),
        "{}",
        program.out
    );
    let all = operator.ask(REPORT, json!({})).await.data["integrityReport"].clone();
    assert_eq!(
        json!([all["legacyIssues"], all["warnings"].as_array().unwrap().len()]),
        json!([1, 6])
    );
    let others = report(&shop).await;
    is_healthy(&others);
    assert_eq!(others["warnings"], json!([]));

    for list in [r#"["127.0.0.0/8", "::1/128"]"#, r#"["127.0.0.1"]"#, "[]"] {
        hand.change(&set(list)).await;
        app.clock.advance(chrono::Duration::seconds(2));
        spare.sale(iqd(1_000)).await.succeeds();
        is_healthy(&report(&school).await);
    }
    assert_eq!(
        report(&school).await["warnings"].as_array().unwrap().len(),
        6,
        "what was seen was seen"
    );
}
