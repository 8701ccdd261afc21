//! Disks that fill up and connections that break: what was acknowledged is kept, and nothing else.

use std::{
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use tokio::task::{JoinSet, spawn_blocking};

use super::support::{Database, Failure, begin, end_the_others, mark, marks, together, work};
use crate::{Reading, StoreError};

/// With 8 closures a batch: two that need room, the end of all room, more that need some.
#[tokio::test]
async fn a_disk_that_fills_up_in_mid_batch_undoes_that_batch() {
    let database = Database::sqlite();
    let store = database.open_with(|settings| settings.batch = 8);
    for round in 0..3 {
        let works = (0..24).map(|n| {
            work(move |tx| {
                if n == 2 {
                    tx.run(|db| db.batch_execute("PRAGMA max_page_count = 1"))?;
                }
                // Ten pages.
                let kept = mark(tx, &format!("{round}-{n:02}-{}", "x".repeat(40_000)));
                // The failure is swallowed in every other round.
                if round % 2 == 0 { Ok(kept?) } else { Ok(()) }
            })
        });
        let outcomes = together(&store, works.collect()).await;
        for (n, outcome) in outcomes.iter().enumerate() {
            match outcome {
                Err(Failure::Store(StoreError::Busy(_) | StoreError::OutcomeUnknown(_))) if n < 8 => (),
                // The writer has a new connection, which knows no limit.
                Ok(()) if n >= 8 => (),
                wrong => panic!("{n}: {wrong:?}"),
            }
        }
        let kept = marks(&store).await;
        let kept: Vec<_> =
            kept.iter().map(|name| &name[..4]).filter(|name| name.starts_with(&format!("{round}-"))).collect();
        let acknowledged: Vec<_> = (8..24).map(|n| format!("{round}-{n:02}")[..4].to_owned()).collect();
        assert_eq!(kept, acknowledged);
    }
}

/// As where the file's permissions were taken away: nothing is kept, everybody is told so, and the next batch has a new connection.
#[tokio::test]
async fn a_connection_that_may_not_write_is_replaced() {
    let database = Database::sqlite();
    let store = database.open();
    let works = (0..4).map(|n| {
        work(move |tx| {
            if n == 1 {
                tx.run(|db| db.batch_execute("PRAGMA query_only = ON"))?;
            }
            Ok(mark(tx, &n.to_string())?)
        })
    });
    let outcomes = together(&store, works.collect()).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Failure::Store(StoreError::Busy(_))))), "{outcomes:?}");
    let Err(Failure::Store(StoreError::Busy(told))) = &outcomes[1] else { unreachable!() };
    assert_eq!(told, "attempt to write a readonly database");
    let batches = store.figures().batches.unwrap();
    assert_eq!((batches.broken, batches.is_writable), (1, false));

    assert_eq!(store.write(|tx| mark(tx, "later")).await, Ok(()));
    assert_eq!(marks(&store).await, ["later"]);
    let batches = store.figures().batches.unwrap();
    assert_eq!((batches.broken, batches.is_writable), (1, true));
}

/// While nothing can be written, nothing is begun; once something was, what a commit left open is settled.
#[tokio::test]
async fn nothing_is_begun_until_something_can_be_kept() {
    let database = Database::sqlite();
    let store = database.open_with(|settings| settings.patience = Duration::from_millis(50));
    let owe_a_session = work(|tx| {
        let token = "INSERT INTO refresh_tokens VALUES ('a', 'nobody', '2027-01-01 00:00:00', NULL)";
        Ok(tx.run(|db| db.batch_execute(&format!("PRAGMA defer_foreign_keys = ON; {token}")))?)
    });
    assert!(is_unknown(&store.write(owe_a_session).await));
    let mut rival = database.rival();
    rival.batch_execute("BEGIN IMMEDIATE").unwrap();
    let outcome = store.write(|_| -> Result<(), Failure> { panic!("it was begun") }).await;
    assert!(matches!(outcome, Err(Failure::Store(StoreError::Busy(_)))), "{outcome:?}");
    rival.batch_execute("ROLLBACK").unwrap();
    assert_eq!(store.write(|tx| mark(tx, "a")).await, Ok(()));
    let figures = store.figures();
    assert_eq!(figures.writes.fates, [1, 0, 1, 0, 0, 1]);
    let batches = figures.batches.unwrap();
    assert_eq!((batches.kept, batches.transactions, batches.broken, batches.is_writable), (1, 1, 1, true));
}

