//! The notices that persons turned off.

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::{
    Coded,
    id::PersonId,
    identity::{NoticeKind, NotificationPreferences},
};

use crate::{
    error::StoreError,
    row::{NAMED_AT_ONCE, Row},
    schema::notification_preferences::{self, person_id, turned_off},
    transaction::{Reading, Transaction},
};

impl Reading<'_> {
    /// The notices that a person wants. A kind that only a newer server knows is passed over.
    pub fn notification_preferences(&mut self, person: PersonId) -> Result<NotificationPreferences, StoreError> {
        let off: Vec<String> = self.run(|db| {
            let his = notification_preferences::table.filter(person_id.eq(person.to_string()));
            his.select(turned_off).get_results(db)
        })?;
        Ok(NotificationPreferences::all_but(off.iter().filter_map(|code| NoticeKind::from_code(code))))
    }

    /// Who of these persons turned notices of a kind off, in one look at a thousand.
    pub fn who_turned_off(&mut self, kind: NoticeKind, among: &[PersonId]) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut found = BTreeSet::new();
        for some in among.chunks(NAMED_AT_ONCE) {
            let ids: Vec<String> = self.run(|db| {
                notification_preferences::table
                    .filter(person_id.eq_any(some.iter().map(ToString::to_string)))
                    .filter(turned_off.eq(kind.code()))
                    .select(person_id)
                    .get_results(db)
            })?;
            for id in &ids {
                found.insert(Row { table: "notification_preferences of", id }.id(id)?);
            }
        }
        Ok(found)
    }
}

impl Transaction<'_> {
    /// Keeps that a locked person, who did not before, wants notices of a kind from now on, or does not.
    pub fn save_notification_preference(
        &mut self,
        person: PersonId,
        kind: NoticeKind,
        is_wanted: bool,
    ) -> Result<(), StoreError> {
        let (person, kind) = (person.to_string(), kind.code());
        self.run(|db| {
            if is_wanted {
                return diesel::delete(notification_preferences::table.find((person, kind))).execute(db);
            }
            let row = (person_id.eq(person), turned_off.eq(kind));
            diesel::insert_into(notification_preferences::table).values(row).execute(db)
        })?;
        Ok(())
    }
}
