//! Migrations: rows survive them, they run once however many run them, and what they make is what the entities expect.

use crate::support::{Engine, Hand, Program, TestDatabase};
use futures_util::future::join_all;
use migration::{Migrator, MigratorTrait, run_pending};
use rstest::rstest;
use sea_orm::{ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable};
use service::db::open_for_migration;
use std::collections::{BTreeMap, BTreeSet};

/// After each migration, oldest first: a row for every table that it made. Whoever adds a migration adds its rows here.
const ROWS: [&[&str]; 14] = [
    &[
        "INSERT INTO merchants VALUES ('mer_01kv5bjh80ex9aenrk1yfn4p0w', 'school', 'IQD', 200, 0, 500, '2026-06-15T10:00:00+00:00')",
        "INSERT INTO operators VALUES ('op_01kv5bjh80ex9aenrk1yfn4p0w', 'Zainab', 'eop_1', \
         'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, '2026-06-15T10:00:00+00:00')",
        "INSERT INTO credentials VALUES ('cred_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'server', \
         'epk_test_1', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'payments:read', '00', NULL, \
         '2026-06-15T10:00:00+00:00')",
    ],
    &[
        "INSERT INTO cards VALUES ('card_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'visa', '4242', 2027, 12, \
         NULL, 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '2026-06-15T10:00:00+00:00')",
        "INSERT INTO payments VALUES ('pay_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'captured', 'CREDIT_CARD', \
         'sandbox', 'card_01kv5bjh80ex9aenrk1yfn4p0w', 'IQD', 5000, 5000, 5000, 0, 1000, FALSE, FALSE, NULL, NULL, NULL, \
         '2026-06-15T10:00:00+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', '2026-06-15T10:00:00+00:00', \
         '2026-06-15T10:00:00+00:00', 1)",
        "INSERT INTO operations VALUES ('txn_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', \
         'pay_01kv5bjh80ex9aenrk1yfn4p0w', 'refund', 'sent', 'IQD', 1000, 0, 0, FALSE, NULL, 'key-1', NULL, NULL, NULL, NULL, 0, \
         '2026-06-15T10:00:00+00:00', NULL, '2026-06-15T10:00:00+00:00')",
        "INSERT INTO refunds VALUES ('re_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', \
         'pay_01kv5bjh80ex9aenrk1yfn4p0w', 'txn_01kv5bjh80ex9aenrk1yfn4p0w', 'pending', 'IQD', 1000, NULL, NULL, NULL, \
         '2026-06-15T10:00:00+00:00')",
        "INSERT INTO idempotency_records VALUES ('mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'refund', 'key-1', \
         'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'txn_01kv5bjh80ex9aenrk1yfn4p0w', NULL, \
         '2026-06-15T10:00:00+00:00', '2026-06-16T10:00:00+00:00')",
    ],
    &[
        "INSERT INTO ledger_accounts (code, kind, type, mode, currency, provider, created_at) \
         VALUES ('A100:test:IQD:sandbox', 'provider_receivable', 'asset', 'test', 'IQD', 'sandbox', '2026-06-15T10:00:00+00:00')",
        "INSERT INTO ledger_accounts (code, kind, type, mode, currency, merchant_id, created_at) \
         VALUES ('L200:test:IQD:mer_01kv5bjh80ex9aenrk1yfn4p0w', 'merchant_pending', 'liability', 'test', 'IQD', \
         'mer_01kv5bjh80ex9aenrk1yfn4p0w', '2026-06-15T10:00:00+00:00')",
        "INSERT INTO business_days VALUES ('2026-06-15', 'open', '2026-06-15T10:00:00+00:00')",
        "INSERT INTO journals VALUES ('jrn_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'capture', \
         'txn_01kv5bjh80ex9aenrk1yfn4p0w', '2026-06-15', NULL, 1, \
         'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', '2026-06-15T10:00:00+00:00')",
        "INSERT INTO transfers (journal_id, leg, debit_account_id, credit_account_id, currency, amount_minor, code, business_date) \
         SELECT 'jrn_01kv5bjh80ex9aenrk1yfn4p0w', 1, d.id, c.id, 'IQD', 5000, 'gross', '2026-06-15' \
         FROM ledger_accounts d, ledger_accounts c WHERE d.code LIKE 'A100%' AND c.code LIKE 'L200%'",
    ],
    &[
        "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) \
         VALUES ('evt_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'payment.captured', \
         'pay_01kv5bjh80ex9aenrk1yfn4p0w', '{}', '2026-06-15T10:00:00+00:00')",
    ],
    &[
        "INSERT INTO signing_keys VALUES ('skey_01kv5bjh80ex9aenrk1yfn4p0w', 'cred_01kv5bjh80ex9aenrk1yfn4p0w', 'ed25519', \
         '302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1', NULL, NULL, NULL, \
         '2026-06-15T10:00:00+00:00')",
        "INSERT INTO sessions VALUES ('ses_01kv5bjh80ex9aenrk1yfn4p0w', 'esp_1', \
         'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'cred_01kv5bjh80ex9aenrk1yfn4p0w', NULL, '192.0.2.1', \
         NULL, '2026-06-15T18:00:00+00:00', NULL, '2026-06-15T10:00:00+00:00')",
        "INSERT INTO nonces VALUES ('cred_01kv5bjh80ex9aenrk1yfn4p0w', 'nonce-0001', '2026-06-15T10:20:00+00:00')",
    ],
    &[
        "INSERT INTO api_requests VALUES ('req_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', \
         'cred_01kv5bjh80ex9aenrk1yfn4p0w', NULL, NULL, 'signed_request', 'POST', '/v1/refunds', NULL, 'clock_drift', 'blocked', 412, \
         '9999999999999999999999999999999999999999999999999999999999999999', 'refund_test_clock_drift', '2026-06-14.basra', \
         '192.0.2.1', NULL, 401, 'UNAUTHENTICATED', 1200, '[]', '2026-06-15T10:00:00+00:00')",
    ],
    &[
        "INSERT INTO webhook_endpoints VALUES ('whend_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', \
         'https://school.example.iq/hook', 'v1.00', '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', \
         '2026-06-15T10:00:00+00:00')",
        "INSERT INTO integrity_warnings (rule, table_name, row_id, at) VALUES ('ip_allowlist_valid_cidr', 'credentials', \
         'cred_01kv5bjh80ex9aenrk1yfn4p0w', '2026-06-15T10:00:00+00:00')",
    ],
    &[
        "INSERT INTO rate_limits VALUES ('payments', 'mer_01kv5bjh80ex9aenrk1yfn4p0w:test', '2026-06-15T10:00:01+00:00', 50000, 2000000)",
    ],
    &[
        "INSERT INTO promo_codes VALUES ('promo_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'EID-2026', \
         1000, NULL, NULL, 3, 1, NULL, NULL, '2026-06-15T10:00:00+00:00')",
        "INSERT INTO payment_links VALUES ('plink_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'IQD', 5000, \
         'Tuition', NULL, NULL, '{}', 'CREDIT_CARD,FIB', FALSE, FALSE, FALSE, TRUE, NULL, 3, 1, NULL, NULL, '2026-06-15T10:00:00+00:00')",
        "INSERT INTO intents VALUES ('pi_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'link', \
         'plink_01kv5bjh80ex9aenrk1yfn4p0w', 'succeeded', 'IQD', 5000, 'automatic', 'CREDIT_CARD,FIB', FALSE, FALSE, FALSE, TRUE, \
         'Tuition', NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL, \
         'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'promo_01kv5bjh80ex9aenrk1yfn4p0w', 'EID-2026', 1000, 0, \
         'pay_02kv5bjh80ex9aenrk1yfn4p0w', 'FIB', NULL, '2026-06-15T10:00:00+00:00', 3000, FALSE, FALSE, NULL, NULL, \
         '2026-06-15T11:00:00+00:00', '2026-06-15T10:00:00+00:00', '2026-06-15T10:00:00+00:00', 3)",
        "INSERT INTO payments (id, merchant_id, mode, status, gateway, provider, currency, amount_minor, authorized_minor, \
         captured_minor, refunded_minor, refund_pending_minor, hold_open, outcome_unknown, captured_at, metadata, created_at, \
         updated_at, version, intent_id, customer_phone) VALUES ('pay_02kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', \
         'test', 'captured', 'FIB', 'sandbox', 'IQD', 4000, 4000, 4000, 0, 0, FALSE, FALSE, '2026-06-15T10:00:00+00:00', '{}', \
         '2026-06-15T10:00:00+00:00', '2026-06-15T10:00:00+00:00', 2, 'pi_01kv5bjh80ex9aenrk1yfn4p0w', '07701234567')",
    ],
    &[
        "INSERT INTO callback_keys VALUES ('cbk_01kv5bjh80ex9aenrk1yfn4p0w', 'test', '3081', 'v1.00112233.00', '00112233', \
         '2026-06-15T10:00:00+00:00')",
    ],
    &[],
    &["INSERT INTO event_counters VALUES ('mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 7, 3)"],
    &[],
    &[
        "INSERT INTO webhook_deliveries (id, merchant_id, mode, endpoint_id, event_id, type, is_alias, name, payload, api_version, \
         subject_id, run, cause, url, state, attempts, at, expires_at, order_key, last_status, last_failure, created_at) \
         VALUES ('whd_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', 'whend_01kv5bjh80ex9aenrk1yfn4p0w', \
         'evt_01kv5bjh80ex9aenrk1yfn4p0w', 'payment.captured', FALSE, 'payment.captured', 'event', '2026-06-14.basra', \
         'pay_01kv5bjh80ex9aenrk1yfn4p0w', 0, 'event', NULL, 'waiting', 1, '2026-06-15T10:05:00+00:00', '2026-06-16T10:00:00+00:00', \
         NULL, 502, NULL, '2026-06-15T10:00:00+00:00')",
        "INSERT INTO webhook_payloads VALUES ('evt_01kv5bjh80ex9aenrk1yfn4p0w', 'event', '2026-06-14.basra', 'payment.captured', \
         'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', '{}', '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', \
         '2026-06-15T10:00:00+00:00')",
        "INSERT INTO webhook_attempts VALUES ('wha_01kv5bjh80ex9aenrk1yfn4p0w', 'mer_01kv5bjh80ex9aenrk1yfn4p0w', 'test', \
         'whend_01kv5bjh80ex9aenrk1yfn4p0w', 'whd_01kv5bjh80ex9aenrk1yfn4p0w', 1, 'https://school.example.iq/hook', \
         '2026-06-15T10:00:00+00:00', 1200, FALSE, 502, NULL, NULL, '192.0.2.1:443', '[]', NULL, NULL, 'none', FALSE, \
         '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', \
         '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef')",
    ],
];