/// As while another process makes a backup or migrates: everybody waits as long as he would for anything else.
#[tokio::test]
async fn who_waits_for_a_rivals_lock_is_told_in_time_and_nothing_is_called_broken() {
    let database = Database::sqlite();
    let store = database.open_with(|settings| settings.patience = Duration::from_millis(600));
    let mut rival = database.rival();
    rival.batch_execute("BEGIN IMMEDIATE").unwrap();
    let mut waiting = JoinSet::new();
    for n in 0..6 {
        let store = store.clone();
        waiting.spawn(async move {
            // One after the other, so that some come while others wait.
            tokio::time::sleep(Duration::from_millis(150) * n).await;
            let since = Instant::now();
            (store.write(|_| -> Result<(), Failure> { panic!("it was begun") }).await, since.elapsed())
        });
    }
    for (outcome, waited) in waiting.join_all().await {
        assert!(matches!(outcome, Err(Failure::Store(StoreError::Busy(_)))), "{outcome:?}");
        // A glance more, and a slow machine.
        assert!((Duration::from_millis(500)..Duration::from_millis(1100)).contains(&waited), "{waited:?}");
    }
    let batches = store.figures().batches.unwrap();
    assert_eq!((batches.broken, batches.is_writable), (0, true));
    let late = begin(store.write(|tx| mark(tx, "late")));
    rival.batch_execute("ROLLBACK").unwrap();
    assert_eq!(late.await, Ok(()));
}

/// Nobody need write for the figures to say that one could.
#[tokio::test]
async fn a_database_that_takes_writes_again_says_so_by_itself() {
    let database = Database::sqlite();
    let store = database.open();
    let broken = store.write(|tx| Ok::<_, Failure>(tx.run(|db| db.batch_execute("SELECT * FROM nowhere"))?)).await;
    assert!(broken.is_err());
    let mut rival = database.rival();
    rival.batch_execute("BEGIN IMMEDIATE").unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!store.figures().batches.unwrap().is_writable);
    rival.batch_execute("ROLLBACK").unwrap();
    let again = async {
        while !store.figures().batches.unwrap().is_writable {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.unwrap();
}

/// Where no file may grow beyond 2 MB, COMMIT fails, or a statement whose pages don't fit into the cache.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_at_commit_loses_nothing_that_was_acknowledged() {
    // Whoever ignores the signal is told by an error, as on a full disk.
    let limited =
        "trap '' XFSZ; ulimit -f 4096; exec \"$0\" --ignored --exact --nocapture tests::faults::write_until_it_fails";
    let child = Command::new("sh").arg("-c").arg(limited).arg(std::env::current_exe().unwrap()).output().unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{told}{}", String::from_utf8_lossy(&child.stderr));
    assert!(told.contains("kept: true, unknown: true, spilt: Err(Busy(\"disk I/O error\"))"), "{told}");
}

#[tokio::test]
#[ignore = "runs in a process of its own, under a limit"]
async fn write_until_it_fails() {
    let database = Database::sqlite();
    let store = database.open();
    let mut told = Vec::new();
    for batch in 0..20 {
        let names: Vec<_> = (0..8).map(|n| format!("{batch:02}-{n}-{}", "x".repeat(20_000))).collect();
        let works = names.iter().cloned().map(|name| work(move |tx| Ok(mark(tx, &name)?)));
        told.extend(names.iter().cloned().zip(together(&store, works.collect()).await));
    }
    let huge = "PRAGMA cache_size = 5; INSERT INTO installation VALUES ('huge', hex(zeroblob(5000000)))";
    let spilt = database.rival().batch_execute(huge).map_err(StoreError::from);
    let kept = marks(&store).await;
    let is_unknown = told.iter().any(|(_, outcome)| is_unknown(outcome));
    println!("kept: {}, unknown: {is_unknown}, spilt: {spilt:?}", !kept.is_empty());
    check_acknowledged(told, &kept);
}

#[tokio::test]
async fn a_commit_that_fails_is_told_as_unknown_to_all_its_batch() {
    let database = Database::sqlite();
    let store = database.open();
    let owe_a_session = work(|tx| {
        let token = "INSERT INTO refresh_tokens VALUES ('a', 'nobody', '2027-01-01 00:00:00', NULL)";
        Ok(tx.run(|db| db.batch_execute(&format!("PRAGMA defer_foreign_keys = ON; {token}")))?)
    });
    let outcomes = together(&store, vec![work(|tx| Ok(mark(tx, "neighbour")?)), owe_a_session]).await;
    assert!(outcomes.iter().all(is_unknown), "{outcomes:?}");
    assert!(marks(&store).await.is_empty());
    assert_eq!(store.write(|tx| mark(tx, "later")).await, Ok(()));
}

#[tokio::test]
async fn a_connection_that_breaks_at_commit_leaves_the_outcome_unknown() {
    let database = Database::postgres();
    let store = database.open();
    let mut rival = database.rival();
    let outcome = store.write(move |tx| {
        mark(tx, "a")?;
        end_the_others(&mut rival);
        Ok::<_, Failure>(())
    });
    let outcome = outcome.await;
    assert!(is_unknown(&outcome), "{outcome:?}");
    assert!(marks(&store).await.is_empty());
}

#[tokio::test]
async fn a_connection_that_breaks_in_a_transaction_makes_it_busy() {
    let database = Database::postgres();
    let store = database.open();
    let mut rival = database.rival();
    let outcome = store.write(move |tx| {
        mark(tx, "a")?;
        end_the_others(&mut rival);
        mark(tx, "b")
    });
    let outcome = outcome.await;
    assert!(matches!(outcome, Err(StoreError::Busy(_))), "{outcome:?}");
    let mut rival = database.rival();
    let read = store.read(move |reading| {
        end_the_others(&mut rival);
        reading.outbox_is_empty()
    });
    let read = read.await;
    assert!(matches!(read, Err(StoreError::Busy(_))), "{read:?}");
    assert!(marks(&store).await.is_empty());
}

