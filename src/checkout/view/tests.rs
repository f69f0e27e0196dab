//! Each page in each language, read as a browser reads it.

use super::*;
use crate::checkout::colour::Colour;
use crate::checkout::text::Text;
use domain::language::Language;
use domain::provider::{DeclineReason, Gateway};
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;

fn select<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&Selector::parse(selector).unwrap()).collect()
}

/// Runs `check` on every page in every language.
fn on_every_page(check: impl Fn(&str, Language, &Html)) {
    for language in Language::ALL {
        for (name, page) in samples::all(*language) {
            let document = Html::parse_document(&page.html().unwrap());
            check(&format!("{name} in {language}"), *language, &document);
        }
    }
}

fn text(document: &Html, selector: &str) -> String {
    select(document, selector)
        .iter()
        .flat_map(ElementRef::text)
        .collect()
}

#[test]
fn every_page_is_well_formed() {
    let broken = Html::parse_document("<!doctype html><title>x</title><p></div>");
    assert!(!broken.errors.is_empty(), "the parser tells what is wrong");
    on_every_page(|name, language, document| {
        assert_eq!(document.errors, Vec::<&str>::new(), "{name}");
        let html = document.root_element();
        assert_eq!(html.attr("lang"), Some(language.as_str()), "{name}");
        assert_eq!(html.attr("dir"), Some(language.direction().as_str()), "{name}");
        for (selector, count) in [
            ("main", 1),
            ("h1", 1),
            ("header.top", 1),
            ("footer.bottom", 1),
            ("title", 1),
        ] {
            assert_eq!(select(document, selector).len(), count, "{name}: {selector}");
        }
        assert!(!text(document, "title").trim().is_empty(), "{name}");
        assert!(!text(document, "h1").trim().is_empty(), "{name}");
        let printed = document.html();
        assert!(!printed.contains("{{") && !printed.contains("{%"), "{name}");
    });
}

#[test]
fn no_page_carries_styles_or_scripts_of_its_own() {
    on_every_page(|name, _, document| {
        assert!(
            select(document, "style, [style], base, iframe, object, embed").is_empty(),
            "{name}"
        );
        for script in select(document, "script") {
            assert!(
                script
                    .attr("src")
                    .is_some_and(|src| src.starts_with("/checkout-assets/")),
                "{name}"
            );
            assert!(script.text().all(|text| text.trim().is_empty()), "{name}");
        }
        for element in select(document, "*") {
            assert!(
                element
                    .value()
                    .attrs()
                    .all(|(attribute, _)| !attribute.starts_with("on")),
                "{name}"
            );
        }
        for link in select(document, "link, img") {
            let address = link.attr("href").or_else(|| link.attr("src")).unwrap();
            assert!(address.starts_with("/checkout-assets/"), "{name}: {address}");
        }
    });
}

#[test]
fn every_field_has_a_label_and_every_reference_an_end() {
    on_every_page(|name, _, document| {
        let ids: Vec<_> = select(document, "[id]")
            .iter()
            .filter_map(|element| element.attr("id"))
            .collect();
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "{name}: {ids:?}"
        );
        for field in select(document, "input:not([type=hidden]), select, textarea") {
            let id = field.attr("id").unwrap();
            let labels = select(document, &format!("label[for={id}]"));
            assert!(
                labels
                    .iter()
                    .flat_map(ElementRef::text)
                    .any(|text| !text.trim().is_empty()),
                "{name}: {id}"
            );
        }
        for attribute in ["aria-describedby", "aria-labelledby", "for"] {
            for element in select(document, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap().split_whitespace() {
                    assert!(ids.contains(&id), "{name}: {attribute}={id}");
                }
            }
        }
        for link in select(document, ".alarm a") {
            assert!(
                ids.contains(&link.attr("href").unwrap().trim_start_matches('#')),
                "{name}"
            );
        }
        for action in select(document, "button, a, summary") {
            let named =
                action.text().any(|text| !text.trim().is_empty()) || action.attr("aria-label").is_some();
            assert!(named, "{name}: {}", action.html());
        }
        for form in select(document, "form") {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
            assert!(form.attr("action").unwrap().starts_with('/'), "{name}");
        }
    });
}

