//! The cookie of dashboard sessions.
//!
//! Invariant: no script reads it, no other site's request carries it, and behind https no plain connection does.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use chrono::Duration;

/// How the cookie is called and guarded, which depends on how others reach this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCookie {
    /// Over https: the prefix makes browsers insist on `Secure`, the whole host and the path `/` (RFC 6265bis, 4.1.3.2).
    Secure,
    /// Over plain http, for trying out on one's own machine.
    Plain,
}

impl SessionCookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-tahsil_session",
            Self::Plain => "tahsil_session",
        }
    }

    /// The value of the cookie in a request; of several, none, since one of them is not ours.
    #[must_use]
    pub fn read(self, headers: &HeaderMap) -> Option<&str> {
        let lines = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        let mut values = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .map(|(_, value)| value);
        let value = values.next().filter(|value| !value.is_empty())?;
        values.next().is_none().then_some(value)
    }

    /// The header that sets it for `lasts`; nothing and no time at all takes it back.
    #[must_use]
    pub fn set(self, value: &str, lasts: Duration) -> Option<HeaderValue> {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::Plain => "",
        };
        let seconds = lasts.num_seconds();
        let text = format!(
            "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}",
            self.name()
        );
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_refused_when_it_comes_twice() {
        let read = |cookie: SessionCookie, line: &'static str| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(line))]);
            cookie.read(&headers).map(str::to_owned)
        };
        assert_eq!(
            read(SessionCookie::Plain, "a=1; tahsil_session=ess_1;b=2").as_deref(),
            Some("ess_1")
        );
        assert_eq!(
            read(SessionCookie::Secure, "__Host-tahsil_session=ess_1").as_deref(),
            Some("ess_1")
        );
        assert_eq!(read(SessionCookie::Secure, "tahsil_session=ess_1"), None);
        for line in [
            "",
            "tahsil_session",
            "tahsil_session=",
            "tahsil_session=1; tahsil_session=2",
        ] {
            assert_eq!(read(SessionCookie::Plain, line), None, "{line}");
        }
    }

    #[test]
    fn no_script_and_no_other_site_gets_it() {
        let set = SessionCookie::Secure.set("ess_1", Duration::hours(8)).unwrap();
        assert_eq!(
            set,
            "__Host-tahsil_session=ess_1; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(set.is_sensitive());
        let cleared = SessionCookie::Plain.set("", Duration::zero()).unwrap();
        assert_eq!(
            cleared,
            "tahsil_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }
}
