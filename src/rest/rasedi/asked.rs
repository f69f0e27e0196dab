//! The body of create, checked field by field.
//!
//! Invariant: everything that is wrong is said at once, in the order and in the words of the answer that S3 recorded, so that a
//! program that shows those messages shows what it always did.

use super::amount;
use super::refused::{Code, NO_PRICE, Refused};
use domain::Money;
use domain::gateways::Gateways;
use domain::intent::IntentRefusal;
use domain::intent::{Collect, MAX_TITLE};
use domain::metadata::MAX_DESCRIPTION;
use domain::provider::Gateway;
use domain::web_url::{CallbackUrl, ReturnUrl, UrlRefusal};
use domain::webhook::TargetPolicy;
use serde_json::{Map, Value};
use std::str::FromStr;

/// The gateways in the recorded order, and the space after them.
const NO_GATEWAYS: &str =
    "gateways must be a valid enum, FIB,ZAIN,ASIA_PAY,FAST_PAY,NASS_WALLET,CREDIT_CARD ";
const REDIRECT_URL: &str = "redirectUrl";
const CALLBACK_URL: &str = "callbackUrl";

/// What a merchant asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// How much.
    pub amount: Money,
    /// How the payer may pay.
    pub gateways: Gateways,
    /// What it is for; none if there is nothing to read in it.
    pub title: Option<String>,
    /// The same at length.
    pub description: Option<String>,
    /// What the payer is asked for, and what is put on top.
    pub collect: Collect,
    /// Where the payer goes when it is paid.
    pub redirect_url: ReturnUrl,
    /// Where each change of status is reported.
    pub callback_url: CallbackUrl,
}

/// Reads a body. One that is empty is an object without fields.
///
/// # Errors
/// All that is wrong with it; addresses that are refused only when nothing else is.
pub fn read(body: &[u8], targets: &TargetPolicy) -> Result<Asked, Refused> {
    let none = body.iter().all(u8::is_ascii_whitespace);
    let value = match none {
        true => Value::Object(Map::new()),
        false => serde_json::from_slice(body)
            .map_err(|_| Refused::new(Code::InvalidRequest, "the body must be JSON"))?,
    };
    let Value::Object(fields) = value else {
        return Err(Refused::new(
            Code::InvalidRequest,
            "the body must be a JSON object",
        ));
    };
    let mut form = Form {
        fields: &fields,
        targets,
        is_incomplete: false,
        problems: Vec::new(),
        refused: Vec::new(),
    };
    let asked = form.asked();
    form.verdict(asked)
}

/// A body that is being read, and what is wrong with it so far.
struct Form<'a> {
    fields: &'a Map<String, Value>,
    targets: &'a TargetPolicy,
    is_incomplete: bool,
    problems: Vec<(Code, String)>,
    refused: Vec<String>,
}

impl<'a> Form<'a> {
    /// The fields in the order in which their messages were recorded.
    fn asked(&mut self) -> Option<Asked> {
        let amount = self.amount();
        let gateways = self.gateways();
        let title = self.text("title", MAX_TITLE);
        let description = self.text("description", MAX_DESCRIPTION);
        let fee = self.switch("collectFeeFromCustomer");
        let email = self.switch("collectCustomerEmail");
        let phone = self.switch("collectCustomerPhoneNumber");
        let redirect_url = self.redirect_url();
        let callback_url = self.callback_url();
        let promo_code = self.optional_switch("allowPromoCode");
        Some(Asked {
            amount: amount?,
            gateways: gateways?,
            title: title?,
            description: description?,
            collect: Collect {
                fee: fee?,
                email: email?,
                phone: phone?,
                promo_code: promo_code?,
            },
            redirect_url: redirect_url?,
            callback_url: callback_url?,
        })
    }

    /// What is missing goes before what is wrong, and what is wrong in the order of the messages.
    fn verdict(self, asked: Option<Asked>) -> Result<Asked, Refused> {
        let first = self.problems.first().map(|(code, _)| *code);
        match (first, asked) {
            (Some(first), _) => {
                let code = if self.is_incomplete {
                    Code::MissingRequiredField
                } else {
                    first
                };
                let messages = self.problems.into_iter().map(|(_, message)| message);
                Err(Refused::all(code, messages.collect()))
            }
            (None, Some(asked)) if self.refused.is_empty() => Ok(asked),
            (None, _) => Err(Refused::addresses(self.refused)),
        }
    }

