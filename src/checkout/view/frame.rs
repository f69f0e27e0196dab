//! What stands around every page, and the parts that several share.

use super::super::assets;
use super::super::colour::Colour;
use super::super::phrases::{Counted, Phrases, With};
use super::super::text::Text;
use domain::language::Language;
use domain::merchant::Mode;
use domain::money::ShownMoney;
use domain::provider::Gateway;
use domain::{Money, Timestamp, moment};

/// Around a page: in which language, for whom, in which mode, and where it is.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The language of every word on it.
    pub language: Language,
    /// In test mode a banner says that no money moves.
    pub mode: Mode,
    /// Who is paid; nobody on a page that belongs to no payment.
    pub merchant: Option<Merchant>,
    /// Path and query of this page for the language switch, without `lang`. Something that a GET may ask for.
    pub here: String,
    /// What stands before every path where this server is reached below another; empty where it is not.
    pub root: String,
}

/// Who is paid, as payers know them.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The name.
    pub name: Text,
    /// The colour of buttons and marks.
    pub colour: Colour,
}

/// What is paid for. Lengths were checked when it was created (63 and 255 characters).
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// What it is, in a few words.
    pub title: Option<Text>,
    /// More about it.
    pub description: Option<Text>,
    /// The merchant's own number for it.
    pub reference: Option<Text>,
}

/// What a promo code takes off.
#[derive(Clone, Debug)]
pub struct Discount {
    /// The code.
    pub code: Text,
    /// How much, above zero.
    pub amount: Money,
}

/// Where a form is sent to, and what goes with it unseen.
#[derive(Clone, Debug)]
pub struct Form {
    /// A path on this server.
    pub action: String,
    /// Hidden fields: the number of the attempt, the totals that were shown.
    pub hidden: Vec<Hidden>,
}

/// A hidden field.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// One entry of the language switch.
pub(super) struct LanguageLink {
    pub(super) href: String,
    pub(super) language: Language,
    pub(super) current: bool,
}

// What templates ask for.
impl Frame {
    pub(super) fn words(&self) -> &'static Phrases {
        Phrases::of(self.language)
    }

    pub(super) fn dir(&self) -> &'static str {
        self.language.direction().as_str()
    }

    pub(super) fn is_test(&self) -> bool {
        self.mode == Mode::Test
    }

    pub(super) fn css(&self) -> String {
        format!("{}{}", self.root, assets::addresses().css)
    }

    pub(super) fn script(&self) -> String {
        format!("{}{}", self.root, assets::addresses().script)
    }

    pub(super) fn icon(&self) -> String {
        format!("{}{}", self.root, assets::addresses().icon)
    }

    pub(super) fn brand_css(&self) -> String {
        let colour = self.merchant.as_ref().map(|merchant| merchant.colour);
        format!("{}{}", self.root, assets::brand_css(colour.unwrap_or_default()))
    }

    pub(super) fn languages(&self) -> Vec<LanguageLink> {
        let join = if self.here.contains('?') { '&' } else { '?' };
        let link = |language: &Language| LanguageLink {
            href: format!("{}{join}lang={language}", self.here),
            language: *language,
            current: *language == self.language,
        };
        Language::ALL.iter().map(link).collect()
    }

    /// The merchant for the middle of a sentence.
    pub(super) fn name(&self) -> String {
        self.merchant
            .as_ref()
            .map(|merchant| merchant.name.unbroken().isolated())
            .unwrap_or_default()
    }

    /// An amount in an element of its own.
    pub(super) const fn money(&self, amount: &Money) -> ShownMoney {
        amount.shown(self.language)
    }

    /// An amount that is taken off, with its minus.
    pub(super) fn taken_off(&self, amount: &Money) -> String {
        let negative = Money::zero(amount.currency())
            .checked_sub(*amount)
            .unwrap_or(*amount);
        negative.shown(self.language).to_string()
    }

    pub(super) fn moment(&self, at: &Timestamp) -> String {
        moment::shown(*at, self.language)
    }

    pub(super) fn gateway(&self, gateway: &Gateway) -> &'static str {
        (self.words().gateway)(*gateway)
    }

    pub(super) fn gateway_note(&self, gateway: &Gateway) -> &'static str {
        (self.words().gateway_note)(*gateway)
    }

    pub(super) fn merchant_in(&self, phrase: &With) -> String {
        phrase(&self.name())
    }

    pub(super) fn text_in(&self, phrase: &With, text: &Text) -> String {
        phrase(&text.isolated())
    }

    pub(super) fn amount_in(&self, phrase: &With, amount: &Money) -> String {
        phrase(&amount.shown(self.language).isolated())
    }

    pub(super) fn moment_in(&self, phrase: &With, at: &Timestamp) -> String {
        phrase(&self.moment(at))
    }

    pub(super) fn counted(&self, phrase: &Counted, count: &u32) -> String {
        phrase(*count)
    }

    pub(super) fn forwarding(&self, seconds: &u32) -> String {
        (self.words().forwarding)(&self.name(), *seconds)
    }
}
