//! Who asks, and the sessions of dashboards.
//!
//! Invariant: the cookie of a session leaves in a header that no script can read, never in the answer itself.

use super::context::ContextExt;
use super::credential::Credential;
use super::enums::{Mode, RequestWay};
use super::error::{Code, Reply, failure, query_failure, reply};
use super::merchant::Merchant;
use super::time::DateTime;
use super::user_error::UserError;
use crate::http::noted::Visitor;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use axum::http::header::SET_COOKIE;
use chrono::Duration;
use domain::actor::Actor;
use domain::credential::DEFAULT_SESSION;
use domain::merchant::Tenant;
use service::credential::session::{self, Ending, NewSession};
use service::credential::{Admitted, csrf_token, own};

/// Who asks.
pub struct Viewer(Admitted);

/// Who asks: a merchant's server, an operator, or a dashboard on behalf of one of them.
#[Object]
impl Viewer {
    /// How this request showed who it is.
    async fn way(&self) -> RequestWay {
        self.0.way.into()
    }

    /// The merchant; null for an operator.
    async fn merchant(&self) -> Option<Merchant> {
        match &self.0.actor {
            Actor::Merchant(actor) => Some(Merchant::new(&actor.merchant, Some(actor.tenant.mode))),
            Actor::Operator(_) => None,
        }
    }

    /// Real money or rehearsal; null for an operator.
    async fn mode(&self) -> Option<Mode> {
        Some(self.tenant()?.mode.into())
    }

    /// The credential; null for an operator.
    async fn credential(&self, ctx: &Context<'_>) -> Result<Option<Credential>> {
        let app = ctx.app()?;
        let own = own(app, &self.0.actor).await.map_err(query_failure)?;
        Ok(own.map(|credential| Credential::new(credential, app.now())))
    }

    /// The operator, `op_…`; null for a merchant.
    async fn operator_id(&self) -> Option<ID> {
        match &self.0.actor {
            Actor::Operator(operator) => Some(operator.to_string().into()),
            Actor::Merchant(_) => None,
        }
    }

    /// What it may do: `payments:create` and so on; empty for an operator, whose rights are not scopes.
    async fn scopes(&self) -> Vec<String> {
        match &self.0.actor {
            Actor::Merchant(actor) => actor.scopes.iter().map(|scope| scope.to_string()).collect(),
            Actor::Operator(_) => Vec::new(),
        }
    }

    /// The API version by which its requests are answered unless they name one.
    async fn api_version(&self) -> String {
        self.0.api_version.to_string()
    }

    /// The session; null when a key or a signature asks.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>> {
        let app = ctx.app()?;
        let session = self.0.session.as_deref();
        Ok(session.map(|session| Session::new(session, csrf_token(app, session))))
    }
}

impl Viewer {
    const fn tenant(&self) -> Option<Tenant> {
        match &self.0.actor {
            Actor::Merchant(actor) => Some(actor.tenant),
            Actor::Operator(_) => None,
        }
    }
}

/// A dashboard's session.
#[derive(SimpleObject, Clone, Debug)]
pub struct Session {
    /// Its id, `ses_…`.
    pub id: ID,
    /// Goes into the header `X-CSRF-Token` of every POST of this session.
    pub csrf_token: String,
    /// When it ends.
    pub expires_at: DateTime,
    /// When it was opened.
    pub created_at: DateTime,
}

impl Session {
    fn new(session: &domain::credential::Session, csrf_token: String) -> Self {
        Self {
            id: session.id.to_string().into(),
            csrf_token,
            expires_at: session.expires_at.into(),
            created_at: session.created_at.into(),
        }
    }
}

/// Open a session.
#[derive(InputObject)]
pub struct SessionCreateInput {
    /// How long it lasts, 1 to 1440 minutes.
    #[graphql(default_with = "i32::try_from(DEFAULT_SESSION.num_minutes()).unwrap_or_default()")]
    pub minutes: i32,
}

/// A session that was opened.
#[derive(SimpleObject)]
pub struct SessionCreatePayload {
    /// The session; its cookie is in the header `Set-Cookie`. Null when it was refused.
    pub session: Option<Session>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

/// Which sessions end.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnding {
    /// The one that asks.
    Own,
    /// Every session of the credential or operator that asks.
    All,
}

/// End sessions.
#[derive(InputObject)]
pub struct SessionRevokeInput {
    /// Which.
    #[graphql(default_with = "SessionEnding::Own")]
    pub which: SessionEnding,
}

/// What became of the sessions.
#[derive(SimpleObject)]
pub struct SessionRevokePayload {
    /// How many ended.
    pub ended: i32,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

fn admitted<'a>(ctx: &Context<'a>) -> Result<&'a Admitted> {
    ctx.actor()?;
    ctx.data_opt()
        .ok_or_else(|| failure(Code::Internal, "the request has nobody who asks"))
}

fn visitor<'a>(ctx: &Context<'a>) -> Result<&'a Visitor> {
    ctx.data_opt()
        .ok_or_else(|| failure(Code::Internal, "the request has no address"))
}

#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(Viewer(admitted(ctx)?.clone()))
    }
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Opens a session for whoever shows a key: its cookie is in the header `Set-Cookie`, out of reach of scripts, and every POST with
    /// it needs the header `X-CSRF-Token`.
    async fn session_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: SessionCreateInput,
    ) -> Result<SessionCreatePayload> {
        let (app, who, visitor) = (ctx.app()?, admitted(ctx)?, visitor(ctx)?);
        let new = NewSession {
            lasts: Duration::minutes(input.minutes.into()),
            address: visitor.address,
            user_agent: visitor.user_agent.clone(),
        };
        let lasts = new.lasts;
        match session::create(app, who, new).await.map_err(reply) {
            Ok(issued) => {
                ctx.note_made(issued.session.id);
                if let Some(header) = visitor.cookie.set(issued.cookie.reveal(), lasts) {
                    ctx.insert_http_header(SET_COOKIE, header);
                }
                let token = csrf_token(app, &issued.session);
                Ok(SessionCreatePayload {
                    session: Some(Session::new(&issued.session, token)),
                    user_errors: Vec::new(),
                })
            }
            Err(Reply::UserErrors(user_errors)) => {
                ctx.note_refusal(&user_errors);
                Ok(SessionCreatePayload {
                    session: None,
                    user_errors,
                })
            }
            Err(Reply::Failure(error)) => Err(error),
        }
    }

    /// Ends the session that asks, or every session of its credential or operator.
    async fn session_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: SessionRevokeInput,
    ) -> Result<SessionRevokePayload> {
        let (app, who, visitor) = (ctx.app()?, admitted(ctx)?, visitor(ctx)?);
        let ending = match input.which {
            SessionEnding::Own => Ending::Own,
            SessionEnding::All => Ending::All,
        };
        match session::revoke(app, who, ending).await.map_err(reply) {
            Ok(ended) => {
                if who.session.is_some()
                    && let Some(header) = visitor.cookie.set("", Duration::zero())
                {
                    ctx.insert_http_header(SET_COOKIE, header);
                }
                Ok(SessionRevokePayload {
                    ended: i32::try_from(ended).unwrap_or(i32::MAX),
                    user_errors: Vec::new(),
                })
            }
            Err(Reply::UserErrors(user_errors)) => Ok(SessionRevokePayload {
                ended: 0,
                user_errors,
            }),
            Err(Reply::Failure(error)) => Err(error),
        }
    }
}
