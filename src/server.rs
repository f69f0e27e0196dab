//! The running server: its routes, its sweeps, its end.
//!
//! Invariant: on a signal it stops accepting and finishes what it has begun before it returns, so that a graceful stop never leaves
//! a payment between its two transactions.

use crate::checkout::{self, Pages};
use crate::config::{Config, Operations};
use crate::events::{BusError, Events};
use crate::graphql as schema;
use crate::graphql::document::{Documents, Manifest, ManifestError, Types};
use crate::http::admission::Gate;
use crate::http::cookie::SessionCookie;
use crate::http::event_metrics::EventMetrics;
use crate::http::graphql::{Live, Logs};
use crate::http::health::{Readiness, ReadinessCheck, Unavailable};
use crate::http::limit::{Nodes, Throttle, keep_exchanging};
use crate::http::metrics::{self, Metrics};
use crate::http::page_address::PageAddress;
use crate::http::request_id::{self, NewRequestId};
use crate::http::request_log::RequestLogMetrics;
use crate::http::webhook_metrics::WebhookMetrics;
use crate::http::{graphiql, graphql, health, leftover};
use crate::rest::door::{Door, Shape};
use crate::rest::fault::{Class, Fault};
use crate::rest::{asked, native, openapi, public, rasedi, v1, v2};
use crate::sweeps;
use crate::webhooks::Webhooks;
use async_trait::async_trait;
use axum::Router;
use axum::extract::Extension;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::uri::Scheme;
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Json, Response};
use domain::api_version::ApiVersion;
use domain::id::RequestId;
use serde_json::json;
use service::App;
use std::any::Any;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember that it may ask.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);

/// Ready while the database answers.
struct DatabaseAnswers(App);

#[async_trait]
impl ReadinessCheck for DatabaseAnswers {
    async fn check(&self) -> Result<(), Unavailable> {
        self.0.db().ping().await.map_err(|error| {
            tracing::warn!(%error, "the database does not answer");
            Unavailable("database")
        })
    }
}

/// Why a node cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The list of operations cannot be used.
    #[error("the list of operations {} {cause}", path.display())]
    Operations {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        cause: ManifestError,
    },
    /// Only listed operations are to be executed, and there is no list.
    #[error(
        "only listed operations are to be executed (operations = \"listed\"), but there is no operations_list"
    )]
    NoOperations,
    /// Two metrics have one name, which is a defect.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The text of the schema cannot be read back, which is a defect.
    #[error("the schema cannot be read: {0}")]
    Schema(#[from] async_graphql::parser::Error),
    /// Nodes cannot hear of events.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Webhooks cannot be sent.
    #[error("the client of webhooks cannot be set up: {0}")]
    Webhooks(#[from] jobs::webhook::client::SetUpError),
    /// The listener failed.
    #[error(transparent)]
    Listener(#[from] std::io::Error),
}

/// The documents that this node knows from the start.
fn documents(config: &Config) -> Result<Documents, ServeError> {
    let types = Types::read(&schema::sdl())?;
    let only_listed = config.http.operations == Operations::Listed;
    let listed = match &config.http.operations_list {
        None if only_listed => return Err(ServeError::NoOperations),
        None => Manifest::default(),
        Some(path) => Manifest::open(path, &types).map_err(|cause| ServeError::Operations {
            path: path.clone(),
            cause,
        })?,
    };
    if !listed.is_empty() {
        tracing::info!(operations = listed.len(), only_listed, "operations are listed");
    }
    Ok(Documents::new(types, listed, only_listed))
}

/// Which web pages may ask. Without any, a browser asks for none.
fn cross_origin(config: &Config) -> Option<CorsLayer> {
    let origins = &config.http.cors_origins;
    let header = HeaderName::from_static;
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins.iter().cloned()))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                AUTHORIZATION,
                CONTENT_TYPE,
                header("x-api-key"),
                header("x-api-version"),
                header("x-client-name"),
                header("x-client-version"),
                header("last-event-id"),
                header("apollo-require-preflight"),
                header("apollographql-client-name"),
                header("apollographql-client-version"),
                header("traceparent"),
            ])
            .expose_headers([
                RETRY_AFTER,
                header("x-request-id"),
                header("ratelimit"),
                header("ratelimit-policy"),
            ])
            .max_age(PREFLIGHT_AGE)
    })
}

/// What this node counts while it runs.
pub struct Counters {
    /// What was asked, for `/metrics`.
    pub metrics: Arc<Metrics>,
    /// What was used of the limits.
    pub throttle: Arc<Throttle>,
}

impl Counters {
    /// Nothing counted. On PostgreSQL there may be other nodes.
    #[must_use]
    pub fn new(app: &App, config: &Config, metrics: Metrics) -> Self {
        let nodes = match app.db().is_postgres() && !config.limits.exchange.is_zero() {
            true => Nodes::Several,
            false => Nodes::One,
        };
        Self {
            metrics: Arc::new(metrics),
            throttle: Arc::new(Throttle::new(&config.limits, nodes)),
        }
    }
}

