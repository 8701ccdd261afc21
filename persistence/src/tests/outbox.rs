//! What a worker may count on: a job is one worker's while its lease lasts, and no job is lost.
#![expect(clippy::redundant_closure_for_method_calls, reason = "a method itself is not general enough over lifetimes")]

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::{
    Instant,
    identity::{
        Assurance, Identity, ProductKind, Protected, Registration, RegistrationStatus, Serial, Session, confirmation,
        session,
    },
    text::{EmailAddress, Language, PersonName},
};
use tokio::{task::JoinSet, time::timeout};
use uuid::Uuid;

use super::support::{Database, mark, marks, now, register};
use crate::{
    Answered, Message, Store, StoreError,
    schema::{refresh_tokens, registrations, sessions},
};

on_both! {
    what_is_posted_and_kept_is_told_and_nothing_else,
    of_many_workers_each_message_is_taken_by_one,
    a_message_whose_worker_ended_is_due_again_after_the_lease,
    a_late_worker_changes_nothing,
    a_message_that_was_put_back_waits,
    a_dead_letter_rests_until_it_is_repeated_or_discarded,
    a_recurring_job_is_done_by_one_and_then_rests,
    a_recurring_job_whose_worker_ended_is_done_by_another,
    what_nobody_needs_any_more_is_forgotten_and_nothing_else,
    a_purge_takes_a_hundred_rows_at_once,
}

const LEASE: TimeDelta = TimeDelta::minutes(1);

/// A store whose clock is moved by hand.
struct Timed {
    store: Store,
    hands: Arc<AtomicI64>,
}

impl Timed {
    fn open(database: &Database) -> Self {
        let hands = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&hands);
        let store = database.open_with(move |settings| {
            settings.clock = Arc::new(move || now() + TimeDelta::microseconds(clock.load(Ordering::Relaxed)));
        });
        Self { store, hands }
    }

    fn wait(&self, time: TimeDelta) {
        self.hands.fetch_add(time.num_microseconds().unwrap(), Ordering::Relaxed);
    }

    async fn send(&self, count: usize) {
        for n in 0..count {
            self.store.write(move |tx| tx.send_mail(&n.to_string())).await.unwrap();
        }
    }

    async fn take(&self, most: i64) -> Vec<Message> {
        self.store.write(move |tx| tx.take_messages(most, tx.now() + LEASE)).await.unwrap()
    }

    async fn take_one(&self) -> Message {
        let [message] = self.take(5).await.try_into().unwrap();
        message
    }

    async fn is_empty(&self) -> bool {
        self.store.read(|tx| tx.outbox_is_empty()).await.unwrap()
    }
}

async fn what_is_posted_and_kept_is_told_and_nothing_else(database: Database) {
    let store = Timed::open(&database).store;
    let is_told = || timeout(Duration::from_millis(50), store.posted());
    store.write(|tx| tx.ping()).await.unwrap();
    let refused = store.write(|tx| {
        tx.send_mail("k1:a")?;
        Err::<(), _>(StoreError::Busy("refused".into()))
    });
    refused.await.unwrap_err();
    is_told().await.unwrap_err();
    store.write(|tx| tx.send_mail("k1:b")).await.unwrap();
    is_told().await.unwrap();
    is_told().await.unwrap_err();
}

async fn of_many_workers_each_message_is_taken_by_one(database: Database) {
    let timed = Timed::open(&database);
    timed.send(60).await;
    // On PostgreSQL each is as a process of its own.
    let stores = if database.url.has_one_writer() { vec![timed.store.clone(); 4] } else { vec![database.open(); 4] };
    let mut working = JoinSet::new();
    for store in stores {
        working.spawn(async move {
            let mut done = Vec::new();
            while !store.read(|tx| tx.outbox_is_empty()).await.unwrap() {
                let taken = store.write(|tx| tx.take_messages(5, tx.now() + LEASE)).await;
                for message in taken.unwrap() {
                    done.push((message.id, message.sealed.clone()));
                    assert_eq!(store.write(move |tx| tx.finish_message(&message)).await, Ok(true));
                }
            }
            done
        });
    }
    let done = working.join_all().await.concat();
    assert_eq!(done.len(), 60);
    assert_eq!(done.iter().map(|(id, _)| id).collect::<HashSet<_>>().len(), 60);
    assert_eq!(done.iter().map(|(_, sealed)| sealed).collect::<HashSet<_>>().len(), 60);
}

