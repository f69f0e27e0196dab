//! Taking what an operation may cost, and giving back what it did not.
//!
//! Invariant: an operation that is not executed has cost no points, and one that is has been paid for before.

use super::Door;
use super::answer::{Charged, Refused};
use super::parameters::Parameters;
use crate::graphql::Code;
use crate::graphql::document::{Cost, Plan};
use crate::http::limit::Asker;
use async_graphql::parser::types::OperationType;
use axum::http::StatusCode;
use domain::Timestamp;

/// Most objects with an id that one operation may give.
const MOST_NODES: u64 = 20_000;

/// A request that is not executed, with what was charged until then.
pub struct Stopped(pub Box<Refused>, pub Option<Charged>);

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self(Box::new(refused), None)
    }
}

/// Takes what the operation may cost, before it costs anything.
pub fn pay(
    door: &Door,
    asker: Asker<'_>,
    plan: &Plan,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<(Cost, Charged), Stopped> {
    let cost = plan.bound(&parameters.variables);
    let charged = |points| Charged {
        requested: cost.points,
        actual: None,
        points,
    };
    let too_complex = |message: String| {
        let refused = Refused::new(StatusCode::BAD_REQUEST, Code::OperationTooComplex, message);
        Stopped(
            Box::new(refused),
            Some(charged(door.gate.throttle.points(asker, now))),
        )
    };
    let most = door.gate.throttle.most_points();
    let Some(points) = u32::try_from(cost.points).ok().filter(|points| *points <= most) else {
        return Err(too_complex(format!(
            "the operation may cost {} points, {most} at most are taken: ask for fewer rows",
            cost.points
        )));
    };
    if cost.nodes > MOST_NODES {
        return Err(too_complex(format!(
            "the operation may give {} objects, {MOST_NODES} at most are given: ask for fewer rows",
            cost.nodes
        )));
    }
    let spent = door.gate.throttle.spend(asker, points, now);
    let left = spent
        .map_err(|(exceeded, left)| Stopped(Box::new(Refused::throttled(exceeded)), Some(charged(left))))?;
    let within_its_rate = match plan.kind {
        OperationType::Mutation => door.gate.throttle.commands(asker, plan.commands, now),
        OperationType::Query | OperationType::Subscription => door.gate.throttle.question(asker, now),
    };
    within_its_rate.map_err(|exceeded| {
        let left = door.gate.throttle.settle(asker, points, 0, now);
        Stopped(Box::new(Refused::throttled(exceeded)), Some(charged(left)))
    })?;
    Ok((cost, charged(left)))
}

/// Charges what it came to in place of what it might have.
pub fn settle(door: &Door, asker: Asker<'_>, actual: u64, charged: Charged) -> Charged {
    let whole = |points: u64| u32::try_from(points).unwrap_or(u32::MAX);
    let points = door.gate.throttle.settle(
        asker,
        whole(charged.requested),
        whole(actual),
        door.gate.app.now(),
    );
    Charged {
        actual: Some(actual),
        points,
        ..charged
    }
}
