//! What the reader of a feed may count on: an event is lost by nothing, told once, and never put before one that was read.
#![expect(clippy::redundant_closure_for_method_calls, reason = "a method itself is not general enough over lifetimes")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use domain::{
    Coded,
    catalogue::AdministrationCode,
    partner::{EventSubject, FeedPosition, PartnerEvent, PartnerEventKind, ToldEvent},
};
use tokio::{sync::oneshot, task::JoinSet, time::timeout};
use uuid::Uuid;

use super::support::{Database, catalogue_of, now, service};
use crate::{Store, StoreError};

on_both! {
    what_is_announced_and_kept_is_told_and_nothing_else,
    what_is_kept_late_is_told_late,
    of_many_workers_each_event_is_numbered_by_one,
    what_was_kept_before_a_worker_died_is_told_by_the_next,
    places_are_given_in_the_order_of_what_happened,
    what_happens_to_one_thing_is_told_in_its_order_whatever_the_clocks_say,
    what_one_transaction_announces_is_told_in_its_order,
}

fn acd() -> AdministrationCode {
    service("acd.any", &[]).administration
}

fn event(n: u128) -> PartnerEvent {
    PartnerEvent::of_certification(acd(), PartnerEventKind::CertificationGranted, Uuid::from_u128(n).into())
}

async fn open(database: &Database) -> Store {
    let store = database.open();
    store
        .write(|tx| {
            let loading = tx.lock_catalogues()?.load(catalogue_of(1, vec![])).unwrap();
            tx.save_loading(&loading)
        })
        .await
        .unwrap();
    store
}

async fn announce(store: &Store, n: u128) {
    store.write(move |tx| tx.announce(&event(n))).await.unwrap();
}

async fn number(store: &Store) -> Result<usize, StoreError> {
    store.write(|tx| tx.number_events(&acd())).await
}

async fn told(store: &Store, after: i64) -> Vec<ToldEvent> {
    let after = FeedPosition::new(after).unwrap();
    store.read(move |tx| tx.events_of(&acd(), after, 1000)).await.unwrap()
}

fn subjects(told: &[ToldEvent]) -> Vec<u128> {
    told.iter().map(|told| told.event.subject.as_u128()).collect()
}

fn positions(told: &[ToldEvent]) -> Vec<i64> {
    told.iter().map(|told| told.position.get()).collect()
}

async fn what_is_announced_and_kept_is_told_and_nothing_else(database: Database) {
    let store = open(&database).await;
    let is_rung = || timeout(Duration::from_millis(50), store.announced());
    let refused = store.write(|tx| {
        tx.announce(&event(1))?;
        Err::<(), _>(StoreError::Busy("refused".into()))
    });
    refused.await.unwrap_err();
    is_rung().await.unwrap_err();
    announce(&store, 2).await;
    is_rung().await.unwrap();
    assert_eq!(told(&store, 0).await, [], "it has no place yet");
    assert_eq!(store.read(|tx| tx.untold_administrations()).await, Ok(vec![acd()]));
    assert_eq!(number(&store).await, Ok(1));
    assert_eq!(subjects(&told(&store, 0).await), [2]);
    assert_eq!(store.read(|tx| tx.untold_administrations()).await, Ok(vec![]));
    assert_eq!(store.read(|tx| tx.feed(&acd())).await.unwrap().last.get(), 1);
}

/// On PostgreSQL the late one is held open while others are kept and numbered; on SQLite, which has one writer, it comes first and
/// nobody is let by.
async fn what_is_kept_late_is_told_late(database: Database) {
    let store = open(&database).await;
    let (announced, is_announced) = oneshot::channel();
    let (release, released) = std::sync::mpsc::channel();
    let late = {
        let store = store.clone();
        tokio::spawn(async move {
            let held = store.write(move |tx| {
                tx.announce(&event(1))?;
                announced.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, StoreError>(())
            });
            held.await.unwrap();
        })
    };
    is_announced.await.unwrap();
    if database.url.has_one_writer() {
        release.send(()).unwrap();
        late.await.unwrap();
        announce(&store, 2).await;
        number(&store).await.unwrap();
        // Both happened at the one moment of these tests.
        assert_eq!(subjects(&told(&store, 0).await).into_iter().collect::<BTreeSet<_>>(), [1, 2].into());
        return;
    }
    announce(&store, 2).await;
    number(&store).await.unwrap();
    let before = told(&store, 0).await;
    assert_eq!(subjects(&before), [2]);
    release.send(()).unwrap();
    late.await.unwrap();
    number(&store).await.unwrap();
    assert_eq!(subjects(&told(&store, before[0].position.get()).await), [1]);
    assert_eq!(positions(&told(&store, 0).await), [1, 2]);
}

