//! The table of settings.
//!
//! Invariant: a setting exists if and only if it stands here; its names, default, limits and documentation are written once.

use super::choice::{Introspection, LiveProvider, LogFormat, Operations, Role};
use super::setting::{Setting, Shape};

/// Declares each setting and the list of all; the environment name follows from the constant's, the text from its comment.
macro_rules! settings {
    ($(#[doc = $doc:literal] $name:ident: $shape:expr, $key:literal, $flag:expr, $default:expr;)+) => {
        $(
            #[doc = $doc]
            pub const $name: Setting = Setting {
                key: $key,
                env: concat!("TAHSIL_", stringify!($name)),
                flag: $flag,
                default: $default,
                shape: $shape,
                doc: $doc.trim_ascii(),
            };
        )+

        /// Every setting, in the order in which people read them.
        pub const ALL: &[&Setting] = &[$(&$name),+];
    };
}

settings! {
    /// Where everything is kept: a SQLite file, or PostgreSQL.
    DATABASE_URL: Shape::DatabaseUrl,
        "database_url", Some("database-url"), Some("sqlite://tahsil.db");
    /// Address of the HTTP server; port 0 takes a free one.
    LISTEN: Shape::Address,
        "listen", Some("listen"), Some("127.0.0.1:8080");
    /// How payers and developers reach the server; links are printed with it.
    PUBLIC_URL: Shape::HttpUrl,
        "public_url", Some("public-url"), Some("http://{listen}");
    /// File of the master key, readable by its owner only; made at the first start.
    KEY_FILE: Shape::Path,
        "key_file", Some("key-file"), Some("tahsil.key");
    /// The master key itself; `key_file` is then not looked at.
    MASTER_KEY: Shape::Key,
        "master_key", None, None;
    /// What is logged, as directives of tracing's filter.
    LOG: Shape::LogFilter,
        "log", Some("log"), Some("info,sqlx=warn");
    /// How log lines look; `auto` is `pretty` on a terminal and `json` elsewhere.
    LOG_FORMAT: Shape::Choice(LogFormat::WORDS),
        "log_format", Some("log-format"), Some("auto");
    /// Whether the GraphQL editor is served at /graphiql, and the page of the REST API at /openapi/.
    GRAPHIQL: Shape::Switch,
        "graphiql", Some("graphiql"), Some("false");
    /// Who may read the schema through the GraphQL door: operators and keys of test mode, every key, or nobody.
    INTROSPECTION: Shape::Choice(Introspection::WORDS),
        "introspection", Some("introspection"), Some("test");
    /// Which GraphQL operations are executed: all within the limits, or those of `operations_list` only.
    OPERATIONS: Shape::Choice(Operations::WORDS),
        "operations", Some("operations"), Some("free");
    /// File of the operations that clients were built with: a manifest of Apollo, or Relay's map of texts by their SHA-256.
    OPERATIONS_LIST: Shape::Path,
        "operations_list", Some("operations-list"), None;
    /// Origins of the web pages that may ask from a browser.
    CORS_ORIGINS: Shape::Origins,
        "cors_origins", Some("cors-origins"), None;
    /// Networks of the proxies whose `X-Forwarded-For` is believed.
    TRUSTED_PROXIES: Shape::Networks,
        "trusted_proxies", Some("trusted-proxies"), None;
    /// What this node does: answers requests (`api`), runs jobs (`worker`), or both.
    ROLE: Shape::Choice(Role::WORDS),
        "role", Some("role"), Some("all");
    /// Who takes live payments; `none` refuses them. The sandbox moves no money: with it, whoever pays says what was paid.
    LIVE_PROVIDER: Shape::Choice(LiveProvider::WORDS),
        "live_provider", Some("live-provider"), Some("none");
    /// Most connections to the database at once; on SQLite, most readers.
    DB_MAX_CONNECTIONS: Shape::Count { min: 1, max: 1_000, unit: "connections" },
        "db_max_connections", Some("db-max-connections"), Some("16");
    /// Longest that one SQL statement of a request may run.
    DB_STATEMENT_TIMEOUT_MS: Shape::Count { min: 100, max: 600_000, unit: "milliseconds" },
        "db_statement_timeout_ms", Some("db-statement-timeout-ms"), Some("5000");
    /// Longest wait for a free connection.
    DB_ACQUIRE_TIMEOUT_MS: Shape::Count { min: 100, max: 60_000, unit: "milliseconds" },
        "db_acquire_timeout_ms", Some("db-acquire-timeout-ms"), Some("5000");
    /// Longest wait for a provider; afterwards the outcome is unknown, not failed.
    PROVIDER_TIMEOUT_MS: Shape::Count { min: 100, max: 120_000, unit: "milliseconds" },
        "provider_timeout_ms", Some("provider-timeout-ms"), Some("10000");
    /// Largest request body.
    MAX_BODY_BYTES: Shape::Count { min: 16_384, max: 10_485_760, unit: "bytes" },
        "max_body_bytes", Some("max-body-bytes"), Some("262144");
    /// Longest that one request may take; a second longer than `provider_timeout_ms` at least.
    REQUEST_TIMEOUT_MS: Shape::Count { min: 1_100, max: 300_000, unit: "milliseconds" },
        "request_timeout_ms", Some("request-timeout-ms"), Some("20000");
    /// Most cost points that one GraphQL operation may take, which is also what a key may save up.
    LIMIT_COST: Shape::Count { min: 100, max: 10_000_000, unit: "points" },
        "limit_cost", Some("limit-cost"), Some("2000");
    /// Cost points that come back to each key.
    LIMIT_COST_PER_SECOND: Shape::Count { min: 1, max: 100_000_000, unit: "points a second" },
        "limit_cost_per_second", Some("limit-cost-per-second"), Some("200");
    /// Commands on payments of one merchant in one mode.
    LIMIT_PAYMENTS_PER_SECOND: Shape::Count { min: 1, max: 1_000_000, unit: "commands a second" },
        "limit_payments_per_second", Some("limit-payments-per-second"), Some("20");
    /// Commands on payments of one merchant in one mode.
    LIMIT_PAYMENTS_PER_HOUR: Shape::Count { min: 1, max: 1_000_000_000, unit: "commands an hour" },
        "limit_payments_per_hour", Some("limit-payments-per-hour"), Some("10000");
    /// Questions of one merchant in one mode.
    LIMIT_QUERIES_PER_SECOND: Shape::Count { min: 1, max: 1_000_000, unit: "questions a second" },
        "limit_queries_per_second", Some("limit-queries-per-second"), Some("100");
    /// Requests without a key from one address.
    LIMIT_PUBLIC_PER_SECOND: Shape::Count { min: 1, max: 1_000_000, unit: "requests a second" },
        "limit_public_per_second", Some("limit-public-per-second"), Some("50");
    /// Refused keys from one address.
    LIMIT_REFUSED_KEYS_PER_SECOND: Shape::Count { min: 1, max: 1_000_000, unit: "refusals a second" },
        "limit_refused_keys_per_second", Some("limit-refused-keys-per-second"), Some("10");
    /// How long the request log is kept.
    REQUEST_LOG_DAYS: Shape::Count { min: 1, max: 3_650, unit: "days" },
        "request_log_days", Some("request-log-days"), Some("90");
    /// Most plain questions that the request log of a node takes in a second; commands and denials are always taken.
    REQUEST_LOG_QUESTIONS_PER_SECOND: Shape::Count { min: 0, max: 100_000, unit: "questions a second" },
        "request_log_questions_per_second", Some("request-log-questions-per-second"), Some("2500");
    /// How often nodes on PostgreSQL tell each other what keys, merchants and operators used of the limits; 0: each node counts for itself.
    LIMIT_EXCHANGE_MS: Shape::Count { min: 0, max: 60_000, unit: "milliseconds" },
        "limit_exchange_ms", Some("limit-exchange-ms"), Some("250");
    /// How long events are kept; subscriptions go on after a cursor that is younger.
    EVENT_DAYS: Shape::Count { min: 1, max: 3_650, unit: "days" },
        "event_days", Some("event-days"), Some("30");
    /// A NATS server with JetStream over which nodes hear of events, in place of the database; for many nodes.
    NATS_URL: Shape::NatsUrl,
        "nats_url", Some("nats-url"), None;
    /// What this installation is called there, so that several share one server.
    NATS_NAME: Shape::Name,
        "nats_name", Some("nats-name"), Some("tahsil");
    /// Live connections (WebSockets and event streams) of one merchant in one mode, on a node.
    LIMIT_LIVE_CONNECTIONS: Shape::Count { min: 1, max: 1_000_000, unit: "connections" },
        "limit_live_connections", Some("limit-live-connections"), Some("1000");
    /// Longest that a client of a WebSocket may take to say who it is.
    LIVE_INIT_TIMEOUT_MS: Shape::Count { min: 100, max: 60_000, unit: "milliseconds" },
        "live_init_timeout_ms", Some("live-init-timeout-ms"), Some("10000");
    /// How often a silent WebSocket is asked whether somebody is there; after two questions without an answer it is closed.
    LIVE_PING_MS: Shape::Count { min: 100, max: 600_000, unit: "milliseconds" },
        "live_ping_ms", Some("live-ping-ms"), Some("20000");
    /// Longest that one message of a WebSocket may take to be written; whoever reads more slowly is disconnected.
    LIVE_WRITE_TIMEOUT_MS: Shape::Count { min: 100, max: 600_000, unit: "milliseconds" },
        "live_write_timeout_ms", Some("live-write-timeout-ms"), Some("30000");
    /// Networks to which webhooks may go although they are private, over http too; metadata services of clouds stay denied.
    WEBHOOK_ALLOW_CIDRS: Shape::Networks,
        "webhook_allow_cidrs", Some("webhook-allow-cidrs"), None;
    /// How long the log of webhooks is kept; what still waits is kept in any case.
    WEBHOOK_LOG_DAYS: Shape::Count { min: 1, max: 3_650, unit: "days" },
        "webhook_log_days", Some("webhook-log-days"), Some("90");
    /// The same of rehearsal, if that is shorter.
    WEBHOOK_LOG_TEST_DAYS: Shape::Count { min: 1, max: 3_650, unit: "days" },
        "webhook_log_test_days", Some("webhook-log-test-days"), Some("30");
    /// Whether webhooks that are tried again wait up to a tenth longer, by chance, so that what failed together does not come back together.
    WEBHOOK_JITTER: Shape::Switch,
        "webhook_jitter", Some("webhook-jitter"), Some("true");
    /// Ports of public servers to which webhooks may go, beside 443.
    WEBHOOK_PORTS: Shape::Ports,
        "webhook_ports", Some("webhook-ports"), None;
    /// How long a stopping server lets work under way finish.
    SHUTDOWN_GRACE_MS: Shape::Count { min: 0, max: 600_000, unit: "milliseconds" },
        "shutdown_grace_ms", Some("shutdown-grace-ms"), Some("30000");
}
