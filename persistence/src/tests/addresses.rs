//! Addresses that wait for their codes: one for each owner, counted by the day, and forgotten.

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::{
    Instant,
    id::PersonId,
    identity::{AddressOwner, AddressesAsked, AwaitingAddress, address::ASKED_WITHIN, confirmation::CODE_LIFE},
    text::EmailAddress,
};

use super::support::{Database, now, register};
use crate::{Store, StoreError, schema::awaiting_addresses};

on_both! {
    one_address_waits_for_an_owner_and_all_are_counted,
    an_address_is_forgotten_a_day_after_its_code_expired,
}

/// A person, and a space with the same id.
async fn owners(store: &Store) -> [AddressOwner; 2] {
    let id = register(store, 200).await.person.id;
    [AddressOwner::Person(id), AddressOwner::Space(id.0.into())]
}

/// The one person who asks.
fn asker(owner: AddressOwner) -> PersonId {
    match owner {
        AddressOwner::Person(id) => id,
        AddressOwner::Space(id) => id.0.into(),
    }
}

async fn ask(store: &Store, owner: AddressOwner, email: &str, at: Instant) -> AwaitingAddress {
    let email = EmailAddress::parse(email).unwrap();
    let asked = store.write(move |tx| {
        let asked = AwaitingAddress::begin(
            tx.new_id(),
            (owner, asker(owner)),
            email,
            AddressesAsked::default(),
            "digest".into(),
            at,
        )
        .unwrap();
        tx.insert_awaiting_address(&asked)?;
        Ok::<_, StoreError>(asked)
    });
    asked.await.unwrap()
}

/// What waits for an owner, and how many addresses were asked for: for the owner, and by the one person.
async fn seen(store: &Store, owner: AddressOwner) -> (Option<AwaitingAddress>, (u32, u32)) {
    let seen = store.read(move |tx| {
        let asked = tx.addresses_asked(owner, asker(owner))?;
        Ok::<_, StoreError>((tx.awaiting_address(owner)?, (asked.for_owner, asked.by_person)))
    });
    seen.await.unwrap()
}

async fn one_address_waits_for_an_owner_and_all_are_counted(database: Database) {
    let store = database.open();
    let [person, space] = owners(&store).await;
    ask(&store, person, "first@example.lu", now() - ASKED_WITHIN).await;
    ask(&store, person, "second@example.lu", now() - ASKED_WITHIN + TimeDelta::microseconds(1)).await;
    let mut third = ask(&store, person, "third@example.lu", now()).await;
    assert_eq!(seen(&store, person).await, (Some(third.clone()), (2, 2)), "the first is a day old");
    assert_eq!(seen(&store, space).await, (None, (0, 2)), "an owner is told from another with the same id");

    third.confirmation.tries_left = 2;
    let kept = third.clone();
    store.write(move |tx| tx.save_awaiting_address(&kept)).await.unwrap();
    assert_eq!(seen(&store, person).await.0, Some(third));
    for was_there in [true, false] {
        assert_eq!(store.write(move |tx| tx.drop_awaiting_address(person)).await, Ok(was_there));
    }
    assert_eq!(seen(&store, person).await, (None, (2, 2)), "one that is over counts");
    let emails = store
        .read(|tx| tx.run(|db| awaiting_addresses::table.select(awaiting_addresses::email).load::<Option<String>>(db)));
    let emails: Result<_, StoreError> = emails.await;
    assert_eq!(emails, Ok(vec![None; 3]), "an address that is over is kept no longer");
}

async fn an_address_is_forgotten_a_day_after_its_code_expired(database: Database) {
    let store = database.open();
    let [person, space] = owners(&store).await;
    let old = now() - ASKED_WITHIN - CODE_LIFE;
    ask(&store, person, "old@example.lu", old).await;
    let young = ask(&store, space, "young@example.lu", old + TimeDelta::microseconds(1)).await;
    assert_eq!(seen(&store, person).await, (None, (0, 0)), "it is not seen, whether it was purged or not");
    assert_eq!(store.write(|tx| tx.purge_addresses(tx.now() - ASKED_WITHIN)).await, Ok(false));
    let left = store.read(|tx| tx.run(|db| awaiting_addresses::table.count().get_result::<i64>(db)));
    let left: Result<_, StoreError> = left.await;
    assert_eq!((left, seen(&store, space).await.0), (Ok(1), Some(young)));
}