async fn of_many_workers_each_event_is_numbered_by_one(database: Database) {
    let store = open(&database).await;
    // On PostgreSQL each is as a process of its own.
    let stores = if database.url.has_one_writer() { vec![store.clone(); 4] } else { vec![database.open(); 4] };
    let mut working = JoinSet::new();
    for n in 0..250 {
        let store = store.clone();
        working.spawn(async move { announce(&store, n).await });
    }
    for store in stores {
        working.spawn(async move {
            while store.read(|tx| tx.feed(&acd())).await.unwrap().last.get() < 250 {
                match number(&store).await {
                    Ok(count) => assert!(count <= 100),
                    Err(error) => assert!(matches!(error, StoreError::Conflict(_)), "{error}"),
                }
            }
        });
    }
    working.join_all().await;
    let told = told(&store, 0).await;
    assert_eq!(positions(&told), (1..=250).collect::<Vec<_>>());
    assert_eq!(subjects(&told).into_iter().collect::<BTreeSet<_>>().len(), 250);
}

async fn what_was_kept_before_a_worker_died_is_told_by_the_next(database: Database) {
    let store = open(&database).await;
    announce(&store, 1).await;
    let dead = store.write(|tx| {
        tx.number_events(&acd())?;
        Err::<(), _>(StoreError::Failed("it died before its commit".into()))
    });
    dead.await.unwrap_err();
    drop(store);
    let next = database.open();
    assert_eq!(told(&next, 0).await, []);
    assert_eq!(number(&next).await, Ok(1));
    assert_eq!((subjects(&told(&next, 0).await), positions(&told(&next, 0).await)), (vec![1], vec![1]));
}

/// A store beside others, whose clock is so many microseconds ahead as the hands say.
fn open_with_hands(database: &Database) -> (Store, Arc<AtomicI64>) {
    let hands = Arc::new(AtomicI64::new(0));
    let read = Arc::clone(&hands);
    let store = database.open_with(move |settings| {
        settings.serves = false;
        settings.clock = Arc::new(move || now() + TimeDelta::microseconds(read.load(Ordering::Relaxed)));
    });
    (store, hands)
}

async fn places_are_given_in_the_order_of_what_happened(database: Database) {
    open(&database).await;
    let (store, hands) = open_with_hands(&database);
    // Ids of one millisecond are in any order.
    for n in 0..50_u8 {
        hands.store(50 - i64::from(n), Ordering::Relaxed);
        announce(&store, n.into()).await;
    }
    number(&store).await.unwrap();
    assert_eq!(subjects(&told(&store, 0).await), (0..50).rev().collect::<Vec<_>>());
}

/// Each server writes one event and numbers nothing; every one's clock is behind that of the one before, or says the same.
async fn what_happens_to_one_thing_is_told_in_its_order_whatever_the_clocks_say(database: Database) {
    open(&database).await;
    let (store, hands) = open_with_hands(&database);
    let kinds: Vec<PartnerEventKind> =
        PartnerEventKind::ALL.iter().copied().filter(|kind| kind.subject() == EventSubject::Certification).collect();
    for (n, kind) in kinds.iter().copied().enumerate() {
        hands.store(-60_000_000 * i64::try_from(n / 2).unwrap(), Ordering::Relaxed);
        let event = PartnerEvent { kind, ..event(1) };
        store.write(move |tx| tx.announce(&event)).await.unwrap();
        if n == 3 {
            number(&store).await.unwrap();
        }
    }
    number(&store).await.unwrap();
    let told = told(&store, 0).await;
    assert_eq!(told.iter().map(|told| told.event.kind).collect::<Vec<_>>(), kinds);
    assert!(told.is_sorted_by(|one, next| one.happened_at < next.happened_at), "{told:?}");
}

async fn what_one_transaction_announces_is_told_in_its_order(database: Database) {
    let store = open(&database).await;
    let announced = store.write(|tx| (0..50).try_for_each(|n| tx.announce(&event(n))));
    announced.await.unwrap();
    number(&store).await.unwrap();
    assert_eq!(subjects(&told(&store, 0).await), (0..50).collect::<Vec<_>>());
}
