//! What a caller of `write` may count on, whoever writes at the same time.

use std::time::Duration;

use diesel::{QueryResult, connection::SimpleConnection};
use domain::Refusal;
use tokio::time::timeout;

use super::support::{Database, Failure, Gate, Work, begin, mark, marks, together, work};
use crate::{StoreError, connection};

on_both! {
    an_outcome_is_kept,
    a_refusal_leaves_nothing,
    a_failure_that_was_swallowed_is_still_one,
    a_panic_harms_nobody_else,
    a_conflict_harms_nobody_else,
    many_outcomes_at_once_each_have_their_own_fate,
}

async fn an_outcome_is_kept(database: Database) {
    let store = database.open();
    let outcome = store.write(|tx| mark(tx, "counted").map(|()| "a wrong code")).await;
    assert_eq!(outcome, Ok("a wrong code"));
    drop(store);
    assert_eq!(marks(&database.open()).await, ["counted"]);
}

async fn a_refusal_leaves_nothing(database: Database) {
    let store = database.open();
    let refused = store.write(|tx| {
        mark(tx, "refused")?;
        Err::<(), Failure>(Refusal::NotFound.into())
    });
    assert_eq!(refused.await, Err(Refusal::NotFound.into()));
    assert!(marks(&store).await.is_empty());
}

async fn a_failure_that_was_swallowed_is_still_one(database: Database) {
    let store = database.open();
    let swallowed = store.write(|tx| {
        mark(tx, "twice")?;
        let first = mark(tx, "twice").unwrap_err();
        let next = tx.run(|_| -> QueryResult<()> { panic!("a statement was sent after one had failed") });
        assert_eq!(next, Err(first));
        Ok::<_, StoreError>(())
    });
    let told = swallowed.await;
    assert!(matches!(told, Err(StoreError::Conflict(_))), "{told:?}");
    assert!(marks(&store).await.is_empty());
}

async fn a_panic_harms_nobody_else(database: Database) {
    let store = database.open();
    let panic = work(|tx| {
        mark(tx, "panic")?;
        panic!("in the middle")
    });
    let outcomes = together(&store, vec![keep("before"), panic, keep("after")]).await;
    assert_eq!(outcomes[0], Ok(()));
    assert!(matches!(outcomes[1], Err(Failure::Store(StoreError::Failed(_)))), "{outcomes:?}");
    assert_eq!(outcomes[2], Ok(()));
    assert_eq!(store.write(|tx| mark(tx, "later")).await, Ok(()));
    assert_eq!(marks(&store).await, ["after", "before", "later"]);
}

async fn a_conflict_harms_nobody_else(database: Database) {
    let store = database.open();
    store.write(|tx| mark(tx, "taken")).await.unwrap();
    let outcomes = together(&store, vec![keep("before"), keep("taken"), keep("after")]).await;
    assert!(matches!(outcomes[..], [Ok(()), Err(Failure::Store(StoreError::Conflict(_))), Ok(())]), "{outcomes:?}");
    assert_eq!(marks(&store).await, ["after", "before", "taken"]);
}

async fn many_outcomes_at_once_each_have_their_own_fate(database: Database) {
    let store = database.open();
    let name = |n: usize| format!("{n:02}");
    let works = (0..60).map(|n| {
        work(move |tx| {
            mark(tx, &name(n))?;
            match n % 4 {
                0 => Ok(()),
                1 => Err(Refusal::NotFound.into()),
                2 => panic!("in a transaction"),
                _ => Ok(tx.run(|_| panic!("in a statement"))?),
            }
        })
    });
    let outcomes = together(&store, works.collect()).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match (n % 4, outcome) {
            (0, Ok(())) | (1, Err(Failure::Refused(_))) | (2 | 3, Err(Failure::Store(StoreError::Failed(_)))) => (),
            wrong => panic!("{n}: {wrong:?}"),
        }
    }
    assert_eq!(marks(&store).await, (0..60).step_by(4).map(name).collect::<Vec<_>>());
}

/// A refusal may rest on a neighbour's row, so it is told only once that row is kept.
#[tokio::test]
async fn a_refusal_is_not_told_when_its_batch_is_not_kept() {
    let database = Database::sqlite();
    let store = database.open();
    let refuse = work(|_| Err(Refusal::TryAgain.into()));
    let outcomes = together(&store, vec![keep("neighbour"), refuse, end_the_batch(), keep("never begun")]).await;
    for (place, outcome) in outcomes.iter().enumerate() {
        // Whose statement ended the batch is told what it was; the others may try again.
        match (place, outcome) {
            (2, Err(Failure::Store(StoreError::Failed(_)))) | (0 | 1 | 3, Err(Failure::Store(StoreError::Busy(_)))) => {
            }
            wrong => panic!("{wrong:?}"),
        }
    }
    assert!(marks(&store).await.is_empty());
}

/// SQLite ends a transaction by itself when it can't go on; what comes after must not be kept on its own.
#[tokio::test]
async fn a_batch_whose_transaction_is_gone_keeps_nothing() {
    let database = Database::sqlite();
    let store = database.open();
    for refused in [false, true] {
        let end = work(move |tx| {
            tx.run(|db| db.batch_execute("ROLLBACK"))?;
            if refused { Err(Refusal::NotFound.into()) } else { Ok(()) }
        });
        let outcomes = together(&store, vec![keep("before"), end, keep("after")]).await;
        assert!(
            outcomes.iter().all(|outcome| matches!(outcome, Err(Failure::Store(StoreError::Busy(_))))),
            "{outcomes:?}"
        );
    }
    let leave_a_savepoint = work(|tx| Ok(tx.run(connection::savepoint)?));
    let outcomes = together(&store, vec![keep("before"), leave_a_savepoint, keep("after")]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Failure::Store(StoreError::Busy(_))))), "{outcomes:?}");

    assert_eq!(store.write(|tx| mark(tx, "later")).await, Ok(()));
    assert_eq!(marks(&store).await, ["later"]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_does_what_it_took() {
    let database = Database::sqlite();
    let store = database.open_with(|settings| settings.queue = 3);
    let gate = Gate::hold(&store).await;
    let accepted = ["a", "b", "c"].map(|name| begin(store.write(move |tx| mark(tx, name))));
    for _ in 0..3 {
        // It returns while the writer is still held up.
        let refused = timeout(Duration::from_secs(20), store.write(|tx| mark(tx, "one too many"))).await;
        assert_eq!(refused, Ok(Err(StoreError::Busy("the queue of writes is full".into()))));
    }
    gate.open().await;
    for accepted in accepted {
        assert_eq!(accepted.await, Ok(()));
    }
    assert_eq!(marks(&store).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn what_was_queued_is_done_even_if_its_caller_goes_away() {
    let database = Database::sqlite();
    let store = database.open();
    let gate = Gate::hold(&store).await;
    drop(begin(store.write(|tx| mark(tx, "alone"))));
    gate.open().await;
    store.write(|tx| mark(tx, "next")).await.unwrap();
    assert_eq!(marks(&store).await, ["alone", "next"]);
}

fn keep(name: &'static str) -> Work {
    work(move |tx| Ok(mark(tx, name)?))
}

/// Any failure but a constraint's may have ended more than one savepoint.
fn end_the_batch() -> Work {
    work(|tx| Ok(tx.run(|db| db.batch_execute("SELECT * FROM nowhere"))?))
}
