//! Join requests as they are kept. Asking takes the same statements whether there is such a space or not.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    collaboration::{FiledJoinRequest, JoinApproval, JoinDecision, JoinRequest, JoinRequestChange, JoinRequestStatus},
    id::{JoinRequestId, PersonId, SpaceId},
    identity::{Person, Product},
    space::SpaceIdentifier,
};

use crate::{
    error::StoreError,
    identity::{PersonRow, ProductRow},
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::{join_requests, persons, products},
    transaction::{Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = join_requests, treat_none_as_default_value = false)]
struct JoinRequestRow {
    id: String,
    person_id: String,
    product_id: String,
    identifier: String,
    space_id: Option<String>,
    created_at: NaiveDateTime,
    ends_at: NaiveDateTime,
    cancelled_at: Option<NaiveDateTime>,
    decision: Option<String>,
    decided_at: Option<NaiveDateTime>,
}

impl From<&JoinRequest> for JoinRequestRow {
    fn from(request: &JoinRequest) -> Self {
        Self {
            id: request.id.to_string(),
            person_id: request.person.to_string(),
            product_id: request.product.to_string(),
            identifier: request.identifier.to_string(),
            space_id: request.space.map(|space| space.to_string()),
            created_at: stamp(request.created_at),
            ends_at: stamp(request.ends_at),
            cancelled_at: request.cancelled_at.map(stamp),
            decision: request.decision.map(|(decision, _)| decision.code().to_owned()),
            decided_at: request.decision.map(|(_, at)| stamp(at)),
        }
    }
}

impl JoinRequestRow {
    fn read(self) -> Result<JoinRequest, StoreError> {
        let row = Row { table: "join_requests", id: &self.id };
        let decision = self.decision.as_deref().map(|decision| row.code(decision)).transpose()?;
        Ok(JoinRequest {
            id: row.id(&self.id)?,
            person: row.id(&self.person_id)?,
            product: row.id(&self.product_id)?,
            identifier: row.value(SpaceIdentifier::parse(&self.identifier))?,
            space: self.space_id.as_deref().map(|space| row.id(space)).transpose()?,
            created_at: self.created_at.and_utc(),
            ends_at: self.ends_at.and_utc(),
            cancelled_at: self.cancelled_at.map(|at| at.and_utc()),
            decision: decision.zip(self.decided_at.map(|at| at.and_utc())),
        })
    }
}

/// Which of the requests to a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JoinRequestFilter {
    /// Only those that stand so now.
    pub status: Option<JoinRequestStatus>,
    /// Only those after this one, in the order of their ids.
    pub after: Option<JoinRequestId>,
}

/// A request, who asks, and the product that he asked with.
type Known = (JoinRequestRow, PersonRow, ProductRow);

fn read((request, person, product): Known) -> Result<(JoinRequest, Person, Product), StoreError> {
    Ok((request.read()?, person.read()?, product.read()?))
}

