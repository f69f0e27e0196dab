//! What one setting is, apart from its value.

use super::source::Origin;

/// One entry of the table in `settings`. Parsing, `tahsil config`, the flags and the reference page all read it.
#[derive(Debug)]
pub struct Setting {
    /// Name in `tahsil.toml`.
    pub key: &'static str,
    /// Name in the environment.
    pub env: &'static str,
    /// Name on the command line without the dashes; a secret has none, because `ps` shows command lines to everyone.
    pub flag: Option<&'static str>,
    /// Value when nobody says otherwise; `{listen}` stands for the value of that setting. `None`: unset.
    pub default: Option<&'static str>,
    /// What the value may be.
    pub shape: Shape,
    /// One line for people.
    pub doc: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `sqlite://PATH` or `postgres://…`.
    DatabaseUrl,
    /// An IP address and a port.
    Address,
    /// An absolute http or https address without query.
    HttpUrl,
    /// `nats://HOST` or `tls://HOST`.
    NatsUrl,
    /// Letters, digits, `-` and `_`.
    Name,
    /// A path in the file system.
    Path,
    /// 32 bytes as text.
    Key,
    /// Origins of web pages, separated by commas.
    Origins,
    /// Networks in CIDR notation, separated by commas.
    Networks,
    /// Ports of web servers, separated by commas.
    Ports,
    /// Directives of `tracing`'s filter.
    LogFilter,
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number of `unit`, both ends included.
    Count {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
        /// What is counted.
        unit: &'static str,
    },
}

impl Setting {
    /// Whether the value is never printed.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.shape, Shape::Key)
    }

    /// What the setting is called where `origin` values are written, so that an error leads there.
    #[must_use]
    pub fn name_in(&self, origin: Origin) -> String {
        match (origin, self.flag) {
            (Origin::Env, _) => self.env.to_owned(),
            (Origin::Flag, Some(flag)) => format!("--{flag}"),
            _ => self.key.to_owned(),
        }
    }
}

impl Shape {
    /// The shape in words, as the object of "expected …".
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::DatabaseUrl => "sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE".into(),
            Self::Address => "an IP address and a port such as 127.0.0.1:8080".into(),
            Self::HttpUrl => "an http:// or https:// address without query or fragment".into(),
            Self::NatsUrl => "nats://HOST:PORT or tls://HOST:PORT".into(),
            Self::Name => "letters, digits, - and _".into(),
            Self::Path => "a path".into(),
            Self::Origins => {
                "origins such as https://app.example.iq, separated by commas, without a path".into()
            }
            Self::Networks => "networks such as 10.0.0.0/8 or ::1/128, separated by commas".into(),
            Self::Ports => {
                "ports such as 8443,8080, separated by commas, and none of mail, databases or remote shells"
                    .into()
            }
            Self::Key => "32 bytes as 64 hexadecimal digits or as base64".into(),
            Self::LogFilter => "log directives such as info,sqlx=warn".into(),
            Self::Switch => "true or false".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Count { min, max, unit } => format!("a whole number of {unit} from {min} to {max}"),
        }
    }
}
