//! Configuration: `tahsil.toml` < `TAHSIL_*` environment < command line flags.
//!
//! Invariant: a [`Config`] exists only if every value was understood and is inside its limits. What is not understood stops
//! the start with the setting's name, where the value came from, what was expected and what came. An empty value is not an
//! absent one: an empty `TAHSIL_MASTER_KEY` is a broken deployment, and must not fall back to a new key file.

mod address;
mod choice;
mod error;
mod flags;
mod in_force;
pub mod key_file;
mod mask;
mod master_key;
mod origins;
mod reference;
mod setting;
pub mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use address::{DatabaseKind, DatabaseUrl, NatsUrl, PublicUrl};
pub use choice::{Introspection, LiveProvider, LogFormat, Operations, Role};
pub use error::ConfigError;
pub use flags::SettingFlags;
pub use in_force::{InForce, Row};
pub use mask::mask_password;
pub use master_key::MasterKeySource;
pub use reference::reference;
pub use setting::{Setting, Shape};
pub use source::{Layer, Origin, from_env, from_file, unrecognised};

use axum::http::HeaderValue;
use domain::limit::Limit;
use domain::webhook::TargetPolicy;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::{ffi::OsString, io, time::Duration};
use tracing_subscriber::EnvFilter;

/// The file that is read when it exists and no other is named.
pub const FILE: &str = "tahsil.toml";

/// How much longer a request has to last than its provider may take: what is lost on the way must become "unknown" and be stored
/// and answered before the request ends.
pub const LONGER_THAN_A_PROVIDER: Duration = Duration::from_secs(1);

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// What this node does.
    pub role: Role,
    /// The database and its limits.
    pub database: Database,
    /// The HTTP server and its limits.
    pub http: Http,
    /// How much may be asked.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// How long the request log is kept.
    pub request_log: chrono::Duration,
    /// Most plain questions that it takes in a second.
    pub request_log_questions_per_second: u32,
    /// How long events are kept.
    pub events: chrono::Duration,
    /// Over which server nodes hear of them; none: over the database.
    pub nats: Option<Nats>,
    /// Live connections and their limits.
    pub live: Live,
    /// Where webhooks may go.
    pub webhooks: Webhooks,
    /// Providers of payments.
    pub provider: Provider,
    /// Where the master key comes from.
    pub master_key: MasterKeySource,
}

/// The database and its limits.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where it is.
    pub url: DatabaseUrl,
    /// Most connections at once.
    pub max_connections: u32,
    /// Longest statement of a request.
    pub statement_timeout: Duration,
    /// Longest wait for a free connection.
    pub acquire_timeout: Duration,
}

/// The HTTP server and its limits.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How others reach it.
    pub public_url: PublicUrl,
    /// Whether the GraphQL editor is served.
    pub graphiql: bool,
    /// Who may read the schema.
    pub introspection: Introspection,
    /// Which operations are executed.
    pub operations: Operations,
    /// File of the operations that clients were built with.
    pub operations_list: Option<PathBuf>,
    /// Origins of the web pages that may ask.
    pub cors_origins: Vec<HeaderValue>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Longest request.
    pub request_timeout: Duration,
    /// How long work under way may take to finish when the server stops.
    pub shutdown_grace: Duration,
}

/// How much may be asked. Addresses are counted by each node, everybody else by all nodes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Cost points of a key; the capacity is also the most that one operation may cost.
    pub cost: Limit,
    /// Commands on payments, of a merchant in a mode, at once.
    pub payments: Limit,
    /// The same over an hour.
    pub payments_hourly: Limit,
    /// Questions, of a merchant in a mode.
    pub queries: Limit,
    /// Requests without a key, from an address.
    pub public: Limit,
    /// Refused keys, from an address.
    pub refused_keys: Limit,
    /// How often nodes on PostgreSQL tell each other what was used; zero: never.
    pub exchange: Duration,
}

/// Live connections: WebSockets and event streams.
#[derive(Clone, Debug)]
pub struct Live {
    /// Most of a merchant in a mode on a node.
    pub connections: usize,
    /// How long a client may take to say who it is.
    pub init: Duration,
    /// How often a silent connection is asked whether somebody is there.
    pub ping: Duration,
    /// How long one message may take to be written.
    pub write: Duration,
}

