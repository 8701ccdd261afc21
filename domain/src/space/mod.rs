//! Spaces: private and professional, how one is opened, edited, closed and restored.

pub mod identifier;
pub mod life;
pub mod opening;
pub mod profile;

pub use identifier::SpaceIdentifier;
pub use life::Closure;
pub use opening::{Founder, OpenedSpace, Opening, SpacesOpened};
pub use profile::CompanyProfile;

use crate::{
    Instant, Refusal,
    coded::coded,
    id::{ProductId, SpaceId},
    text::{EmailAddress, Language, ReasonText, Title},
};

coded! {
    /// Kinds of space (domain.md §2, F).
    SpaceKind {
        /// A natural person's own space; only its owner is in it.
        Private = "private",
        /// The space of a company, a self-employed person or an association.
        Professional = "professional",
    }
}

coded! {
    /// What a space stands for; its identifier begins with it (domain.md §2, F).
    EntityType {
        /// A company or an association: `PM-`.
        LegalPerson = "legal_person",
        /// A private or self-employed person: `PP-`.
        NaturalPerson = "natural_person",
    }
}

coded! {
    /// States of a space (domain.md §2, C).
    SpaceState {
        /// In use.
        Open = "open",
        /// By the Helpdesk: members read, nobody acts.
        Suspended = "suspended",
        /// By an administrator, restorable for a while.
        Closed = "closed",
        /// What the law lets go is gone.
        Purged = "purged",
    }
}

/// A space, apart from who is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Which space this is.
    pub id: SpaceId,
    /// What people and letters call it.
    pub identifier: SpaceIdentifier,
    /// Private or professional.
    pub kind: SpaceKind,
    /// What it stands for.
    pub entity_type: EntityType,
    /// What its members call it; a private space has none.
    pub title: Option<Title>,
    /// The language of notices.
    pub language: Language,
    /// Where notices go.
    pub notification_email: EmailAddress,
    /// Whether that address may be sent more than a code (domain.md §1, C).
    pub notification_email_confirmed: bool,
    /// Where it stands.
    pub state: SpaceState,
    /// Since when and why it is suspended, while it is.
    pub suspension: Option<Suspension>,
    /// What a closed space has, and no other.
    pub closure: Option<Closure>,
    /// The product whose limit it counts against.
    pub opened_with: ProductId,
    /// When it was opened.
    pub created_at: Instant,
    /// When it was last edited, closed or restored.
    pub updated_at: Instant,
    /// Counts these changes: what `If-Match` is compared with.
    pub version: u32,
}

/// Why members only read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Since when.
    pub at: Instant,
    /// What the Helpdesk wrote.
    pub reason: ReasonText,
}

/// What an edit sets; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpaceEdit {
    /// A professional space's new title.
    pub title: Option<Title>,
    /// The new language of notices.
    pub language: Option<Language>,
    /// The new address of notices.
    pub notification_email: Option<EmailAddress>,
}

impl SpaceState {
    /// Whether a space that stands so counts, and somebody must administer it.
    pub fn is_in_use(self) -> bool {
        matches!(self, Self::Open | Self::Suspended)
    }
}

impl Space {
    /// A space in which its members may act.
    ///
    /// # Errors
    /// [`Refusal::SpaceSuspended`] or those of [`Space::require_in_use`].
    pub fn require_open(&self) -> Result<(), Refusal> {
        self.require_in_use()?;
        if self.state == SpaceState::Suspended { Err(Refusal::SpaceSuspended) } else { Ok(()) }
    }

    /// A professional space: a private one has no company.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn require_professional(&self) -> Result<(), Refusal> {
        if self.kind == SpaceKind::Professional { Ok(()) } else { Err(Refusal::NotFound) }
    }

    /// A space in which its members may read.
    ///
    /// # Errors
    /// [`Refusal::SpaceClosed`], or [`Refusal::NotFound`] for one that is purged.
    pub fn require_in_use(&self) -> Result<(), Refusal> {
        match self.state {
            SpaceState::Open | SpaceState::Suspended => Ok(()),
            SpaceState::Closed => Err(Refusal::SpaceClosed),
            SpaceState::Purged => Err(Refusal::NotFound),
        }
    }

    /// Whether it counts, and somebody must administer it.
    pub fn is_in_use(&self) -> bool {
        self.state.is_in_use()
    }

    /// The next version.
    #[must_use]
    pub fn counted(self, now: Instant) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self }
    }

    /// The names of the fields that an edit of `before` changed, as the API calls them.
    pub fn changed_since(&self, before: &Self) -> Vec<&'static str> {
        let fields = [
            ("title", self.title != before.title),
            ("language", self.language != before.language),
            ("notificationEmail", self.notification_email != before.notification_email),
            ("notificationEmailConfirmed", self.notification_email_confirmed != before.notification_email_confirmed),
        ];
        fields.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect()
    }
}
