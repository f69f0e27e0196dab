//! `tahsil sign`: signs a request and shows how, for whoever looks for the byte in which two sides differ.
//!
//! Invariant: the text and the headers are made by the code that reads them in the server, and are read back by it before they
//! are printed. The private key is not printed, and no database is needed.

use super::Outcome;
use super::answer::{Answer, Output, fields};
use super::private_key::{PASSPHRASE, PrivateKey};
use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use clap::ValueEnum;
use domain::credential::signing::{
    CanonicalParts, RequestHead, canonical_string, content_digest, read, signature_base,
};
use domain::credential::{SigningAlgorithm, Token};
use domain::{Clock, SystemClock, Timestamp};
use serde::{Serialize, Serializer};
use std::io::Read;
use zeroize::Zeroizing;

/// Longest key file that is read, in bytes.
const MAX_KEY: u64 = 16 * 1024;

/// What to sign, and with what.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tahsil sign --key epk_test_0123456789ABCDEF --private-key key.pem --path '/graphql?x=1' --body '@{\"query\":\"{ __typename }\"}'\n\nThe key file holds an Ed25519 key as PKCS#8 PEM, or 32 bytes in hex for hmac-sha256. An encrypted one opens with the passphrase in\nTAHSIL_SIGN_PASSPHRASE. RSA private keys are not supported here; the server takes RSA signatures."
)]
pub struct Args {
    /// The public token of the credential.
    #[arg(long, value_name = "TOKEN", value_parser = token)]
    key: String,
    /// The file with the private or shared key; - is standard input.
    #[arg(long, value_name = "FILE|-")]
    private_key: String,
    /// The method of the request.
    #[arg(long, default_value = "POST")]
    method: String,
    /// The path of the request, with its query, as it goes over the wire.
    #[arg(long, default_value = "/graphql", value_parser = path)]
    path: String,
    /// The body: a file, - for standard input, or text after an @.
    #[arg(long, value_name = "FILE|-|@TEXT")]
    body: Option<String>,
    /// When it is signed, as RFC 3339; now unless given.
    #[arg(long, value_name = "TIME")]
    timestamp: Option<Timestamp>,
    /// What makes it one of its kind; random unless given.
    #[arg(long)]
    nonce: Option<String>,
    /// The X-API-Version header, if it is sent.
    #[arg(long, value_name = "VERSION")]
    api_version: Option<String>,
    /// The Idempotency-Key header, if it is sent: only HTTP Message Signatures cover it.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Our own form, or HTTP Message Signatures (RFC 9421).
    #[arg(
        id = "signed_form",
        long = "form",
        value_name = "FORM",
        value_enum,
        default_value_t
    )]
    form: Form,
    /// The host, and the port unless it is the usual one: covered by HTTP Message Signatures if given.
    #[arg(long, value_name = "HOST")]
    authority: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// Which form the signed request has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// Four X-Tahsil headers.
    #[default]
    Native,
    /// Signature-Input and Signature.
    Http,
}

fn token(text: &str) -> Result<String, String> {
    match text.parse::<Token>() {
        Ok(token) => Ok(token.to_string()),
        Err(_) => Err("expected the public token of a credential, epk_live_… or epk_test_…".into()),
    }
}

fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("expected a path that begins with / and is percent-encoded, such as /graphql?x=1".into())
    }
}

/// Prints the text that is signed, and the headers that go with the request.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    ensure!(
        args.private_key != "-" || args.body.as_deref() != Some("-"),
        "standard input is one: the private key or the body has to come from a file"
    );
    let passphrase = std::env::var(PASSPHRASE).ok().map(Zeroizing::new);
    let key = PrivateKey::read(
        &key_text(&args.private_key)?,
        passphrase.as_ref().map(|text| text.as_str()),
    )?;
    let body = match args.body.as_deref() {
        None => Vec::new(),
        Some(source) => body(source)?,
    };
    let mut fresh = [0; 16];
    service::random::fill(&mut fresh);
    let signed = sign(args, &key, &body, SystemClock.now(), &hex::encode(fresh))?;
    args.output.print(&signed)?;
    Ok(Outcome::Done)
}

fn key_text(source: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = if source == "-" {
        std::io::stdin().lock().take(MAX_KEY).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(source).with_context(|| format!("cannot open {source}"))?;
        file.take(MAX_KEY).read_to_string(&mut text)
    };
    read.with_context(|| format!("cannot read the private key from {source}"))?;
    Ok(text)
}

fn body(source: &str) -> anyhow::Result<Vec<u8>> {
    if let Some(text) = source.strip_prefix('@') {
        return Ok(text.as_bytes().to_vec());
    }
    if source == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(source).with_context(|| format!("cannot read the body from {source}"))
}

/// A signed request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    form: Form,
    #[serde(serialize_with = "word")]
    algorithm: SigningAlgorithm,
    /// What is signed: the canonical string, or the signature base.
    signed_text: String,
    /// In base64.
    signature: String,
    #[serde(serialize_with = "object")]
    headers: Vec<(&'static str, String)>,
}