impl Reading<'_> {
    /// A person's own request.
    pub fn join_request_of(&mut self, id: JoinRequestId, person: PersonId) -> Result<Option<JoinRequest>, StoreError> {
        let found: Option<JoinRequestRow> = self.run(|db| {
            join_requests::table
                .find(id.to_string())
                .filter(join_requests::person_id.eq(person.to_string()))
                .select(JoinRequestRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(JoinRequestRow::read).transpose()
    }

    /// A person's requests before this one, newest first.
    pub fn join_requests_of(
        &mut self,
        person: PersonId,
        before: Option<JoinRequestId>,
        most: u32,
    ) -> Result<Vec<JoinRequest>, StoreError> {
        let rows: Vec<JoinRequestRow> = self.run(|db| {
            let mut requests = join_requests::table
                .filter(join_requests::person_id.eq(person.to_string()))
                .order(join_requests::id.desc())
                .limit(most.into())
                .select(JoinRequestRow::as_select())
                .into_boxed();
            if let Some(before) = before {
                requests = requests.filter(join_requests::id.lt(before.to_string()));
            }
            requests.get_results(db)
        })?;
        rows.into_iter().map(JoinRequestRow::read).collect()
    }

    /// A person's requests since a moment; believed only under the person's lock.
    pub fn join_requests_since(&mut self, person: PersonId, since: Instant) -> Result<Vec<JoinRequest>, StoreError> {
        let rows: Vec<JoinRequestRow> = self.run(|db| {
            join_requests::table
                .filter(join_requests::person_id.eq(person.to_string()))
                .filter(join_requests::created_at.gt(stamp(since)))
                .order(join_requests::id)
                .select(JoinRequestRow::as_select())
                .get_results(db)
        })?;
        rows.into_iter().map(JoinRequestRow::read).collect()
    }

    /// A request to a space, with who asks and the product that he asked with.
    pub fn join_request_to(
        &mut self,
        id: JoinRequestId,
        space: SpaceId,
    ) -> Result<Option<(JoinRequest, Person, Product)>, StoreError> {
        let found: Option<Known> = self.run(|db| {
            join_requests::table
                .inner_join(persons::table)
                .inner_join(products::table)
                .filter(join_requests::id.eq(id.to_string()))
                .filter(join_requests::space_id.eq(space.to_string()))
                .select((JoinRequestRow::as_select(), PersonRow::as_select(), ProductRow::as_select()))
                .get_result(db)
                .optional()
        })?;
        found.map(read).transpose()
    }

    /// The requests to a space, oldest first.
    pub fn join_requests_to(
        &mut self,
        space: SpaceId,
        filter: JoinRequestFilter,
        most: u32,
    ) -> Result<Vec<(JoinRequest, Person, Product)>, StoreError> {
        let now = stamp(self.now());
        // No id is smaller than the empty text.
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let is_undecided = || join_requests::decision.is_null();
        let is_running = || join_requests::cancelled_at.is_null().and(join_requests::ends_at.gt(now));
        let found: Vec<Known> = self.run(|db| {
            let requests = join_requests::table
                .inner_join(persons::table)
                .inner_join(products::table)
                .filter(join_requests::space_id.eq(space.to_string()))
                .filter(join_requests::id.gt(after))
                .order(join_requests::id)
                .limit(most.into())
                .select((JoinRequestRow::as_select(), PersonRow::as_select(), ProductRow::as_select()))
                .into_boxed();
            let requests = match filter.status {
                None => requests,
                Some(JoinRequestStatus::Open) => requests.filter(is_undecided()).filter(is_running()),
                Some(JoinRequestStatus::Ended) => {
                    requests.filter(is_undecided()).filter(diesel::dsl::not(is_running()))
                }
                Some(JoinRequestStatus::Approved) => {
                    requests.filter(join_requests::decision.eq(JoinDecision::Approved.code()))
                }
                Some(JoinRequestStatus::Refused) => {
                    requests.filter(join_requests::decision.eq(JoinDecision::Refused.code()))
                }
            };
            requests.get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }
}

impl Transaction<'_> {
    /// Keeps a new request, of which a space's administrators are to be told from now on.
    pub fn insert_join_request(&mut self, filed: &FiledJoinRequest) -> Result<(), StoreError> {
        let row = JoinRequestRow::from(filed.request());
        let tell_at = join_requests::tell_at.eq(stamp(filed.request().created_at));
        self.run(|db| diesel::insert_into(join_requests::table).values((row, tell_at)).execute(db))?;
        Ok(())
    }

    /// Keeps what became of a request, under the lock of who asks.
    pub fn save_join_request(&mut self, change: &JoinRequestChange) -> Result<(), StoreError> {
        self.update_join_request(change.request())
    }

    /// Keeps an approved request and the membership that came of it, under the locks of who asks and of the space.
    pub fn save_join_approval(&mut self, approval: &JoinApproval) -> Result<(), StoreError> {
        self.update_join_request(approval.request())?;
        self.insert_newcomer(approval.membership())
    }

    fn update_join_request(&mut self, request: &JoinRequest) -> Result<(), StoreError> {
        let row = JoinRequestRow::from(request);
        let changes = (
            join_requests::cancelled_at.eq(row.cancelled_at),
            join_requests::decision.eq(row.decision),
            join_requests::decided_at.eq(row.decided_at),
        );
        self.run(|db| diesel::update(join_requests::table.find(row.id)).set(changes).execute(db))?;
        Ok(())
    }

    /// Takes requests, at most a hundred, of which nobody was told so far; nobody is told of them again. Says whether there may
    /// be more. A row that holds what no rule lets in is passed over, for the others' sake.
    pub fn take_join_requests_to_tell(&mut self) -> Result<(Vec<JoinRequest>, bool), StoreError> {
        let due = join_requests::tell_at.le(stamp(self.now()));
        let rows: Vec<JoinRequestRow> = self.run(|db| {
            let due = join_requests::table.filter(due).order(join_requests::tell_at).limit(PURGED_AT_ONCE);
            let rows: Vec<JoinRequestRow> = due.select(JoinRequestRow::as_select()).get_results(db)?;
            let ids = join_requests::id.eq_any(rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>());
            let never: Option<NaiveDateTime> = None;
            diesel::update(join_requests::table.filter(ids)).set(join_requests::tell_at.eq(never)).execute(db)?;
            Ok(rows)
        })?;
        let is_more = is_full(&rows);
        let told = |error: &StoreError| tracing::error!(%error, "a join request can't be read; it is passed over");
        let requests = rows.into_iter().filter_map(|row| row.read().inspect_err(told).ok());
        Ok((requests.collect(), is_more))
    }

    /// Deletes requests that were made before a moment, at most a hundred. Says whether there may be more.
    pub fn purge_join_requests(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = join_requests::created_at.lt(stamp(before));
        self.run(|db| {
            let old = join_requests::table.filter(is_old).select(join_requests::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            diesel::delete(join_requests::table.filter(join_requests::id.eq_any(&old))).execute(db)?;
            Ok(is_full(&old))
        })
    }

    /// Parts the requests to a space, which is purged, from it: to those who asked they are what they were.
    pub(crate) fn forget_join_requests_to(&mut self, space: SpaceId) -> Result<(), StoreError> {
        let (to_it, nobody) = (join_requests::space_id.eq(space.to_string()), None::<String>);
        self.run(|db| {
            diesel::update(join_requests::table.filter(to_it)).set(join_requests::space_id.eq(nobody)).execute(db)
        })?;
        Ok(())
    }
}
