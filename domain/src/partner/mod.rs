//! Back ends of administrations, and what they are told: a partner sees and touches only what is its administration's
//! (domain.md §4).

pub mod event;
pub mod feed;

use std::{collections::BTreeSet, fmt};

pub use event::{EventSubject, PartnerEvent, PartnerEventKind};
pub use feed::{Feed, FeedPosition, ToldEvent};

use crate::{
    Coded, Instant, Refusal, audit::Actor, catalogue::AdministrationCode, coded::coded, id::PartnerId,
    text::PartnerName,
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

    /// That one of them is this.
    ///
    /// # Errors
    /// [`Refusal::ScopeNotGranted`].
    pub fn require(&self, scope: PartnerScope) -> Result<(), Refusal> {
        if self.0.contains(&scope) { Ok(()) } else { Err(Refusal::ScopeNotGranted { scope }) }
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

/// What an operator changes of a partner; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerEdit {
    /// Another name.
    pub name: Option<PartnerName>,
    /// Other scopes.
    pub scopes: Option<PartnerScopes>,
    /// Suspended, or active again.
    pub status: Option<PartnerStatus>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_those_of_the_list_in_its_order() {
        let scopes = PartnerScopes::parse("read_events read_certifications read_events").unwrap();
        assert_eq!(scopes.to_string(), "read_certifications read_events");
        for wrong in ["", " ", "read_events ", "read_events  read_certifications", "Read_events", "read"] {
            assert_eq!(PartnerScopes::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_token_is_for_what_it_was_asked_for_and_the_partner_still_has() {
        let row = PartnerScopes::parse("read_certifications decide_certifications").unwrap();
        let token = PartnerScopes::parse("read_certifications read_events").unwrap();
        let common = row.common(&token);
        assert_eq!(common.require(PartnerScope::ReadCertifications), Ok(()));
        for lost in [PartnerScope::DecideCertifications, PartnerScope::ReadEvents] {
            assert_eq!(common.require(lost), Err(Refusal::ScopeNotGranted { scope: lost }));
        }
    }
}