async fn a_message_whose_worker_ended_is_due_again_after_the_lease(database: Database) {
    let timed = Timed::open(&database);
    timed.send(1).await;
    let first = timed.take_one().await;
    assert_eq!((first.tries, first.created_at), (1, now()));
    timed.wait(LEASE - TimeDelta::microseconds(1));
    assert!(timed.take(5).await.is_empty());
    assert!(!timed.store.read(|tx| tx.outbox_is_due()).await.unwrap() && !timed.is_empty().await);
    timed.wait(TimeDelta::microseconds(1));
    assert!(timed.store.read(|tx| tx.outbox_is_due()).await.unwrap());
    let second = timed.take_one().await;
    assert_eq!((second.id, second.tries), (first.id, 2));
}

async fn a_late_worker_changes_nothing(database: Database) {
    let timed = Timed::open(&database);
    timed.send(1).await;
    let late = timed.take_one().await;
    timed.wait(LEASE);
    let holder = timed.take_one().await;
    let (finished, postponed, buried) = (late.clone(), late.clone(), late.clone());
    assert_eq!(timed.store.write(move |tx| tx.finish_message(&finished)).await, Ok(false));
    assert_eq!(timed.store.write(move |tx| tx.postpone_message(&postponed, tx.now())).await, Ok(false));
    assert_eq!(timed.store.write(move |tx| tx.bury_message(&buried, "late")).await, Ok(false));
    assert!(!timed.is_empty().await && timed.take(5).await.is_empty());

    let put_back = holder.clone();
    assert_eq!(timed.store.write(move |tx| tx.postpone_message(&put_back, tx.now())).await, Ok(true));
    // Once it was put back it is nobody's.
    assert_eq!(timed.store.write(move |tx| tx.finish_message(&holder)).await, Ok(false));
    let next = timed.take_one().await;
    assert_eq!(next.tries, 3);
    assert_eq!(timed.store.write(move |tx| tx.finish_message(&next)).await, Ok(true));
    assert!(timed.is_empty().await);
}

async fn a_message_that_was_put_back_waits(database: Database) {
    let timed = Timed::open(&database);
    timed.send(1).await;
    let message = timed.take_one().await;
    let hour = TimeDelta::hours(1);
    assert_eq!(timed.store.write(move |tx| tx.postpone_message(&message, tx.now() + hour)).await, Ok(true));
    timed.wait(hour - TimeDelta::microseconds(1));
    assert!(timed.take(5).await.is_empty() && !timed.is_empty().await);
    timed.wait(TimeDelta::microseconds(1));
    assert_eq!(timed.take_one().await.tries, 2);
}

async fn a_dead_letter_rests_until_it_is_repeated_or_discarded(database: Database) {
    let timed = Timed::open(&database);
    timed.send(2).await;
    for message in timed.take(5).await {
        assert_eq!(timed.store.write(move |tx| tx.bury_message(&message, "no such box")).await, Ok(true));
    }
    timed.wait(TimeDelta::days(1));
    assert!(timed.is_empty().await && timed.take(5).await.is_empty());
    let dead = timed.store.read(|tx| tx.dead_letters(None, 5)).await.unwrap();
    let [first, second] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!((&*first.kind, &*first.reason, first.tries, first.dead_at), ("mail", "no such box", 1, now()));
    let (first, second) = (first.id, second.id);
    assert_eq!(timed.store.read(move |tx| tx.dead_letters(Some(first), 5)).await.unwrap(), dead[1..]);

    assert_eq!(timed.store.write(move |tx| tx.repeat_dead_letter(first)).await, Ok(true));
    assert_eq!(timed.store.write(move |tx| tx.repeat_dead_letter(first)).await, Ok(false));
    // What is no dead letter is not discarded.
    assert_eq!(timed.store.write(move |tx| tx.discard_dead_letter(first)).await, Ok(false));
    assert_eq!(timed.store.write(move |tx| tx.discard_dead_letter(second)).await, Ok(true));
    assert_eq!(timed.store.write(move |tx| tx.discard_dead_letter(second)).await, Ok(false));
    let again = timed.take_one().await;
    assert_eq!((again.id, again.tries), (first, 1));
    assert_eq!(timed.store.read(|tx| tx.dead_letters(None, 5)).await, Ok(vec![]));
}