/// All routes of this node: a worker answers probes only.
///
/// # Errors
/// When the list of operations cannot be used, or `metrics` are those of another router.
pub fn router(
    app: &App,
    config: &Config,
    Counters { metrics, throttle }: &Counters,
    events: &Events,
    stopping: &CancellationToken,
) -> Result<(Router, Live), ServeError> {
    let https = config.http.public_url.is_https();
    let gate = Gate {
        app: app.clone(),
        throttle: Arc::clone(throttle),
        trusted_proxies: config.http.trusted_proxies.as_slice().into(),
        cookie: if https {
            SessionCookie::Secure
        } else {
            SessionCookie::Plain
        },
        scheme: if https { Scheme::HTTPS } else { Scheme::HTTP },
    };
    let pages = PageAddress::new(config.http.public_url.clone());
    let rest_door = |shape: Shape| Door {
        gate: gate.clone(),
        max_body_bytes: config.http.max_body_bytes,
        timeout: config.http.request_timeout,
        shape,
        pages: pages.clone(),
    };
    let rest = rasedi::router(gate.clone(), &config.http)
        .merge(openapi::router(config.http.graphiql))
        .merge(v1::router(rest_door(v1::shape)))
        .merge(v2::router(rest_door(v1::shape)))
        .merge(native::router(rest_door(v1::shape)))
        .merge(public::router(rest_door(public::shape)));
    let hosted = checkout::assets_router().merge(checkout::router(Pages {
        gate: gate.clone(),
        address: pages,
        patience: config.http.request_timeout,
    }));
    let schema = schema::build(app.clone(), config.http.public_url.clone());
    let origins = config.http.cors_origins.clone();
    let live = Live::new(
        app.clone(),
        schema.clone(),
        Logs {
            events: events.feed.clone(),
            requests: events.requests.clone(),
        },
        config.live.clone(),
        origins,
        stopping.clone(),
    );
    let door = graphql::Door {
        gate,
        schema,
        documents: documents(config)?,
        metrics: metrics.graphql(),
        max_body_bytes: config.http.max_body_bytes,
        timeout: config.http.request_timeout,
        introspection: config.http.introspection,
        open_schema: config.http.graphiql,
        live: live.clone(),
    };
    let readiness = Readiness::new(Arc::new(DatabaseAnswers(app.clone())), stopping.clone());
    metrics.register(RequestLogMetrics::new(app.clone())?)?;
    metrics.register(EventMetrics::new(events, live.clone())?)?;
    let mut routes = Router::new()
        .merge(health::router(readiness))
        .merge(metrics::router(Arc::clone(metrics)));
    if config.role.serves() {
        let mut door = graphql::router(door);
        if let Some(cross_origin) = cross_origin(config) {
            door = door.layer(cross_origin);
        }
        routes = routes.merge(door).merge(rest).merge(hosted);
    }
    if config.role.serves() && config.http.graphiql {
        routes = routes.merge(graphiql::router());
    }
    let ids = app.clone();
    let new_id: NewRequestId = Arc::new(move || ids.id::<RequestId>(ids.now()).to_string());
    let routes = routes
        .fallback(not_found)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(metrics), metrics::count))
        .layer(from_fn_with_state(config.http.max_body_bytes, leftover::clear))
        .layer(from_fn_with_state(new_id, request_id::identify));
    Ok((routes, live))
}

async fn not_found(Extension(id): Extension<request_id::RequestId>) -> Response {
    let fault = Fault::new(Class::NotFound, "NOT_FOUND", "not found");
    asked::print(v1::shape, &fault, ApiVersion::NEWEST, &id.0)
}

/// A defect: the request fails, the process goes on, and the cause stays in the log.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer calls")]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let words = cause
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    tracing::error!(cause = words.unwrap_or("unknown"), "a request panicked");
    let error =
        json!({ "message": "something went wrong on our side", "extensions": { "code": "INTERNAL" } });
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "errors": [error] })),
    )
        .into_response()
}

/// Serves on `listener` until `stop` resolves, then finishes what was begun.
///
/// # Errors
/// When the listener fails, or the list of operations cannot be used.
pub async fn serve(
    listener: TcpListener,
    app: App,
    config: &Config,
    counters: Counters,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (stopping, ended) = (CancellationToken::new(), CancellationToken::new());
    let mut config = config.clone();
    config.http.public_url = config.http.reached_at(listener.local_addr()?);
    let config = &config;
    let events = Events::start(&app, config, &stopping).await?;
    let heard = events.heard.clone();
    let webhooks = Webhooks::start(&app, config, listener.local_addr()?, heard, &stopping)?;
    let (router, live) = router(&app, config, &counters, &events, &stopping)?;
    if let Some(state) = &webhooks.state {
        counters
            .metrics
            .register(WebhookMetrics::new(Arc::clone(state))?)?;
    }
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    tracing::info!(listen = %listener.local_addr()?, "listening");
    let exchanges = counters.throttle.has_others() && config.role.serves();
    let exchanges = exchanges.then(|| {
        let (throttle, every) = (Arc::clone(&counters.throttle), config.limits.exchange);
        tokio::spawn(keep_exchanging(app.clone(), throttle, every, ended.clone()))
    });
    let sweeps = sweeps::begin(&app, config, &stopping);
    let announce = stopping.clone();
    let stop = async move {
        stop.await;
        tracing::info!("stopping: no new requests, finishing those that were begun");
        announce.cancel();
    };
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .into_future();
    // Connections that stay open without asking anything must not hold up the end for ever.
    let grace = config.http.shutdown_grace;
    let overdue = async {
        stopping.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    let result = tokio::select! {
        result = served => result,
        () = overdue => {
            tracing::warn!("some connections did not end in time");
            Ok(())
        }
    };
    stopping.cancel();
    ended.cancel();
    for task in sweeps.into_iter().chain(exchanges) {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task of the server ended in a panic");
        }
    }
    live.drain().await;
    webhooks.ended().await;
    events.ended().await;
    app.drain().await;
    Ok(result?)
}
