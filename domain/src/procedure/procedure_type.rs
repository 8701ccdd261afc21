//! Types of procedures: what each is about, for whom it is, and what it wants (domain.md §5).

use std::{collections::BTreeSet, ops::RangeInclusive};

use crate::{
    Instant, Refusal,
    catalogue::{
        AdministrationCode, Entry, LocalText, SectorCode, Service, ServiceCode, ServiceStatus, administration_in, codes,
    },
    certification::{Gate, HeldCertification},
    coded::coded,
    form::Form,
    identity::Assurance,
    space::{Space, SpaceKind},
    store_room::MediaType,
};

codes! {
    /// A type of procedure, behind its administration: `aed.vat-registration`.
    ProcedureTypeCode(2, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*\.[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
    /// A slot for attachments, within a type: `articles-of-association`.
    AttachmentCode(1, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
}

impl ProcedureTypeCode {
    /// Whose type it is: its first part says it.
    pub fn administration(&self) -> AdministrationCode {
        administration_in(&self.0)
    }
}

coded! {
    /// Who signs a procedure before it is sent (domain.md §5, C).
    SignatureKind {
        /// Nobody.
        None = "none",
        /// Somebody of the space.
        Single = "single",
        /// Somebody of the space, and somebody of another one (F).
        Double = "double",
    }
}

/// A place for an attachment (domain.md §5, F).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentSlot {
    /// Its code, within the type.
    pub code: AttachmentCode,
    /// What is attached there.
    pub titles: LocalText,
    /// Whether nothing is sent without it.
    pub is_required: bool,
    /// What it may be; at least one.
    pub media_types: BTreeSet<MediaType>,
    /// How large a file is at most.
    pub max_megabytes: u32,
    /// How many there are at most.
    pub max_files: u32,
}

/// A type of procedure, but for its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureType {
    /// Its code.
    pub code: ProcedureTypeCode,
    /// Counts its contents, from 1: another content is the next version, and a draft keeps its own.
    pub version: u32,
    /// Whose it is.
    pub administration: AdministrationCode,
    /// Where it belongs: a sector of the catalogue.
    pub theme: SectorCode,
    /// From which kind of space it runs (F).
    pub audience: SpaceKind,
    /// What it is called.
    pub titles: LocalText,
    /// What it is for.
    pub descriptions: LocalText,
    /// Other words by which people look for it.
    pub keywords: Option<LocalText>,
    /// The service for which the space must be certified.
    pub certification: Option<ServiceCode>,
    /// The login that it wants at least.
    pub least_assurance: Assurance,
    /// What is attached, in the order of the codes.
    pub attachments: Vec<AttachmentSlot>,
    /// Who signs.
    pub signature: SignatureKind,
    /// Whether the space may reply to messages of the administration.
    pub replies_allowed: bool,
    /// Whether new ones begin.
    pub status: ServiceStatus,
}

/// A type of procedure with its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeWithForm {
    /// The type.
    pub kind: ProcedureType,
    /// What is filled in.
    pub form: Form,
}

impl ProcedureType {
    /// The most megabytes of an attachment.
    pub const MEGABYTES: RangeInclusive<i64> = 1..=50;
    /// The megabytes where the catalogue does not say how many (our choice).
    pub const DEFAULT_MEGABYTES: i64 = 10;
    /// The most slots of a type.
    pub const MOST_ATTACHMENTS: usize = 20;
}

impl Entry for TypeWithForm {
    const KIND: &'static str = "procedure type";
    fn code(&self) -> &str {
        self.kind.code.as_str()
    }
    fn is_retired(&self) -> bool {
        self.kind.status == ServiceStatus::Retired
    }
    fn retired(mut self) -> Self {
        self.kind.status = ServiceStatus::Retired;
        self
    }
    /// The next version, unless it is the same but for being back.
    fn succeeding(mut self, before: &Self) -> Self {
        self.kind.version = before.kind.version;
        let mut offered = before.clone();
        offered.kind.status = ServiceStatus::Offered;
        if self != offered {
            self.kind.version += 1;
        }
        self
    }
}

/// Something that keeps a procedure of a type from being begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// It runs from spaces of the other kind.
    Audience,
    /// The space is not certified for the service that it wants.
    CertificationRequired {
        /// Which.
        service: ServiceCode,
        /// Where it belongs.
        sector: SectorCode,
    },
    /// The login is weaker than this.
    Assurance {
        /// The least that does.
        needed: Assurance,
    },
}