async fn a_recurring_job_is_done_by_one_and_then_rests(database: Database) {
    let timed = Timed::open(&database);
    let due = async || timed.store.read(|tx| tx.due_jobs(&["sweep", "dust"])).await.unwrap();
    assert_eq!(due().await, ["sweep", "dust"]);
    let mut taking = JoinSet::new();
    for _ in 0..8 {
        let store = timed.store.clone();
        taking.spawn(async move { store.write(|tx| tx.take_job("sweep", tx.now() + LEASE)).await });
    }
    let taken: Vec<_> = taking.join_all().await.into_iter().filter_map(|taken| taken.ok().flatten()).collect();
    let [lease] = <[_; 1]>::try_from(taken).unwrap();
    assert_eq!(due().await, ["dust"]);

    timed.wait(LEASE / 2);
    let held = lease.clone();
    assert_eq!(timed.store.write(move |tx| tx.hold_job(&held, tx.now() + LEASE)).await, Ok(true));
    timed.wait(LEASE / 2);
    assert_eq!(due().await, ["dust"]);
    let ended = lease.clone();
    assert_eq!(timed.store.write(move |tx| tx.end_job(&ended, tx.now() + TimeDelta::hours(1))).await, Ok(true));
    assert_eq!(timed.store.write(move |tx| tx.hold_job(&lease, tx.now() + LEASE)).await, Ok(false));
    timed.wait(TimeDelta::hours(1) - TimeDelta::microseconds(1));
    assert_eq!(due().await, ["dust"]);
    assert_eq!(timed.store.write(|tx| tx.take_job("sweep", tx.now() + LEASE)).await, Ok(None));
    timed.wait(TimeDelta::microseconds(1));
    assert_eq!(due().await, ["sweep", "dust"]);
    assert!(timed.store.write(|tx| tx.take_job("sweep", tx.now() + LEASE)).await.unwrap().is_some());
}

async fn a_recurring_job_whose_worker_ended_is_done_by_another(database: Database) {
    let timed = Timed::open(&database);
    let late = timed.store.write(|tx| tx.take_job("sweep", tx.now() + LEASE)).await.unwrap().unwrap();
    timed.wait(LEASE);
    let holder = timed.store.write(|tx| tx.take_job("sweep", tx.now() + LEASE)).await.unwrap().unwrap();
    let (held, ended) = (late.clone(), late);
    assert_eq!(timed.store.write(move |tx| tx.hold_job(&held, tx.now() + LEASE)).await, Ok(false));
    assert_eq!(timed.store.write(move |tx| tx.end_job(&ended, tx.now())).await, Ok(false));
    assert_eq!(timed.store.write(move |tx| tx.end_job(&holder, tx.now())).await, Ok(true));
}

