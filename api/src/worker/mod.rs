//! The worker: does what transactions left in the outbox, tells administrations what happened, deletes files that nothing stands for any
//! more, and does what comes round by the clock, at least once each.

mod feeds;
mod outbox;
mod recurring;
mod store_room;

use std::{sync::Arc, time::Duration};

use actix_web::rt::spawn;
use chrono::TimeDelta;
use persistence::StoreError;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::app::App;

/// How long a job is its taker's own before another may take it.
const LEASE: TimeDelta = TimeDelta::minutes(1);
/// How often a worker looks for jobs though nobody rang.
const IDLE: Duration = Duration::from_secs(1);
/// How long it rests at most while the database can't do its work.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// Works until told to stop; a worker that dies ends the process, so that it is started anew and mails go on.
pub async fn watched(app: Arc<App>, stop: watch::Receiver<bool>) {
    if spawn(work(app, stop)).await.is_err() {
        tracing::error!("the worker died; the process ends, so that it is started anew");
        std::process::abort();
    }
}

/// Works until told to stop; what it has begun, it finishes.
async fn work(app: Arc<App>, stop: watch::Receiver<bool>) {
    let messages = rounds(
        stop.clone(),
        || outbox::round(&app),
        || async {
            let _ = timeout(IDLE, app.store.posted()).await;
        },
    );
    let feeds = rounds(
        stop.clone(),
        || feeds::round(&app),
        || async {
            let _ = timeout(IDLE, app.store.announced()).await;
        },
    );
    let jobs = rounds(stop.clone(), || recurring::round(&app, &stop), || sleep(IDLE));
    let files = rounds(stop.clone(), || store_room::round(&app), || sleep(IDLE));
    tokio::join!(messages, feeds, jobs, files);
}

/// Goes round until told to stop, and rests when a round says that there is no more to do now; longer each time while the
/// database fails it, of which it speaks once.
async fn rounds<R, P>(mut stop: watch::Receiver<bool>, round: impl Fn() -> R, pause: impl Fn() -> P)
where
    R: Future<Output = Result<bool, StoreError>>,
    P: Future<Output = ()>,
{
    let mut rest = None;
    while !*stop.borrow() {
        match (round().await, rest) {
            (Ok(_), Some(_)) => {
                tracing::info!("the worker works again");
                rest = None;
            }
            (Ok(true), None) => {}
            (Ok(false), None) => {
                tokio::select! { _ = stop.wait_for(|stop| *stop) => return, () = pause() => {} }
            }
            (Err(error), before) => {
                if before.is_none() {
                    tracing::warn!(%error, "the worker can't work now");
                }
                let longer = before.map_or(IDLE, |before: Duration| (2 * before).min(LONGEST_REST));
                rest = Some(longer);
                tokio::select! { _ = stop.wait_for(|stop| *stop) => return, () = sleep(longer) => {} }
            }
        }
    }
}
