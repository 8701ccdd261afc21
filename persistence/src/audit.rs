//! The audit log as it is kept: entries that are only ever added, and the head of each chain.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    audit::{Actor, AuditAct, AuditActorKind, Chain, Entry, EntryHash, Event, Head, Object, Reason},
};
use uuid::Uuid;

use crate::{
    connection::each,
    error::StoreError,
    kept::Kept,
    row::{Row, columns, stamp},
    schema::{audit_chains, audit_entries},
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries, treat_none_as_default_value = false)]
struct EntryRow {
    chain: String,
    position: i64,
    recorded_at: NaiveDateTime,
    act: String,
    actor_kind: String,
    actor_id: Option<String>,
    actor_product: Option<String>,
    actor_client: Option<String>,
    object: String,
    changed: String,
    reason_code: Option<String>,
    reason_text: Option<String>,
    previous_hash: String,
    hash: String,
}

impl From<Entry> for EntryRow {
    fn from(entry: Entry) -> Self {
        let Event { chain, act, actor, object, changed, reason } = entry.event;
        let (reason_code, reason_text) = reason.map(|reason| (reason.code.into_owned(), reason.text)).unzip();
        Self {
            chain: chain.to_string(),
            position: entry.position.into(),
            recorded_at: stamp(entry.at),
            act: act.code().to_owned(),
            actor_kind: actor.kind().code().to_owned(),
            actor_id: actor.person().map(|id| id.to_string()),
            actor_product: actor.product().map(|id| id.to_string()),
            actor_client: actor.client().map(|id| id.to_string()),
            object: object.as_str().to_owned(),
            changed: changed.join(" "),
            reason_code,
            reason_text: reason_text.flatten(),
            previous_hash: entry.previous.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

impl EntryRow {
    fn read(self) -> Result<Entry, StoreError> {
        let row = Row { table: "audit_entries", id: &format!("{} {}", self.chain, self.position) };
        let kind = row.code(&self.actor_kind)?;
        let actor = match (kind, self.actor_id, self.actor_product, self.actor_client) {
            (AuditActorKind::Person, Some(person), Some(product), None) => {
                Actor::Person { person: row.id(&person)?, product: row.id(&product)? }
            }
            (AuditActorKind::Helpdesk, Some(person), Some(product), None) => {
                Actor::Helpdesk { person: row.id(&person)?, product: row.id(&product)? }
            }
            (AuditActorKind::SystemUser, Some(approver), None, Some(client)) => {
                Actor::SystemUser { client: row.id(&client)?, approver: row.id(&approver)? }
            }
            (AuditActorKind::Partner, None, None, Some(client)) => Actor::Partner { client: row.id(&client)? },
            (AuditActorKind::System, None, None, None) => Actor::System,
            _ => return Err(row.corrupt("such an actor does not exist")),
        };
        let reason = match (self.reason_code, self.reason_text) {
            (None, None) => None,
            (Some(code), text) => Some(Reason { code: code.into(), text }),
            (None, Some(_)) => return Err(row.corrupt("a reason without its code")),
        };
        let event = Event {
            chain: chain(&row, &self.chain)?,
            act: row.code(&self.act)?,
            actor,
            object: Object::kept(self.object),
            changed: self
                .changed
                .split(' ')
                .filter(|_| !self.changed.is_empty())
                .map(|field| field.to_owned().into())
                .collect(),
            reason,
        };
        Ok(Entry {
            position: row.number(self.position)?,
            at: self.recorded_at.and_utc(),
            event,
            previous: hash(&row, &self.previous_hash)?,
            hash: hash(&row, &self.hash)?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_chains, treat_none_as_default_value = false)]
struct HeadRow {
    chain: String,
    entries: i64,
    hash: String,
    appended_at: Option<NaiveDateTime>,
}

impl From<&Head> for HeadRow {
    fn from(head: &Head) -> Self {
        Self {
            chain: head.chain.to_string(),
            entries: head.entries.into(),
            hash: head.hash.to_string(),
            appended_at: head.at.map(stamp),
        }
    }
}

impl HeadRow {
    fn read(self) -> Result<Head, StoreError> {
        let row = Row { table: "audit_chains", id: &self.chain };
        Ok(Head {
            chain: chain(&row, &self.chain)?,
            entries: row.number(self.entries)?,
            hash: hash(&row, &self.hash)?,
            at: self.appended_at.map(|at| at.and_utc()),
        })
    }
}

fn chain(row: &Row<'_>, column: &str) -> Result<Chain, StoreError> {
    Chain::parse(column).ok_or_else(|| row.corrupt(format_args!("{column} is no chain")))
}

fn hash(row: &Row<'_>, column: &str) -> Result<EntryHash, StoreError> {
    EntryHash::parse(column).ok_or_else(|| row.corrupt(format_args!("{column} is no hash")))
}

/// Which entries of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Only of this act.
    pub act: Option<AuditAct>,
    /// Only of the acts of this person and of the software that he answers for, or of this software, or of this partner.
    pub actor: Option<Uuid>,
    /// Only from this moment on.
    pub from: Option<Instant>,
    /// Only before this moment.
    pub to: Option<Instant>,
}

impl Reading<'_> {
    /// Entries of a chain, newest first: what is recorded meanwhile moves no page.
    pub fn audit_entries(
        &mut self,
        chain: Chain,
        filter: AuditFilter,
        before: Option<u32>,
        most: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<EntryRow> = self.run(|db| {
            let mut entries = audit_entries::table
                .filter(audit_entries::chain.eq(chain.to_string()))
                .order(audit_entries::position.desc())
                .limit(most.into())
                .select(EntryRow::as_select())
                .into_boxed();
            if let Some(before) = before {
                entries = entries.filter(audit_entries::position.lt(i64::from(before)));
            }
            if let Some(act) = filter.act {
                entries = entries.filter(audit_entries::act.eq(act.code()));
            }
            if let Some(actor) = filter.actor {
                let actor = actor.to_string();
                let is_his = audit_entries::actor_id.eq(actor.clone()).or(audit_entries::actor_client.eq(actor));
                entries = entries.filter(is_his);
            }
            if let Some(from) = filter.from {
                entries = entries.filter(audit_entries::recorded_at.ge(stamp(from)));
            }
            if let Some(to) = filter.to {
                entries = entries.filter(audit_entries::recorded_at.lt(stamp(to)));
            }
            entries.get_results(db)
        })?;
        rows.into_iter().map(EntryRow::read).collect()
    }

    /// The heads of all chains after the one of this name, in the order of their names; one that can't be read is told by its
    /// name alone. No name is smaller than the empty text.
    pub fn audit_heads(&mut self, after: &str, most: u32) -> Result<Vec<(String, Option<Head>)>, StoreError> {
        let rows: Vec<HeadRow> = self.run(|db| {
            audit_chains::table
                .filter(audit_chains::chain.gt(after))
                .order(audit_chains::chain)
                .limit(most.into())
                .select(HeadRow::as_select())
                .get_results(db)
        })?;
        Ok(rows.into_iter().map(|row| (row.chain.clone(), row.read().ok())).collect())
    }

    /// The entries of a chain after a position, oldest first, for a walk: one that can't be read is told by its position.
    pub fn audit_chain(
        &mut self,
        chain: Chain,
        after: u32,
        most: u32,
    ) -> Result<Vec<(u32, Option<Entry>)>, StoreError> {
        let rows: Vec<EntryRow> = self.run(|db| {
            audit_entries::table
                .filter(audit_entries::chain.eq(chain.to_string()))
                .filter(audit_entries::position.gt(i64::from(after)))
                .order(audit_entries::position)
                .limit(most.into())
                .select(EntryRow::as_select())
                .get_results(db)
        })?;
        let read = |row: EntryRow| {
            let position = Row { table: "audit_entries of", id: &row.chain }.number(row.position)?;
            Ok((position, row.read().ok()))
        };
        rows.into_iter().map(read).collect()
    }
}

impl Transaction<'_> {
    /// Records what this transaction does: its entry is kept if the transaction is, and not otherwise.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Appends what was recorded, last of all, so that the heads are locked as shortly as can be.
    pub(crate) fn append_recorded(&mut self) -> Result<(), StoreError> {
        let mut chains: BTreeMap<Chain, Vec<Event>> = BTreeMap::new();
        for event in std::mem::take(&mut self.events) {
            chains.entry(event.chain).or_default().push(event);
        }
        if chains.is_empty() {
            return Ok(());
        }
        self.climb(Rank::AuditHead);
        for (chain, events) in chains {
            let locked = if self.begun.contains(&chain) { None } else { self.lock_head(chain)? };
            let is_new = locked.is_none();
            let mut head = locked.unwrap_or_else(|| Head::new(chain));
            // Under the lock, so that times go up with positions.
            let at = self.now();
            let rows: Vec<EntryRow> = events.into_iter().map(|event| head.append(event, at).into()).collect();
            self.save_head(HeadRow::from(&head), is_new)?;
            for row in rows {
                self.run(|db| each!(db => diesel::insert_into(audit_entries::table).values(row).execute(db)))?;
            }
        }
        Ok(())
    }

    /// A chain that is not there begins with the person or space that this transaction keeps.
    fn lock_head(&mut self, chain: Chain) -> Result<Option<Head>, StoreError> {
        let lock = audit_chains::lock_seq.eq(audit_chains::lock_seq + 1);
        let locked = diesel::update(audit_chains::table.find(chain.to_string())).set(lock);
        let locked = Kept(locked.returning(columns::<HeadRow>()));
        self.run(|db| each!(db => locked.get_result(db)).optional())?.map(HeadRow::read).transpose()
    }

    fn save_head(&mut self, row: HeadRow, is_new: bool) -> Result<(), StoreError> {
        self.run(|db| {
            if is_new {
                return each!(db => diesel::insert_into(audit_chains::table).values(row).execute(db));
            }
            let changes = (
                audit_chains::entries.eq(row.entries),
                audit_chains::hash.eq(row.hash),
                audit_chains::appended_at.eq(row.appended_at),
            );
            each!(db => Kept(diesel::update(audit_chains::table.find(row.chain)).set(changes)).execute(db))
        })?;
        Ok(())
    }
}