fn word<S: Serializer>(algorithm: &SigningAlgorithm, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(algorithm.as_str())
}

fn object<S: Serializer>(headers: &[(&'static str, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

impl Answer for Signed {
    fn text(&self) -> String {
        let about = fields(&[("algorithm", &self.algorithm), ("signature", &self.signature)]);
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        format!(
            "signed text, without a line break at its end:\n{}\n\n{about}\n\nheaders:\n{}",
            self.signed_text,
            headers.join("\n")
        )
    }
}

fn sign(args: &Args, key: &PrivateKey, body: &[u8], now: Timestamp, fresh: &str) -> anyhow::Result<Signed> {
    let (path, query) = match args.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (args.path.as_str(), None),
    };
    let mut headers: Vec<(&'static str, String)> = Vec::new();
    if !body.is_empty() {
        headers.push(("Content-Digest", content_digest(body)));
    }
    let given = [
        ("X-API-Version", &args.api_version),
        ("Idempotency-Key", &args.idempotency_key),
    ];
    headers.extend(
        given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?))),
    );
    let request = Request {
        args,
        path,
        query,
        body,
        at: args.timestamp.unwrap_or(now),
        nonce: args.nonce.as_deref().unwrap_or(fresh),
    };
    let (signed_text, signature) = match args.form {
        Form::Native => request.native(key, &mut headers)?,
        Form::Http => request.http(key, &mut headers)?,
    };
    let algorithm = key.algorithm();
    match request.looked_at(&headers, read) {
        Some(Ok(read)) if read.message == signed_text.as_bytes() => Ok(Signed {
            form: args.form,
            algorithm,
            signed_text,
            signature,
            headers,
        }),
        Some(Err(unreadable)) => bail!("the server would refuse this request: {unreadable}"),
        _ => bail!("the server would read another request than this"),
    }
}

struct Request<'a> {
    args: &'a Args,
    path: &'a str,
    query: Option<&'a str>,
    body: &'a [u8],
    at: Timestamp,
    nonce: &'a str,
}

impl Request<'_> {
    fn native(
        &self,
        key: &PrivateKey,
        headers: &mut Vec<(&'static str, String)>,
    ) -> anyhow::Result<(String, String)> {
        let timestamp = self.at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let text = canonical_string(&CanonicalParts {
            method: &self.args.method,
            path: self.path,
            query: self.query,
            timestamp: &timestamp,
            nonce: self.nonce,
            version: self.args.api_version.as_deref().unwrap_or_default(),
            body: self.body,
        });
        let signature = STANDARD.encode(key.sign(text.as_bytes())?);
        headers.extend([
            ("X-Tahsil-Key", self.args.key.clone()),
            ("X-Tahsil-Timestamp", timestamp),
            ("X-Tahsil-Nonce", self.nonce.to_owned()),
            ("X-Tahsil-Signature", format!("{}={signature}", key.algorithm())),
        ]);
        Ok((text, signature))
    }

    fn http(
        &self,
        key: &PrivateKey,
        headers: &mut Vec<(&'static str, String)>,
    ) -> anyhow::Result<(String, String)> {
        let mut covered = vec!["@method".to_owned(), "@path".to_owned()];
        covered.extend(self.query.map(|_| "@query".to_owned()));
        covered.extend(self.args.authority.as_ref().map(|_| "@authority".to_owned()));
        covered.extend(headers.iter().map(|(name, _)| name.to_ascii_lowercase()));
        // The characters that text of structured fields escapes: RFC 9651, section 3.3.3.
        let nonce = self.nonce.replace('\\', "\\\\").replace('"', "\\\"");
        let params = format!(
            "(\"{}\");created={};nonce=\"{nonce}\";keyid=\"{}\";alg=\"{}\"",
            covered.join("\" \""),
            self.at.timestamp(),
            self.args.key,
            key.algorithm(),
        );
        let text = self
            .looked_at(headers, |head| signature_base(head, &params))
            .context("the server would refuse this request")?;
        let signature = STANDARD.encode(key.sign(text.as_bytes())?);
        headers.extend([
            ("Signature-Input", format!("sig1={params}")),
            ("Signature", format!("sig1=:{signature}:")),
        ]);
        Ok((text, signature))
    }

    /// Shows it to the reader of the server.
    fn looked_at<T>(
        &self,
        headers: &[(&'static str, String)],
        look: impl FnOnce(&RequestHead<'_>) -> T,
    ) -> T {
        let header = |name: &str| {
            let found = headers
                .iter()
                .find(|(header, _)| header.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim().to_owned())
        };
        look(&RequestHead {
            method: &self.args.method,
            path: self.path,
            query: self.query,
            authority: self.args.authority.as_deref(),
            // Of the parts that are covered here, only the usual port of the host hangs on it.
            scheme: "https",
            header: &header,
            body: self.body,
        })
    }
}

#[cfg(test)]
mod tests;
