//! What administrations are told, in the order in which each is told it. An event is written with what it tells of, and gets its
//! place in its feed after that was kept: so no reader ever passes one that is still to come.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    catalogue::AdministrationCode,
    id::PartnerEventId,
    partner::{Feed, FeedPosition, PartnerEvent, ToldEvent},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    recurring::PURGED_AT_ONCE,
    row::{Row, stamp},
    schema::{partner_events, partner_feeds},
    transaction::{Rank, Reading, Transaction},
};

/// How many events get their places in one transaction.
const NUMBERED_AT_ONCE: i64 = 100;

#[derive(Queryable, Selectable)]
#[diesel(table_name = partner_events)]
struct EventRow {
    id: String,
    administration: String,
    kind: String,
    subject: String,
    happened_at: NaiveDateTime,
    position: Option<i64>,
}

impl EventRow {
    fn read(self) -> Result<ToldEvent, StoreError> {
        let row = Row { table: "partner_events", id: &self.id };
        Ok(ToldEvent {
            id: row.id(&self.id)?,
            position: position(&row, self.position.unwrap_or_default())?,
            happened_at: self.happened_at.and_utc(),
            event: PartnerEvent {
                administration: row.value(AdministrationCode::parse(&self.administration))?,
                kind: row.code(&self.kind)?,
                subject: row.id(&self.subject)?,
            },
        })
    }
}

fn administration(code: &str) -> Result<AdministrationCode, StoreError> {
    Row { table: "partner_events of", id: code }.value(AdministrationCode::parse(code))
}

fn position(row: &Row<'_>, column: i64) -> Result<FeedPosition, StoreError> {
    FeedPosition::new(column).ok_or_else(|| row.corrupt("its position is out of range"))
}

impl Reading<'_> {
    /// How far the feed of an administration goes; one that was told nothing yet is empty.
    pub fn feed(&mut self, administration: &AdministrationCode) -> Result<Feed, StoreError> {
        let found: Option<(i64, i64)> = self.run(|db| {
            partner_feeds::table
                .find(administration.as_str())
                .select((partner_feeds::last_position, partner_feeds::purged_to))
                .get_result(db)
                .optional()
        })?;
        let row = Row { table: "partner_feeds", id: administration.as_str() };
        let (last, purged_to) = found.unwrap_or_default();
        Ok(Feed { last: position(&row, last)?, purged_to: position(&row, purged_to)? })
    }

    /// What an administration is told after a position, in order.
    pub fn events_of(
        &mut self,
        administration: &AdministrationCode,
        after: FeedPosition,
        most: u32,
    ) -> Result<Vec<ToldEvent>, StoreError> {
        let found: Vec<EventRow> = self.run(|db| {
            partner_events::table
                .filter(partner_events::administration.eq(administration.as_str()))
                .filter(partner_events::position.gt(after.get()))
                .order(partner_events::position)
                .limit(most.into())
                .select(EventRow::as_select())
                .get_results(db)
        })?;
        found.into_iter().map(EventRow::read).collect()
    }

    /// The administrations with events that have no place in their feeds yet.
    pub fn untold_administrations(&mut self) -> Result<Vec<AdministrationCode>, StoreError> {
        let found: Vec<String> = self.run(|db| {
            let untold = partner_events::table.filter(partner_events::position.is_null());
            untold.select(partner_events::administration).distinct().get_results(db)
        })?;
        found.iter().map(|code| administration(code)).collect()
    }
}

