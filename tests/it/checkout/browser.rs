//! A browser without scripts: it keeps cookies, fills in forms and follows redirects.

use crate::support::{Payer, TestApp};
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use std::sync::Mutex;
use url::form_urlencoded::Serializer;

/// A cookie as it was set.
#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

/// Somebody's browser.
pub struct Browser {
    client: Client,
    url: String,
    /// What the browser says about languages.
    pub accept: &'static str,
    jar: Mutex<Vec<Cookie>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where it came from, redirects followed.
    pub path: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub hidden: Vec<(String, String)>,
}

impl Browser {
    /// A new browser, which prefers English.
    pub fn at(app: &TestApp) -> Self {
        Self::of(&app.url)
    }

    /// The same at an address.
    pub fn of(url: &str) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            url: url.to_owned(),
            accept: "en",
            jar: Mutex::default(),
        }
    }

    /// Sends one request, and keeps the cookies of the answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Seen {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .header("accept-language", self.accept);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self.cookies(path);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for line in headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().unwrap());
        }
        Seen {
            path: path.to_owned(),
            status,
            headers,
            html: answer.text().await.unwrap(),
        }
    }

    /// Asks for a page, without following anything.
    pub async fn get(&self, path: &str) -> Seen {
        self.send(Method::GET, path, &[], None).await
    }

    /// Sends a form, without following anything.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.send(Method::POST, path, &[], Some(form(fields))).await
    }

    /// Asks for a page and goes where it leads.
    pub async fn open(&self, path: &str) -> Seen {
        let seen = self.get(path).await;
        self.follow(seen).await
    }

    /// Fills in a form and goes where it leads.
    pub async fn fill(&self, form: &Form, fields: &[(&str, &str)]) -> Seen {
        let hidden = form
            .hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        let seen = self.post(&form.action, &all).await;
        self.follow(seen).await
    }

    /// Pays by card on this page, and sees what comes of it.
    pub async fn pays_by(&self, page: &Seen, card: Payer) -> Seen {
        self.fill(&page.form("id=\"pay\""), &by_card(card.number())).await
    }

    async fn follow(&self, mut seen: Seen) -> Seen {
        for _ in 0..3 {
            if seen.status != 303 {
                break;
            }
            let to = seen.header(LOCATION.as_str()).to_owned();
            seen = self.get(&to).await;
        }
        seen
    }

    /// The cookies that go with a request for `path`.
    pub fn cookies(&self, path: &str) -> String {
        let path = path.split('?').next().unwrap();
        let jar = self.jar.lock().unwrap();
        let fits = |cookie: &&Cookie| {
            path == cookie.path || path.starts_with(&format!("{}/", cookie.path.trim_end_matches('/')))
        };
        let pairs = jar.iter().filter(fits);
        let pairs: Vec<String> = pairs
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        pairs.join("; ")
    }

    /// Puts a cookie in, as a `Set-Cookie` header says it.
    pub fn keep(&self, line: &str) {
        let mut parts = line.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
        let mut jar = self.jar.lock().unwrap();
        jar.retain(|cookie| (cookie.name.as_str(), cookie.path.as_str()) != (name, path));
        jar.push(Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            path: path.to_owned(),
        });
    }
}

impl Seen {
    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// It is a page with this status that says all of this.
    #[track_caller]
    pub fn says(&self, status: u16, texts: &[&str]) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.path, self.html);
        let plain = self.text();
        for text in texts {
            assert!(plain.contains(text), "{text} is not in {}: {plain}", self.path);
        }
        self
    }

    /// It is a page that says nothing of this.
    #[track_caller]
    pub fn hides(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(
                !self.html.contains(text),
                "{text} is in {}: {}",
                self.path,
                self.html
            );
        }
        self
    }

    /// What stands on it, without marks that keep directions apart.
    pub fn text(&self) -> String {
        let mark = |c: &char| !matches!(c, '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
        let text: String = self.html.chars().filter(mark).collect();
        text.replace("&#39;", "'").replace("&#38;", "&")
    }

    /// The form whose tag holds `mark`.
    #[track_caller]
    pub fn form(&self, mark: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|(tag, _)| tag.contains(mark))
            .unwrap_or_else(|| panic!("no form with {mark} on {}: {}", self.path, self.html))
            .1
    }

    fn forms(&self) -> Vec<(String, Form)> {
        let after = self.html.split("<form").skip(1);
        after
            .map(|rest| {
                let whole = rest.split("</form>").next().unwrap();
                let tag = whole.split('>').next().unwrap();
                let inputs = whole.split("<input type=\"hidden\"").skip(1);
                let hidden = inputs.map(|input| {
                    let input = input.split('>').next().unwrap();
                    (attribute(input, "name"), attribute(input, "value"))
                });
                let form = Form {
                    action: attribute(tag, "action"),
                    hidden: hidden.collect(),
                };
                (tag.to_owned(), form)
            })
            .collect()
    }
}

impl Form {
    /// A hidden field.
    pub fn hidden(&self, name: &str) -> &str {
        let found = self.hidden.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> String {
    let text = tag.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
    text.split('"').next().unwrap().replace("&#38;", "&")
}

/// Fields as a form sends them.
pub fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// What a payer types who pays by card.
pub fn by_card(number: &str) -> [(&str, &str); 5] {
    [
        ("gateway", "CREDIT_CARD"),
        ("card_number", number),
        ("card_holder", "Zainab Al-Saadi"),
        ("card_expiry", "12 / 27"),
        ("card_cvv", "123"),
    ]
}
