//! What operators' machines ask: whether the server is well.

use std::sync::atomic::Ordering;

use actix_web::{get, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    http::{
        answer::{self, Answer},
        problem::{Code, Problem},
    },
};

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Says that the process lives.
#[utoipa::path(tag = "Operation", operation_id = "getLiveness", responses((status = 200, description = "It lives.", body = Health)))]
#[get("/health/live")]
pub async fn live() -> Answer {
    answer::ok(&Health { status: "ok" })
}

/// Says whether requests should be sent here: the database answers, and the server is not about to stop.
#[utoipa::path(tag = "Operation", operation_id = "getReadiness", responses((status = 200, description = "They should.", body = Health)))]
#[get("/health/ready")]
pub async fn ready(app: Data<App>) -> Answer {
    if app.is_draining.load(Ordering::Relaxed) {
        return Err(Problem::from(Code::Busy).because("the server is about to stop"));
    }
    // Probes are not limited, so they reach the database at most once a second.
    let now = (app.clock)().timestamp();
    if app.answered_at.load(Ordering::Relaxed) != now {
        app.store.read(|tx| tx.ping().map_err(Problem::from)).await?;
        app.answered_at.store(now, Ordering::Relaxed);
    }
    answer::ok(&Health { status: "ok" })
}
