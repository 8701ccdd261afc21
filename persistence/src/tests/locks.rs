//! What is decided under a lock holds, whoever decides at the same time.

use std::time::Duration;

use diesel::{connection::SimpleConnection, prelude::*};
use domain::{Refusal, id::SpaceId};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::support::{Database, Failure, Owner, mark, open_space, register};
use crate::{
    Store, StoreError,
    connection::{self, Access, Db},
    schema::spaces,
};

on_both! {
    of_400_who_open_a_space_with_an_empty_product_200_may,
    of_64_who_open_the_last_space_one_may,
    a_rival_who_keeps_his_lock_makes_others_busy,
    a_connection_waits_for_locks_as_long_as_it_was_told,
    locks_are_taken_in_one_order,
    several_spaces_are_locked_in_one_order,
}

async fn of_400_who_open_a_space_with_an_empty_product_200_may(database: Database) {
    let stores = processes(&database);
    let owner = register(&stores[0], 200).await;
    assert_eq!(crowd(&stores, &owner, 400).await, (200, 200));
    assert_eq!(spaces_of(&stores[0]).await, 200);
}

async fn of_64_who_open_the_last_space_one_may(database: Database) {
    let stores = processes(&database);
    let owner = register(&stores[0], 200).await;
    assert_eq!(crowd(&stores, &owner, 199).await, (199, 0));
    assert_eq!(crowd(&stores, &owner, 64).await, (1, 63));
    assert_eq!(spaces_of(&stores[0]).await, 200);
}

async fn a_rival_who_keeps_his_lock_makes_others_busy(database: Database) {
    let store = database.open_with(|settings| settings.patience = Duration::from_secs(2));
    let product = register(&store, 200).await.product;
    let mut rival = database.rival();
    connection::begin(&mut rival, Access::Write).unwrap();
    rival.batch_execute("UPDATE products SET lock_seq = lock_seq + 1").unwrap();

    let told = store.write(move |tx| tx.lock_product(product)).await;
    assert!(matches!(told, Err(StoreError::Busy(_))), "{told:?}");
    assert!(store.read(move |reading| reading.spaces_used(product)).await.is_ok());

    connection::undo(&mut rival).unwrap();
    assert!(store.write(move |tx| tx.lock_product(product)).await.is_ok());
}

async fn a_connection_waits_for_locks_as_long_as_it_was_told(database: Database) {
    #[derive(QueryableByName)]
    struct Patience {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        millis: i64,
    }
    let mut db = database.url.connect(Access::Write, Duration::from_millis(1234)).unwrap();
    let told = match db {
        Db::Postgres(_) => "SELECT setting::bigint AS millis FROM pg_settings WHERE name = 'lock_timeout'",
        Db::Sqlite(_) => "SELECT timeout AS millis FROM pragma_busy_timeout",
    };
    assert_eq!(diesel::sql_query(told).get_result::<Patience>(&mut db).unwrap().millis, 1234);
}

/// Otherwise whoever reads first and a rival writes before him is told that the database is locked, without a wait.
#[tokio::test]
async fn a_write_on_sqlite_keeps_rivals_out_from_its_beginning() {
    let database = Database::sqlite();
    let store = database.open();
    let mut rival = database.url.connect(Access::Write, Duration::ZERO).unwrap();
    let outcome = store.write(move |tx| {
        tx.outbox_is_empty()?;
        assert!(rival.batch_execute("INSERT INTO installation VALUES ('rival', '')").is_err());
        mark(tx, "a")
    });
    assert_eq!(outcome.await, Ok(()));
}

async fn locks_are_taken_in_one_order(database: Database) {
    let store = database.open();
    let owner = register(&store, 200).await;
    let (person, product) = (owner.person.id, owner.product);
    let upwards = store.write(move |tx| {
        tx.lock_person(person)?;
        tx.lock_product(product)
    });
    assert!(upwards.await.is_ok());
    let downwards = store.write(move |tx| {
        mark(tx, "downwards")?;
        tx.lock_product(product)?;
        tx.lock_person(person)
    });
    let twice = store.write(move |tx| {
        tx.lock_product(product)?;
        tx.lock_product(product).map(|_| owner.person)
    });
    for told in [downwards.await, twice.await] {
        if cfg!(debug_assertions) {
            assert_eq!(told.unwrap_err(), StoreError::Failed("a transaction panicked".into()));
        }
    }
}

async fn several_spaces_are_locked_in_one_order(database: Database) {
    let stores = processes(&database);
    let owner = register(&stores[0], 200).await;
    assert_eq!(crowd(&stores, &owner, 6).await, (6, 0));
    let administered = stores[0].read(move |tx| tx.spaces_administered_by(owner.person.id)).await.unwrap();
    let ids: Vec<SpaceId> = administered.iter().map(|(space, _)| space.id).collect();
    assert!(ids.len() == 6 && ids.is_sorted());

    // Overlapping sets, named in any order: none of them waits for another in a ring.
    let mut tasks = JoinSet::new();
    for (turn, store) in stores.iter().cycle().take(60).enumerate() {
        let (store, set) = (store.clone(), (0..4).map(|place| ids[(turn * 5 + place) % 6]).collect());
        tasks.spawn(async move { store.write(move |tx| tx.lock_spaces(&set)).await });
    }
    assert_eq!(tasks.join_all().await, vec![Ok(()); 60]);

    // Those that there are, among more ids than one statement names.
    let asked: Vec<SpaceId> = (0..1200).map(|number| Uuid::from_u128(number).into()).chain(ids.clone()).collect();
    let rosters = stores[0].read(move |tx| tx.rosters(&asked)).await.unwrap();
    assert_eq!(rosters.keys().copied().collect::<Vec<_>>(), ids);
    for roster in rosters.values() {
        assert!(roster.0.len() == 1 && roster.has_able_administrator() && roster.hangs_on(owner.product));
    }
}

/// As many processes as the database lets in.
fn processes(database: &Database) -> Vec<Store> {
    let processes = if database.url.has_one_writer() { 1 } else { 2 };
    (0..processes).map(|_| database.open()).collect()
}

/// So many open a space at once; returns how many could and how many were refused.
async fn crowd(stores: &[Store], owner: &Owner, size: usize) -> (usize, usize) {
    let mut tasks = JoinSet::new();
    for store in stores.iter().cycle().take(size) {
        let (store, owner) = (store.clone(), owner.clone());
        tasks.spawn(async move { store.write(move |tx| open_space(tx, &owner)).await });
    }
    let outcomes = tasks.join_all().await;
    let full = Err(Failure::Refused(Refusal::SpaceLimitReached { limit: 200, used: 200 }));
    let count = |outcome| outcomes.iter().filter(|&one| *one == outcome).count();
    assert_eq!(count(Ok(())) + count(full.clone()), size, "{outcomes:?}");
    (count(Ok(())), count(full))
}

async fn spaces_of(store: &Store) -> i64 {
    store
        .read(|reading| reading.run(|db| spaces::table.count().get_result(db)))
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}