#[test]
fn wrong_fields_are_marked_and_explained() {
    for language in Language::ALL {
        let mut page = samples::checkout(*language);
        page.phone = Some(Contact::default());
        page.problems = Problem::ALL.to_vec();
        let document = Html::parse_document(&page.html().unwrap());
        assert_eq!(select(&document, ".alarm li").len(), Problem::ALL.len());
        for id in [
            "email",
            "phone",
            "card_number",
            "card_holder",
            "card_expiry",
            "card_cvv",
        ] {
            let field = select(&document, &format!("#{id}"))[0];
            assert_eq!(field.attr("aria-invalid"), Some("true"), "{id}");
            let line = select(&document, &format!("#{id}-wrong:not([hidden])"));
            assert!(line[0].text().any(|text| !text.is_empty()), "{id}");
        }
        assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[test]
fn a_page_that_is_over_still_says_how_much_it_was_for() {
    for language in Language::ALL {
        let amount = samples::checkout(*language).subtotal.shown(*language).to_string();
        for (name, page) in samples::all(*language) {
            if matches!(name, "attempts-used" | "expired" | "canceled" | "cancel") {
                let document = Html::parse_document(&page.html().unwrap());
                assert_eq!(text(&document, ".amount"), amount, "{name} in {language}");
            }
        }
    }
}

#[test]
fn the_last_digits_of_a_card_are_those_on_the_card() {
    for language in Language::ALL {
        for (_, page) in samples::all(*language)
            .iter()
            .filter(|(name, _)| ["success", "receipt"].contains(name))
        {
            let document = Html::parse_document(&page.html().unwrap());
            assert!(text(&document, ".facts").contains("4242"), "{language}");
        }
    }
}

#[test]
fn one_second_at_a_time_is_told_until_the_browser_goes_back() {
    let pages = samples::all(Language::English);
    let (_, page) = pages.iter().find(|(name, _)| *name == "success").unwrap();
    let document = Html::parse_document(&page.html().unwrap());
    assert_eq!(select(&document, "[data-tick]").len(), 10);
    let shown = text(&document, "[data-tick]:not([hidden])");
    assert!(shown.ends_with("in 10 seconds"), "{shown}");
    assert!(text(&document, "[data-tick='1']").ends_with("in 1 second"));
}

#[test]
fn a_page_has_the_letters_of_its_language_only() {
    // Arabic and Sorani share a script and differ in letters: a phrase in the wrong table would show here.
    let foreign = |language| match language {
        Language::English => None,
        Language::Arabic => Some("ەێۆڕڵڤپچژگکی"),
        Language::Sorani => Some("كيىةصضطظثذ"),
    };
    on_every_page(|name, language, document| {
        let page = document.root_element().text().collect::<String>();
        let switch = text(document, ".languages");
        let own = page.replace(&switch, "");
        match foreign(language) {
            Some(foreign) => {
                let wrong: BTreeSet<char> = own.chars().filter(|c| foreign.contains(*c)).collect();
                assert!(wrong.is_empty(), "{name}: {wrong:?}");
            }
            None => assert!(
                !own.chars().any(|c| ('\u{600}'..'\u{700}').contains(&c)),
                "{name}"
            ),
        }
        let fields = select(document, "input");
        for value in fields
            .iter()
            .filter_map(|field| field.attr("value").or_else(|| field.attr("placeholder")))
        {
            assert!(!value.contains(|c| ('٠'..='٩').contains(&c)), "{name}: {value}");
        }
    });
}

#[test]
fn text_of_a_merchant_stays_text() {
    let hostile = "\u{202e}<script>alert(1)</script>\"><img src=x onerror=alert(1)>'&amp;\u{2067}";
    for language in Language::ALL {
        let mut page = samples::checkout(*language);
        if let Some(merchant) = &mut page.frame.merchant {
            merchant.name = Text::new(hostile);
        }
        page.frame.here = format!("/checkout/{hostile}");
        page.order.title = Text::some(hostile);
        page.order.description = Text::some(hostile);
        page.order.reference = Text::some(hostile);
        page.email = Some(Contact {
            value: hostile.to_owned(),
        });
        page.card.holder = hostile.to_owned();
        page.discount = Some(Discount {
            code: Text::new(hostile),
            amount: page.subtotal,
        });
        page.notice = Some(Notice::PromoApplied);
        let html = page.html().unwrap();
        let document = Html::parse_document(&html);
        assert_eq!(document.errors, Vec::<&str>::new());
        assert_eq!(select(&document, "script").len(), 1);
        assert!(select(&document, "img, [onerror]").is_empty());
        let name = text(&document, ".who bdi");
        assert_eq!(
            name,
            "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'&amp;"
        );
        let shown = document.root_element().text().collect::<String>();
        assert!(!shown.contains('\u{202e}'));
        // Every isolate that a sentence opens is closed in it.
        for element in select(&document, "p, h1, title, button, dt") {
            let sentence: String = element.text().collect();
            let opened = sentence
                .chars()
                .filter(|c| ('\u{2066}'..='\u{2068}').contains(c))
                .count();
            assert_eq!(opened, sentence.matches('\u{2069}').count(), "{sentence:?}");
        }
    }
}

#[test]
fn each_way_shows_its_own_total_and_the_script_is_not_needed_for_it() {
    let pages = samples::all(Language::English);
    let (_, page) = pages.iter().find(|(name, _)| *name == "checkout-fees").unwrap();
    let document = Html::parse_document(&page.html().unwrap());
    for gateway in Gateway::ALL {
        let button = text(&document, &format!(".first .for-{gateway}"));
        assert!(button.starts_with("Pay "), "{gateway}: {button}");
    }
    assert_eq!(
        text(&document, ".first .for-FIB"),
        "Pay \u{2066}112,500 IQD\u{2069}"
    );
    assert_eq!(
        text(&document, ".first .for-CREDIT_CARD"),
        "Pay \u{2066}115,313 IQD\u{2069}"
    );
    assert_eq!(select(&document, "input[checked]")[0].attr("value"), Some("FIB"));
    // A hidden card field that is required would stop a payer without a script who chose a wallet.
    assert!(select(&document, ".card [required]").is_empty());
}

#[test]
fn pages_have_the_status_of_what_they_say() {
    let language = Language::English;
    let status = |notice| {
        let mut page = samples::checkout(language);
        page.notice = notice;
        page.status().as_u16()
    };
    assert_eq!(status(None), 200);
    assert_eq!(status(Some(Notice::PromoApplied)), 200);
    assert_eq!(status(Some(Notice::Declined(DeclineReason::DoNotHonor))), 402);
    assert_eq!(status(Some(Notice::InProgress)), 409);
    assert_eq!(status(Some(Notice::GatewayAway)), 503);
    let statuses: Vec<_> = samples::all(language)
        .iter()
        .map(|(name, page)| (*name, page.status().as_u16()))
        .filter(|(_, status)| *status >= 400)
        .collect();
    assert_eq!(
        statuses,
        [
            ("checkout-declined", 402),
            ("checkout-problems", 422),
            ("checkout-promo-wrong", 422),
            ("attempts-used", 410),
            ("expired", 410),
            ("canceled", 410),
            ("link-over", 410),
            ("not-found", 404),
            ("too-many", 429),
            ("cookies", 403),
            ("stale-form", 403),
            ("too-long", 413),
            ("went-wrong", 500),
            ("away", 503),
        ]
    );
}

#[test]
fn colours_of_the_style_sheet_can_be_read_in_both_schemes() {
    let sheet = include_str!("../static/checkout.css");
    let (light, dark) = sheet.split_once("prefers-color-scheme: dark").unwrap();
    for scheme in [light, dark] {
        let colour = |name: &str| -> Colour {
            let value = scheme.split(&format!("--{name}: ")).nth(1).unwrap();
            value.split(';').next().unwrap().parse().unwrap()
        };
        for (ink, ground, enough) in [
            ("ink", "bg", 450),
            ("ink", "sheet", 450),
            ("soft", "bg", 450),
            ("soft", "sheet", 450),
            ("soft", "tint", 450),
            ("hint", "sheet", 450),
            ("bad", "bad-bg", 450),
            ("bad", "sheet", 450),
            ("good", "good-bg", 450),
            ("good", "bg", 450),
            ("good", "sheet", 450),
            ("warn", "warn-bg", 450),
            ("edge", "sheet", 300),
            ("focus", "sheet", 300),
        ] {
            let contrast = colour(ink).contrast(colour(ground));
            assert!(contrast >= enough, "{ink} on {ground}: {contrast}");
        }
    }
}

#[test]
fn a_message_for_whatsapp_is_one_address() {
    let link = link::whatsapp_link("Pay ١٢٥ & \"more\"\nhttps://pay.example/l/1?a=b#c");
    assert_eq!(
        link,
        "https://wa.me/?text=Pay%20%D9%A1%D9%A2%D9%A5%20%26%20%22more%22%0Ahttps%3A%2F%2Fpay.example%2Fl%2F1%3Fa%3Db%23c"
    );
}

#[test]
fn the_language_switch_keeps_the_page() {
    let mut page = samples::checkout(Language::Arabic);
    page.frame.here = "/checkout/pi_01?x=1".to_owned();
    let document = Html::parse_document(&page.html().unwrap());
    let links: Vec<_> = select(&document, ".languages a")
        .iter()
        .filter_map(|link| link.attr("href"))
        .collect();
    assert_eq!(
        links,
        [
            "/checkout/pi_01?x=1&lang=en",
            "/checkout/pi_01?x=1&lang=ar",
            "/checkout/pi_01?x=1&lang=ckb"
        ]
    );
}
