//! What the audit log promises: an entry for every act that is kept and for no other, in chains without a gap.

use chrono::TimeDelta;
use diesel::{connection::SimpleConnection, prelude::*};
use domain::{
    Refusal,
    audit::{Actor, AuditAct, Chain, Entry, Event, Finding, Head, Walk},
    id::SpaceId,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    migrations::revert_last,
    support::{Database, Failure, mark, marks, now, register},
};
use crate::{
    AuditFilter, Store, StoreError, Transaction,
    schema::{audit_chains, audit_entries},
};

on_both! {
    what_is_not_kept_leaves_no_entry,
    what_can_not_be_recorded_is_not_kept,
    an_act_is_found_by_whoever_did_it_or_answers_for_it,
    writers_at_once_leave_chains_without_a_gap,
    writers_of_several_chains_never_wait_for_each_other_in_a_ring,
    a_filter_lets_through_what_it_says,
    tampering_is_found,
    what_was_there_before_the_log_has_its_chain,
}

fn space(number: u128) -> Chain {
    Chain::Space(Uuid::from_u128(number).into())
}

fn edited(chain: Chain) -> Event {
    let actor = Actor::Person { person: Uuid::from_u128(7).into(), product: Uuid::from_u128(8).into() };
    Event::new(chain, AuditAct::SpaceEdited, actor, SpaceId(Uuid::from_u128(1))).changing(&["title", "language"])
}

async fn record(store: &Store, event: Event) {
    let recorded = store.write(move |tx| {
        tx.record(event);
        Ok::<_, StoreError>(())
    });
    recorded.await.unwrap();
}

async fn entries(store: &Store, chain: Chain, filter: AuditFilter) -> Vec<Entry> {
    let read = store.read(move |reading| reading.audit_entries(chain, filter, None, 1000));
    read.await.unwrap_or_else(|error: StoreError| panic!("{error}"))
}

async fn heads(store: &Store) -> Vec<Head> {
    let heads = store.read(|reading| reading.audit_heads("", 100)).await;
    let heads = heads.unwrap_or_else(|error: StoreError| panic!("{error}"));
    heads.into_iter().map(|(name, head)| head.unwrap_or_else(|| panic!("{name}"))).collect()
}

/// Walks a chain in small pages, as the program does in larger ones.
async fn findings(store: &Store, chain: Chain, exported: Option<Head>) -> Vec<Finding> {
    let now = heads(store).await.into_iter().find(|head| head.chain == chain);
    let mut walk = Walk::new(now.into_iter().chain(exported).collect());
    let mut after = 0;
    loop {
        let page = store.read(move |reading| reading.audit_chain(chain, after, 2)).await;
        let page = page.unwrap_or_else(|error: StoreError| panic!("{error}"));
        let Some((last, _)) = page.last() else { return walk.end() };
        after = *last;
        for (position, entry) in &page {
            walk.step(*position, entry.as_ref());
        }
    }
}

async fn what_is_not_kept_leaves_no_entry(database: Database) {
    let store = database.open();
    let refused = store.write(|tx| {
        tx.record(edited(space(1)));
        Err::<(), Failure>(Refusal::NotFound.into())
    });
    assert_eq!(refused.await, Err(Refusal::NotFound.into()));
    let panicked = store.write(|tx| -> Result<(), StoreError> {
        tx.record(edited(space(1)));
        panic!("after the act")
    });
    assert!(panicked.await.is_err());
    assert_eq!(heads(&store).await, []);
    record(&store, edited(space(1))).await;
    assert_eq!(findings(&store, space(1), None).await, []);
    assert_eq!(entries(&store, space(1), AuditFilter::default()).await.len(), 1);
}