/// Rows that migrations make themselves: the one of the sequencer, the one of the request log, and the lane of the endpoint that was there.
const MADE: usize = 3;

/// A column as an entity has it.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    nullable: bool,
    /// Name of the type on PostgreSQL.
    kind: &'static str,
}

type Columns = BTreeMap<String, Column>;

fn columns<E: EntityTrait>() -> (String, Columns) {
    let columns = E::Column::iter().map(|column| {
        let def = column.def();
        let kind = match def.get_column_type() {
            ColumnType::String(_) | ColumnType::Text | ColumnType::Char(_) => "text",
            ColumnType::SmallInteger => "int2",
            ColumnType::Integer => "int4",
            ColumnType::BigInteger => "int8",
            ColumnType::Boolean => "bool",
            ColumnType::TimestampWithTimeZone => "timestamptz",
            ColumnType::Date => "date",
            ColumnType::Json | ColumnType::JsonBinary => "jsonb",
            other => panic!("{column:?}: no PostgreSQL type is known for {other:?}"),
        };
        (
            column.as_str().to_owned(),
            Column {
                nullable: def.is_null(),
                kind,
            },
        )
    });
    (E::default().table_name().to_owned(), columns.collect())
}

macro_rules! entities {
    ($($table:ident),+ $(,)?) => {
        /// What every entity expects, by table.
        fn expected() -> BTreeMap<String, Columns> {
            BTreeMap::from([$(columns::<entity::$table::Entity>()),+])
        }

        /// Reads every row through its entity, and says how many there are.
        async fn read_all(hand: &Hand) -> usize {
            let mut rows = 0;
            $(rows += entity::$table::Entity::find().all(hand.connection()).await.unwrap().len();)+
            rows
        }
    };
}

