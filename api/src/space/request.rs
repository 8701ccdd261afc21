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

/// A space to open: a professional one needs a title and an entity type, a private one has neither.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "kind": "professional", "title": "Boulangerie du Coin", "entityType": "legal_person",
    "notificationEmail": "office@example.lu", "language": "fr"
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenSpaceRequest {
    /// Private or professional.
    #[schema(example = "professional")]
    kind: SpaceKindChoice,
    /// A professional space's title.
    #[schema(value_type = Option<schema::Title>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    title: Option<String>,
    /// What a professional space stands for.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    entity_type: Option<EntityTypeChoice>,
    /// Where notices go.
    #[schema(value_type = schema::EmailAddress)]
    notification_email: String,
    /// The language of notices.
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
