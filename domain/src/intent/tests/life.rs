//! How long an intent lives, by which ways it can be paid, and where its payer goes.

use super::*;

#[test]
fn an_intent_lives_five_minutes_to_seven_days() {
    let second = Duration::seconds(1);
    assert_eq!(life(None, LIVES), Ok(LIVES));
    assert_eq!(life(None, RASEDI_LIVES), Ok(Duration::days(1)));
    for good in [SHORTEST_LIFE, Duration::minutes(45), LONGEST_LIFE] {
        assert_eq!(life(Some(good), LIVES), Ok(good));
    }
    for bad in [
        SHORTEST_LIFE - second,
        LONGEST_LIFE + second,
        Duration::zero(),
        -LIVES,
        Duration::MAX,
        Duration::MIN,
    ] {
        assert_eq!(
            life(Some(bad), LIVES),
            Err(IntentRefusal::LifeOutOfBounds),
            "{bad}"
        );
    }
}

#[test]
fn a_life_is_told_in_words() {
    for (life, words) in [
        (LIVES, "1 hour"),
        (RASEDI_LIVES, "24 hours"),
        (SHORTEST_LIFE, "5 minutes"),
        (Duration::minutes(90), "90 minutes"),
        (LONGEST_LIFE, "168 hours"),
        (Duration::seconds(330), "5 minutes"),
    ] {
        let intent = Intent {
            expires_at: start() + life,
            ..intent()
        };
        assert_eq!(intent.life_in_words(), words);
        let refused = intent.confirm(attempt(), start() + life).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("payment intent expired (valid for {words})")
        );
    }
}

#[test]
fn an_intent_offers_what_was_asked_for_or_all_that_fits() {
    use CaptureMethod::{Automatic, Manual};
    let of = |text: &str| text.parse::<Gateways>().unwrap();
    let all = Gateways::all();
    assert_eq!(offered(all, None, Currency::Iqd, Automatic), Ok(all));
    assert_eq!(
        offered(all, None, Currency::Iqd, Manual),
        Ok(of("CREDIT_CARD")),
        "only cards hold"
    );
    assert_eq!(
        offered(all, None, Currency::Usd, Automatic),
        Ok(of("CREDIT_CARD"))
    );
    let wallets = of("FIB,ZAIN");
    assert_eq!(offered(all, Some(wallets), Currency::Iqd, Automatic), Ok(wallets));
    assert_eq!(
        offered(wallets, Some(of("FIB,ASIA_PAY")), Currency::Iqd, Automatic),
        Err(IntentRefusal::GatewayNotEnabled {
            gateway: Gateway::AsiaPay
        })
    );
    assert_eq!(
        offered(all, Some(wallets), Currency::Usd, Automatic),
        Err(IntentRefusal::GatewayCurrency {
            gateway: Gateway::Fib,
            currency: Currency::Usd
        })
    );
    for asked in [None, Some(wallets)] {
        assert_eq!(
            offered(wallets, asked, Currency::Iqd, Manual),
            Err(IntentRefusal::NoGateway {
                currency: Currency::Iqd
            })
        );
    }
}

#[test]
fn a_payer_goes_where_the_merchant_says() {
    let url = |text: &str| Some(text.parse::<ReturnUrl>().unwrap());
    let pi = intent().id.to_string();
    let shop = |source, cancel| Intent {
        source,
        success_url: url("https://shop.iq/ok?s={CHECKOUT_SESSION_ID}"),
        cancel_url: cancel,
        ..intent()
    };
    for source in [Source::Api, Source::Link(id(1))] {
        let both = shop(source, url("https://shop.iq/no"));
        let paid = format!("https://shop.iq/ok?s={pi}&payment_intent={pi}");
        assert_eq!(both.success_redirect(), Some(paid.clone()));
        assert_eq!(
            both.cancel_redirect(),
            Some(format!("https://shop.iq/no?payment_intent={pi}"))
        );
        assert_eq!(
            shop(source, None).cancel_redirect(),
            Some(paid),
            "the same, as S2 says"
        );
    }
    let rasedi = shop(Source::Rasedi, None);
    assert_eq!(
        (rasedi.success_redirect(), rasedi.cancel_redirect()),
        (Some(format!("https://shop.iq/ok?s={pi}")), None),
        "who has not paid is not sent where S3's merchants deliver"
    );
    assert_eq!(
        (intent().success_redirect(), intent().cancel_redirect()),
        (None, None)
    );
}
