//! Sessions and their refresh tokens as they are kept. Tokens are kept as digests.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    id::{PersonId, ProductId, SessionId, SpaceId},
    identity::{
        Product, ProductStatus, Session,
        session::{IDLE, WHOLE},
    },
};

use crate::{
    connection::each,
    error::StoreError,
    identity::products::ProductRow,
    kept::Kept,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, columns, stamp},
    schema::{products, refresh_tokens, sessions},
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
struct SessionRow {
    id: String,
    person_id: String,
    product_id: String,
    assurance: String,
    authenticated_at: NaiveDateTime,
    helpdesk: bool,
    created_at: NaiveDateTime,
    refreshed_at: NaiveDateTime,
    ended: Option<String>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            person_id: session.person.to_string(),
            product_id: session.product.to_string(),
            assurance: session.assurance.code().to_owned(),
            authenticated_at: stamp(session.authenticated_at),
            helpdesk: session.helpdesk,
            created_at: stamp(session.created_at),
            refreshed_at: stamp(session.refreshed_at),
            ended: session.ended.map(|end| end.code().to_owned()),
        }
    }
}

impl SessionRow {
    fn read(self) -> Result<Session, StoreError> {
        let row = Row { table: "sessions", id: &self.id };
        Ok(Session {
            id: row.id(&self.id)?,
            person: row.id(&self.person_id)?,
            product: row.id(&self.product_id)?,
            assurance: row.code(&self.assurance)?,
            authenticated_at: self.authenticated_at.and_utc(),
            helpdesk: self.helpdesk,
            created_at: self.created_at.and_utc(),
            refreshed_at: self.refreshed_at.and_utc(),
            ended: self.ended.as_deref().map(|end| row.code(end)).transpose()?,
        })
    }
}

/// A refresh token, apart from its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session that it keeps alive.
    pub session: SessionId,
    /// Whether it was used: a second use is a theft.
    pub is_spent: bool,
}

impl Reading<'_> {
    /// The session, if it is live and the product that it began with is still registered.
    pub fn live_session(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.live_session_with_space(id)?.map(|(session, _)| session))
    }

    /// The same with the space in which it works, if it said so.
    pub fn live_session_with_space(&mut self, id: SessionId) -> Result<Option<(Session, Option<SpaceId>)>, StoreError> {
        let found: Option<(SessionRow, Option<String>)> = self.run(|db| {
            each!(db => sessions::table
                .inner_join(products::table)
                .filter(sessions::id.eq(id.to_string()))
                .filter(products::status.eq(ProductStatus::Registered.code()))
                .select((SessionRow::as_select(), sessions::current_space))
                .get_result(db))
            .optional()
        })?;
        let Some((session, space)) = found else { return Ok(None) };
        let space = space.map(|space| Row { table: "sessions", id: &session.id }.id(&space)).transpose()?;
        let session = session.read()?;
        Ok(Some((session, space)).filter(|(session, _)| session.is_live(self.now())))
    }

    /// All live sessions of a person, each with its product, oldest first.
    pub fn live_sessions_of(&mut self, person: PersonId) -> Result<Vec<(Session, Product)>, StoreError> {
        let now = self.now();
        let rows: Vec<(SessionRow, ProductRow)> = self.run(|db| {
            sessions::table
                .inner_join(products::table)
                .filter(sessions::person_id.eq(person.to_string()))
                .filter(sessions::ended.is_null())
                // Those that lived longer were idle, or are too old: the rule itself decides below.
                .filter(sessions::refreshed_at.gt(stamp(now - IDLE)))
                .filter(products::status.eq(ProductStatus::Registered.code()))
                .order(sessions::id)
                .select((SessionRow::as_select(), ProductRow::as_select()))
                .get_results(db)
        })?;
        let mut live = Vec::with_capacity(rows.len());
        for (session, product) in rows {
            let session = session.read()?;
            if session.is_live(now) {
                live.push((session, product.read()?));
            }
        }
        Ok(live)
    }

    /// A refresh token by its digest.
    pub fn refresh_token(&mut self, digest: &str) -> Result<Option<RefreshToken>, StoreError> {
        let found: Option<(String, Option<NaiveDateTime>)> = self.run(|db| {
            refresh_tokens::table
                .find(digest)
                .select((refresh_tokens::session_id, refresh_tokens::spent_at))
                .get_result(db)
                .optional()
        })?;
        found
            .map(|(session, spent_at)| {
                let session = Row { table: "refresh_tokens of session", id: &session }.id(&session)?;
                Ok(RefreshToken { session, is_spent: spent_at.is_some() })
            })
            .transpose()
    }
}

