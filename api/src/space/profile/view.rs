//! The company profile as the API shows it.

use chrono::{DateTime, Utc};
use domain::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::document::{
    ActivityDocument, AddressDocument, AssociatedBodyDocument, BankAccountDocument, FiguresDocument, KeyDatesDocument,
    ProfileDocument,
};
use crate::http::{
    body::Object,
    field::{FieldError, FieldErrorView},
    schema,
};

/// A company profile, which prefills procedures; what is absent is not set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyProfile)]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    /// The company's name in its statutes, apart from the space's title.
    #[schema(value_type = Option<schema::LegalName>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_name: Option<String>,
    /// Its legal form.
    #[schema(value_type = Option<schema::LegalForm>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_form: Option<String>,
    /// Its national number.
    #[schema(value_type = Option<schema::LegalPersonNumber>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    national_identifier: Option<String>,
    /// Its number in the trade and companies register.
    #[schema(value_type = Option<schema::RcsNumber>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rcs_number: Option<String>,
    /// Its VAT number.
    #[schema(value_type = Option<schema::VatNumber>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    vat_number: Option<String>,
    /// What it does.
    #[schema(value_type = Vec<ActivityDocument>)]
    activities: Vec<Object<ActivityDocument>>,
    /// Where its seat is.
    #[schema(value_type = Option<AddressDocument>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_office: Option<Object<AddressDocument>>,
    /// Its bank accounts.
    #[schema(value_type = Vec<BankAccountDocument>)]
    bank_accounts: Vec<Object<BankAccountDocument>>,
    /// Legal persons that are associated with it.
    #[schema(value_type = Vec<AssociatedBodyDocument>)]
    associated_bodies: Vec<Object<AssociatedBodyDocument>>,
    /// Its dates.
    #[schema(value_type = Option<KeyDatesDocument>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    key_dates: Option<Object<KeyDatesDocument>>,
    /// Its figures.
    #[schema(value_type = Option<FiguresDocument>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Object<FiguresDocument>>,
    /// When it was last edited; absent where it never was.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<DateTime<Utc>>,
    /// What is kept though it looks wrong.
    warnings: Vec<FieldErrorView>,
}

impl ProfileView {
    /// A profile with its warnings in a language.
    pub fn new(
        document: ProfileDocument,
        warnings: &[FieldError],
        updated_at: Option<DateTime<Utc>>,
        language: Language,
    ) -> Self {
        let warnings = warnings.iter().map(|warning| warning.view(language));
        Self {
            legal_name: document.legal_name,
            legal_form: document.legal_form,
            national_identifier: document.national_identifier,
            rcs_number: document.rcs_number,
            vat_number: document.vat_number,
            activities: document.activities,
            registered_office: document.registered_office,
            bank_accounts: document.bank_accounts,
            associated_bodies: document.associated_bodies,
            key_dates: document.key_dates,
            figures: document.figures,
            updated_at,
            warnings: warnings.collect(),
        }
    }
}
