//! Statements that are prepared once for each connection, where diesel would prepare them anew each time.

use diesel::{
    QueryResult,
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    query_dsl::RunQueryDsl,
};

/// A statement whose text never varies, kept prepared by that text. diesel itself keeps no `UPDATE`, for the text of one
/// depends on which of its values are given.
pub(crate) struct Kept<S>(pub(crate) S);

impl<S: QueryFragment<B>, B: Backend> QueryFragment<B> for Kept<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, B>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
    fn is_safe_to_cache_prepared(&self, _: &B) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<S> QueryId for Kept<S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Query> Query for Kept<S> {
    type SqlType = S::SqlType;
}

impl<S, C> RunQueryDsl<C> for Kept<S> {}