impl Transaction<'_> {
    /// Locks a session, if it is live: its refresh tokens and its end change under this lock.
    pub fn lock_live_session(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.climb(Rank::Object);
        let lock = sessions::lock_seq.eq(sessions::lock_seq + 1);
        self.run(|db| Kept(diesel::update(sessions::table.find(id.to_string())).set(lock)).execute(db))?;
        self.live_session(id)
    }

    /// Locks the sessions that began with a product, whose lock keeps others from beginning, and that have not ended. One that
    /// seems idle is among them: it may be refreshed at this moment.
    pub fn lock_sessions_with(&mut self, product: ProductId) -> Result<Vec<Session>, StoreError> {
        self.climb(Rank::Object);
        let now = self.now();
        let began_with_it = sessions::table
            .filter(sessions::product_id.eq(product.to_string()))
            .filter(sessions::ended.is_null())
            .filter(sessions::created_at.gt(stamp(now - WHOLE)));
        let ids: Vec<String> = self.run(|db| began_with_it.order(sessions::id).select(sessions::id).get_results(db))?;
        let mut locked = Vec::with_capacity(ids.len());
        for id in &ids {
            let lock = sessions::lock_seq.eq(sessions::lock_seq + 1);
            let row = diesel::update(sessions::table.find(id)).set(lock).returning(columns::<SessionRow>());
            locked.push(self.run(|db| Kept(row).get_result::<SessionRow>(db))?.read()?);
        }
        locked.retain(|session| session.ended.is_none());
        Ok(locked)
    }

    /// Keeps in which space a session works.
    pub fn save_current_space(&mut self, session: SessionId, space: Option<SpaceId>) -> Result<(), StoreError> {
        let space = sessions::current_space.eq(space.map(|space| space.to_string()));
        self.run(|db| diesel::update(sessions::table.find(session.to_string())).set(space).execute(db))?;
        Ok(())
    }

    /// Keeps a new session.
    pub fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.run(|db| diesel::insert_into(sessions::table).values(SessionRow::from(session)).execute(db))?;
        Ok(())
    }

    /// Keeps when a locked session was refreshed, and why it ended if it did.
    pub fn save_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let now = stamp(self.now());
        let row = SessionRow::from(session);
        let ended_at = row.ended.is_some().then_some(now);
        self.run(|db| {
            diesel::update(sessions::table.find(&row.id))
                .set((
                    sessions::refreshed_at.eq(row.refreshed_at),
                    sessions::ended.eq(&row.ended),
                    sessions::ended_at.eq(ended_at),
                ))
                .execute(db)
        })?;
        Ok(())
    }

    /// Keeps the digest of a new refresh token.
    pub fn insert_refresh_token(&mut self, digest: &str, session: SessionId) -> Result<(), StoreError> {
        let row = (
            refresh_tokens::digest.eq(digest),
            refresh_tokens::session_id.eq(session.to_string()),
            refresh_tokens::issued_at.eq(stamp(self.now())),
        );
        self.run(|db| diesel::insert_into(refresh_tokens::table).values(row).execute(db))?;
        Ok(())
    }

    /// Marks a refresh token as used.
    pub fn spend_refresh_token(&mut self, digest: &str) -> Result<(), StoreError> {
        let now = stamp(self.now());
        self.run(|db| {
            diesel::update(refresh_tokens::table.find(digest)).set(refresh_tokens::spent_at.eq(now)).execute(db)
        })?;
        Ok(())
    }
    /// Forgets sessions that began before a moment, when all of them have ended. Says whether there may be more.
    pub fn purge_sessions(&mut self, begun_before: Instant) -> Result<bool, StoreError> {
        let is_old = sessions::created_at.lt(stamp(begun_before));
        self.run(|db| {
            let tokens = refresh_tokens::table.inner_join(sessions::table).filter(is_old);
            let tokens: Vec<String> = tokens.select(refresh_tokens::digest).limit(PURGED_AT_ONCE).get_results(db)?;
            if !tokens.is_empty() {
                diesel::delete(refresh_tokens::table.filter(refresh_tokens::digest.eq_any(&tokens))).execute(db)?;
                return Ok(true);
            }
            let old = sessions::table.filter(is_old).select(sessions::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            diesel::delete(sessions::table.filter(sessions::id.eq_any(&old))).execute(db)?;
            Ok(is_full(&old))
        })
    }
}