async fn an_act_is_found_by_whoever_did_it_or_answers_for_it(database: Database) {
    let store = database.open();
    let (approver, client, partner) = (Uuid::from_u128(7), Uuid::from_u128(9), Uuid::from_u128(11));
    let software = Actor::SystemUser { client: client.into(), approver: approver.into() };
    record(&store, Event { actor: software, ..edited(space(1)) }).await;
    let back_end = Actor::Partner { client: partner.into() };
    record(&store, Event { actor: back_end, ..edited(space(1)) }).await;
    for (id, actor) in [(approver, software), (client, software), (partner, back_end)] {
        let by_it = AuditFilter { actor: Some(id), ..AuditFilter::default() };
        let kept = entries(&store, space(1), by_it).await;
        assert_eq!(kept.iter().map(|entry| entry.event.actor).collect::<Vec<_>>(), [actor]);
    }
    assert_eq!(findings(&store, space(1), None).await, []);
    let another = "UPDATE audit_entries SET actor_client = '00000000-0000-0000-0000-00000000000a' WHERE position = 1";
    database.rival().batch_execute(another).unwrap();
    assert_eq!(findings(&store, space(1), None).await, [Finding::Changed(1)]);
}

async fn what_can_not_be_recorded_is_not_kept(database: Database) {
    let store = database.open();
    record(&store, edited(space(1))).await;
    // Somebody wrote the next entry by hand.
    let forged = "INSERT INTO audit_entries SELECT chain, 2, recorded_at, act, actor_kind, actor_id, actor_product, object, \
        changed, reason_code, reason_text, previous_hash, hash, actor_client FROM audit_entries";
    database.rival().batch_execute(forged).unwrap();
    let told = store.write(|tx| {
        tx.record(edited(space(1)));
        tx.record(edited(space(2)));
        mark(tx, "the act")
    });
    let told = told.await;
    assert!(matches!(told, Err(StoreError::Conflict(_))), "{told:?}");
    assert!(marks(&store).await.is_empty());
    assert_eq!(heads(&store).await.len(), 1);
    assert_eq!(store.write(|tx| mark(tx, "another act")).await, Ok(()));
}

async fn writers_at_once_leave_chains_without_a_gap(database: Database) {
    let store = database.open();
    record(&store, edited(space(1))).await;
    let mut tasks = JoinSet::new();
    for writer in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            let written = store.write(move |tx| {
                tx.record(edited(space(1)));
                if writer % 4 == 0 { Err(Failure::Refused(Refusal::NotFound)) } else { Ok(()) }
            });
            written.await.is_ok()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|is_kept| *is_kept).count(), 48);
    let mut positions: Vec<_> =
        entries(&store, space(1), AuditFilter::default()).await.iter().map(|entry| entry.position).collect();
    positions.reverse();
    assert_eq!(positions, (1..=49).collect::<Vec<_>>());
    assert_eq!(findings(&store, space(1), None).await, []);
}

async fn writers_of_several_chains_never_wait_for_each_other_in_a_ring(database: Database) {
    let store = database.open();
    for number in 1..=3 {
        record(&store, edited(space(number))).await;
    }
    let mut tasks = JoinSet::new();
    for writer in 0..40 {
        let store = store.clone();
        let order = [[1, 2, 3], [3, 2, 1], [2, 3, 1]][writer % 3];
        tasks.spawn(async move {
            let record_all = move |tx: &mut Transaction<'_>| {
                for number in order {
                    tx.record(edited(space(number)));
                }
                Ok::<_, StoreError>(())
            };
            store.write(record_all).await.unwrap();
        });
    }
    tasks.join_all().await;
    for number in 1..=3 {
        assert_eq!(findings(&store, space(number), None).await, []);
        assert_eq!(entries(&store, space(number), AuditFilter::default()).await.len(), 41);
    }
}

