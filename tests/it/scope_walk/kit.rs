//! A merchant with one object of every kind, and texts that stand nowhere else.

use crate::support::{Merchant, TestApp, charge, fresh_key, iqd, on};
use domain::credential::{Scope, Scopes};
use domain::merchant::Tenant;
use domain::webhook::{Answer, Attempt, RetrySchedule};
use serde_json::{Value, json};
use service::credential::NewCredential;
use std::collections::BTreeMap;

/// What the walk gives as arguments, and what it must not find.
pub struct Kit {
    /// Ids by kind: the names of the types that implement `Node`, and those of what commands change.
    ids: BTreeMap<&'static str, String>,
    /// The key under which it was sold.
    pub sale_key: String,
    /// Cursors by list.
    pub cursors: Vec<(String, String)>,
    /// Texts of this merchant: ids, tokens, names, references.
    pub markers: Vec<String>,
    quiet: String,
}

impl Kit {
    /// Fills the shelves of `owner`, whose key may do everything.
    pub async fn of(app: &TestApp, owner: &Merchant) -> Self {
        Self::marked(app, owner, "zubaida").await
    }

    /// The same for somebody who has nothing to hide.
    pub async fn plain(app: &TestApp, owner: &Merchant) -> Self {
        Self::marked(app, owner, "shopkeeper").await
    }

    async fn marked(app: &TestApp, owner: &Merchant, word: &str) -> Self {
        let endpoints = endpoints(owner, word).await;
        let sale_key = format!("{word}-{}", fresh_key());
        let card = json!({
            "number": "5555555555554444", "cardholderName": format!("{word} cardholder"), "expMonth": 11, "expYear": 2031, "cvv": "123",
        });
        let told = json!({
            "card": card, "idempotencyKey": sale_key, "description": format!("{word}-description"),
            "merchantReference": format!("{word}-reference"), "metadata": { "note": format!("{word}-note") },
            "customer": { "name": format!("{word} customer"), "email": format!("{word}@example.com") },
        });
        let mut told = charge(iqd(125_000), told);
        told["idempotencyKey"] = sale_key.clone().into();
        let sale = owner.send("paymentSale", told).await.succeeds();
        let refund = on(
            &sale.payment(),
            json!({ "amount": iqd(25_000), "reason": format!("{word}-refund") }),
        );
        let refund = owner.send("paymentRefund", refund).await.succeeds();
        let held = owner.authorize(iqd(125_000)).await.succeeds().payment();
        let voidable = owner.authorize(iqd(125_000)).await.succeeds().payment();
        let checkout = checkout(owner, word).await;
        let target = credential(app, owner.tenant, &format!("{word}-target")).await;
        let spare = credential(app, owner.tenant, &format!("{word}-spare")).await;
        let open = "mutation { sessionCreate(input: {}) { session { id csrfToken } } }";
        let session = owner.ask(open, json!({})).await.data["sessionCreate"]["session"].take();
        let text = |value: &Value| value.as_str().unwrap().to_owned();

        tried(app).await;
        // Nobody numbers events by itself here.
        let turn = service::event::Sequencer::elect(&app.app).await.unwrap().unwrap();
        turn.number(&app.app).await.unwrap();
        turn.resign().await;
        let lists = "{ payments(first: 1) { edges { cursor } } operations(first: 1) { edges { cursor } } \
             refunds(first: 1) { edges { cursor } } cards(last: 1) { edges { cursor } nodes { id fingerprint } } \
             intents(first: 1) { edges { cursor } } paymentLinks(first: 1) { edges { cursor } } \
             promoCodes(first: 1) { edges { cursor } } ledgerEntries(first: 1) { edges { cursor } nodes { id journalId } } \
             credentials(first: 1) { edges { cursor } nodes { signingKeys { id fingerprint publicKey } } } \
             events(first: 1) { edges { cursor } nodes { id } } apiRequests(first: 1) { edges { cursor } nodes { id } } \
             webhookDeliveries(first: 1) { edges { cursor } nodes { id } } webhookAttempts(first: 1) { edges { cursor } nodes { id } } }";
        let seen = owner.ask(lists, json!({})).await.data;
        let lists = seen.as_object().unwrap().iter();
        let cursors = lists.map(|(list, page)| (list.clone(), text(&page["edges"][0]["cursor"])));
        let cursors = cursors.collect();
        let key = &seen["credentials"]["nodes"][0]["signingKeys"][0];
        let mut ids = BTreeMap::from([
            ("Payment", sale.payment()),
            ("Operation", text(&sale.data["operation"]["id"])),
            ("Refund", text(&refund.data["refund"]["id"])),
            ("Card", text(&seen["cards"]["nodes"][0]["id"])),
            ("Credential", target.0),
            ("Event", text(&seen["events"]["nodes"][0]["id"])),
            ("ApiRequest", text(&seen["apiRequests"]["nodes"][0]["id"])),
            ("Merchant", owner.tenant.merchant.to_string()),
            (
                "WebhookDelivery",
                text(&seen["webhookDeliveries"]["nodes"][0]["id"]),
            ),
            ("WebhookAttempt", text(&seen["webhookAttempts"]["nodes"][0]["id"])),
            ("held", held),
            ("voidable", voidable),
            ("spare", spare.0),
            ("owner", owner.credential.to_string()),
            ("session", text(&session["id"])),
            ("signing key", text(&key["id"])),
            ("journal", text(&seen["ledgerEntries"]["nodes"][0]["journalId"])),
        ]);
        ids.extend(checkout.0);
        ids.extend(endpoints.0);
        let mut markers: Vec<String> = ids.values().cloned().collect();
        markers.extend([
            target.1,
            spare.1,
            text(&key["fingerprint"]),
            text(&session["csrfToken"]),
        ]);
        markers.extend([text(&seen["cards"]["nodes"][0]["fingerprint"]), sale_key.clone()]);
        markers.extend(owner.secret.get(4..25).map(str::to_owned));
        markers.extend(text(&key["publicKey"]).lines().nth(1).map(str::to_owned));
        markers.extend(checkout.1);
        markers.extend(endpoints.1);
        // Every planted word begins with it, and the name of the merchant with the other.
        markers.extend([word.to_owned(), "Zubaida".to_owned()]);

        app.clock.advance(chrono::Duration::seconds(1));
        let quiet = app.now().to_rfc3339();
        app.clock.advance(chrono::Duration::seconds(1));
        Self {
            ids,
            sale_key,
            cursors,
            markers,
            quiet,
        }
    }

