//! The outbox: each message is sent, put back for a later try, or given up.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use persistence::{Message, StoreError};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use super::LEASE;
use crate::{
    app::App,
    mail::{Letter, Undelivered},
};

/// How many messages go out at the same time.
const AT_ONCE: usize = 8;
/// How long one may take: less than its lease, so that nobody sends what another has taken over.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a message is tried before it is a dead letter; with the waits, over about half a day.
const TRIES: u32 = 20;
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(10);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// Sends what is due. Says whether there may be more.
pub async fn round(app: &Arc<App>) -> Result<bool, StoreError> {
    // Reading first spares an idle server one write a second.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough over lifetimes"
    )]
    let is_due = app.store.glance(|tx| tx.outbox_is_due()).await?;
    if !is_due {
        return Ok(false);
    }
    let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let taken = app.store.write(move |tx| tx.take_messages(most, tx.now() + LEASE)).await?;
    let is_more = taken.len() == AT_ONCE;
    let mut sending: JoinSet<_> = taken.into_iter().map(|message| send(Arc::clone(app), message)).collect();
    while let Some(sent) = sending.join_next().await {
        // What is left undone is due again when its lease ends.
        sent.map_err(|error| StoreError::Failed(error.to_string()))
            .flatten()
            .unwrap_or_else(|error| tracing::warn!(%error, "what became of a message could not be kept"));
    }
    Ok(is_more)
}

async fn send(app: Arc<App>, message: Message) -> Result<(), StoreError> {
    let (id, tries) = (message.id, message.tries);
    let sent = if tries > TRIES {
        Err(Undelivered::ForGood("the worker ended in the last try".into()))
    } else {
        let late = || Err(Undelivered::ForNow("it took too long".into()));
        timeout(PATIENCE, deliver(&app, &message)).await.unwrap_or_else(|_| late())
    };
    let kept = match sent {
        Ok(()) => app.store.write(move |tx| tx.finish_message(&message)).await?,
        Err(Undelivered::ForNow(reason)) if tries < TRIES => {
            tracing::warn!(reason, outbox_id = %id, tries, "a message could not be sent; it is tried again");
            app.store.write(move |tx| tx.postpone_message(&message, tx.now() + wait(tries, tx.random()))).await?
        }
        Err(Undelivered::ForNow(reason) | Undelivered::ForGood(reason)) => {
            tracing::error!(reason, outbox_id = %id, tries, "a message is given up: see `espace-pro outbox list-dead`");
            app.store.write(move |tx| tx.bury_message(&message, &reason)).await?
        }
    };
    if !kept {
        tracing::warn!(outbox_id = %id, tries, "a message took longer than its lease, and another worker took it over");
    }
    Ok(())
}

async fn deliver(app: &Arc<App>, message: &Message) -> Result<(), Undelivered> {
    let mail = Letter::open(&app.data_keys, message)?.write()?;
    if let Some(server) = &app.config.mail_server {
        return server.send(message.id, message.created_at, &mail).await;
    }
    let (worker, id) = (Arc::clone(app), message.id);
    let delivered = spawn_blocking(move || worker.mail_drop.deliver(id, mail, (worker.clock)())).await;
    delivered.map_err(std::io::Error::other).flatten().map_err(|error| Undelivered::ForNow(error.to_string()))
}

/// How long to wait after so many tries: twice as long each time, and by chance a little less, so that what failed together
/// is not tried again together.
fn wait(tries: u32, random: u64) -> TimeDelta {
    let doubled = FIRST_WAIT * 2_i32.saturating_pow(tries.clamp(1, 20) - 1);
    let longest = doubled.min(LONGEST_WAIT).num_milliseconds().unsigned_abs();
    let millis = longest / 2 + random % (longest / 2 + 1);
    TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_differ() {
        assert_eq!((wait(1, 0), wait(1, 5000)), (FIRST_WAIT / 2, FIRST_WAIT));
        assert_eq!((wait(2, 10_000), wait(3, 20_000)), (FIRST_WAIT * 2, FIRST_WAIT * 4));
        for tries in [10, 20, u32::MAX] {
            assert_eq!((wait(tries, 0), wait(tries, 1_800_000)), (LONGEST_WAIT / 2, LONGEST_WAIT));
        }
        let whole: TimeDelta = (1..TRIES).map(|tries| wait(tries, 0)).sum();
        assert!((5..=12).contains(&whole.num_hours()), "{whole}");
        assert!(TimeDelta::from_std(PATIENCE).unwrap() < LEASE);
    }
}
