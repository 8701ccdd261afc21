//! Opening a space: the terms, the one private space, and the quota of the product.

use super::{EntityType, Space, SpaceIdentifier, SpaceKind, SpaceState};
use crate::{
    Instant, Refusal,
    collaboration::{AccessScope, Membership, MembershipStatus, Role},
    id::{MembershipId, SpaceId},
    identity::{Person, Product, ProductStatus},
    text::{EmailAddress, Language, Title},
};

/// What somebody wants to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// His private space.
    Private {
        /// The language of notices.
        language: Language,
        /// Where notices go.
        notification_email: EmailAddress,
    },
    /// A professional space.
    Professional {
        /// What its members will call it.
        title: Title,
        /// What it stands for.
        entity_type: EntityType,
        /// The language of notices.
        language: Language,
        /// Where notices go.
        notification_email: EmailAddress,
    },
}

impl Opening {
    /// What the space will stand for; a private one for a natural person.
    pub fn entity_type(&self) -> EntityType {
        match self {
            Self::Private { .. } => EntityType::NaturalPerson,
            Self::Professional { entity_type, .. } => *entity_type,
        }
    }
}

/// Who opens a space, with all that decides whether he may: read under the locks of the person and the product.
#[derive(Debug)]
pub struct Founder<'a> {
    /// The person.
    pub person: &'a Person,
    /// The product that he logged in with: the space counts against it.
    pub product: &'a Product,
    /// Whether he accepted the terms in force; where none are in force, he can't have.
    pub terms_accepted: bool,
    /// Whether he has a private space that is not closed for good; asked where he wants one.
    pub has_private_space: bool,
    /// The professional spaces that were opened with the product; asked where he wants one.
    pub spaces: SpacesOpened,
}

/// How many professional spaces were opened with a product (domain.md §2, C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpacesOpened {
    /// Those in use, which count against the product's limit.
    pub used: u32,
    /// Those that are closed and can be restored.
    pub closed: u32,
}

/// A space that may be kept: only [`Founder::open`] makes one.
#[derive(Debug)]
pub struct OpenedSpace {
    space: Space,
    founding: Membership,
}

impl OpenedSpace {
    /// The space.
    pub fn space(&self) -> &Space {
        &self.space
    }
    /// The founder's membership: an administrator with all his products.
    pub fn founding(&self) -> &Membership {
        &self.founding
    }
}

impl Founder<'_> {
    /// Opens a space.
    ///
    /// # Errors
    /// The product was withdrawn meanwhile, the terms are not accepted, the private space exists, the product's limit is
    /// reached, or too many spaces of it are closed.
    pub fn open(
        &self,
        wish: Opening,
        identifier: SpaceIdentifier,
        ids: (SpaceId, MembershipId),
        now: Instant,
    ) -> Result<OpenedSpace, Refusal> {
        if self.product.status != ProductStatus::Registered {
            return Err(Refusal::TryAgain);
        }
        if !self.terms_accepted {
            return Err(Refusal::TermsNotAccepted);
        }
        let entity_type = wish.entity_type();
        let (kind, title, language, notification_email) = match wish {
            Opening::Private { .. } if self.has_private_space => return Err(Refusal::PrivateSpaceExists),
            Opening::Private { language, notification_email } => {
                (SpaceKind::Private, None, language, notification_email)
            }
            Opening::Professional { title, language, notification_email, .. } => {
                self.product.require_place(self.spaces.used)?;
                self.product.require_few_closed(self.spaces.closed)?;
                (SpaceKind::Professional, Some(title), language, notification_email)
            }
        };
        let (space_id, membership_id) = ids;
        let space = Space {
            id: space_id,
            identifier,
            kind,
            entity_type,
            title,
            language,
            notification_email_confirmed: notification_email.is_same_mailbox(&self.person.email),
            notification_email,
            state: SpaceState::Open,
            suspension: None,
            closure: None,
            opened_with: self.product.id,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let founding = Membership {
            id: membership_id,
            space: space_id,
            person: self.person.id,
            role: Role::Administrator,
            scope: AccessScope::AllProducts,
            product: self.product.id,
            status: MembershipStatus::Active,
            ends_at: None,
            created_at: now,
            version: 1,
        };
        Ok(OpenedSpace { space, founding })
    }
}
