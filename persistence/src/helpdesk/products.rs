//! Products, whosever they are.

use diesel::prelude::*;
use domain::{id::ProductId, identity::Product};

use crate::{
    error::StoreError,
    identity::ProductRow,
    schema::products,
    transaction::{Reading, Transaction},
};

impl Reading<'_> {
    /// Any product, registered or withdrawn.
    pub fn any_product(&mut self, id: ProductId) -> Result<Option<Product>, StoreError> {
        let found: Option<ProductRow> = self
            .run(|db| products::table.find(id.to_string()).select(ProductRow::as_select()).get_result(db).optional())?;
        found.map(ProductRow::read).transpose()
    }
}

impl Transaction<'_> {
    /// Locks any product, if there is one with this id.
    pub fn lock_any_product(&mut self, id: ProductId) -> Result<Option<Product>, StoreError> {
        let known = self.any_product(id)?;
        known.map(|product| self.lock_product(product.id)).transpose()
    }
}