/// A NATS server over which nodes hear of events.
#[derive(Clone, Debug)]
pub struct Nats {
    /// Where it is.
    pub url: NatsUrl,
    /// What this installation is called there.
    pub name: String,
}

/// Where webhooks may go beyond public servers at port 443, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Webhooks {
    /// Networks that are allowed although they are private.
    pub allow: Vec<IpNet>,
    /// Further ports of public servers.
    pub ports: Vec<u16>,
    /// Whether chance puts off what is tried again.
    pub jitter: bool,
    /// How long the log is kept.
    pub log: chrono::Duration,
    /// The same of rehearsal, if that is shorter.
    pub test_log: chrono::Duration,
}

impl Webhooks {
    /// Where they may go. Our own address is known when the server listens.
    #[must_use]
    pub fn targets(&self) -> TargetPolicy {
        TargetPolicy {
            allow: self.allow.clone(),
            ports: self.ports.clone(),
            own: Vec::new(),
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// Directives that [`EnvFilter`] accepts.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// Providers of payments.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Who takes live payments.
    pub live: LiveProvider,
    /// Longest wait for an answer; afterwards the outcome is unknown.
    pub timeout: Duration,
}

impl Http {
    /// How others reach a server that listens at `listening`: as was said, and where nothing was said by the address that it took, since
    /// port 0 takes a free one and no browser goes to `0.0.0.0`.
    #[must_use]
    pub fn reached_at(&self, listening: SocketAddr) -> PublicUrl {
        if self.public_url.to_string() != format!("http://{}", self.listen) {
            return self.public_url.clone();
        }
        let host = if listening.ip().is_unspecified() {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            listening.ip()
        };
        let taken = format!("http://{}", SocketAddr::new(host, listening.port()));
        PublicUrl::parse(&taken).unwrap_or_else(|| self.public_url.clone())
    }
}

impl Config {
    /// Checks the values in force.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first value that its setting does not take, [`ConfigError::RequestTooShort`].
    pub fn from_values(values: &InForce) -> Result<Self, ConfigError> {
        let request = values.millis(&settings::REQUEST_TIMEOUT_MS)?;
        let provider = values.millis(&settings::PROVIDER_TIMEOUT_MS)?;
        if request < provider.saturating_add(LONGER_THAN_A_PROVIDER) {
            return Err(ConfigError::RequestTooShort { request, provider });
        }
        Ok(Self {
            role: values.required(&settings::ROLE, Role::parse)?,
            database: Database {
                url: values.required(&settings::DATABASE_URL, DatabaseUrl::parse)?,
                max_connections: values.count(&settings::DB_MAX_CONNECTIONS)?,
                statement_timeout: values.millis(&settings::DB_STATEMENT_TIMEOUT_MS)?,
                acquire_timeout: values.millis(&settings::DB_ACQUIRE_TIMEOUT_MS)?,
            },
            http: Http {
                listen: values.required(&settings::LISTEN, |text| text.parse().ok())?,
                public_url: values.required(&settings::PUBLIC_URL, PublicUrl::parse)?,
                graphiql: values.required(&settings::GRAPHIQL, |text| text.parse().ok())?,
                introspection: values.required(&settings::INTROSPECTION, Introspection::parse)?,
                operations: values.required(&settings::OPERATIONS, Operations::parse)?,
                operations_list: values.optional(&settings::OPERATIONS_LIST, |text| {
                    (!text.is_empty()).then(|| PathBuf::from(text))
                })?,
                cors_origins: values
                    .optional(&settings::CORS_ORIGINS, origins::origins)?
                    .unwrap_or_default(),
                trusted_proxies: values
                    .optional(&settings::TRUSTED_PROXIES, origins::networks)?
                    .unwrap_or_default(),
                max_body_bytes: values.count(&settings::MAX_BODY_BYTES)?,
                request_timeout: request,
                shutdown_grace: values.millis(&settings::SHUTDOWN_GRACE_MS)?,
            },
            limits: limits(values)?,
            log: Log {
                filter: values.required(&settings::LOG, log_filter)?,
                format: values.required(&settings::LOG_FORMAT, LogFormat::parse)?,
            },
            request_log: chrono::Duration::days(values.count(&settings::REQUEST_LOG_DAYS)?),
            request_log_questions_per_second: values.count(&settings::REQUEST_LOG_QUESTIONS_PER_SECOND)?,
            events: chrono::Duration::days(values.count(&settings::EVENT_DAYS)?),
            nats: nats(values)?,
            live: Live {
                connections: values.count(&settings::LIMIT_LIVE_CONNECTIONS)?,
                init: values.millis(&settings::LIVE_INIT_TIMEOUT_MS)?,
                ping: values.millis(&settings::LIVE_PING_MS)?,
                write: values.millis(&settings::LIVE_WRITE_TIMEOUT_MS)?,
            },
            webhooks: Webhooks {
                allow: values
                    .optional(&settings::WEBHOOK_ALLOW_CIDRS, origins::networks)?
                    .unwrap_or_default(),
                ports: values
                    .optional(&settings::WEBHOOK_PORTS, origins::ports)?
                    .unwrap_or_default(),
                jitter: values.required(&settings::WEBHOOK_JITTER, |text| text.parse().ok())?,
                log: chrono::Duration::days(values.count(&settings::WEBHOOK_LOG_DAYS)?),
                test_log: chrono::Duration::days(values.count(&settings::WEBHOOK_LOG_TEST_DAYS)?),
            },
            provider: Provider {
                live: values.required(&settings::LIVE_PROVIDER, LiveProvider::parse)?,
                timeout: provider,
            },
            master_key: master_key_source(values)?,
        })
    }
}

/// The values in force: the configuration file, `env` (of a process: [`std::env::vars_os`]), and `flags`.
///
/// # Errors
/// When the file cannot be read or understood, or the environment gives a setting bytes that are not UTF-8.
pub fn in_force(
    flags: &SettingFlags,
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<InForce, ConfigError> {
    let path = flags.config.as_deref().unwrap_or(Path::new(FILE));
    let file = match std::fs::read_to_string(path) {
        Ok(text) => from_file(path, &text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound && flags.config.is_none() => Layer::new(),
        Err(cause) => {
            return Err(ConfigError::Unreadable {
                path: path.to_owned(),
                cause,
            });
        }
    };
    Ok(InForce::from_layers(file, from_env(env)?, flags.layer.clone()))
}

fn limits(values: &InForce) -> Result<Limits, ConfigError> {
    let per_second = |setting| {
        let count = values.count(setting)?;
        Ok(Limit::per_second(count, count))
    };
    let hourly = values.count(&settings::LIMIT_PAYMENTS_PER_HOUR)?;
    Ok(Limits {
        cost: Limit::per_second(
            values.count(&settings::LIMIT_COST)?,
            values.count(&settings::LIMIT_COST_PER_SECOND)?,
        ),
        payments: per_second(&settings::LIMIT_PAYMENTS_PER_SECOND)?,
        payments_hourly: Limit::per_hour(hourly, hourly),
        queries: per_second(&settings::LIMIT_QUERIES_PER_SECOND)?,
        public: per_second(&settings::LIMIT_PUBLIC_PER_SECOND)?,
        refused_keys: per_second(&settings::LIMIT_REFUSED_KEYS_PER_SECOND)?,
        exchange: values.millis(&settings::LIMIT_EXCHANGE_MS)?,
    })
}

fn nats(values: &InForce) -> Result<Option<Nats>, ConfigError> {
    let url = values.optional(&settings::NATS_URL, NatsUrl::parse)?;
    let name = values.required(&settings::NATS_NAME, |text| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (!text.is_empty() && text.chars().all(is_plain)).then(|| text.to_owned())
    })?;
    Ok(url.map(|url| Nats { url, name }))
}

fn log_filter(text: &str) -> Option<String> {
    let understood = !text.trim().is_empty() && EnvFilter::try_new(text).is_ok();
    understood.then(|| text.to_owned())
}

fn master_key_source(values: &InForce) -> Result<MasterKeySource, ConfigError> {
    if let Some(key) = values.optional(&settings::MASTER_KEY, master_key::parse)? {
        return Ok(MasterKeySource::Given(key));
    }
    values.required(&settings::KEY_FILE, |text| {
        (!text.is_empty()).then(|| MasterKeySource::File(text.into()))
    })
}
