//! Back ends of administrations, and what they are told: a partner sees and touches only what is its administration's
//! (domain.md §8).

pub mod event;

use std::{collections::BTreeSet, fmt};

pub use event::{PartnerEvent, PartnerEventKind};

use crate::{
    Coded, Instant, audit::Actor, catalogue::AdministrationCode, coded::coded, id::PartnerId, text::PartnerName,
};

coded! {
    /// What a partner may be let do.
    PartnerScope {
        /// Read requests and certifications.
        ReadCertifications = "read_certifications",
        /// Decide on them.
        DecideCertifications = "decide_certifications",
        /// Issue, see and withdraw access codes.
        IssueAccessCodes = "issue_access_codes",
        /// Follow the feed of events.
        ReadEvents = "read_events",
    }
}

/// Scopes of a partner, or those of them that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerScopes(BTreeSet<PartnerScope>);

impl PartnerScopes {
    /// Reads what `to_string` writes, the codes with one space between them, in any order: a `scope` of OAuth.
    pub fn parse(scope: &str) -> Option<Self> {
        scope.split(' ').map(PartnerScope::from_code).collect::<Option<_>>().map(Self)
    }

    /// Each of them, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = PartnerScope> {
        self.0.iter().copied()
    }

    /// Whether all of them are among others.
    pub fn are_among(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Those that are among others too.
    #[must_use]
    pub fn common(&self, others: &Self) -> Self {
        Self(&self.0 & &others.0)
    }
}

impl FromIterator<PartnerScope> for PartnerScopes {
    fn from_iter<I: IntoIterator<Item = PartnerScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for PartnerScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.iter().map(Coded::code).collect();
        f.write_str(&codes.join(" "))
    }
}

coded! {
    /// How a partner stands.
    PartnerStatus {
        /// It gets tokens.
        Active = "active",
        /// The operator suspended it: its tokens open nothing.
        Suspended = "suspended",
    }
}

/// An administration's back end. Its keys are those of the client of the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Which partner, and which client of OAuth, this is.
    pub id: PartnerId,
    /// For whom it acts.
    pub administration: AdministrationCode,
    /// What operators call it.
    pub name: PartnerName,
    /// What it may do.
    pub scopes: PartnerScopes,
    /// How it stands.
    pub status: PartnerStatus,
    /// Since when.
    pub created_at: Instant,
}

impl Partner {
    /// Whether it gets in now.
    pub fn gets_in(&self) -> bool {
        self.status == PartnerStatus::Active
    }

    /// As who it acts.
    pub fn actor(&self) -> Actor {
        Actor::Partner { client: self.id }
    }
}