    /// A field; `null` is none.
    fn field(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.field(name);
        self.is_incomplete |= value.is_none();
        value
    }

    fn problem(&mut self, code: Code, message: impl Into<String>) {
        self.problems.push((code, message.into()));
    }

    fn amount(&mut self) -> Option<Money> {
        let text = self.required("amount").and_then(Value::as_str);
        let amount = text.and_then(amount::read);
        if amount.is_none() {
            self.problem(Code::InvalidAmount, NO_PRICE);
        }
        amount
    }

    fn gateways(&mut self) -> Option<Gateways> {
        let list = self.required("gateways").and_then(Value::as_array);
        let each = list.and_then(|list| {
            let words = list
                .iter()
                .map(|value| value.as_str().and_then(|word| word.parse().ok()));
            words.collect::<Option<Vec<Gateway>>>()
        });
        let gateways = each.and_then(|each| Gateways::new(each).ok());
        if gateways.is_none() {
            self.problem(Code::InvalidGateway, NO_GATEWAYS);
        }
        gateways
    }

    /// What is no text has no length either, so it fails both checks, as it did in the recorded answer.
    fn text(&mut self, name: &str, most: usize) -> Option<Option<String>> {
        let text = self.required(name).and_then(Value::as_str);
        let fits = text.is_some_and(|text| text.chars().count() <= most);
        if !fits {
            let message = format!("{name} must be shorter than or equal to {most} characters");
            self.problem(Code::InvalidRequest, message);
        }
        if text.is_none() {
            self.problem(
                Code::InvalidRequest,
                format!("{name} must be a string, validator"),
            );
        }
        text.filter(|_| fits).map(readable)
    }

    fn switch(&mut self, name: &str) -> Option<bool> {
        let value = self.required(name).and_then(Value::as_bool);
        if value.is_none() {
            self.problem(Code::InvalidRequest, format!("{name} must be a boolean"));
        }
        value
    }

    /// S3 asks for it, but records no message when it is missing, and most of its SDKs do not send it.
    fn optional_switch(&mut self, name: &str) -> Option<bool> {
        match self.field(name) {
            None => Some(false),
            Some(_) => self.switch(name),
        }
    }

    /// Where a payer goes must be https here, on the payer's own machine too (S3: "Must be a valid HTTPS URL").
    fn redirect_url(&mut self) -> Option<ReturnUrl> {
        let url: ReturnUrl = self.address(REDIRECT_URL)?;
        if url.origin().starts_with("https://") {
            return Some(url);
        }
        self.refused
            .push(format!("{REDIRECT_URL} {}", UrlRefusal::NotHttps));
        None
    }

    /// Where changes are reported must be an address that webhooks go to.
    fn callback_url(&mut self) -> Option<CallbackUrl> {
        let url: CallbackUrl = self.address(CALLBACK_URL)?;
        match url.target().and_then(|target| self.targets.vet_url(&target)) {
            Ok(()) => Some(url),
            Err(refusal) => {
                self.refused.push(IntentRefusal::from(refusal).to_string());
                None
            }
        }
    }

    fn address<T: FromStr<Err = UrlRefusal>>(&mut self, name: &str) -> Option<T> {
        let text = self.required(name).and_then(Value::as_str);
        match text.map(str::parse) {
            Some(Ok(url)) => Some(url),
            None | Some(Err(UrlRefusal::Malformed)) => {
                self.problem(Code::InvalidUrl, format!("{name} must be a URL"));
                None
            }
            Some(Err(refusal)) => {
                self.refused.push(format!("{name} {refusal}"));
                None
            }
        }
    }
}

/// Text as pages and reports can show it: a control character, a line break too, is a space. Nothing but space is no text.
fn readable(text: &str) -> Option<String> {
    let shown = text.replace(char::is_control, " ");
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}
