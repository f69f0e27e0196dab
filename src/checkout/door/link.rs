//! Payment links: where payers land, and what a merchant shares.

use super::Pages;
use super::halt::Halt;
use super::place::{Place, keep};
use super::visit::{Reply, Visit, see};
use crate::checkout::qr::QrCode;
use crate::checkout::text::Text;
use crate::checkout::view::{Form, Frame, LinkOverPage, LinkPage, Order, SharePage};
use axum::extract::State;
use axum::response::Response;
use domain::intent::ConfirmRefusal;
use domain::merchant::Merchant;
use domain::payment_link::{PaymentLink, PaymentLinkStatus};
use service::payment_link;
use service::{Error, Refusal};
use std::sync::Arc;

/// `GET /l/:link`.
pub async fn page(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = landed(&visit).await;
    visit.answer(reply)
}

async fn opened(visit: &Visit) -> Result<(PaymentLink, Merchant), Halt> {
    visit.admit()?;
    let Place::Link(id) = visit.place else {
        return Err(Halt::NotFound);
    };
    Ok(payment_link::open(visit.app(), id).await?)
}

async fn landed(visit: &Visit) -> Result<Reply, Halt> {
    let (link, merchant) = opened(visit).await?;
    let frame = visit.frame(&merchant, link.tenant.mode);
    let order = order(&link);
    if link.status_at(visit.now) != PaymentLinkStatus::Active {
        return Ok(Reply::page(LinkOverPage { frame, order }));
    }
    Ok(Reply::page(LinkPage {
        frame,
        order,
        amount: link.amount,
        proceed: Form {
            action: visit.here(""),
            hidden: Vec::new(),
        },
    }))
}

/// `POST /l/:link`: makes the payer's own intent and goes to its page.
pub async fn begin(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = begun(&visit).await;
    visit.answer(reply)
}

async fn begun(visit: &Visit) -> Result<Reply, Halt> {
    visit.admit()?;
    let Place::Link(id) = visit.place else {
        return Err(Halt::NotFound);
    };
    let created = match payment_link::begin(visit.app(), id).await {
        Ok(created) => created,
        Err(Error::Refused(Refusal::LinkOver | Refusal::Confirm(ConfirmRefusal::LinkUsedUp))) => {
            return Ok(Reply::See(visit.here("")));
        }
        Err(error) => return Err(error.into()),
    };
    let intent = created.intent;
    let secret = created.client_secret.ok_or(Halt::WentWrong)?;
    let mut response = see(&visit.path(&Place::Checkout(intent.id).path()));
    let (name, value) =
        keep(&intent, &secret, visit.root(), visit.is_https(), visit.now).ok_or(Halt::WentWrong)?;
    response.headers_mut().append(name, value);
    Ok(Reply::Raw(response))
}

/// `GET /l/:link/share`: the link, its code to scan, and a message that is ready to send.
pub async fn share(State(_): State<Arc<Pages>>, visit: Visit) -> Response {
    let reply = shared(&visit).await;
    visit.answer(reply)
}

async fn shared(visit: &Visit) -> Result<Reply, Halt> {
    let (link, merchant) = opened(visit).await?;
    let url = visit.pages.address.link(link.id);
    Ok(Reply::page(SharePage {
        frame: Frame {
            here: visit.here("/share"),
            ..visit.frame(&merchant, link.tenant.mode)
        },
        order: order(&link),
        amount: link.amount,
        code: QrCode::of(&url).map_err(|_| Halt::WentWrong)?,
        url,
    }))
}

fn order(link: &PaymentLink) -> Order {
    Order {
        title: Text::some(&link.title),
        description: link.description.as_deref().and_then(Text::some),
        reference: None,
    }
}