#[tokio::test]
async fn connections_that_broke_while_idle_are_not_noticed() {
    let database = Database::postgres();
    let store = database.open();
    end_the_others(&mut database.rival());
    for n in 0..20 {
        assert_eq!(store.write(move |tx| mark(tx, &n.to_string())).await, Ok(()));
        assert_eq!(marks(&store).await.len(), n + 1);
    }
}

fn nothing_waits(reading: &mut Reading<'_>) -> Result<bool, StoreError> {
    reading.outbox_is_empty()
}

/// Of all of them none works when the first glance comes, and no `BEGIN` finds that out before.
#[tokio::test]
async fn a_glance_does_not_notice_connections_that_broke_while_idle() {
    let database = Database::postgres();
    let store = database.open();
    for _ in 0..5 {
        end_the_others(&mut database.rival());
        for _ in 0..5 {
            assert_eq!(store.glance(nothing_waits).await, Ok(true));
        }
    }
    assert_eq!(store.figures().reads.fates, [25, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_glance_whose_connection_breaks_is_taken_again() {
    let database = Database::postgres();
    let store = database.open();
    let (rival, taken) = (Mutex::new(Some(database.rival())), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&taken);
    let glanced = store.glance(move |reading| {
        counted.fetch_add(1, Ordering::Relaxed);
        let before = reading.outbox_is_empty()?;
        if let Some(mut rival) = rival.lock().unwrap().take() {
            end_the_others(&mut rival);
        }
        Ok::<_, StoreError>((before, reading.outbox_is_empty()?))
    });
    assert_eq!(glanced.await, Ok((true, true)));
    assert!(taken.load(Ordering::Relaxed) > 1);
    assert_eq!(store.figures().reads.fates, [1, 0, 0, 0, 0, 0]);
}

/// It is told, and not tried for ever.
#[tokio::test]
async fn a_glance_that_loses_every_connection_is_busy() {
    let database = Database::postgres();
    let store = database.open();
    let (rival, taken) = (Mutex::new(database.rival()), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&taken);
    let glanced = store.glance(move |reading| {
        counted.fetch_add(1, Ordering::Relaxed);
        end_the_others(&mut rival.lock().unwrap());
        reading.outbox_is_empty()
    });
    let glanced = glanced.await;
    assert!(matches!(glanced, Err(StoreError::Busy(_))), "{glanced:?}");
    assert_eq!(taken.load(Ordering::Relaxed), 5, "one more than there are connections");
    assert_eq!(store.figures().reads.fates, [0, 0, 1, 0, 0, 0]);
}

#[tokio::test]
async fn a_glance_that_loses_its_connection_after_its_patience_is_not_taken_again() {
    let database = Database::postgres();
    let store = database.open_with(|settings| settings.patience = Duration::from_millis(300));
    let (rival, taken) = (Mutex::new(database.rival()), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&taken);
    let glanced = store.glance(move |reading| {
        counted.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(400));
        end_the_others(&mut rival.lock().unwrap());
        reading.outbox_is_empty()
    });
    let glanced = glanced.await;
    assert!(matches!(glanced, Err(StoreError::Busy(_))), "{glanced:?}");
    assert_eq!(taken.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_at_work_lose_nothing_that_was_acknowledged() {
    let database = Database::postgres();
    let store = database.open();
    let mut rival = database.rival();
    let breaking = spawn_blocking(move || {
        for _ in 0..20 {
            end_the_others(&mut rival);
            thread::sleep(Duration::from_millis(10));
        }
    });
    let mut writing = JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writing.spawn(async move {
            let mut told = Vec::new();
            for n in 0..40 {
                let name = format!("{writer}-{n}");
                let kept = name.clone();
                told.push((name, store.write(move |tx| Ok::<_, Failure>(mark(tx, &kept)?)).await));
            }
            told
        });
    }
    let told = writing.join_all().await.concat();
    breaking.await.unwrap();
    check_acknowledged(told, &marks(&store).await);
    assert_eq!(store.write(|tx| mark(tx, "later")).await, Ok(()));
}

/// What was acknowledged is kept, what was busy is not; of the rest nobody can tell.
fn check_acknowledged(told: Vec<(String, Result<(), Failure>)>, kept: &[String]) {
    for (name, outcome) in told {
        let is_kept = kept.contains(&name);
        match outcome {
            Ok(()) => assert!(is_kept, "{name:.9} is lost"),
            Err(Failure::Store(StoreError::Busy(_))) => assert!(!is_kept, "{name:.9} was not to be kept"),
            outcome => assert!(is_unknown(&outcome), "{name:.9}: {outcome:?}"),
        }
    }
}

fn is_unknown(outcome: &Result<(), Failure>) -> bool {
    matches!(outcome, Err(Failure::Store(StoreError::OutcomeUnknown(_))))
}
