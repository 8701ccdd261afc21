//! Lists in pages: an opaque cursor, bound to its route, its filter and its caller.

use std::{fmt::Display, str::FromStr};

use actix_web::{
    HttpRequest,
    http::header::{HeaderValue, LINK},
};
use domain::identity::Session;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::{self, Answer},
    problem::{Code, Problem},
    query::Query,
};
use crate::keys::DataKeys;

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
    /// Where the list goes on.
    fn page(&self) -> &PageView;
}

/// The page that a request asks for: `limit` and `cursor` of its query.
#[derive(Debug)]
pub struct Paging {
    limit: u32,
    cursor: Option<String>,
    /// The path and the rest of the query: a cursor of another list does not fit.
    list: String,
}

impl Paging {
    /// Takes `limit` (1 to 100, default 25) and `cursor` out of the query; `filter` is all else that shapes the list.
    pub fn take(request: &HttpRequest, query: &mut Query, filter: &str) -> Self {
        Self {
            limit: query.number("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT),
            cursor: query.text("cursor").filter(|cursor| !cursor.is_empty()),
            list: format!("{}?{filter}", request.path()),
        }
    }

    /// How many rows to read: one more than are shown tells whether there are more.
    pub fn rows(&self) -> u32 {
        self.limit + 1
    }

    /// After which row the page begins: its id, or whatever else the list is in the order of.
    ///
    /// # Errors
    /// The cursor is not one that we gave for this list to this caller.
    pub fn after<K: FromStr>(&self, keys: &DataKeys, caller: &Session) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let (key, seal) = cursor.split_once('.').ok_or(Code::InvalidCursor)?;
        let is_ours = keys.digests(CURSOR, &self.bound(key, caller)).iter().any(|digest| digest[..SEAL] == *seal);
        let key = key.parse::<K>().ok().filter(|_| is_ours);
        key.map(Some).ok_or_else(|| Code::InvalidCursor.into())
    }

    /// Cuts the rows to the page, and says where the list goes on.
    pub fn cut<T, K: Display>(
        &self,
        keys: &DataKeys,
        caller: &Session,
        mut rows: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> (Vec<T>, PageView) {
        let limit = self.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(|last| {
            let key = key(last).to_string();
            let seal = keys.digest(CURSOR, &self.bound(&key, caller));
            format!("{key}.{}", &seal[..SEAL])
        });
        (rows, PageView { next, has_more })
    }

    /// 200 with the page, and a `Link` to the next (RFC 8288).
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn answer(&self, body: &impl Page) -> Answer {
        let mut response = answer::ok(body)?;
        if let Some(link) = body.page().next.as_ref().and_then(|next| HeaderValue::from_str(&self.link(next)).ok()) {
            response.headers_mut().insert(LINK, link);
        }
        Ok(response)
    }

    fn link(&self, next: &str) -> String {
        let separator = if self.list.ends_with('?') { "" } else { "&" };
        format!("<{}{separator}limit={}&cursor={next}>; rel=\"next\"", self.list, self.limit)
    }

    fn bound(&self, key: &str, caller: &Session) -> String {
        format!("{}\n{}\n{}\n{key}", self.list, caller.person, caller.product)
    }
}
