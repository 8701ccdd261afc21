//! Requests for a higher limit as they are kept.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    helpdesk::{LimitDecision, LimitRequest, LimitRequestStatus},
    id::{LimitRequestId, ProductId},
    text::ReasonText,
};

use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::limit_requests,
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = limit_requests, treat_none_as_default_value = false, treat_none_as_null = true)]
struct LimitRequestRow {
    id: String,
    product_id: String,
    space_limit: i64,
    reason: String,
    status: String,
    created_at: NaiveDateTime,
    decided_at: Option<NaiveDateTime>,
    granted_limit: Option<i64>,
    decision_reason: Option<String>,
}

impl From<&LimitRequest> for LimitRequestRow {
    fn from(request: &LimitRequest) -> Self {
        let decision = request.decision.as_ref();
        Self {
            id: request.id.to_string(),
            product_id: request.product.to_string(),
            space_limit: request.limit.into(),
            reason: request.reason.to_string(),
            status: request.status().code().to_owned(),
            created_at: stamp(request.created_at),
            decided_at: decision.map(|decision| stamp(decision.at)),
            granted_limit: decision.and_then(|decision| decision.granted).map(i64::from),
            decision_reason: decision.map(|decision| decision.reason.to_string()),
        }
    }
}

impl LimitRequestRow {
    fn read(self) -> Result<LimitRequest, StoreError> {
        let row = Row { table: "limit_requests", id: &self.id };
        let granted = self.granted_limit.map(|limit| row.number(limit)).transpose()?;
        let reason = self.decision_reason.as_deref().map(|reason| row.value(ReasonText::parse(reason))).transpose()?;
        let decision =
            self.decided_at.zip(reason).map(|(at, reason)| LimitDecision { at: at.and_utc(), granted, reason });
        let request = LimitRequest {
            id: row.id(&self.id)?,
            product: row.id(&self.product_id)?,
            limit: row.number(self.space_limit)?,
            reason: row.value(ReasonText::parse(&self.reason))?,
            created_at: self.created_at.and_utc(),
            decision,
        };
        if request.status() == row.code(&self.status)? { Ok(request) } else { Err(row.corrupt("another status")) }
    }
}

impl Reading<'_> {
    /// A request for a higher limit.
    pub fn limit_request(&mut self, id: LimitRequestId) -> Result<Option<LimitRequest>, StoreError> {
        let found: Option<LimitRequestRow> = self.run(|db| {
            limit_requests::table.find(id.to_string()).select(LimitRequestRow::as_select()).get_result(db).optional()
        })?;
        found.map(LimitRequestRow::read).transpose()
    }

    /// The request that is open for a product; believed only under the product's lock.
    pub fn open_limit_request(&mut self, product: ProductId) -> Result<Option<LimitRequest>, StoreError> {
        let found: Option<LimitRequestRow> = self.run(|db| {
            limit_requests::table
                .filter(limit_requests::product_id.eq(product.to_string()))
                .filter(limit_requests::status.eq(LimitRequestStatus::Open.code()))
                .select(LimitRequestRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(LimitRequestRow::read).transpose()
    }

    /// The requests for a product before this one, newest first.
    pub fn limit_requests_of(
        &mut self,
        product: ProductId,
        before: Option<LimitRequestId>,
        most: u32,
    ) -> Result<Vec<LimitRequest>, StoreError> {
        let rows: Vec<LimitRequestRow> = self.run(|db| {
            let mut requests = limit_requests::table
                .filter(limit_requests::product_id.eq(product.to_string()))
                .order(limit_requests::id.desc())
                .limit(most.into())
                .select(LimitRequestRow::as_select())
                .into_boxed();
            if let Some(before) = before {
                requests = requests.filter(limit_requests::id.lt(before.to_string()));
            }
            requests.get_results(db)
        })?;
        rows.into_iter().map(LimitRequestRow::read).collect()
    }

    /// The requests after this one, oldest first; only those that stand so, or all.
    pub fn limit_requests(
        &mut self,
        status: Option<LimitRequestStatus>,
        after: Option<LimitRequestId>,
        most: u32,
    ) -> Result<Vec<LimitRequest>, StoreError> {
        let statuses: Vec<&str> = LimitRequestStatus::ALL
            .iter()
            .filter(|known| status.is_none_or(|status| status == **known))
            .map(|known| known.code())
            .collect();
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows: Vec<LimitRequestRow> = self.run(|db| {
            limit_requests::table
                .filter(limit_requests::status.eq_any(statuses))
                .filter(limit_requests::id.gt(after))
                .order(limit_requests::id)
                .limit(most.into())
                .select(LimitRequestRow::as_select())
                .get_results(db)
        })?;
        rows.into_iter().map(LimitRequestRow::read).collect()
    }
}

impl Transaction<'_> {
    /// Locks a request: what becomes of it is decided under this lock, and its product's.
    pub fn lock_limit_request(&mut self, id: LimitRequestId) -> Result<Option<LimitRequest>, StoreError> {
        self.climb(Rank::Object);
        self.run(|db| {
            diesel::update(limit_requests::table.find(id.to_string()))
                .set(limit_requests::lock_seq.eq(limit_requests::lock_seq + 1))
                .execute(db)
        })?;
        self.limit_request(id)
    }

    /// Keeps a new request.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one is open for the product.
    pub fn insert_limit_request(&mut self, request: &LimitRequest) -> Result<(), StoreError> {
        let row = LimitRequestRow::from(request);
        self.run(|db| diesel::insert_into(limit_requests::table).values(row).execute(db))?;
        Ok(())
    }

    /// Keeps what became of a locked request.
    pub fn save_limit_request(&mut self, request: &LimitRequest) -> Result<(), StoreError> {
        let row = LimitRequestRow::from(request);
        self.run(|db| diesel::update(limit_requests::table.find(&row.id)).set(&row).execute(db))?;
        Ok(())
    }
}