    /// The ids of everything, by kind.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.ids.iter().map(|(kind, id)| (*kind, id.as_str()))
    }

    /// What `node` and `nodes` are given.
    pub fn node(&self, field: &str, kind: &str) -> Value {
        let id = self
            .ids
            .get(kind)
            .unwrap_or_else(|| panic!("the kit of the schema walk has no {kind}"));
        if field == "nodes" { json!([id]) } else { json!(id) }
    }

    /// What stands in a place; what is left out here and may be left out is.
    pub fn value(&self, place: &str) -> Option<Value> {
        let id = |kind: &str| Some(json!(self.ids[kind]));
        if place == "Query.intents(first)" {
            // Attempts with their operations are many at their most, and the walk asks for them twice.
            return Some(json!(1));
        }
        if place.ends_with("(first)") {
            return Some(json!(2));
        }
        if place.ends_with("Input.idempotencyKey") {
            return Some(json!(fresh_key()));
        }
        match place {
            "Query.payment(id)" | "PaymentRefundInput.id" => id("Payment"),
            "PaymentCaptureInput.id" => id("held"),
            "PaymentVoidInput.id" => id("voidable"),
            "CredentialRotateInput.id"
            | "CredentialUpdateInput.id"
            | "ApiVersionUpgradeInput.credentialId" => id("Credential"),
            "CredentialRevokeInput.id" => id("spare"),
            "WebhookEndpointUpdateInput.id"
            | "WebhookEndpointRevealSecretInput.id"
            | "WebhookEndpointTestInput.id"
            | "WebhookEndpointRotateSecretInput.id" => id("WebhookEndpoint"),
            "WebhookEndpointTestInput.eventType" => Some(json!("PAYMENT_CAPTURED")),
            "WebhookDeliveryReplayInput.id" => id("WebhookDelivery"),
            "WebhookEndpointDeleteInput.id" => id("spare endpoint"),
            "WebhookEndpointCreateInput.url" => Some(json!("https://walked.example.iq/hook")),
            "Query.intent(id)" => id("Intent"),
            "IntentConfirmInput.id" => id("payable"),
            "IntentCancelInput.id" => id("cancelable"),
            "Query.paymentLink(id)" => id("PaymentLink"),
            "PaymentLinkDeactivateInput.id" => id("spare link"),
            "PromoCodeDeactivateInput.id" => id("spare code"),
            "MerchantUpdateInput.id" => id("Merchant"),
            "IntentCreateInput.amount" | "PaymentLinkCreateInput.amount" => Some(iqd(1_000)),
            "PaymentLinkCreateInput.title" => Some(json!("walked")),
            "PromoCodeCreateInput.code" => Some(json!("WALKED")),
            "PromoCodeCreateInput.shareBps" => Some(json!(1_000)),
            "CredentialCreateInput.merchantId" => id("Merchant"),
            "CredentialCreateInput.mode" => Some(json!("TEST")),
            "CredentialCreateInput.name" | "CredentialUpdateInput.name" => Some(json!("walker")),
            "CredentialCreateInput.scopes" => Some(json!([Scope::CredentialsManage.as_str()])),
            "MerchantCreateInput.name" => Some(json!("walked")),
            "PaymentRefundInput.amount" => Some(iqd(1_000)),
            "PaymentSaleInput.amount" | "PaymentAuthorizeInput.amount" => Some(iqd(1_000)),
            "PaymentSaleInput.card" | "PaymentAuthorizeInput.card" | "IntentConfirmInput.card" => {
                Some(crate::support::card("4242424242424242"))
            }
            // Requests after this would make each answer another.
            "ApiRequestFilter.createdBefore" => Some(json!(self.quiet)),
            _ => None,
        }
    }
}

