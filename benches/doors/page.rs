//! A page of fifty payments with operations, refunds and card, beside one hand-written statement.

use super::client::{Connection, Measured, drive, get, post};
use super::setup::{Engine, Installation, POOL};
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing;
use domain::card::{CardDetails, Expiry};
use domain::metadata::Metadata;
use domain::payment::Customer;
use domain::provider::Gateway;
use domain::{Clock, Currency, MockClock, Money};
use serde_json::{Value, json};
use service::payment::{NewPayment, NewRefund};
use sqlx::{PgPool, SqlitePool};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// Payments that the page is cut from.
const PAYMENTS: i64 = 1_000;

pub const QUERY: &str = "{ payments(first: 50) { nodes { id status amount { amount currency } merchantReference description \
     createdAt card { brand last4 } operations { id kind status amount { amount } } \
     refunds { id status amount { amount } } } pageInfo { hasNextPage } } }";

/// The page by hand, for PostgreSQL: whole dinars, the newest fifty, everything in one statement.
const BY_HAND_POSTGRES: &str = r#"
SELECT json_build_object('data', json_build_object('payments', json_build_object(
  'nodes', (SELECT json_agg(json_build_object(
      'id', p.id, 'status', upper(p.status),
      'amount', json_build_object('amount', (p.amount_minor / 1000)::text, 'currency', p.currency),
      'merchantReference', p.merchant_reference, 'description', p.description,
      'createdAt', to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'card', json_build_object('brand', upper(c.brand), 'last4', c.last4),
      'operations', (SELECT COALESCE(json_agg(json_build_object('id', o.id, 'kind', upper(o.kind),
          'status', upper(o.status), 'amount', json_build_object('amount', (o.amount_minor / 1000)::text)) ORDER BY o.id),
          '[]'::json) FROM operations o WHERE o.payment_id = p.id),
      'refunds', (SELECT COALESCE(json_agg(json_build_object('id', r.id, 'status', upper(r.status),
          'amount', json_build_object('amount', (r.amount_minor / 1000)::text)) ORDER BY r.id),
          '[]'::json) FROM refunds r WHERE r.payment_id = p.id)
    ) ORDER BY p.id DESC) FROM (SELECT * FROM payments WHERE merchant_id = $1 AND mode = 'test' ORDER BY id DESC LIMIT 50) p
    LEFT JOIN cards c ON c.id = p.card_id),
  'pageInfo', json_build_object('hasNextPage', (SELECT count(*) > 50 FROM
      (SELECT 1 FROM payments WHERE merchant_id = $1 AND mode = 'test' LIMIT 51) n)))))::text"#;

/// The same for SQLite.
const BY_HAND_SQLITE: &str = r#"
SELECT json_object('data', json_object('payments', json_object(
  'nodes', (SELECT json_group_array(json(node)) FROM (SELECT json_object(
      'id', p.id, 'status', upper(p.status),
      'amount', json_object('amount', CAST(p.amount_minor / 1000 AS TEXT), 'currency', p.currency),
      'merchantReference', p.merchant_reference, 'description', p.description,
      'createdAt', substr(p.created_at, 1, 26) || 'Z',
      'card', json_object('brand', upper(c.brand), 'last4', c.last4),
      'operations', (SELECT json_group_array(json_object('id', o.id, 'kind', upper(o.kind), 'status', upper(o.status),
          'amount', json_object('amount', CAST(o.amount_minor / 1000 AS TEXT))) ORDER BY o.id)
          FROM operations o WHERE o.payment_id = p.id),
      'refunds', (SELECT json_group_array(json_object('id', r.id, 'status', upper(r.status),
          'amount', json_object('amount', CAST(r.amount_minor / 1000 AS TEXT))) ORDER BY r.id)
          FROM refunds r WHERE r.payment_id = p.id)) AS node
    FROM payments p LEFT JOIN cards c ON c.id = p.card_id
    WHERE p.merchant_id = ?1 AND p.mode = 'test' ORDER BY p.id DESC LIMIT 50)),
  'pageInfo', json_object('hasNextPage', json(CASE WHEN (SELECT count(*) FROM
      (SELECT 1 FROM payments WHERE merchant_id = ?1 AND mode = 'test' LIMIT 51)) > 50 THEN 'true' ELSE 'false' END)))))"#;

/// The two servers and what they answer.
pub struct Page {
    by_hand: SocketAddr,
    request: Vec<u8>,
    bytes: usize,
}

