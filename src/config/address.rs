//! Addresses: of the database, and of this server as others see it.

use super::mask::mask_password;
use std::fmt;

/// Which database a [`DatabaseUrl`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// Where the database is. Prints without its password; only [`DatabaseUrl::expose`] gives all of it.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    kind: DatabaseKind,
    text: String,
}

impl DatabaseUrl {
    /// Takes `sqlite://PATH`, and `postgres://…` or `postgresql://…`; nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, place) = text.split_once("://")?;
        let kind = match scheme {
            "sqlite" => DatabaseKind::Sqlite,
            "postgres" | "postgresql" => DatabaseKind::Postgres,
            _ => return None,
        };
        let named = !place.is_empty() && !place.starts_with('?');
        named.then(|| Self {
            kind,
            text: text.to_owned(),
        })
    }

    /// The database behind the address.
    #[must_use]
    pub const fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// The address with its password, for the driver alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// Where a NATS server is. Prints without its password; only [`NatsUrl::expose`] gives all of it.
#[derive(Clone, PartialEq, Eq)]
pub struct NatsUrl(String);

impl NatsUrl {
    /// Takes `nats://…` and `tls://…`; nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, place) = text.split_once("://")?;
        (matches!(scheme, "nats" | "tls") && !place.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The address with its password, for the client alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NatsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NatsUrl({})", mask_password(&self.0))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask_password(&self.text))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// How others reach this server: scheme, host and perhaps a path, never with a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Takes an http or https address without query or fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let place = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))?;
        let host = place.split('/').next().unwrap_or_default();
        let foreign = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '@' | '\\');
        let well_formed = !host.is_empty() && !host.starts_with(':') && !place.contains(foreign);
        well_formed.then(|| Self(text.trim_end_matches('/').to_owned()))
    }

    /// Whether others reach this server by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// What stands before every path; empty where this server is not reached below another.
    #[must_use]
    pub fn root(&self) -> &str {
        let place = self.0.split_once("://").map_or("", |(_, place)| place);
        place
            .find('/')
            .and_then(|slash| place.get(slash..))
            .unwrap_or_default()
    }

    /// The link to `path`, which begins with a slash.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_sqlite_or_postgresql() {
        let kind = |text| DatabaseUrl::parse(text).map(|url| url.kind());
        assert_eq!(kind("sqlite://tahsil.db"), Some(DatabaseKind::Sqlite));
        assert_eq!(
            kind("sqlite:///var/lib/tahsil/tahsil.db?mode=rwc"),
            Some(DatabaseKind::Sqlite)
        );
        assert_eq!(kind("postgres://db/tahsil"), Some(DatabaseKind::Postgres));
        assert_eq!(kind("postgresql://db/tahsil"), Some(DatabaseKind::Postgres));
        for refused in [
            "",
            "tahsil.db",
            "mysql://db/tahsil",
            "sqlite://",
            "postgres:db",
            "sqlite://?mode=memory",
        ] {
            assert_eq!(kind(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_database_url_prints_without_its_password() {
        let url = DatabaseUrl::parse("postgres://tahsil:hunter2@db/tahsil").unwrap();
        assert_eq!(url.expose(), "postgres://tahsil:hunter2@db/tahsil");
        assert!(!format!("{url} {url:?}").contains("hunter2"));
    }

    #[test]
    fn links_have_one_slash_where_they_join() {
        let url = PublicUrl::parse("https://pay.example.iq/tahsil/").unwrap();
        assert_eq!(
            url.link("/checkout/pi_1"),
            "https://pay.example.iq/tahsil/checkout/pi_1"
        );
        assert_eq!(url.root(), "/tahsil");
        assert_eq!(PublicUrl::parse("http://127.0.0.1:8080").unwrap().root(), "");
    }

    #[test]
    fn a_public_address_names_a_host_and_nothing_after_the_path() {
        for refused in [
            "",
            "pay.example.iq",
            "ftp://a",
            "http://",
            "http:///x",
            "http://:80",
            "http://a?b",
            "http://a#b",
            "http://u:p@a",
        ] {
            assert_eq!(PublicUrl::parse(refused), None, "{refused}");
        }
    }
}