entities!(
    api_request,
    api_request_position,
    business_day,
    callback_key,
    card,
    credential,
    event_counter,
    event_sequencer,
    idempotency_record,
    integrity_warning,
    intent,
    journal,
    ledger_account,
    merchant,
    nonce,
    operation,
    operator,
    outbox_event,
    payment,
    payment_link,
    promo_code,
    rate_limit,
    refund,
    session,
    signing_key,
    transfer,
    webhook_attempt,
    webhook_delivery,
    webhook_endpoint,
    webhook_lane,
    webhook_payload,
);

async fn tables(hand: &Hand) -> Vec<String> {
    let tables = if hand.is_postgres() {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' \
         AND table_name <> 'seaql_migrations' ORDER BY table_name"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name <> 'seaql_migrations' ORDER BY name"
    };
    hand.texts(tables).await
}

async fn counts(hand: &Hand) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for table in tables(hand).await {
        let count = hand.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        counts.insert(table, count);
    }
    counts
}

/// Everything that migrations have made, in words that can be compared.
async fn schema(hand: &Hand) -> Vec<String> {
    if !hand.is_postgres() {
        return hand
            .texts("SELECT name || ': ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY type, name")
            .await;
    }
    let mut schema = Vec::new();
    for part in [
        "SELECT table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable FROM information_schema.columns \
         WHERE table_schema = 'public' ORDER BY 1",
        "SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    ] {
        schema.extend(hand.texts(part).await);
    }
    schema
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_every_version_survive_the_next_migration(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let versions = Migrator::migrations().len();
    assert_eq!(ROWS.len(), versions, "a migration without rows in this test");
    for next in 2..=versions {
        let database = TestDatabase::bare(engine).await;
        let hand = Hand::at(&database.url).await;
        for rows in ROWS.iter().take(next - 1) {
            Migrator::up(hand.connection(), Some(1)).await.unwrap();
            for row in *rows {
                hand.change(row).await;
            }
        }
        let before = counts(&hand).await;
        assert!(
            before.values().all(|count| *count > 0),
            "before {next}: a table without a row: {before:?}"
        );

        Migrator::up(hand.connection(), Some(1)).await.unwrap();

        let mut after = counts(&hand).await;
        after.retain(|table, _| before.contains_key(table));
        assert_eq!(after, before, "migration {next} lost rows");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_old_versions_can_be_read_by_todays_code(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::bare(engine).await;
    let hand = Hand::at(&database.url).await;
    for rows in ROWS {
        Migrator::up(hand.connection(), Some(1)).await.unwrap();
        for row in rows {
            hand.change(row).await;
        }
    }

    assert_eq!(
        read_all(&hand).await,
        ROWS.iter().map(|rows| rows.len()).sum::<usize>() + MADE
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_second_run_has_nothing_to_do(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let database = TestDatabase::bare(engine).await;
    let hand = Hand::at(&database.url).await;
    assert_eq!(
        run_pending(hand.connection()).await.unwrap(),
        Migrator::migrations().len()
    );
    let made = schema(&hand).await;
    assert!(made.len() > 50, "{made:#?}");

    assert_eq!(run_pending(hand.connection()).await.unwrap(), 0);

    assert_eq!(schema(&hand).await, made);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn processes_that_migrate_at_once_share_the_work(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // More than once where it is quick, because they do not always meet.
    let times = if engine == Engine::Sqlite { 4 } else { 1 };
    for _ in 0..times {
        let database = TestDatabase::bare(engine).await;
        let program = Program::on(&database);

        let runs = join_all((0..8).map(|_| program.json(&["migrate"]))).await;

        let applied: u64 = runs.iter().map(|run| run["applied"].as_u64().unwrap()).sum();
        assert_eq!(
            applied,
            u64::try_from(Migrator::migrations().len()).unwrap(),
            "{runs:?}"
        );
        assert_eq!(
            tables(&Hand::at(&database.url).await).await.len(),
            expected().len()
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_migrate_once(#[values(Engine::Postgres)] engine: Engine) {
    let database = TestDatabase::bare(engine).await;
    let one = async || {
        run_pending(&open_for_migration(&database.url).await.unwrap())
            .await
            .unwrap()
    };

    let applied = join_all((0..4).map(|_| one())).await;

    assert_eq!(applied.into_iter().sum::<usize>(), Migrator::migrations().len());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn migrations_make_what_the_entities_expect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let database = TestDatabase::create(engine).await;
    let hand = Hand::at(&database.url).await;
    let expected = expected();

    assert_eq!(tables(&hand).await, expected.keys().cloned().collect::<Vec<_>>());
    for (table, columns) in expected {
        let lines = columns.iter().map(|(name, column)| match engine {
            Engine::Sqlite => format!("{name} {}", nullable(column.nullable)),
            Engine::Postgres => format!("{name} {} {}", nullable(column.nullable), column.kind),
        });
        // SQLite does not mark the columns of a primary key, which are never null.
        let made = match engine {
            Engine::Sqlite => format!(
                "SELECT name || CASE WHEN \"notnull\" = 0 AND pk = 0 THEN ' null' ELSE ' not null' END \
                 FROM pragma_table_info('{table}')"
            ),
            Engine::Postgres => format!(
                "SELECT column_name || CASE is_nullable WHEN 'YES' THEN ' null ' ELSE ' not null ' END || \
                 CASE udt_name WHEN 'bpchar' THEN 'text' ELSE udt_name END \
                 FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
            ),
        };
        let made: BTreeSet<String> = hand.texts(&made).await.into_iter().collect();
        assert_eq!(made, lines.collect::<BTreeSet<_>>(), "{table}");
    }
}

const fn nullable(yes: bool) -> &'static str {
    if yes { "null" } else { "not null" }
}

#[test]
fn every_entity_is_compared() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/entity/src");
    let mut declared = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = if path.is_file() {
            std::fs::read_to_string(path).unwrap()
        } else {
            continue;
        };
        let names = text
            .split("table_name = \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        declared.extend(names.map(str::to_owned));
    }
    assert_eq!(declared, expected().into_keys().collect::<BTreeSet<_>>());
}
