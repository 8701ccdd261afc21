//! The worker: does what transactions left in the outbox, at least once each.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use persistence::{Message, StoreError};
use tokio::{sync::Notify, task::spawn_blocking, time::timeout};

use crate::app::App;

/// How long a message is a worker's own before another may take it.
const LEASE: TimeDelta = TimeDelta::minutes(1);
const AT_ONCE: i64 = 20;
/// How often the outbox is looked at though nobody rang.
const IDLE: Duration = Duration::from_secs(1);

/// Works until told to stop; what it has begun, it finishes.
pub async fn work(app: Arc<App>, stop: Arc<Notify>) {
    loop {
        let was_full = match send_due(&app).await {
            Ok(sent) => sent == usize::try_from(AT_ONCE).unwrap_or(usize::MAX),
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be worked on");
                false
            }
        };
        if was_full {
            continue;
        }
        tokio::select! {
            () = stop.notified() => return,
            _ = timeout(IDLE, app.outbox_bell.notified()) => {}
        }
    }
}

async fn send_due(app: &Arc<App>) -> Result<usize, StoreError> {
    // Reading first spares an idle server one write a second.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough over lifetimes"
    )]
    let is_idle = app.store.read(|tx| tx.outbox_is_empty()).await?;
    if is_idle {
        return Ok(0);
    }
    let messages = app.store.write(|tx| tx.take_messages(AT_ONCE, tx.now() + LEASE)).await?;
    let taken = messages.len();
    let sender = Arc::clone(app);
    let done = spawn_blocking(move || send(&sender, &messages))
        .await
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    if !done.is_empty() {
        app.store.write(move |tx| tx.finish_messages(&done)).await?;
    }
    Ok(taken)
}

fn send(app: &App, messages: &[Message]) -> Vec<uuid::Uuid> {
    let delivered = |message: &&Message| match app.mail_drop.deliver(&app.data_keys, message, (app.clock)()) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, message = %message.id, tries = message.tries, "a mail could not be sent; it is tried again");
            false
        }
    };
    messages.iter().filter(delivered).map(|message| message.id).collect()
}
