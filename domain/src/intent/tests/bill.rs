//! What a payer is asked for.

use super::*;
use crate::fee::{CaptureOrder, WHOLE_BPS};
use crate::merchant::{Checkout, LateSuccess};
use crate::promo_code::{Discount, PromoCode};
use proptest::prelude::*;

fn merchant(fees: FeeTerms, card_surcharge: bool) -> Merchant {
    Merchant {
        id: intent().tenant.merchant,
        name: "school".into(),
        currency: Currency::Iqd,
        fees,
        checkout: Checkout {
            card_surcharge,
            late_success: LateSuccess::Accept,
            ..Checkout::default()
        },
        created_at: start(),
    }
}

fn off(discount: Discount, price: Money) -> Option<Money> {
    let promo = PromoCode {
        id: id(1),
        tenant: intent().tenant,
        code: "EID".parse().unwrap(),
        discount,
        max_uses: None,
        uses: 0,
        expires_at: None,
        deactivated_at: None,
        created_at: start(),
    };
    promo.discount_on(price, start()).ok()
}

fn terms() -> impl Strategy<Value = FeeTerms> {
    (0_u32..9_900, 0_i64..2_000).prop_map(|(fee_bps, fixed)| FeeTerms {
        fee_bps,
        fixed: Some(iqd(fixed)),
        reserve_bps: 500,
    })
}

fn discounts() -> impl Strategy<Value = Option<Discount>> {
    prop_oneof![
        Just(None),
        (1..WHOLE_BPS).prop_map(|bps| Discount::share(bps).ok()),
        (1_i64..100_000).prop_map(|dinars| Some(Discount::Fixed { amount: iqd(dinars) })),
    ]
}

proptest! {
    #[test]
    fn the_total_is_charged_in_whole_dinars_and_leaves_the_price(
        dinars in 1_i64..10_000_000, terms in terms(), discount in discounts(), fee: bool, card_surcharge: bool, place in 0_usize..6,
    ) {
        let gateway = Gateway::ALL[place];
        let discount = discount.and_then(|discount| off(discount, iqd(dinars)));
        let promo = discount.map(|discount| AppliedPromo { id: id(1), code: "EID".parse().unwrap(), discount });
        let intent = Intent {
            amount: iqd(dinars), promo, collect: Collect { fee, ..Collect::default() }, ..intent()
        };
        let merchant = merchant(terms, card_surcharge);

        let bill = intent.bill(&merchant, gateway).unwrap();

        let price = bill.amount.checked_sub(bill.discount).unwrap();
        prop_assert_eq!((bill.amount, bill.discount), (iqd(dinars), discount.unwrap_or(iqd(0))));
        prop_assert_eq!(bill.total, price.checked_add(bill.surcharge).unwrap());
        prop_assert_eq!(bill.total.chargeable(), Ok(bill.total));
        if fee && surcharge_allowed(&merchant, gateway, Currency::Iqd) {
            let kept = terms.apply(bill.total, CaptureOrder::First).unwrap().fee;
            prop_assert_eq!(bill.total.checked_sub(kept), Ok(price));
        } else {
            prop_assert_eq!(bill.surcharge, iqd(0));
        }
    }
}

#[test]
fn a_fee_on_top_of_a_card_in_dinars_needs_an_operator() {
    let free = FeeTerms::FREE;
    for gateway in Gateway::ALL {
        for (allowed, currency) in [
            (false, Currency::Iqd),
            (true, Currency::Iqd),
            (false, Currency::Usd),
        ] {
            let expected = allowed || currency == Currency::Usd || gateway != Gateway::CreditCard;
            assert_eq!(
                surcharge_allowed(&merchant(free, allowed), gateway, currency),
                expected,
                "{gateway} {allowed} {currency}"
            );
        }
    }
}

#[test]
fn a_fee_that_is_everything_cannot_be_put_on_top() {
    let all = FeeTerms {
        fee_bps: WHOLE_BPS,
        fixed: None,
        reserve_bps: 0,
    };
    let fee = Collect {
        fee: true,
        ..Collect::default()
    };
    let intent = Intent {
        collect: fee,
        ..intent()
    };
    assert_eq!(
        intent.bill(&merchant(all, true), Gateway::Fib),
        Err(NoSurcharge::WholePayment)
    );
    assert_eq!(check_surcharge(&all, fee, iqd(1)), Err(NoSurcharge::WholePayment));
    assert_eq!(check_surcharge(&all, Collect::default(), iqd(1)), Ok(()));
    // The fee is not asked of the payer where that is not allowed, so it is no obstacle there.
    let bill = intent.bill(&merchant(all, false), Gateway::CreditCard).unwrap();
    assert_eq!(bill.total, iqd(100));
}

#[test]
fn what_a_code_leaves_pays_the_fee_wherever_the_payer_does_not() {
    let fees = FeeTerms {
        fee_bps: 100,
        fixed: Some(iqd(500)),
        reserve_bps: 0,
    };
    let left = |dinars: i64, fee: bool, gateways: &str| Intent {
        amount: iqd(10_000),
        promo: Some(AppliedPromo {
            id: id(1),
            code: "EID".parse().unwrap(),
            discount: iqd(10_000 - dinars),
        }),
        collect: Collect {
            fee,
            ..Collect::default()
        },
        gateways: gateways.parse().unwrap(),
        ..intent()
    };
    let owner = merchant(fees, false);
    for (intent, expected) in [
        (left(505, false, "FIB"), Ok(())),
        (left(504, false, "FIB"), Err(PromoRefusal::BelowFee)),
        (left(1, true, "FIB"), Ok(())),
        // No fee may be put on top of a card in dinars, so the merchant bears it there.
        (left(504, true, "CREDIT_CARD,FIB"), Err(PromoRefusal::BelowFee)),
        (left(505, true, "CREDIT_CARD,FIB"), Ok(())),
    ] {
        let (left, gateways) = (intent.promo.clone().unwrap(), intent.gateways);
        assert_eq!(intent.check_fee(&owner), expected, "{left:?} {gateways}");
    }
    assert_eq!(
        left(1, true, "CREDIT_CARD").check_fee(&merchant(fees, true)),
        Ok(())
    );
    // Without a code the price is the merchant's own affair.
    let low = Intent {
        amount: iqd(1),
        ..intent()
    };
    assert_eq!(low.check_fee(&owner), Ok(()));
}
