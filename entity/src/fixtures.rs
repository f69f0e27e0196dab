//! One value of each kind for tests, with every optional field filled, and what a table would make of it.

use domain::api_request::{ApiRequest, RateLimitState, Way};
use domain::api_version::ApiVersion;
use domain::card::{Card, CardBrand, Expiry};
use domain::credential::{
    Author, Credential, Denial, IpAllowlist, LastAction, LastUse, Operator, Scopes, SecurityAction,
};
use domain::event::EventType;
use domain::fee::FeeTerms;
use domain::intent::{AppliedPromo, CaptureMethod, Collect, Intent, IntentState, LIVES, Source};
use domain::merchant::{Checkout, LateSuccess, Merchant, Mode, Tenant};
use domain::metadata::Metadata;
use domain::operation::{Operation, OperationKind, OperationState};
use domain::payment::{Customer, Finality, Payment, PaymentState};
use domain::payment_link::PaymentLink;
use domain::promo_code::{Discount, PromoCode};
use domain::provider::{Decline, DeclineReason, FraudCheck, Gateway};
use domain::refund::{Refund, RefundState};
use domain::webhook::{
    Attempt, Body, BodyKey, Cause, Delivery, DeliveryState, Dialect, DisabledReason, Endpoint,
    EndpointSecrets, EndpointSettings, EventPatterns, FailureClass, SealedHeaders, SealedSecret, Slot,
    Standing,
};
use domain::{Currency, IdGenerator, Money, SeededIds, Timestamp};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue, IntoActiveModel, Iterable, TryIntoModel};

/// How a test breaks a row.
pub type Damage<M> = fn(&mut M);

/// The row that a table would hold after an insert.
pub fn row<M: ModelTrait>(insert: impl TryIntoModel<M>) -> M {
    insert.try_into_model().unwrap()
}

/// The row that a table would hold after an update.
pub fn applied<E, A>(row: E::Model, change: &A) -> E::Model
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + TryIntoModel<E::Model>,
{
    let mut active = row.into_active_model();
    for column in E::Column::iter() {
        if let ActiveValue::Set(value) = change.get(column) {
            active.set(column, value);
        }
    }
    active.try_into_model().unwrap()
}

/// The columns that an update would write.
pub fn set_columns<A: ActiveModelTrait>(change: &A) -> Vec<&'static str> {
    <A::Entity as EntityTrait>::Column::iter()
        .filter(|column| change.get(*column).is_set())
        .map(|column| column.as_str())
        .collect()
}

pub fn ids(seed: u64) -> SeededIds {
    SeededIds::new(seed)
}

pub fn start() -> Timestamp {
    "2026-06-15T10:00:00.000001Z".parse().unwrap()
}

pub fn iqd(dinars: i64) -> Money {
    Money::new(dinars * 1_000, Currency::Iqd)
}

pub fn tenant() -> Tenant {
    Tenant {
        merchant: ids(1).id(start()),
        mode: Mode::Test,
    }
}

pub fn merchant() -> Merchant {
    Merchant {
        id: tenant().merchant,
        name: "مدرسة بغداد".into(),
        currency: Currency::Iqd,
        fees: FeeTerms {
            fee_bps: 200,
            fixed: Some(iqd(500)),
            reserve_bps: 500,
        },
        checkout: Checkout {
            gateways: "CREDIT_CARD,FIB".parse().unwrap(),
            card_surcharge: true,
            late_success: LateSuccess::GiveBack,
            brand_name: Some("مدرسة".into()),
            brand_color: Some("#0b6e4f".parse().unwrap()),
        },
        created_at: start(),
    }
}

pub fn endpoint() -> Endpoint {
    let url = "https://school.iq/hook".parse().unwrap();
    let secret = |digit: &str| SealedSecret {
        sealed: format!("v1.0011.{digit}"),
        fingerprint: digit.repeat(64),
    };
    Endpoint {
        id: ids(1).id(start()),
        tenant: tenant(),
        slot: Some(Slot::Default),
        settings: EndpointSettings {
            description: "الإدارة".into(),
            events: EventPatterns::new(["payment.*".to_owned()]).unwrap(),
            rate_per_second: Some(50),
            ..EndpointSettings::preset(Dialect::SecurityFields, Some(url))
        },
        headers: Some(SealedHeaders {
            names: vec!["X-Team".into()],
            sealed: "v1.0011.headers".into(),
        }),
        standing: Standing::Disabled {
            at: start(),
            reason: DisabledReason::Failing,
        },
        secrets: EndpointSecrets {
            current: secret("a"),
            next: Some((secret("b"), start())),
        },
        signs: true,
        deleted_at: Some(start()),
        created_at: start(),
        updated_at: start(),
    }
}

