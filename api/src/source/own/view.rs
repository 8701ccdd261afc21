//! Sources and their records as members of a space see them, in their language.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    Instant,
    catalogue::Administration,
    form::Form,
    procedure::Hindrance,
    source::{AuthenticSource, KnownRecord},
    text::Language,
};
use persistence::{KeptRecord, Reading, StoreError};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sight::Seen;
use crate::{
    catalogue::view::{Showcase, TitledView},
    http::{
        language::Speaker,
        page::{PageView, page},
        schema::{self, Choice, SpaceKindChoice},
    },
    keys::DataKeys,
    procedure::view::HindranceView,
    source::sealed,
};

/// An authentic source, and whether it is open to a space.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthenticSource)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticSourceView {
    /// Its code.
    #[schema(value_type = schema::SourceCode)]
    code: String,
    /// What it is called, in the caller's language, or in French.
    #[schema(example = "Solde du compte TVA")]
    title: String,
    /// What it holds.
    #[schema(example = "Le solde du compte TVA de l'assujetti.")]
    description: String,
    /// Who holds the data.
    administration: TitledView,
    /// Where it belongs.
    theme: TitledView,
    /// To which kind of space it opens.
    audience: SpaceKindChoice,
    /// The service for which the space must be certified; absent where none is wanted.
    #[schema(value_type = Option<schema::ServiceCode>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    certification: Option<String>,
    /// The domain of that service to which the records belong; where there is none, they open to whom is certified for all of it.
    #[schema(value_type = Option<schema::ServiceDomainCode>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    /// For how many days a record counts as fresh.
    #[schema(minimum = 1, maximum = 3653, example = 7)]
    fresh_for_days: i64,
    /// Whether it is open here now.
    is_open: bool,
    /// All that keeps it closed.
    hindrances: Vec<HindranceView>,
    /// What a record says: a JSON Schema (2020-12), which says what people read by `x-titles`, `x-descriptions` and `x-choices`, a text a
    /// language. Lists leave it out.
    #[schema(nullable = false, value_type = Option<Object>, additional_properties, example = json!({ "type": "object" }))]
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Map<String, Value>>,
    #[serde(skip)]
    languages: BTreeSet<Language>,
}

impl AuthenticSourceView {
    /// In which languages its texts are.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.languages.iter().copied()
    }
}

/// A list of sources.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthenticSourcePage)]
pub struct AuthenticSourcePage {
    /// The sources, in the order of their codes.
    data: Vec<AuthenticSourceView>,
    /// Where the list goes on.
    page: PageView,
}
page!(AuthenticSourcePage of AuthenticSourceView by code: String);

/// What sources are shown with: their administrations and themes, in one language.
pub struct Shelf(Showcase);

impl Shelf {
    /// Reads those of some sources.
    ///
    /// # Errors
    /// The database can't be asked.
    pub fn of(tx: &mut Reading<'_>, sources: &[AuthenticSource], language: Language) -> Result<Self, StoreError> {
        Showcase::of(tx, sources.iter().map(|source| (&source.administration, &source.theme)), language).map(Self)
    }

    /// A source, with the form of its records where that is wanted.
    pub fn show(&self, source: &AuthenticSource, form: Option<&Form>, closed: Vec<Hindrance>) -> AuthenticSourceView {
        let mut speaker = Speaker::new(self.0.language);
        AuthenticSourceView {
            code: source.code.to_string(),
            title: speaker.say(&source.titles),
            description: speaker.say(&source.descriptions),
            administration: self.0.administration(&source.administration, &mut speaker),
            theme: self.0.sector(&source.theme, &mut speaker),
            audience: Choice(source.audience),
            certification: source.certification.as_ref().map(ToString::to_string),
            domain: source.domain.as_ref().map(ToString::to_string),
            fresh_for_days: source.fresh_for.num_days(),
            is_open: closed.is_empty(),
            hindrances: closed.into_iter().map(Into::into).collect(),
            record: form.and_then(|form| form.schema().as_object().cloned()),
            languages: speaker.spoken(),
        }
    }
}

/// A record of a source, as it was received last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceRecord)]
#[serde(rename_all = "camelCase")]
pub struct SourceRecordView {
    /// Its id.
    id: Uuid,
    /// The space's id.
    space_id: Uuid,
    /// Of which source.
    #[schema(value_type = schema::SourceCode)]
    source: String,
    /// Who holds the data.
    administration: TitledView,
    /// The certification by which it is seen; absent in a private space.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    certification: Option<Uuid>,
    /// The last four digits of the national number of whom it is about, behind stars.
    #[schema(example = "*******0012", max_length = 13)]
    masked_national_number: String,
    /// Its version, which goes up.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    version: i64,
    /// Of which moment the data is.
    as_of: DateTime<Utc>,
    /// When it was received.
    received_at: DateTime<Utc>,
    /// Whether the data is no older than the source says that it may be.
    fresh: bool,
    /// The data, in the form of the source.
    #[schema(value_type = Object, additional_properties, example = json!({ "vatNumber": "LU15027442", "balance": -125_000, "currency": "EUR" }))]
    content: Map<String, Value>,
}

impl SourceRecordView {
    /// A record that a space sees.
    ///
    /// # Errors
    /// No data key opens it.
    pub fn new(
        keys: &DataKeys,
        (source, administration): (&AuthenticSource, Option<&Administration>),
        seen: &Seen,
        kept: KeptRecord,
        speaker: &mut Speaker,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let KnownRecord { record, subject, content } = sealed::open(keys, kept)?;
        let titles = administration.map(|administration| &administration.titles);
        Ok(Self {
            id: record.id.0,
            space_id: seen.space.id.0,
            source: record.source.to_string(),
            administration: TitledView::found(source.administration.as_str(), titles, speaker),
            certification: seen.by(&record).map(|id| id.0),
            masked_national_number: subject.masked(),
            version: record.version.get(),
            as_of: record.as_of,
            received_at: record.received_at,
            fresh: source.is_fresh(record.as_of, now),
            content: content.map(|said| said.fields).unwrap_or_default(),
        })
    }
}

/// A list of records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceRecordPage)]
pub struct SourceRecordPage {
    /// The records, oldest first.
    data: Vec<SourceRecordView>,
    /// Where the list goes on.
    page: PageView,
}
page!(SourceRecordPage of SourceRecordView by id: Uuid);