#[derive(Clone)]
enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Page {
    /// Fills the database, starts the hand-written handler and makes sure that both answer the same.
    pub async fn prepare(installation: &Installation) -> Self {
        fill(installation).await;
        let (engine, url) = (installation.engine, &installation.url);
        let by_hand = serve_by_hand(engine, url, installation.merchant()).await;
        let request = post(
            "/graphql",
            &installation.secret,
            &json!({ "query": QUERY }).to_string(),
        );
        let read = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON");
        let ours = read(
            Connection::open(installation.address)
                .await
                .exchange(&request)
                .await,
        );
        let mut connection = Connection::open(by_hand).await;
        let body = connection.exchange(&get("/page")).await;
        assert_eq!(ours["data"], read(body)["data"], "both must send the same page");
        assert_eq!(
            ours["data"]["payments"]["nodes"].as_array().map(Vec::len),
            Some(50)
        );
        Self {
            by_hand,
            request,
            bytes: body.len(),
        }
    }

    /// How long the page is.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Pages per second through GraphQL.
    pub async fn measure_ours(
        &self,
        installation: &Installation,
        connections: usize,
        each: Duration,
    ) -> Measured {
        measure(installation.address, self.request.clone(), connections, each).await
    }

    /// Pages per second by hand.
    pub async fn measure_limit(&self, connections: usize, each: Duration) -> Measured {
        measure(self.by_hand, get("/page"), connections, each).await
    }
}

/// Answers per second to `request`.
pub async fn measure(address: SocketAddr, request: Vec<u8>, connections: usize, each: Duration) -> Measured {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Arc::new(Mutex::new(Connection::open(address).await)));
    }
    let request: Arc<[u8]> = request.into();
    drive(connections, each, move |worker| {
        let (connection, request) = (Arc::clone(&open[worker]), Arc::clone(&request));
        move || {
            let (connection, request) = (Arc::clone(&connection), Arc::clone(&request));
            async move {
                let mut connection = connection.lock().await;
                assert!(connection.exchange(&request).await.starts_with(b"{\"data\""));
            }
        }
    })
    .await
}

/// Sales with one or two refunds, made by the use cases, all after those of the sales that were measured before.
async fn fill(installation: &Installation) {
    let start = "2027-01-01T00:00:00.123456Z".parse().expect("an instant");
    let clock = Arc::new(MockClock::at(start));
    let app = installation.at(Arc::clone(&clock)).await;
    for number in 0..PAYMENTS {
        clock.advance(chrono::Duration::seconds(60));
        let expiry = Expiry {
            year: 2030,
            month: u32::try_from(number % 12 + 1).expect("a month"),
        };
        let card = CardDetails::new("4242424242424242", None, expiry, "123", clock.now()).expect("a card");
        let amount = Money::new((number + 10) * 1_000_000, Currency::Iqd);
        let new = NewPayment {
            idempotency_key: format!("page-{number}").parse().expect("a key"),
            amount,
            gateway: Gateway::CreditCard,
            card: Some(card),
            customer: Customer::default(),
            description: Some(format!("قسط الطالب {number}")),
            merchant_reference: Some(format!("SCH-2027-{number:05}")),
            metadata: Metadata::default(),
            simulate: false,
        };
        let sold = service::payment::sale(&app, &installation.actor, new)
            .await
            .expect("a sale");
        for part in 0..=(number % 2) {
            let refund = NewRefund {
                idempotency_key: format!("page-{number}-{part}").parse().expect("a key"),
                payment: sold.answer.payment.id,
                expected_version: None,
                amount: Some(Money::new(1_000_000, Currency::Iqd)),
                reason: None,
                simulate: false,
            };
            service::payment::refund(&app, &installation.actor, refund)
                .await
                .expect("a refund");
        }
    }
    app.db().close().await.expect("the database closes");
}

/// Serves the page from the hand-written statement.
pub async fn serve_by_hand(engine: Engine, url: &str, merchant: String) -> SocketAddr {
    let pool = match engine {
        Engine::Postgres => {
            let pool = sqlx::postgres::PgPoolOptions::new()
                .max_connections(POOL)
                .test_before_acquire(false);
            Pool::Postgres(pool.connect(url).await.expect("PostgreSQL answers"))
        }
        Engine::Sqlite => {
            let pool = sqlx::sqlite::SqlitePoolOptions::new()
                .max_connections(POOL)
                .test_before_acquire(false);
            Pool::Sqlite(pool.connect(url).await.expect("SQLite opens"))
        }
    };
    let router = Router::new()
        .route("/page", routing::get(by_hand))
        .with_state((pool, Arc::<str>::from(merchant)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    address
}

async fn by_hand(State((pool, merchant)): State<(Pool, Arc<str>)>) -> impl IntoResponse {
    let (page,): (String,) = match pool {
        Pool::Postgres(pool) => {
            sqlx::query_as(BY_HAND_POSTGRES)
                .bind(&*merchant)
                .fetch_one(&pool)
                .await
        }
        Pool::Sqlite(pool) => {
            sqlx::query_as(BY_HAND_SQLITE)
                .bind(&*merchant)
                .fetch_one(&pool)
                .await
        }
    }
    .expect("a page");
    ([(CONTENT_TYPE, "application/json")], page)
}