pub fn delivery() -> Delivery {
    Delivery {
        id: ids(1).id(start()),
        tenant: tenant(),
        endpoint: endpoint().id,
        key: BodyKey {
            event: ids(2).id(start()),
            body: Body::Event,
            api_version: ApiVersion::Basra,
            name: "payment.captured".into(),
        },
        event_type: Some(EventType::PaymentCaptured),
        is_alias: true,
        subject: payment().id.to_string(),
        run: 1,
        cause: Cause::Replay,
        url: Some("https://school.iq/other".parse().unwrap()),
        state: DeliveryState::Waiting {
            attempts: 1,
            at: start(),
        },
        expires_at: start(),
        last_status: Some(502),
        last_failure: Some(FailureClass::Timeout),
        created_at: start(),
    }
}

pub fn attempt() -> Attempt {
    let header = |name: &str| (name.to_owned(), "1".to_owned());
    Attempt {
        id: ids(1).id(start()),
        tenant: tenant(),
        endpoint: endpoint().id,
        delivery: delivery().id,
        number: 2,
        url: "https://school.iq/hook".into(),
        started_at: start(),
        duration_micros: 1_500,
        is_success: false,
        status: Some(502),
        failure: Some(FailureClass::Timeout),
        detail: Some("private_address".into()),
        remote_address: Some("192.0.2.1:443".parse().unwrap()),
        request_headers: vec![header("webhook-id")],
        response_headers: vec![header("server")],
        response_body: b"Bad Gateway".to_vec(),
        is_truncated: true,
        body_sha256: Some("c".repeat(64)),
        secret_fingerprint: Some("a".repeat(64)),
    }
}

pub fn operator() -> Operator {
    Operator {
        id: ids(1).id(start()),
        name: "Finance".into(),
        token: "eop_0123456789abcdef".into(),
        revoked_at: None,
        created_at: start(),
    }
}

pub fn credential() -> Credential {
    Credential {
        id: ids(1).id(start()),
        tenant: tenant(),
        name: "Web shop".into(),
        token: "epk_test_0123456789abcdef".into(),
        scopes: Scopes::all(),
        allowlist: IpAllowlist::read(&["185.62.75.24/32", "2001:db8::/48"]).unwrap(),
        api_version: ApiVersion::Tigris,
        expires_at: Some(start()),
        rotating_until: Some(start()),
        revoked_at: None,
        last_used: Some(LastUse {
            at: start(),
            address: "192.0.2.1".parse().unwrap(),
        }),
        last_action: LastAction {
            action: SecurityAction::Rotated,
            at: start(),
            by: Author::Operator(ids(1).id(start())),
        },
        created_by: Author::Console,
        created_at: start(),
    }
}

pub fn card() -> Card {
    Card {
        id: ids(1).id(start()),
        brand: CardBrand::Visa,
        last4: "4242".into(),
        expiry: Expiry {
            year: 2028,
            month: 12,
        },
        holder: Some("Zainab Hassan".into()),
        fingerprint: "5a".repeat(32),
        created_at: start(),
    }
}

pub fn decline() -> Decline {
    Decline {
        reason: DeclineReason::FraudRisk,
        response_code: Some("59".into()),
        message: "suspected fraud".into(),
        provider_reference: Some("sbx_1".into()),
        fraud: Some(FraudCheck { score: 84 }),
    }
}