async fn what_nobody_needs_any_more_is_forgotten_and_nothing_else(database: Database) {
    let timed = Timed::open(&database);
    let owner = register(&timed.store, 200).await;
    let day = TimeDelta::days(1);
    let moments = [now() - day, now(), now() + day];
    timed.store.write(move |tx| keep_some(tx, owner.person.id, owner.product, moments)).await.unwrap();
    timed.wait(day);
    let purged = timed.store.write(|tx| {
        let before = now() + TimeDelta::seconds(1);
        Ok::<_, StoreError>([tx.purge_assertions(before)?, tx.purge_registrations(before)?])
    });
    assert_eq!(purged.await, Ok([false, false]));
    assert_eq!(marks(&timed.store).await, [moments[2].to_string()]);
    let left: Vec<String> = timed
        .store
        .read(|tx| tx.run(|db| registrations::table.order(registrations::id).select(registrations::status).load(db)))
        .await
        .unwrap();
    assert_eq!(left, ["confirmed", "awaiting_confirmation"]);

    // One part for the refresh tokens, one for the sessions.
    for is_more in [true, false] {
        assert_eq!(timed.store.write(|tx| tx.purge_sessions(now() + TimeDelta::seconds(1))).await, Ok(is_more));
    }
    let counted = timed.store.read(|tx| {
        tx.run(|db| {
            let sessions: i64 = sessions::table.count().get_result(db)?;
            Ok((sessions, refresh_tokens::table.count().get_result::<i64>(db)?))
        })
    });
    assert_eq!(counted.await, Ok((1, 1)));

    assert_eq!(timed.store.write(|tx| tx.purge_keys(tx.now() - TimeDelta::hours(25))).await, Ok(false));
    let is_kept =
        async || timed.store.read(|tx| tx.answered("key", now() - TimeDelta::days(1))).await.unwrap().is_some();
    assert!(is_kept().await);
    assert_eq!(timed.store.write(|tx| tx.purge_keys(tx.now() - TimeDelta::hours(24))).await, Ok(false));
    assert!(!is_kept().await);
}

/// At each moment: an assertion, a registration that waits and one that is confirmed, a session with a token; and a key.
fn keep_some(
    tx: &mut crate::Transaction<'_>,
    person: domain::id::PersonId,
    product: domain::id::ProductId,
    moments: [Instant; 3],
) -> Result<(), StoreError> {
    tx.take_key("key", "fingerprint", now() - TimeDelta::hours(24))?;
    let answered = Answered {
        fingerprint: "fingerprint".into(),
        status: 201,
        location: None,
        etag: None,
        sealed: "sealed".into(),
    };
    tx.keep_answer("key", &answered)?;
    for (place, moment) in moments.into_iter().enumerate() {
        mark(tx, &moment.to_string())?;
        let uses = crate::schema::assertion_uses::table.find((moment.to_string(), "token"));
        let expiry = crate::schema::assertion_uses::expires_at.eq(moment.naive_utc());
        tx.run(|db| diesel::update(uses).set(expiry).execute(db))?;
        for status in [RegistrationStatus::Confirmed, RegistrationStatus::AwaitingConfirmation] {
            let id =
                Uuid::from_u128(u128::from(status == RegistrationStatus::AwaitingConfirmation) * 10 + place as u128);
            let begun = moment - confirmation::CODE_LIFE;
            let email = EmailAddress::parse("anna@example.lu").unwrap();
            let identity = identity(&format!("{place:020}"));
            let begun = Registration::begin(id.into(), identity, email, Language::Fr, "digest".into(), begun);
            tx.insert_registration(&Registration { status, ..begun })?;
        }
        let session = Session {
            id: tx.new_id(),
            person,
            product,
            assurance: Assurance::Low,
            authenticated_at: moment,
            helpdesk: false,
            created_at: moment,
            refreshed_at: moment,
            ended: None,
        };
        tx.insert_session(&session)?;
        tx.insert_refresh_token(&moment.to_string(), session.id)?;
    }
    Ok(())
}

fn identity(serial: &str) -> Identity {
    Identity {
        serial: Serial::parse(serial).unwrap(),
        kind: ProductKind::Eid,
        number: Protected { digest: "digest".into(), sealed: "sealed".into() },
        given_name: PersonName::parse("Anna").unwrap(),
        family_name: PersonName::parse("Weber").unwrap(),
        assurance: Assurance::High,
    }
}

async fn a_purge_takes_a_hundred_rows_at_once(database: Database) {
    let timed = Timed::open(&database);
    let keep = |tx: &mut crate::Transaction<'_>| (0..250).try_for_each(|n| mark(tx, &format!("{n:03}")));
    timed.store.write(keep).await.unwrap();
    timed.wait(session::KEPT);
    for left in [150, 50] {
        assert_eq!(timed.store.write(|tx| tx.purge_assertions(tx.now())).await, Ok(true));
        assert_eq!(marks(&timed.store).await.len(), left);
    }
    assert_eq!(timed.store.write(|tx| tx.purge_assertions(tx.now())).await, Ok(false));
    assert!(marks(&timed.store).await.is_empty());
}
