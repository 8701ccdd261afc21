//! What a caller of `read` sees, and what he can't do.

use std::sync::{Mutex, mpsc};

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{connection::SimpleConnection, prelude::*};
use tokio::task::JoinSet;

use super::support::{Database, Failure, begin, mark, marks, now, register};
use crate::{AssertionPurpose, Store, StoreError, row::stamp, schema::assertion_uses};

on_both! {
    what_was_acknowledged_is_seen,
    all_that_a_read_sees_is_of_one_moment,
    a_glance_sees_what_was_committed_before_it_began,
    a_read_can_not_write,
    a_glance_can_not_write,
    a_read_that_panics_harms_nobody_else,
    a_glance_that_panics_harms_nobody_else,
    a_full_queue_of_reads_refuses_at_once,
    a_corrupt_row_is_an_error,
    instants_keep_their_microseconds_and_their_order,
}

async fn what_was_acknowledged_is_seen(database: Database) {
    let store = database.open();
    let mut tasks = JoinSet::new();
    for writer in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            for n in 0..20 {
                let name = format!("{writer}-{n}");
                let kept = name.clone();
                store.write(move |tx| mark(tx, &kept)).await.unwrap();
                assert!(has_mark(&store, name.clone()).await, "{name} is not seen");
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(marks(&store).await.len(), 16 * 20);
}

async fn all_that_a_read_sees_is_of_one_moment(database: Database) {
    let store = database.open();
    let mut rival = database.rival();
    let counts = store.read(move |reading| {
        let before: i64 = reading.run(|db| assertion_uses::table.count().get_result(db))?;
        rival.batch_execute("INSERT INTO assertion_uses VALUES ('rival', 'token', '2027-01-01 00:00:00')").unwrap();
        let after: i64 = reading.run(|db| assertion_uses::table.count().get_result(db))?;
        Ok::<_, StoreError>((before, after))
    });
    assert_eq!(counts.await, Ok((0, 0)));
    assert_eq!(marks(&store).await, ["rival"]);
}

async fn a_glance_sees_what_was_committed_before_it_began(database: Database) {
    let store = database.open();
    let rival = Mutex::new(database.rival());
    let is_of_one_moment = database.url.has_one_writer();
    let counts = store.glance(move |reading| {
        let before: i64 = reading.run(|db| assertion_uses::table.count().get_result(db))?;
        let insert = "INSERT INTO assertion_uses VALUES ('rival', 'token', '2027-01-01 00:00:00')";
        rival.lock().unwrap().batch_execute(insert).unwrap();
        let after: i64 = reading.run(|db| assertion_uses::table.count().get_result(db))?;
        Ok::<_, StoreError>((before, after))
    });
    assert_eq!(counts.await, Ok((0, i64::from(!is_of_one_moment))));
    let now = store.glance(|reading| reading.run(|db| assertion_uses::table.count().get_result::<i64>(db)));
    assert_eq!(now.await, Ok::<_, StoreError>(1));
}

async fn a_read_can_not_write(database: Database) {
    let store = database.open();
    store.write(|tx| mark(tx, "a")).await.unwrap();
    for swallowed in [false, true] {
        let told = store.read(move |reading| {
            let told = reading.run(|db| diesel::delete(assertion_uses::table).execute(db));
            if swallowed { Ok(0) } else { told }
        });
        let told = told.await;
        assert!(matches!(told, Err(StoreError::Busy(_))), "{told:?}");
    }
    assert_eq!(marks(&store).await, ["a"]);
}

async fn a_glance_can_not_write(database: Database) {
    let store = database.open();
    store.write(|tx| mark(tx, "a")).await.unwrap();
    for swallowed in [false, true] {
        let told = store.glance(move |reading| {
            let told = reading.run(|db| diesel::delete(assertion_uses::table).execute(db));
            if swallowed { Ok(0) } else { told }
        });
        let told = told.await;
        assert!(matches!(told, Err(StoreError::Busy(_))), "{told:?}");
    }
    assert_eq!(marks(&store).await, ["a"]);
    assert_eq!(store.figures().reads.fates, [1, 0, 2, 0, 0, 0]);
}

async fn a_read_that_panics_harms_nobody_else(database: Database) {
    let store = database.open();
    // More often than there are connections.
    for _ in 0..10 {
        let told: Result<(), Failure> = store.read(|_| panic!("in a read")).await;
        assert!(matches!(told, Err(Failure::Store(StoreError::Failed(_)))), "{told:?}");
    }
    assert!(marks(&store).await.is_empty());
}

async fn a_glance_that_panics_harms_nobody_else(database: Database) {
    let store = database.open();
    // More often than there are connections.
    for _ in 0..10 {
        let told: Result<(), Failure> = store.glance(|_| panic!("at a glance")).await;
        assert!(matches!(told, Err(Failure::Store(StoreError::Failed(_)))), "{told:?}");
    }
    assert!(marks(&store).await.is_empty());
}

async fn a_full_queue_of_reads_refuses_at_once(database: Database) {
    let store = database.open_with(|settings| (settings.connections, settings.queue) = (1, 2));
    let (opening, opened) = mpsc::channel();
    let held = begin(store.read(move |_| opened.recv().map_err(|error| StoreError::Failed(error.to_string()))));
    let waiting = [1, 2].map(|n| begin(store.read(move |_| Ok::<_, StoreError>(n))));
    // It returns while the only connection is still held.
    let refused = store.read(|_| Ok::<_, StoreError>(3)).await;
    assert_eq!(refused, Err(StoreError::Busy("the queue for connections is full".into())));
    opening.send(()).unwrap();
    assert_eq!(held.await, Ok(()));
    for (waiting, n) in waiting.into_iter().zip([1, 2]) {
        assert_eq!(waiting.await, Ok(n));
    }
    assert_eq!(store.read(|_| Ok::<_, StoreError>(4)).await, Ok(4));
}

async fn a_corrupt_row_is_an_error(database: Database) {
    let store = database.open();
    let owner = register(&store, 200).await;
    let (person, product) = (owner.person.id, owner.product);
    let mut rival = database.rival();
    let (unguard, no_time) = if database.url.has_one_writer() {
        ("PRAGMA ignore_check_constraints = ON", "yesterday")
    } else {
        (
            "ALTER TABLE products DROP CONSTRAINT products_kind_check, DROP CONSTRAINT products_space_limit_check",
            "infinity",
        )
    };
    rival.batch_execute(unguard).unwrap();
    for (column, wrong, right) in [
        ("kind", "abacus", "eid"),
        ("serial", "123", "12345678901234567890"),
        ("space_limit", "-1", "200"),
        ("created_at", no_time, "2027-01-01 00:00:00"),
    ] {
        rival.batch_execute(&format!("UPDATE products SET {column} = '{wrong}'")).unwrap();
        let read = store.read(move |reading| reading.products_of(person)).await;
        assert!(matches!(&read, Err(StoreError::Corrupt(_))), "{column}: {read:?}");
        let locked = store.write(move |tx| tx.lock_product(product)).await;
        assert!(matches!(&locked, Err(StoreError::Corrupt(_))), "{column}: {locked:?}");
        rival.batch_execute(&format!("UPDATE products SET {column} = '{right}'")).unwrap();
    }
    assert!(store.write(move |tx| tx.lock_product(product)).await.is_ok());
}

async fn instants_keep_their_microseconds_and_their_order(database: Database) {
    let store = database.open();
    let instants =
        [0, 1, 10, 500_000, 500_001, 999_999, 1_000_000].map(|micros| now() + TimeDelta::microseconds(micros));
    let kept = store.write(move |tx| {
        instants.iter().try_for_each(|&at| tx.use_assertion(&at.to_rfc3339(), AssertionPurpose::Token, at))
    });
    assert_eq!(kept.await, Ok(()));
    for (n, at) in instants.into_iter().enumerate() {
        let up_to = store.read(move |reading| {
            let up_to = assertion_uses::table.filter(assertion_uses::expires_at.le(stamp(at)));
            reading.run(|db| up_to.select(assertion_uses::expires_at).order(assertion_uses::expires_at).load(db))
        });
        let up_to: Result<Vec<NaiveDateTime>, StoreError> = up_to.await;
        assert_eq!(up_to, Ok(instants[..=n].iter().copied().map(stamp).collect()));
    }
}

async fn has_mark(store: &Store, name: String) -> bool {
    let found = store.read(|reading| {
        reading.run(|db| assertion_uses::table.filter(assertion_uses::digest.eq(name)).count().get_result::<i64>(db))
    });
    found.await.unwrap_or_else(|error: StoreError| panic!("{error}")) == 1
}
