//! Lists in pages: an opaque cursor, bound to its route, its filter and its caller.

use std::{fmt::Display, str::FromStr, sync::Arc};

use actix_web::{
    HttpRequest,
    http::header::{HeaderValue, LINK},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::{self, Answer},
    caller::Sender,
    problem::{Code, Problem},
    query::Query,
};
use crate::app::App;

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;
const CURSOR: &str = "cursor";
/// Characters of the seal of a cursor: 132 bits in base64url.
const SEAL: usize = 22;

/// Where a list goes on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
#[serde(rename_all = "camelCase")]
pub struct PageView {
    /// The cursor of the next page, absent on the last.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

impl PageView {
    /// Of a list that is never long: all of it is on one page.
    pub fn whole() -> Self {
        Self { next: None, has_more: false }
    }
}

/// A page of a list, as it is answered.
pub trait Page: Serialize {
    /// What the list is of.
    type Row: Send + 'static;
    /// What it is in the order of.
    type Key: Display + FromStr;

    /// The place of a row in the list.
    fn key(row: &Self::Row) -> Self::Key;
    /// These rows, and where the list goes on.
    fn new(data: Vec<Self::Row>, page: PageView) -> Self;
}

/// Says of a struct with `data` and `page` which rows it shows, and by which of their fields they are in order.
macro_rules! page {
    ($page:ident of $row:ident by $($key:ident).+: $type:ty) => {
        impl $crate::http::page::Page for $page {
            type Row = $row;
            type Key = $type;

            fn key(row: &$row) -> $type {
                Clone::clone(&row.$($key).+)
            }
            fn new(data: Vec<$row>, page: $crate::http::page::PageView) -> Self {
                Self { data, page }
            }
        }
    };
}
pub(crate) use page;

/// The part of a list that a request asks for: `limit` and `cursor` of its query.
#[derive(Clone)]
pub struct Paging {
    app: Arc<App>,
    /// What is left of it.
    pub(super) query: Query,
    limit: u32,
    cursor: Option<String>,
    /// The path and the filters: a cursor of another list does not fit.
    list: String,
}

/// A part of a list, as it was read.
#[derive(Debug)]
pub struct Listed<P: Page> {
    /// The rows.
    pub rows: Vec<P::Row>,
    /// Where the list goes on.
    pub page: PageView,
    link: Option<HeaderValue>,
}

impl Paging {
    /// Takes `limit` (1 to 100, default 25) and `cursor` out of the query, from which the list's filters were taken before.
    pub fn of(request: &HttpRequest, mut query: Query, app: Arc<App>) -> Self {
        let list = format!("{}?{}", request.path(), query.taken());
        let limit = query.number("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
        let cursor = query.text("cursor").filter(|cursor| !cursor.is_empty());
        Self { app, query, limit, cursor, list }
    }

    /// The same list, so many rows at most.
    #[must_use]
    pub fn by(self, limit: u32) -> Self {
        Self { limit, ..self }
    }

    /// The same list from a cursor on.
    #[must_use]
    pub fn from(&self, cursor: String) -> Self {
        Self { cursor: Some(cursor), ..self.clone() }
    }

    /// Reads it for a caller whose right to it is known: so many rows at most, those after a key, in an order in which what
    /// comes meanwhile moves none.
    ///
    /// # Errors
    /// The login is too weak, the query is wrong, the cursor is not one that we gave for this list to this caller; those of
    /// `read`.
    pub fn list<P: Page>(
        &self,
        caller: &impl Sender,
        read: impl FnOnce(Option<P::Key>, u32) -> Result<Vec<P::Row>, Problem>,
    ) -> Result<Listed<P>, Problem> {
        caller.strong()?;
        self.query.end()?;
        // One more than are shown tells whether there are more.
        let mut rows = read(self.after(caller)?, self.limit + 1)?;
        let limit = self.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(|last| self.cursor(&P::key(last).to_string(), caller));
        let link = next.as_ref().and_then(|next| HeaderValue::from_str(&self.link(next)).ok());
        Ok(Listed { link, ..Listed::new(rows, next) })
    }

    fn after<K: FromStr>(&self, caller: &impl Sender) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let (key, seal) = cursor.rsplit_once('.').ok_or(Code::InvalidCursor)?;
        let digests = self.app.data_keys.digests(CURSOR, &self.bound(key, caller));
        let is_ours = digests.iter().any(|digest| digest[..SEAL] == *seal);
        let key = key.parse::<K>().ok().filter(|_| is_ours);
        key.map(Some).ok_or_else(|| Code::InvalidCursor.into())
    }

    fn cursor(&self, key: &str, caller: &impl Sender) -> String {
        let seal = self.app.data_keys.digest(CURSOR, &self.bound(key, caller));
        format!("{key}.{}", &seal[..SEAL])
    }

    fn link(&self, next: &str) -> String {
        let separator = if self.list.ends_with('?') { "" } else { "&" };
        format!("<{}{separator}limit={}&cursor={next}>; rel=\"next\"", self.list, self.limit)
    }

    fn bound(&self, key: &str, caller: &impl Sender) -> String {
        format!("{}\n{}\n{key}", self.list, caller.written())
    }
}

impl<P: Page> Listed<P> {
    /// These rows, and the cursor of what comes after them.
    pub fn new(rows: Vec<P::Row>, next: Option<String>) -> Self {
        Self { rows, page: PageView { has_more: next.is_some(), next }, link: None }
    }

    /// 200 with the page, and a `Link` to the next (RFC 8288).
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn answer(self) -> Answer {
        let mut response = answer::ok(&P::new(self.rows, self.page))?;
        if let Some(link) = self.link {
            response.headers_mut().insert(LINK, link);
        }
        Ok(response)
    }
}