impl Transaction<'_> {
    /// Tells an administration of something, once this transaction is kept. To what it happened the transaction has locked, or
    /// made.
    ///
    /// Places follow the moments, and servers' clocks differ. So its moment is later than that of all that happened to the same
    /// thing, or was announced in this transaction, before.
    pub fn announce(&mut self, event: &PartnerEvent) -> Result<(), StoreError> {
        let id: PartnerEventId = self.new_id();
        let before = self.last_event_of(event.subject)?.max(self.announced_at);
        let happened_at = self.now().max(before.map_or(Instant::MIN_UTC, |before| before + TimeDelta::microseconds(1)));
        let row = (
            partner_events::id.eq(id.to_string()),
            partner_events::administration.eq(event.administration.as_str()),
            partner_events::kind.eq(event.kind.code()),
            partner_events::subject.eq(event.subject.to_string()),
            partner_events::happened_at.eq(stamp(happened_at)),
        );
        self.run(|db| diesel::insert_into(partner_events::table).values(row).execute(db))?;
        self.announced_at = Some(happened_at);
        Ok(())
    }

    /// When the last thing happened that was told of a subject.
    fn last_event_of(&mut self, subject: Uuid) -> Result<Option<Instant>, StoreError> {
        let last: Option<NaiveDateTime> = self.run(|db| {
            let of_subject = partner_events::table.filter(partner_events::subject.eq(subject.to_string()));
            let last = of_subject.order(partner_events::happened_at.desc()).select(partner_events::happened_at);
            last.first(db).optional()
        })?;
        Ok(last.map(|at| at.and_utc()))
    }

    /// Gives events of an administration that were kept their places in its feed, a hundred at most, the earliest first. Says how
    /// many.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a rival began the feed at the same moment.
    pub fn number_events(&mut self, administration: &AdministrationCode) -> Result<usize, StoreError> {
        let mut last = self.lock_feed(administration)?;
        // Read under the lock: what a rival has numbered is not among them.
        let untold: Vec<String> = self.run(|db| {
            partner_events::table
                .filter(partner_events::administration.eq(administration.as_str()))
                .filter(partner_events::position.is_null())
                .order((partner_events::happened_at, partner_events::id))
                .limit(NUMBERED_AT_ONCE)
                .select(partner_events::id)
                .get_results(db)
        })?;
        for id in &untold {
            last += 1;
            let place = partner_events::position.eq(Some(last));
            self.run(|db| diesel::update(partner_events::table.find(id)).set(place).execute(db))?;
        }
        let feed = partner_feeds::table.find(administration.as_str());
        self.run(|db| diesel::update(feed).set(partner_feeds::last_position.eq(last)).execute(db))?;
        Ok(untold.len())
    }

    /// Forgets events that happened before a moment and have their places, at most a hundred. Says whether there may be more.
    pub fn purge_events(&mut self, before: Instant) -> Result<bool, StoreError> {
        let Some(administration) = self.administration_of_old_events(before)? else { return Ok(false) };
        self.lock_feed(&administration)?;
        let old: Vec<(String, Option<i64>)> = self.run(|db| {
            partner_events::table
                .filter(partner_events::administration.eq(administration.as_str()))
                .filter(partner_events::position.gt(0))
                .filter(partner_events::happened_at.lt(stamp(before)))
                .order(partner_events::position)
                .limit(PURGED_AT_ONCE)
                .select((partner_events::id, partner_events::position))
                .get_results(db)
        })?;
        let ids: Vec<&String> = old.iter().map(|(id, _)| id).collect();
        self.run(|db| diesel::delete(partner_events::table.filter(partner_events::id.eq_any(ids))).execute(db))?;
        if let Some(last) = old.last().and_then(|(_, position)| *position) {
            let passed = partner_feeds::table.find(administration.as_str()).filter(partner_feeds::purged_to.lt(last));
            self.run(|db| diesel::update(passed).set(partner_feeds::purged_to.eq(last)).execute(db))?;
        }
        // There may be old ones of another administration.
        Ok(!old.is_empty())
    }

    fn administration_of_old_events(&mut self, before: Instant) -> Result<Option<AdministrationCode>, StoreError> {
        let found: Option<String> = self.run(|db| {
            partner_events::table
                .filter(partner_events::position.is_not_null())
                .filter(partner_events::happened_at.lt(stamp(before)))
                .order(partner_events::happened_at)
                .limit(1)
                .select(partner_events::administration)
                .get_result(db)
                .optional()
        })?;
        found.map(|code| administration(&code)).transpose()
    }

    /// Locks the feed of an administration, which begins with this if need be, and gives the last place in it.
    fn lock_feed(&mut self, administration: &AdministrationCode) -> Result<i64, StoreError> {
        self.climb(Rank::Object);
        let feed = partner_feeds::table.find(administration.as_str());
        let locked: Option<i64> = self.run(|db| {
            diesel::update(feed)
                .set(partner_feeds::lock_seq.eq(partner_feeds::lock_seq + 1))
                .returning(partner_feeds::last_position)
                .get_result(db)
                .optional()
        })?;
        if let Some(last) = locked {
            return Ok(last);
        }
        let row = (
            partner_feeds::administration.eq(administration.as_str()),
            partner_feeds::last_position.eq(0),
            partner_feeds::purged_to.eq(0),
        );
        self.run(|db| diesel::insert_into(partner_feeds::table).values(row).execute(db))?;
        Ok(0)
    }
}
