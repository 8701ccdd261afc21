//! Types of procedures as persons see them, in their language.

use std::collections::BTreeSet;

use domain::{
    form::Form,
    procedure::{AttachmentSlot, Hindrance, ProcedureType},
    text::Language,
};
use persistence::{Reading, StoreError};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    catalogue::view::{Showcase, TitledView},
    http::{
        language::Speaker,
        page::{PageView, page},
        schema::{AssuranceChoice, Choice, MediaTypeChoice, ServiceStatusChoice, SignatureKindChoice, SpaceKindChoice},
    },
};

/// A place for an attachment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttachmentSlot)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentSlotView {
    /// Its code, within the type.
    #[schema(example = "articles-of-association")]
    code: String,
    /// What is attached there.
    #[schema(example = "Statuts")]
    title: String,
    /// Whether nothing is sent without it.
    is_required: bool,
    /// What it may be.
    media_types: Vec<MediaTypeChoice>,
    /// How large a file is at most.
    #[schema(minimum = 1, maximum = 50, example = 10)]
    max_megabytes: u32,
    /// How many files there are at most.
    #[schema(minimum = 1, maximum = 10, example = 1)]
    max_files: u32,
}

impl AttachmentSlotView {
    fn new(slot: &AttachmentSlot, speaker: &mut Speaker) -> Self {
        Self {
            code: slot.code.to_string(),
            title: speaker.say(&slot.titles),
            is_required: slot.is_required,
            media_types: slot.media_types.iter().copied().map(Choice).collect(),
            max_megabytes: slot.max_megabytes,
            max_files: slot.max_files,
        }
    }
}

/// A type of procedure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureType)]
#[serde(rename_all = "camelCase")]
pub struct ProcedureTypeView {
    /// Its code.
    #[schema(example = "aed.vat-registration")]
    code: String,
    /// Counts its contents; a draft keeps the one that it was begun with.
    #[schema(minimum = 1, example = 1)]
    version: u32,
    /// Whether new ones begin.
    status: ServiceStatusChoice,
    /// What it is called, in the caller's language, or in French.
    #[schema(example = "Immatriculation à la TVA")]
    title: String,
    /// What it is for.
    #[schema(example = "Demander un numéro d'identification à la TVA.")]
    description: String,
    /// Whose it is.
    administration: TitledView,
    /// Where it belongs.
    theme: TitledView,
    /// From which kind of space it runs.
    audience: SpaceKindChoice,
    /// The service for which the space must be certified; absent where none is wanted.
    #[schema(nullable = false, example = "alva.food-establishments")]
    #[serde(skip_serializing_if = "Option::is_none")]
    certification: Option<String>,
    /// The login that it wants at least.
    least_assurance: AssuranceChoice,
    /// What is attached.
    attachments: Vec<AttachmentSlotView>,
    /// Who signs before it is sent.
    signature: SignatureKindChoice,
    /// Whether the space may reply to messages of the administration.
    replies_allowed: bool,
    /// What is filled in: a JSON Schema (2020-12), which says what people read by `x-titles`, `x-descriptions` and `x-choices`, a
    /// text a language, and what fills a field in by `x-prefill`. Lists leave it out.
    #[schema(nullable = false, value_type = Option<Object>, additional_properties, example = json!({ "type": "object" }))]
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<Map<String, Value>>,
    #[serde(skip)]
    languages: BTreeSet<Language>,
}

impl ProcedureTypeView {
    /// In which languages its texts are.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.languages.iter().copied()
    }
}

/// A list of types.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureTypePage)]
pub struct ProcedureTypePage {
    /// The types, in the order of their codes.
    data: Vec<ProcedureTypeView>,
    /// Where the list goes on.
    page: PageView,
}
page!(ProcedureTypePage of ProcedureTypeView by code: String);

/// Something that keeps a procedure from being begun, or a source closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hindrance)]
#[serde(rename_all = "camelCase")]
pub struct HindranceView {
    /// `audience`: it runs from spaces of the other kind. `certification_required`: the space is not certified for `service`.
    /// `assurance`: the login is weaker than `level`.
    #[schema(example = "certification_required")]
    code: &'static str,
    /// The service that wants a certification.
    #[schema(nullable = false, example = "alva.food-establishments")]
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// Where that belongs.
    #[schema(nullable = false, example = "food-safety")]
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<String>,
    /// The least level of login that does.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<AssuranceChoice>,
}

impl From<Hindrance> for HindranceView {
    fn from(hindrance: Hindrance) -> Self {
        let view = |code| Self { code, service: None, sector: None, level: None };
        match hindrance {
            Hindrance::Audience => view("audience"),
            Hindrance::CertificationRequired { service, sector } => Self {
                service: Some(service.to_string()),
                sector: Some(sector.to_string()),
                ..view("certification_required")
            },
            Hindrance::Assurance { needed } => Self { level: Some(Choice(needed)), ..view("assurance") },
        }
    }
}

/// A type of procedure, and whether it can be begun in a space.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureOpening)]
#[serde(rename_all = "camelCase")]
pub struct OpeningView {
    /// The type.
    procedure_type: ProcedureTypeView,
    /// Whether it can be begun here now, by who asks.
    is_open: bool,
    /// All that keeps it from that.
    hindrances: Vec<HindranceView>,
}

impl OpeningView {
    /// In which languages its texts are.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.procedure_type.languages()
    }

    /// A type with what keeps it from being begun.
    pub fn new(procedure_type: ProcedureTypeView, hindrances: Vec<Hindrance>) -> Self {
        let is_open = hindrances.is_empty();
        Self { procedure_type, is_open, hindrances: hindrances.into_iter().map(Into::into).collect() }
    }
}

/// A list of types as a space sees them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureOpeningPage)]
pub struct OpeningPage {
    /// The types, in the order of their codes.
    data: Vec<OpeningView>,
    /// Where the list goes on.
    page: PageView,
}
page!(OpeningPage of OpeningView by procedure_type.code: String);

/// What types are shown with: their administrations and themes, in one language.
pub struct Stall(Showcase);

impl Stall {
    /// Reads those of some types.
    ///
    /// # Errors
    /// The database can't be asked.
    pub fn of(tx: &mut Reading<'_>, types: &[&ProcedureType], language: Language) -> Result<Self, StoreError> {
        Showcase::of(tx, types.iter().map(|kind| (&kind.administration, &kind.theme)), language).map(Self)
    }

    /// A type, with its form where that is wanted.
    pub fn show(&self, kind: &ProcedureType, form: Option<&Form>) -> ProcedureTypeView {
        let mut speaker = Speaker::new(self.0.language);
        ProcedureTypeView {
            code: kind.code.to_string(),
            version: kind.version,
            status: Choice(kind.status),
            title: speaker.say(&kind.titles),
            description: speaker.say(&kind.descriptions),
            administration: self.0.administration(&kind.administration, &mut speaker),
            theme: self.0.sector(&kind.theme, &mut speaker),
            audience: Choice(kind.audience),
            certification: kind.certification.as_ref().map(ToString::to_string),
            least_assurance: Choice(kind.least_assurance),
            attachments: kind.attachments.iter().map(|slot| AttachmentSlotView::new(slot, &mut speaker)).collect(),
            signature: Choice(kind.signature),
            replies_allowed: kind.replies_allowed,
            form: form.and_then(|form| form.schema().as_object().cloned()),
            languages: speaker.spoken(),
        }
    }
}
