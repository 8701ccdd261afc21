//! What is sealed gets under another key, all of it, and nobody's change is lost.

use diesel::{connection::SimpleConnection, prelude::*, sql_types::Text};

use super::support::{Database, register};
use crate::{Resealed, SEALED, SealedColumn, SealedValue, StoreError};

on_both! {
    values_are_found_by_the_whole_name_of_their_key,
    a_value_that_changed_meanwhile_stays,
    a_newcomer_is_looked_for_again_under_the_lock,
}

fn column(table: &str) -> &'static SealedColumn {
    SEALED.iter().find(|column| column.table == table).unwrap()
}

async fn values_are_found_by_the_whole_name_of_their_key(database: Database) {
    let store = database.open();
    for sealed in ["k1:a", "k1:b", "K1:c", "k10:d", "k_:e"] {
        store.write(move |tx| tx.send_mail(sealed)).await.unwrap();
    }
    let counted = store.read(|tx| {
        let keys = [Some("k1"), Some("K1"), Some("k10"), Some("k"), Some("1"), None];
        keys.map(|key| tx.count_sealed(column("outbox"), key)).into_iter().collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(counted.await, Ok(vec![2, 1, 1, 0, 0, 5]));

    let mut after = String::new();
    let mut found = Vec::new();
    loop {
        let page = store.read(move |tx| tx.sealed_otherwise(column("outbox"), "k1", &after, 2)).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.id.clone();
        found.extend(page.into_iter().map(|value| value.sealed));
    }
    found.sort_unstable();
    assert_eq!(found, ["K1:c", "k10:d", "k_:e"]);
}

async fn a_value_that_changed_meanwhile_stays(database: Database) {
    let store = database.open();
    let (anna, marc) = (register(&store, 1).await, register(&store, 1).await);
    let persons = column("persons");
    let seen = store.read(move |tx| tx.sealed_otherwise(persons, "k2", "", 100)).await.unwrap();
    assert_eq!(seen.len(), 2);
    let changed = format!("UPDATE persons SET number_sealed = 'changed' WHERE id = '{}'", anna.person.id);
    database.rival().batch_execute(&changed).unwrap();
    let anew = |was: &SealedValue| Resealed { was: was.clone(), sealed: "k2:x".into(), digest: was.id.clone() };
    let values: Vec<_> = seen.iter().map(anew).collect();
    let again = values.clone();
    assert_eq!(store.write(move |tx| tx.reseal(persons, &again)).await, Ok(1));
    assert_eq!(store.write(move |tx| tx.reseal(persons, &values)).await, Ok(0));
    let kept = store.read(move |tx| Ok::<_, StoreError>([tx.person(anna.person.id)?, tx.person(marc.person.id)?]));
    let [anna, marc] = kept.await.unwrap().map(|person| (person.number.sealed, person.number.digest, person.id));
    assert_eq!(anna.0, "changed");
    assert_eq!((marc.0.as_str(), marc.1), ("k2:x", marc.2.to_string()));
}

async fn a_newcomer_is_looked_for_again_under_the_lock(database: Database) {
    let store = database.open();
    let known = register(&store, 1).await.person.number.digest;
    let digests = [vec!["unknown".to_owned(), known], vec!["unknown".to_owned()]];
    let [found, missing] = digests.map(|digests| store.write(move |tx| tx.lock_newcomers(&digests)));
    assert!(matches!(found.await, Err(StoreError::Conflict(_))));
    assert_eq!(missing.await, Ok(()));
}

/// Whoever adds a column of this name adds it to the list too.
#[test]
fn no_sealed_column_is_forgotten() {
    #[derive(QueryableByName, Debug, PartialEq)]
    struct Found {
        #[diesel(sql_type = Text)]
        found: String,
    }
    let database = Database::sqlite();
    database.url.migrate().unwrap();
    let columns = "SELECT tables.name || '.' || columns.name AS found \
                   FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns \
                   WHERE tables.type = 'table' AND columns.name LIKE '%sealed' ORDER BY found";
    let found: Vec<Found> = diesel::sql_query(columns).load(&mut database.rival()).unwrap();
    let mut listed: Vec<_> = SEALED.iter().map(|column| format!("{}.{}", column.table, column.column)).collect();
    listed.sort_unstable();
    assert_eq!(found.into_iter().map(|found| found.found).collect::<Vec<_>>(), listed);
}
