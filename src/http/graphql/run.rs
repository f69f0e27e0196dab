//! Executing an operation.
//!
//! Invariant: a command goes on to its end whoever gives up waiting for it, and a panic is a failed request and nothing more.

use super::Door;
use super::answer::Refused;
use crate::graphql::Code;
use async_graphql::{Request as Operation, Response as Answer};
use axum::http::StatusCode;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use tokio::sync::oneshot;

/// Executes; a command goes on when nobody waits for it any more, and drops its sender at its end.
pub async fn run(
    door: &Door,
    operation: Operation,
    command: Option<oneshot::Sender<()>>,
) -> Result<Answer, Refused> {
    let defect = || {
        let message = "something went wrong on our side";
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, message)
    };
    let done = async {
        if let Some(ended) = command {
            let schema = door.schema.clone();
            let work = async move {
                let answer = schema.execute(operation).await;
                drop(ended);
                answer
            };
            door.gate.app.even_if_given_up(work).await
        } else {
            guarded(door.schema.execute(operation)).await
        }
    };
    match tokio::time::timeout(door.timeout, done).await {
        Ok(answer) => answer.ok_or_else(defect),
        Err(_) => {
            let message = "the operation took too long; a command goes on, ask what became of it";
            Err(Refused::new(StatusCode::GATEWAY_TIMEOUT, Code::Timeout, message))
        }
    }
}

/// `None` when `work` panicked, which is logged.
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome
        .inspect_err(|cause| {
            let words = cause.downcast_ref::<&str>().copied();
            let words = words.or_else(|| cause.downcast_ref::<String>().map(String::as_str));
            tracing::error!(cause = words.unwrap_or("unknown"), "a question panicked");
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_that_panics_is_no_more_than_a_failed_question() {
        let broken = async { [1, 2].iter().position(|n| *n == 3).expect("a defect") };
        assert_eq!(guarded(broken).await, None);
        assert_eq!(guarded(async { 7 }).await, Some(7));
    }
}