/// Who would begin a procedure, and where.
#[derive(Debug, Clone, Copy)]
pub struct Opener<'a> {
    /// In which space.
    pub space: &'a Space,
    /// How a person is logged in; software is not.
    pub login: Option<Assurance>,
}

impl Opener<'_> {
    /// All that keeps a procedure of a type from being begun here now. The service is the one that the type wants, with the
    /// certifications that the space holds for it.
    ///
    /// # Errors
    /// Those of [`Space::require_in_use`].
    pub fn hindrances(
        &self,
        kind: &ProcedureType,
        certified: Option<(&Service, Vec<HeldCertification>)>,
        now: Instant,
    ) -> Result<Vec<Hindrance>, Refusal> {
        self.space.require_in_use()?;
        let mut hindrances = Vec::new();
        if kind.audience != self.space.kind {
            hindrances.push(Hindrance::Audience);
        }
        if let Some((service, held)) = certified {
            match (Gate { space: self.space, service }.pass(held, now)) {
                Ok(_) => (),
                Err(Refusal::CertificationRequired { service, sector }) => {
                    hindrances.push(Hindrance::CertificationRequired { service, sector });
                }
                Err(other) => return Err(other),
            }
        }
        let needed = kind.least_assurance;
        if self.login.is_some_and(|login| login < needed) {
            hindrances.push(Hindrance::Assurance { needed });
        }
        Ok(hindrances)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::{collaboration::member::tests::space, text::Language};

    pub(crate) fn procedure_type(code: &str, title: &str) -> TypeWithForm {
        let code = ProcedureTypeCode::parse(code).unwrap();
        let titles = LocalText::new([(Language::Fr, title.to_owned())]).unwrap();
        let kind = ProcedureType {
            administration: code.administration(),
            code,
            version: 1,
            theme: SectorCode::parse("taxes").unwrap(),
            audience: SpaceKind::Professional,
            descriptions: titles.clone(),
            titles,
            keywords: None,
            certification: None,
            least_assurance: Assurance::Substantial,
            attachments: vec![],
            signature: SignatureKind::Single,
            replies_allowed: true,
            status: ServiceStatus::Offered,
        };
        TypeWithForm { kind, form: Form::parse(json!({ "type": "object" })).unwrap() }
    }

    #[test]
    fn another_content_is_the_next_version_and_coming_back_is_none() {
        let first = procedure_type("aed.vat", "TVA");
        assert_eq!(first.clone().succeeding(&first).kind.version, 1);
        assert_eq!(first.clone().succeeding(&first.clone().retired()).kind.version, 1);
        let renamed = procedure_type("aed.vat", "Taxe").succeeding(&first);
        assert_eq!(renamed.kind.version, 2);
        let other_form = TypeWithForm {
            form: Form::parse(json!({ "type": "object", "required": ["a"] })).unwrap(),
            ..procedure_type("aed.vat", "Taxe")
        };
        assert_eq!(other_form.succeeding(&renamed).kind.version, 3);
    }

    #[test]
    fn every_hindrance_is_told_and_software_has_no_login() {
        let space = space();
        let now = space.created_at;
        let mut kind = procedure_type("aed.vat", "TVA").kind;
        let hindrances = |kind: &ProcedureType, login| Opener { space: &space, login }.hindrances(kind, None, now);
        assert_eq!(hindrances(&kind, Some(Assurance::Substantial)), Ok(vec![]));
        let needed = Assurance::Substantial;
        assert_eq!(hindrances(&kind, Some(Assurance::Low)), Ok(vec![Hindrance::Assurance { needed }]));
        kind.audience = SpaceKind::Private;
        let both = vec![Hindrance::Audience, Hindrance::Assurance { needed }];
        assert_eq!(hindrances(&kind, Some(Assurance::Low)), Ok(both));
        assert_eq!(hindrances(&kind, None), Ok(vec![Hindrance::Audience]));
        let closed = space.clone().closed(now).unwrap();
        let refused = Opener { space: &closed, login: None }.hindrances(&kind, None, now);
        assert_eq!(refused, Err(Refusal::SpaceClosed));
    }
}
