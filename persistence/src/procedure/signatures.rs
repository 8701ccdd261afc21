//! Signatures of procedures, for as long as what they are of stays as it is.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    id::ProcedureId,
    identity::{Person, ProductKind},
    procedure::{ContentDigest, Signature, Signatures},
};

use crate::{
    error::StoreError,
    identity::PersonRow,
    row::{Row, stamp},
    schema::{persons, procedure_signatures as signatures, products},
    transaction::{Reading, Transaction},
};

/// A signature, with who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSignature {
    /// The signature.
    pub signature: Signature,
    /// Who gave it.
    pub person: Person,
    /// The kind of product with which he had logged in.
    pub product: ProductKind,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = signatures)]
struct SignatureRow {
    procedure_id: String,
    person_id: String,
    product_id: String,
    assurance: String,
    authenticated_at: NaiveDateTime,
    digest: String,
    at: NaiveDateTime,
}

impl SignatureRow {
    fn read(self) -> Result<Signature, StoreError> {
        let row = Row { table: "procedure_signatures", id: &self.procedure_id };
        Ok(Signature {
            person: row.id(&self.person_id)?,
            product: row.id(&self.product_id)?,
            assurance: row.code(&self.assurance)?,
            authenticated_at: self.authenticated_at.and_utc(),
            digest: row.value(ContentDigest::parse(&self.digest))?,
            at: self.at.and_utc(),
        })
    }
}

impl Reading<'_> {
    /// The signatures of a procedure, first the first.
    pub fn signatures_of(&mut self, procedure: ProcedureId) -> Result<Vec<KeptSignature>, StoreError> {
        let procedure = procedure.to_string();
        let found: Vec<(SignatureRow, PersonRow, String)> = self.run(|db| {
            signatures::table
                .inner_join(persons::table)
                .inner_join(products::table.on(products::id.eq(signatures::product_id)))
                .filter(signatures::procedure_id.eq(&procedure))
                .order(signatures::place)
                .select((SignatureRow::as_select(), PersonRow::as_select(), products::kind))
                .get_results(db)
        })?;
        let row = Row { table: "procedure_signatures", id: &procedure };
        let read = |(signature, person, product): (SignatureRow, PersonRow, String)| {
            Ok(KeptSignature { signature: signature.read()?, person: person.read()?, product: row.code(&product)? })
        };
        found.into_iter().map(read).collect()
    }
}

impl Transaction<'_> {
    /// Keeps what became of the signatures of a locked procedure.
    pub(super) fn save_signatures(&mut self, procedure: ProcedureId, after: &Signatures) -> Result<(), StoreError> {
        match after {
            Signatures::Kept => Ok(()),
            Signatures::Given(signature) => self.insert_signature(procedure, signature),
            Signatures::Void => self.delete_signatures(&[procedure.to_string()]),
        }
    }

    fn insert_signature(&mut self, procedure: ProcedureId, signature: &Signature) -> Result<(), StoreError> {
        let procedure = procedure.to_string();
        let given: i64 =
            self.run(|db| signatures::table.filter(signatures::procedure_id.eq(&procedure)).count().get_result(db))?;
        let row = (
            signatures::procedure_id.eq(procedure),
            signatures::place.eq(given + 1),
            signatures::person_id.eq(signature.person.to_string()),
            signatures::product_id.eq(signature.product.to_string()),
            signatures::assurance.eq(signature.assurance.code()),
            signatures::authenticated_at.eq(stamp(signature.authenticated_at)),
            signatures::digest.eq(signature.digest.to_string()),
            signatures::at.eq(stamp(signature.at)),
        );
        self.run(|db| diesel::insert_into(signatures::table).values(row).execute(db))?;
        Ok(())
    }

    pub(super) fn delete_signatures(&mut self, procedures: &[String]) -> Result<(), StoreError> {
        let of_these = signatures::table.filter(signatures::procedure_id.eq_any(procedures));
        self.run(|db| diesel::delete(of_these).execute(db))?;
        Ok(())
    }
}