/// Intents, links and promo codes: their ids by kind, and what else marks them.
async fn checkout(owner: &Merchant, word: &str) -> (Vec<(&'static str, String)>, Vec<String>) {
    let (mut ids, mut markers) = (Vec::new(), Vec::new());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let create = "mutation($input: IntentCreateInput!) { intentCreate(input: $input) { intent { id } clientSecret userErrors { code } } }";
    for kind in ["Intent", "payable", "cancelable"] {
        let told = json!({
            "idempotencyKey": fresh_key(), "amount": iqd(3_000), "title": format!("{word}-title"), "customer": { "name": format!("{word} payer") },
            "successUrl": format!("https://{word}.example.iq/paid"), "merchantReference": format!("{word}-order"),
        });
        let made = owner
            .ask(create, json!({ "input": told }))
            .await
            .field("intentCreate")
            .succeeds();
        markers.push(text(&made.data["clientSecret"]));
        ids.push((kind, text(&made.data["intent"]["id"])));
    }
    let confirm = "mutation($input: IntentConfirmInput!) { intentConfirm(input: $input) { payment { id } userErrors { code } } }";
    let input = json!({
        "idempotencyKey": fresh_key(), "id": ids[0].1, "card": crate::support::card("4242424242424242"),
    });
    let paid = owner
        .ask(confirm, json!({ "input": input }))
        .await
        .field("intentConfirm")
        .succeeds();
    ids.push(("attempt", text(&paid.data["payment"]["id"])));
    let create = "mutation($input: PaymentLinkCreateInput!) { paymentLinkCreate(input: $input) { paymentLink { id } userErrors { code } } }";
    for kind in ["PaymentLink", "spare link"] {
        let told =
            json!({ "idempotencyKey": fresh_key(), "amount": iqd(3_000), "title": format!("{word}-link") });
        let made = owner
            .ask(create, json!({ "input": told }))
            .await
            .field("paymentLinkCreate")
            .succeeds();
        ids.push((kind, text(&made.data["paymentLink"]["id"])));
    }
    let create = "mutation($input: PromoCodeCreateInput!) { promoCodeCreate(input: $input) { promoCode { id } userErrors { code } } }";
    for kind in ["PromoCode", "spare code"] {
        let code = format!("{word}-{}", &kind[..5]).replace(' ', "-").to_uppercase();
        let told = json!({ "code": code, "amount": iqd(500) });
        let made = owner
            .ask(create, json!({ "input": told }))
            .await
            .field("promoCodeCreate")
            .succeeds();
        markers.push(code);
        ids.push((kind, text(&made.data["promoCode"]["id"])));
    }
    (ids, markers)
}

/// Webhook endpoints: their ids by kind, and what else marks them.
async fn endpoints(owner: &Merchant, word: &str) -> (Vec<(&'static str, String)>, Vec<String>) {
    let (mut ids, mut markers) = (Vec::new(), Vec::new());
    let create = "mutation($input: WebhookEndpointCreateInput!) { webhookEndpointCreate(input: $input) { \
        webhookEndpoint { id secretFingerprint } secret userErrors { code } } }";
    for kind in ["WebhookEndpoint", "spare endpoint"] {
        let told = json!({ "url": format!("https://{word}.example.iq/hook"), "settings": { "description": format!("{word}-hook") } });
        let reply = owner.ask(create, json!({ "input": told })).await;
        let made = reply.field("webhookEndpointCreate").succeeds().data;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        ids.push((kind, text(&made["webhookEndpoint"]["id"])));
        markers.extend([
            text(&made["webhookEndpoint"]["secretFingerprint"]),
            text(&made["secret"]),
        ]);
    }
    (ids, markers)
}

/// Makes an attempt at each delivery, as whoever sends would: nobody does by itself here.
async fn tried(app: &TestApp) {
    use service::webhook::{NodeId, Tried, Wanted, acquire, agenda, bodies, claim, record, release};
    let node = NodeId::new([7; 16]);
    let due = agenda(&app.app, &node).await.unwrap();
    let endpoints: Vec<_> = due.iter().map(|it| it.endpoint).collect();
    let wanted = acquire(&app.app, &node, &endpoints)
        .await
        .unwrap()
        .into_iter()
        .map(|lane| Wanted {
            endpoint: lane.endpoint,
            epoch: lane.epoch,
            room: 64,
        });
    let claimed = claim(&app.app, &node, &wanted.collect::<Vec<_>>()).await.unwrap();
    for delivery in claimed.into_iter().flat_map(|it| it.deliveries) {
        let bodies = bodies(&app.app, std::slice::from_ref(&delivery)).await.unwrap();
        let body = bodies.get(&delivery.key).cloned();
        let now = app.now();
        let attempt = Attempt {
            id: app.app.id(now),
            tenant: delivery.tenant,
            endpoint: delivery.endpoint,
            delivery: delivery.id,
            number: delivery.state.attempts(),
            url: "https://walked.example.iq/hook".to_owned(),
            started_at: now,
            duration_micros: 1_000,
            is_success: true,
            status: Some(200),
            failure: None,
            detail: None,
            remote_address: None,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            response_body: Vec::new(),
            is_truncated: false,
            body_sha256: body.as_ref().map(|body| body.sha256.to_string()),
            secret_fingerprint: Some("0".repeat(64)),
        };
        let state = delivery.state.clone().answered(
            Answer::Taken,
            &RetrySchedule::default(),
            delivery.expires_at,
            now,
            0,
        );
        let tried = Tried {
            delivery,
            body,
            attempt,
            state,
        };
        record(&app.app, &[tried], &[]).await.unwrap();
    }
    release(&app.app, &node).await.unwrap();
}

/// A credential that can do nothing but manage; its id and token.
async fn credential(app: &TestApp, tenant: Tenant, name: &str) -> (String, String) {
    let scopes: Scopes = Scope::CredentialsManage.as_str().parse().unwrap();
    let issued = app.issue(NewCredential::named(name, tenant, scopes)).await;
    (issued.credential.id.to_string(), issued.credential.token)
}