async fn a_filter_lets_through_what_it_says(database: Database) {
    let store = database.open();
    record(&store, edited(space(1))).await;
    record(&store, Event { act: AuditAct::SpaceOpened, actor: Actor::System, ..edited(space(1)) }).await;
    record(&store, edited(space(2))).await;
    let moment = TimeDelta::microseconds(1);
    let all = AuditFilter::default();
    for (filter, positions) in [
        (all, vec![2, 1]),
        (AuditFilter { act: Some(AuditAct::SpaceOpened), ..all }, vec![2]),
        (AuditFilter { actor: Some(Uuid::from_u128(7)), ..all }, vec![1]),
        (AuditFilter { actor: Some(Uuid::from_u128(9)), ..all }, vec![]),
        (AuditFilter { from: Some(now()), to: Some(now() + moment), ..all }, vec![2, 1]),
        (AuditFilter { from: Some(now() + moment), ..all }, vec![]),
        (AuditFilter { to: Some(now()), ..all }, vec![]),
    ] {
        let found = entries(&store, space(1), filter).await;
        assert_eq!(found.iter().map(|entry| entry.position).collect::<Vec<_>>(), positions, "{filter:?}");
    }
    let page = store.read(|reading| reading.audit_entries(space(1), AuditFilter::default(), Some(2), 1)).await;
    assert_eq!(page.map(|page: Vec<Entry>| page[0].position), Ok::<_, StoreError>(1));
}

async fn tampering_is_found(database: Database) {
    let at = |sql: &str| {
        sql.replace("{at}", "audit_entries.chain = 'space:00000000-0000-0000-0000-000000000001' AND position =")
    };
    for (tampering, expected) in [
        ("UPDATE audit_entries SET act = 'space_opened' WHERE {at} 3", vec![Finding::Changed(3)]),
        ("UPDATE audit_entries SET act = 'no_such_act' WHERE {at} 3", vec![Finding::Changed(3)]),
        ("UPDATE audit_entries SET changed = 'title' WHERE {at} 3", vec![Finding::Changed(3)]),
        ("UPDATE audit_entries SET recorded_at = '2020-01-01 00:00:00' WHERE {at} 3", vec![Finding::Changed(3)]),
        ("DELETE FROM audit_entries WHERE {at} 3", vec![Finding::MissingBefore(4)]),
        (
            "UPDATE audit_entries SET position = 99 WHERE {at} 3; UPDATE audit_entries SET position = 3 WHERE {at} 4;
             UPDATE audit_entries SET position = 4 WHERE {at} 99",
            [3, 4, 5].map(Finding::Reordered).to_vec(),
        ),
        ("DELETE FROM audit_entries WHERE {at} 5", vec![Finding::Cut { left: 4, of: 5 }]),
    ] {
        let store = recorded_five(&database).await;
        database.rival().batch_execute(&at(tampering)).unwrap();
        assert_eq!(findings(&store, space(1), None).await, expected, "{tampering}");
    }
    let store = recorded_five(&database).await;
    let exported = heads(&store).await.into_iter().find(|head| head.chain == space(1));
    let with_its_head = "DELETE FROM audit_entries WHERE {at} 5; DELETE FROM audit_entries WHERE {at} 4;
        UPDATE audit_chains SET entries = 3, hash = (SELECT hash FROM audit_entries WHERE {at} 3)";
    database.rival().batch_execute(&at(with_its_head)).unwrap();
    assert_eq!(findings(&store, space(1), None).await, []);
    assert_eq!(findings(&store, space(1), exported).await, [Finding::Cut { left: 3, of: 5 }]);
}

/// A store with one chain of five entries.
async fn recorded_five(database: &Database) -> Store {
    database.url.migrate().unwrap();
    let mut rival = database.rival();
    diesel::delete(audit_entries::table).execute(&mut rival).unwrap();
    diesel::delete(audit_chains::table).execute(&mut rival).unwrap();
    let store = database.open();
    for _ in 0..5 {
        record(&store, edited(space(1))).await;
    }
    store
}

async fn what_was_there_before_the_log_has_its_chain(database: Database) {
    let owner = register(&database.open(), 200).await;
    let mut rival = database.rival();
    while rival.batch_execute("SELECT * FROM audit_chains").is_ok() {
        revert_last(&mut rival);
    }
    let store = database.open();
    let chain = Chain::Person(owner.person.id);
    assert_eq!(heads(&store).await, [Head::new(chain)]);
    record(&store, edited(chain)).await;
    assert_eq!(findings(&store, chain, None).await, []);
}
