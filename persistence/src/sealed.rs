//! What is kept sealed under a data key, and how it gets under another one.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Text},
};

use crate::{
    error::StoreError,
    transaction::{Rank, Reading, Transaction},
};

/// A column whose values are sealed, `{id of the key}:{…}`.
#[derive(Debug, PartialEq, Eq)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column that names its rows.
    pub id: &'static str,
    /// The column.
    pub column: &'static str,
    /// The column of the HMAC by which equals are found; it is made with the same key.
    pub digest: Option<&'static str>,
    /// What the values were sealed for, and the HMAC made for.
    pub purpose: &'static str,
}

/// Every such column: whoever seals more adds it here, so that it changes keys with the rest. What is copied as it is sealed
/// stands before the column that it is copied to: registrations become persons.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "registrations",
        id: "id",
        column: "number_sealed",
        digest: Some("number_digest"),
        purpose: "national-number",
    },
    SealedColumn {
        table: "persons",
        id: "id",
        column: "number_sealed",
        digest: Some("number_digest"),
        purpose: "national-number",
    },
    SealedColumn { table: "idempotency_keys", id: "scope", column: "sealed", digest: None, purpose: "answer" },
    SealedColumn { table: "outbox", id: "id", column: "sealed", digest: None, purpose: "mail" },
    SealedColumn {
        table: "company_profiles",
        id: "space_id",
        column: "sealed",
        digest: None,
        purpose: "company-profile",
    },
    SealedColumn {
        table: "certifications",
        id: "id",
        column: "legal_person_sealed",
        digest: Some("legal_person_digest"),
        purpose: "legal-person",
    },
    SealedColumn {
        table: "certifications",
        id: "id",
        column: "application_sealed",
        digest: None,
        purpose: "certification-application",
    },
    SealedColumn {
        table: "procedures",
        id: "id",
        column: "content_sealed",
        digest: None,
        purpose: "procedure-content",
    },
    SealedColumn {
        table: "procedures",
        id: "id",
        column: "explanation_sealed",
        digest: None,
        purpose: "procedure-explanation",
    },
    SealedColumn { table: "stored_files", id: "id", column: "key_sealed", digest: None, purpose: "file-key" },
    SealedColumn { table: "attachments", id: "file_id", column: "name_sealed", digest: None, purpose: "file-name" },
    SealedColumn {
        table: "source_records",
        id: "id",
        column: "subject_sealed",
        digest: Some("subject_digest"),
        purpose: "legal-person",
    },
    SealedColumn {
        table: "source_records",
        id: "id",
        column: "content_sealed",
        digest: None,
        purpose: "source-record",
    },
    SealedColumn {
        table: "source_verifications",
        id: "id",
        column: "discrepancies_sealed",
        digest: None,
        purpose: "discrepancies",
    },
    SealedColumn {
        table: "source_verifications",
        id: "id",
        column: "answer_sealed",
        digest: None,
        purpose: "discrepancy-answer",
    },
    SealedColumn {
        table: "access_codes",
        id: "id",
        column: "legal_person_sealed",
        digest: Some("legal_person_digest"),
        purpose: "legal-person",
    },
];

/// A value that is sealed under another key than the current one.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct SealedValue {
    /// Its row.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// What it is.
    #[diesel(sql_type = Text)]
    pub sealed: String,
}

/// The same value, sealed under the current key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// What it was: if it is no longer, it is left alone.
    pub was: SealedValue,
    /// What it becomes.
    pub sealed: String,
    /// And its HMAC.
    pub digest: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// What comes before the value that a key sealed, and how long that is.
fn mark(key: &str) -> (String, i32) {
    let mark = format!("{key}:");
    let length = i32::try_from(mark.len()).unwrap_or(i32::MAX);
    (mark, length)
}

impl Reading<'_> {
    /// How many values of a column are sealed under a key, or under any.
    pub fn count_sealed(&mut self, column: &SealedColumn, key: Option<&str>) -> Result<u64, StoreError> {
        let SealedColumn { table, column, .. } = column;
        let (mark, length) = key.map(mark).unwrap_or_default();
        // The first letters, as many as the mark has: LIKE would take small letters for capitals on one of the databases.
        let counted: Count = self.run(|db| {
            sql_query(format!("SELECT COUNT(*) AS count FROM {table} WHERE substr({column}, 1, $1) = $2"))
                .bind::<Integer, _>(length)
                .bind::<Text, _>(mark)
                .get_result(db)
        })?;
        Ok(counted.count.unsigned_abs())
    }

    /// Values of a column that are sealed under another key than this one, in the order of their rows after that one.
    pub fn sealed_otherwise(
        &mut self,
        column: &SealedColumn,
        key: &str,
        after: &str,
        most: u32,
    ) -> Result<Vec<SealedValue>, StoreError> {
        let SealedColumn { table, id, column, .. } = column;
        let (mark, length) = mark(key);
        self.run(|db| {
            sql_query(format!(
                "SELECT {id} AS id, {column} AS sealed FROM {table} \
                 WHERE {id} > $1 AND substr({column}, 1, $2) <> $3 ORDER BY {id} LIMIT {most}"
            ))
            .bind::<Text, _>(after)
            .bind::<Integer, _>(length)
            .bind::<Text, _>(mark)
            .load(db)
        })
    }
}

impl Transaction<'_> {
    /// Keeps values of a column as they were sealed anew; says how many: what was changed meanwhile stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another row has the same digest.
    pub fn reseal(&mut self, column: &SealedColumn, values: &[Resealed]) -> Result<usize, StoreError> {
        // The rows are locked in one order, that of their ids, as locks of one rank are.
        self.climb(Rank::Person);
        let SealedColumn { table, id: name, column, digest, .. } = column;
        let mut kept = 0;
        // SQLite counts parameters in the order in which they stand, whatever their numbers.
        for Resealed { was: SealedValue { id, sealed: was }, sealed, digest: hmac } in values {
            kept += self.run(|db| match digest {
                Some(digest) => sql_query(format!(
                    "UPDATE {table} SET {column} = $1, {digest} = $2 WHERE {name} = $3 AND {column} = $4"
                ))
                .bind::<Text, _>(sealed)
                .bind::<Text, _>(hmac)
                .bind::<Text, _>(id)
                .bind::<Text, _>(was)
                .execute(db),
                None => sql_query(format!("UPDATE {table} SET {column} = $1 WHERE {name} = $2 AND {column} = $3"))
                    .bind::<Text, _>(sealed)
                    .bind::<Text, _>(id)
                    .bind::<Text, _>(was)
                    .execute(db),
            })?;
        }
        Ok(kept)
    }
}
