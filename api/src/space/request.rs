//! What may be asked of spaces.

use domain::{
    Fault,
    space::{Opening, SpaceEdit, SpaceKind},
    text::{EmailAddress, Title},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, MERGE_PATCH, Request},
    schema::{self, EntityTypeChoice, LanguageChoice, SpaceKindChoice, present},
};

/// A space to open.
#[derive(ToSchema)]
#[schema(as = OpenSpaceRequest, example = json!({
    "kind": "professional", "title": "Boulangerie du Coin", "entityType": "legal_person",
    "notificationEmail": "office@example.lu", "language": "fr"
}))]
#[serde(untagged)]
pub enum OpenSpace {
    /// Professional.
    Professional(OpenProfessionalSpace),
    /// Private.
    Private(OpenPrivateSpace),
}

/// The caller's private space to open.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the contract of an `OpenSpaceRequest`: read as such, a fault would lose its pointer")]
pub struct OpenPrivateSpace {
    /// That it is private.
    #[schema(value_type = schema::Private)]
    kind: SpaceKindChoice,
    /// Where notices go.
    #[schema(value_type = schema::EmailAddress)]
    notification_email: String,
    /// The language of notices.
    language: LanguageChoice,
}

/// A professional space to open.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "as above")]
pub struct OpenProfessionalSpace {
    /// That it is professional.
    #[schema(value_type = schema::Professional)]
    kind: SpaceKindChoice,
    /// What its members will call it.
    #[schema(value_type = schema::Title)]
    title: String,
    /// What it stands for.
    entity_type: EntityTypeChoice,
    /// Where notices go.
    #[schema(value_type = schema::EmailAddress)]
    notification_email: String,
    /// The language of notices.
    language: LanguageChoice,
}

/// An [`OpenSpace`], read: a professional one needs a title and an entity type, a private one has neither.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenSpaceRequest {
    kind: SpaceKindChoice,
    #[serde(default, deserialize_with = "present")]
    title: Option<String>,
    #[serde(default, deserialize_with = "present")]
    entity_type: Option<EntityTypeChoice>,
    notification_email: String,
    language: LanguageChoice,
}

impl Request for OpenSpaceRequest {
    type Value = Opening;
    fn check(self, faults: &mut Faults) -> Option<Opening> {
        let language = self.language.0;
        let notification_email = faults.take("/notificationEmail", EmailAddress::parse(&self.notification_email));
        match self.kind.0 {
            SpaceKind::Private => {
                let title = faults.take("/title", self.title.map_or(Ok(()), |_| Err(Fault::NotApplicable)));
                let entity_type =
                    faults.take("/entityType", self.entity_type.map_or(Ok(()), |_| Err(Fault::NotApplicable)));
                title.and(entity_type)?;
                Some(Opening::Private { language, notification_email: notification_email? })
            }
            SpaceKind::Professional => {
                let title = self.title.ok_or(Fault::Missing).and_then(|title| Title::parse(&title));
                let title = faults.take("/title", title);
                let entity_type = faults.take("/entityType", self.entity_type.ok_or(Fault::Missing));
                let (title, entity_type) = (title?, entity_type?.0);
                Some(Opening::Professional { title, entity_type, language, notification_email: notification_email? })
            }
        }
    }
}

/// What to change of a space (RFC 7396); what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "title": "Boulangerie de la Gare" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditSpaceRequest {
    /// A professional space's new title.
    #[schema(value_type = Option<schema::Title>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    title: Option<String>,
    /// The new language of notices.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    language: Option<LanguageChoice>,
    /// The new address of notices.
    #[schema(value_type = Option<schema::EmailAddress>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    notification_email: Option<String>,
}

impl Request for EditSpaceRequest {
    const MEDIA_TYPES: &'static [&'static str] = MERGE_PATCH;
    type Value = SpaceEdit;
    fn check(self, faults: &mut Faults) -> Option<SpaceEdit> {
        let title = faults.take_optional("/title", self.title.map(|title| Title::parse(&title)));
        let notification_email = self.notification_email.map(|address| EmailAddress::parse(&address));
        let notification_email = faults.take_optional("/notificationEmail", notification_email);
        let language = self.language.map(|language| language.0);
        Some(SpaceEdit { title: title?, language, notification_email: notification_email? })
    }
}
