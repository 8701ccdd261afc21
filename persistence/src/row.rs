//! From columns to values of the domain, and back.

use chrono::NaiveDateTime;
use diesel::{Connection, Selectable};
use domain::{Coded, Instant};
use uuid::Uuid;

use crate::{connection::Db, error::StoreError};

/// How many ids one statement names: both databases bound how many values it can have.
pub(crate) const NAMED_AT_ONCE: usize = 1000;

/// One row while it is read; what it holds that no rule lets in is an error that names it.
pub(crate) struct Row<'a> {
    pub(crate) table: &'static str,
    pub(crate) id: &'a str,
}

impl Row<'_> {
    pub(crate) fn corrupt(&self, what: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt(format!("{} {}: {what}", self.table, self.id))
    }
    pub(crate) fn id<I: From<Uuid>>(&self, column: &str) -> Result<I, StoreError> {
        column.parse::<Uuid>().map(I::from).map_err(|error| self.corrupt(error))
    }
    pub(crate) fn code<T: Coded>(&self, column: &str) -> Result<T, StoreError> {
        T::from_code(column).ok_or_else(|| self.corrupt(format_args!("{column} is no {}", T::NAME)))
    }
    pub(crate) fn number(&self, column: i64) -> Result<u32, StoreError> {
        u32::try_from(column).map_err(|error| self.corrupt(error))
    }
    pub(crate) fn value<T, F: std::fmt::Display>(&self, parsed: Result<T, F>) -> Result<T, StoreError> {
        parsed.map_err(|fault| self.corrupt(fault))
    }
}

/// The columns of a row for `RETURNING`: what diesel's `as_returning` gives can't be written for both databases.
pub(crate) fn columns<R: Selectable<<Db as Connection>::Backend>>() -> R::SelectExpression {
    R::construct_selection()
}

/// An instant as both databases keep it.
pub(crate) fn stamp(instant: Instant) -> NaiveDateTime {
    instant.naive_utc()
}
