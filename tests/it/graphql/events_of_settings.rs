//! Links, promo codes, credentials and settings: each change is told once, in the transaction that makes it.

use crate::support::{Engine, TestApp, dinars};
use domain::credential::Scopes;
use domain::merchant::{LateSuccess, Mode};
use domain::promo_code::Discount;
use rstest::rstest;
use serde_json::json;
use service::credential::{self, Change, Manager, NewCredential, NewSigningKey, Rotate};
use service::promo_code::NewPromoCode;

/// What was told since the last call, with the mode in which it was.
async fn fresh(app: &TestApp, read: &mut usize) -> Vec<(String, String)> {
    let all = app.events().await;
    let fresh = all[*read..].iter();
    let fresh = fresh.map(|event| (event.event_type.clone(), event.mode.clone()));
    *read = all.len();
    fresh.collect()
}

fn tests(names: &[&str]) -> Vec<(String, String)> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), "test".to_owned()))
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn links_and_promo_codes_are_told_when_they_begin_and_when_they_are_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let till = app.till(&app.merchant("school").await).await;
    let mut read = 0;

    let link = till.link(|_| {}).await;
    assert_eq!(fresh(&app, &mut read).await, tests(&["payment_link.created"]));
    for expected in [&["payment_link.deactivated"][..], &[]] {
        service::payment_link::deactivate(&app.app, till.who(), link)
            .await
            .unwrap();
        assert_eq!(fresh(&app, &mut read).await, tests(expected));
    }

    let new = || NewPromoCode {
        code: "EID-2026".to_owned(),
        discount: Discount::Fixed { amount: dinars(5) },
        max_uses: None,
        expires_at: None,
    };
    let promo = service::promo_code::create(&app.app, till.who(), new())
        .await
        .unwrap();
    assert_eq!(fresh(&app, &mut read).await, tests(&["promo_code.created"]));
    let taken = service::promo_code::create(&app.app, till.who(), new()).await;
    assert!(taken.is_err() && fresh(&app, &mut read).await.is_empty());
    for expected in [&["promo_code.deactivated"][..], &[]] {
        service::promo_code::deactivate(&app.app, till.who(), promo.id)
            .await
            .unwrap();
        assert_eq!(fresh(&app, &mut read).await, tests(expected));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_with_a_credential_is_told_without_any_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut read = 0;
    let issued = app
        .issue(NewCredential::named("spare", school.tenant, Scopes::all()))
        .await;
    assert_eq!(fresh(&app, &mut read).await, tests(&["credential.created"]));
    let id = issued.credential.id;
    let change = Change {
        name: Some("desk".to_owned()),
        ..Change::default()
    };
    credential::update(&app.app, Manager::Console, id, change)
        .await
        .unwrap();
    assert_eq!(fresh(&app, &mut read).await, tests(&["credential.updated"]));
    let what = Rotate {
        id,
        secret: true,
        signing_key: NewSigningKey::None,
        overlap: chrono::Duration::hours(1),
    };
    let rotated = credential::rotate(&app.app, Manager::Console, what)
        .await
        .unwrap();
    assert_eq!(fresh(&app, &mut read).await, tests(&["credential.rotated"]));
    for expected in [&["credential.revoked"][..], &[]] {
        credential::revoke(&app.app, Manager::Console, id).await.unwrap();
        assert_eq!(fresh(&app, &mut read).await, tests(expected));
    }

    let secrets = [issued.secret.reveal(), rotated.secret.as_ref().unwrap().reveal()];
    for event in app.events().await {
        let text = event.data.to_string();
        assert!(!text.contains("esk_") && !text.contains("PRIVATE"), "{text}");
        assert!(secrets.iter().all(|secret| !text.contains(*secret)));
        assert_eq!(event.data["id"], json!(id.to_string()));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_merchant_are_told_in_both_modes_when_they_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;
    let mut read = 0;
    app.late_money(&school, LateSuccess::GiveBack).await;
    let told = fresh(&app, &mut read).await;
    let both = [Mode::Live, Mode::Test].map(|mode| ("merchant.updated".to_owned(), mode.to_string()));
    assert_eq!(told, both);
    app.late_money(&school, LateSuccess::GiveBack).await;
    assert!(fresh(&app, &mut read).await.is_empty(), "nothing changed");
}