pub fn intent() -> Intent {
    let promo = promo_code();
    Intent {
        id: ids(1).id(start()),
        tenant: tenant(),
        source: Source::Link(payment_link().id),
        amount: iqd(100),
        capture_method: CaptureMethod::Automatic,
        gateways: "CREDIT_CARD,FIB".parse().unwrap(),
        collect: Collect {
            fee: true,
            email: true,
            phone: true,
            promo_code: true,
        },
        title: Some("Tuition".into()),
        description: Some("قسط الفصل الأول".into()),
        merchant_reference: Some("INV-7".into()),
        metadata: payment().metadata,
        customer: payment().customer,
        success_url: Some("https://school.iq/ok?s={CHECKOUT_SESSION_ID}".parse().unwrap()),
        cancel_url: Some("https://school.iq/no".parse().unwrap()),
        callback_url: Some("https://school.iq/hook".parse().unwrap()),
        promo: Some(AppliedPromo {
            id: promo.id,
            code: promo.code,
            discount: iqd(10),
        }),
        state: IntentState::Created { last_decline: None },
        attempts: 0,
        expires_at: start() + LIVES,
        created_at: start(),
        updated_at: start(),
        version: 1,
    }
}

pub fn payment_link() -> PaymentLink {
    PaymentLink {
        id: ids(1).id(start()),
        tenant: tenant(),
        amount: iqd(100),
        title: "Tuition".into(),
        description: Some("First term".into()),
        merchant_reference: Some("INV-7".into()),
        metadata: payment().metadata,
        gateways: "CREDIT_CARD,FIB".parse().unwrap(),
        collect: Collect {
            fee: true,
            email: true,
            phone: true,
            promo_code: true,
        },
        success_url: Some("https://school.iq/ok".parse().unwrap()),
        max_payments: Some(3),
        payments: 2,
        expires_at: Some(start() + LIVES),
        deactivated_at: Some(start()),
        created_at: start(),
    }
}

pub fn promo_code() -> PromoCode {
    PromoCode {
        id: ids(1).id(start()),
        tenant: tenant(),
        code: "EID-2026".parse().unwrap(),
        discount: Discount::share(1_000).unwrap(),
        max_uses: Some(3),
        uses: 2,
        expires_at: Some(start() + LIVES),
        deactivated_at: Some(start()),
        created_at: start(),
    }
}

pub fn payment() -> Payment {
    let order = ("order".to_owned(), "طلب ٧".to_owned());
    Payment {
        id: ids(1).id(start()),
        tenant: tenant(),
        intent: Some(ids(1).id(start())),
        amount: iqd(100),
        gateway: Gateway::CreditCard,
        provider: "sandbox".into(),
        card: Some(card().id),
        state: PaymentState::Processing {
            outcome_unknown: false,
        },
        in_flight: Some(operation().id),
        customer: Customer {
            email: Some("zainab@example.iq".into()),
            name: Some("Zainab Hassan".into()),
            phone: Some("07701234567".into()),
        },
        description: Some("Tuition".into()),
        merchant_reference: Some("INV-7".into()),
        metadata: Metadata::new([order]).unwrap(),
        created_at: start(),
        updated_at: start(),
        version: 1,
    }
}

pub fn operation() -> Operation {
    Operation {
        id: ids(1).id(start()),
        payment: ids(1).id(start()),
        kind: OperationKind::Sale,
        amount: iqd(100),
        fee: iqd(2),
        reserve: iqd(5),
        finality: Finality::Final,
        reason: Some("no longer wanted".into()),
        idempotency_key: "order-7".parse().unwrap(),
        state: OperationState::Sent,
        ask_again_at: None,
        created_at: start(),
    }
}

pub fn refund() -> Refund {
    Refund {
        id: ids(1).id(start()),
        payment: ids(1).id(start()),
        operation: operation().id,
        amount: iqd(40),
        reason: Some("returned".into()),
        state: RefundState::Pending,
        created_at: start(),
    }
}

pub fn api_request() -> ApiRequest {
    ApiRequest {
        id: ids(1).id(start()),
        at: start(),
        tenant: Some(tenant()),
        credential: Some(credential().id),
        operator: Some(operator().id),
        session: Some(ids(1).id(start())),
        way: Way::SignedRequest,
        method: "POST".into(),
        path: "/v1/refunds".into(),
        operation: Some("Refund".into()),
        denial: Some(Denial::ClockDrift),
        rate_limit: RateLimitState::Blocked,
        drift_seconds: Some(412),
        body_sha256: Some([0x33; 32]),
        idempotency_key: Some("refund_test_clock_drift".into()),
        api_version: ApiVersion::Basra,
        address: "2001:db8::1".parse().unwrap(),
        user_agent: Some("متجر/1.0".into()),
        status: 401,
        error_code: Some("UNAUTHENTICATED".into()),
        duration_micros: 1_200,
        made: vec![refund().id.to_string()],
    }
}
