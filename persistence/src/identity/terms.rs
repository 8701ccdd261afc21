//! Terms of use and who accepted them, as they are kept.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    id::{PersonId, ProductId},
    identity::Terms,
    text::Language,
};

use crate::{
    connection::each,
    error::StoreError,
    row::{Row, stamp},
    schema::{terms, terms_acceptances, terms_texts},
    transaction::{Reading, Transaction},
};

impl Reading<'_> {
    /// The version in force: the one published last, up to now.
    pub fn terms_in_force(&mut self) -> Result<Option<Terms>, StoreError> {
        let now = stamp(self.now());
        let published: Vec<(String, NaiveDateTime)> = self.run(|db| {
            each!(db => terms::table
                .filter(terms::published_at.le(now))
                .order((terms::published_at.desc(), terms::version.desc()))
                .limit(1)
                .get_results(db))
        })?;
        let current = published.into_iter().next();
        Ok(current.map(|(version, published_at)| Terms { version, published_at: published_at.and_utc() }))
    }

    /// The texts of a version, one a language.
    pub fn terms_texts(&mut self, version: &str) -> Result<Vec<(Language, String)>, StoreError> {
        let texts: Vec<(String, String)> = self.run(|db| {
            terms_texts::table
                .filter(terms_texts::version.eq(version))
                .select((terms_texts::language, terms_texts::body))
                .get_results(db)
        })?;
        let row = Row { table: "terms_texts", id: version };
        texts.into_iter().map(|(language, body)| Ok((row.code(&language)?, body))).collect()
    }

    /// Whether a person accepted the version in force.
    pub fn has_accepted_terms(&mut self, person: PersonId) -> Result<bool, StoreError> {
        let (now, person) = (stamp(self.now()), person.to_string());
        let accepted: Option<Option<NaiveDateTime>> = self.run(|db| {
            let of_person = terms_acceptances::version.eq(terms::version).and(terms_acceptances::person_id.eq(person));
            each!(db => terms::table
                .left_join(terms_acceptances::table.on(of_person))
                .filter(terms::published_at.le(now))
                .order((terms::published_at.desc(), terms::version.desc()))
                .select(terms_acceptances::accepted_at.nullable())
                .first(db))
            .optional()
        })?;
        Ok(accepted.flatten().is_some())
    }

    /// When a person accepted a version, if he did.
    pub fn terms_accepted_at(&mut self, person: PersonId, version: &str) -> Result<Option<Instant>, StoreError> {
        let accepted: Option<NaiveDateTime> = self.run(|db| {
            each!(db => terms_acceptances::table
                .find((person.to_string(), version))
                .select(terms_acceptances::accepted_at)
                .get_result(db))
            .optional()
        })?;
        Ok(accepted.map(|at| at.and_utc()))
    }
}

impl Transaction<'_> {
    /// Keeps a version and its texts.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the version exists.
    pub fn publish_terms(
        &mut self,
        published: &Terms,
        texts: &[(Language, impl AsRef<str>)],
    ) -> Result<(), StoreError> {
        let version = (terms::version.eq(&published.version), terms::published_at.eq(stamp(published.published_at)));
        self.run(|db| diesel::insert_into(terms::table).values(version).execute(db))?;
        for (language, body) in texts {
            let text = (
                terms_texts::version.eq(&published.version),
                terms_texts::language.eq(language.code()),
                terms_texts::body.eq(body.as_ref()),
            );
            self.run(|db| diesel::insert_into(terms_texts::table).values(text).execute(db))?;
        }
        Ok(())
    }

    /// Keeps that a person, whose row is locked, accepted a version.
    pub fn accept_terms(&mut self, person: PersonId, product: ProductId, version: &str) -> Result<Instant, StoreError> {
        let now = self.now();
        let row = (
            terms_acceptances::person_id.eq(person.to_string()),
            terms_acceptances::version.eq(version),
            terms_acceptances::product_id.eq(product.to_string()),
            terms_acceptances::accepted_at.eq(stamp(now)),
        );
        self.run(|db| diesel::insert_into(terms_acceptances::table).values(row).execute(db))?;
        Ok(now)
    }
}
