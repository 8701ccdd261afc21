//! Authentication products as they are kept: one row for each serial number, for ever.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    id::{PersonId, ProductId},
    identity::{Product, ProductStatus, Serial},
};

use crate::{
    connection::each,
    error::StoreError,
    kept::Kept,
    row::{Row, columns, stamp},
    schema::products,
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = products, treat_none_as_default_value = false)]
pub(crate) struct ProductRow {
    id: String,
    person_id: String,
    serial: String,
    kind: String,
    status: String,
    space_limit: i64,
    created_at: NaiveDateTime,
}

impl From<&Product> for ProductRow {
    fn from(product: &Product) -> Self {
        Self {
            id: product.id.to_string(),
            person_id: product.person.to_string(),
            serial: product.serial.as_str().to_owned(),
            kind: product.kind.code().to_owned(),
            status: product.status.code().to_owned(),
            space_limit: product.space_limit.into(),
            created_at: stamp(product.created_at),
        }
    }
}

impl ProductRow {
    pub(crate) fn read(self) -> Result<Product, StoreError> {
        let row = Row { table: "products", id: &self.id };
        Ok(Product {
            id: row.id(&self.id)?,
            person: row.id(&self.person_id)?,
            serial: row.value(Serial::parse(&self.serial))?,
            kind: row.code(&self.kind)?,
            status: row.code(&self.status)?,
            space_limit: row.number(self.space_limit)?,
            created_at: self.created_at.and_utc(),
        })
    }
}

impl Reading<'_> {
    /// The product with a serial number, registered or withdrawn.
    pub fn product_with_serial(&mut self, serial: &Serial) -> Result<Option<Product>, StoreError> {
        let found: Option<ProductRow> = self.run(|db| {
            products::table
                .filter(products::serial.eq(serial.as_str()))
                .select(ProductRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(ProductRow::read).transpose()
    }

    /// A registered product of a person.
    pub fn product_of(&mut self, id: ProductId, person: PersonId) -> Result<Option<Product>, StoreError> {
        let found: Option<ProductRow> = self.run(|db| {
            products::table
                .find(id.to_string())
                .filter(products::person_id.eq(person.to_string()))
                .filter(products::status.eq(ProductStatus::Registered.code()))
                .select(ProductRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(ProductRow::read).transpose()
    }

    /// All products of a person, oldest first.
    pub fn products_of(&mut self, person: PersonId) -> Result<Vec<Product>, StoreError> {
        let rows: Vec<ProductRow> = self.run(|db| {
            products::table
                .filter(products::person_id.eq(person.to_string()))
                .order(products::id)
                .select(ProductRow::as_select())
                .get_results(db)
        })?;
        rows.into_iter().map(ProductRow::read).collect()
    }
}

impl Transaction<'_> {
    /// Locks a product: what counts against its limit changes under this lock.
    pub fn lock_product(&mut self, product: ProductId) -> Result<Product, StoreError> {
        self.climb(Rank::Product);
        let id = product.to_string();
        let lock = products::lock_seq.eq(products::lock_seq + 1);
        let locked = diesel::update(products::table.find(&id)).set(lock).returning(columns::<ProductRow>());
        self.run(|db| each!(db => Kept(locked).get_result::<ProductRow>(db)))?.read()
    }

    /// Locks the product with a serial number, if there is one.
    pub fn lock_product_with(&mut self, serial: &Serial) -> Result<Option<Product>, StoreError> {
        let known = self.product_with_serial(serial)?;
        known.map(|product| self.lock_product(product.id)).transpose()
    }

    /// Keeps a product that is new, or that was locked.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another one has the serial number.
    pub fn save_product(&mut self, product: &Product) -> Result<(), StoreError> {
        let row = ProductRow::from(product);
        self.run(|db| {
            let updated = diesel::update(products::table.find(&row.id)).set(&row).execute(db)?;
            if updated == 0 { diesel::insert_into(products::table).values(&row).execute(db) } else { Ok(updated) }
        })?;
        Ok(())
    }
}
