//! Company profiles as they are kept: sealed, and counted.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{Instant, id::SpaceId};

use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::company_profiles,
    transaction::{Reading, Transaction},
};

/// A company profile as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedProfile {
    /// What nobody reads without the data keys.
    pub sealed: String,
    /// When it was last edited.
    pub updated_at: Instant,
    /// Counts the edits, from 1.
    pub version: u32,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = company_profiles, treat_none_as_default_value = false)]
struct ProfileRow {
    space_id: String,
    sealed: String,
    updated_at: NaiveDateTime,
    version: i64,
}

impl Reading<'_> {
    /// The company profile of a space, if it ever had one.
    pub fn company_profile(&mut self, space: SpaceId) -> Result<Option<SealedProfile>, StoreError> {
        let found: Option<ProfileRow> = self.run(|db| {
            company_profiles::table.find(space.to_string()).select(ProfileRow::as_select()).get_result(db).optional()
        })?;
        let read = |found: ProfileRow| {
            let version = Row { table: "company_profiles", id: &found.space_id }.number(found.version)?;
            Ok(SealedProfile { sealed: found.sealed, updated_at: found.updated_at.and_utc(), version })
        };
        found.map(read).transpose()
    }
}

impl Transaction<'_> {
    /// Keeps the company profile of a locked space.
    pub fn save_company_profile(&mut self, space: SpaceId, profile: &SealedProfile) -> Result<(), StoreError> {
        let row = ProfileRow {
            space_id: space.to_string(),
            sealed: profile.sealed.clone(),
            updated_at: stamp(profile.updated_at),
            version: profile.version.into(),
        };
        self.run(|db| {
            let updated = diesel::update(company_profiles::table.find(&row.space_id)).set(&row).execute(db)?;
            if updated == 0 {
                diesel::insert_into(company_profiles::table).values(&row).execute(db)
            } else {
                Ok(updated)
            }
        })?;
        Ok(())
    }
}
