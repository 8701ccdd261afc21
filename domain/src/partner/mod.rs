//! Back ends of administrations, and what they are told: a partner sees and touches only what is its administration's
//! (domain.md §4).

pub mod event;
pub mod feed;

use std::{collections::BTreeSet, fmt};

pub use event::{EventSubject, PartnerEvent, PartnerEventKind};
pub use feed::{Feed, FeedPosition, ToldEvent};

use crate::{
    Coded, Fault, Instant, Refusal, audit::Actor, catalogue::AdministrationCode, coded::coded, id::PartnerId,
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
        /// Read the procedures that were sent to it.
        ReadProcedures = "read_procedures",
        /// Take them in, work on them and close them.
        HandleProcedures = "handle_procedures",
        /// Send records of its sources, and take them back.
        PushRecords = "push_records",
        /// Read what spaces say of them, and answer.
        AnswerVerifications = "answer_verifications",
        /// Follow the feed of events.
        ReadEvents = "read_events",
    }
}

/// Scopes of a partner, or those of them that a token was asked for: one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerScopes(BTreeSet<PartnerScope>);

impl PartnerScopes {
    /// All that there are.
    pub fn all() -> Self {
        Self(PartnerScope::ALL.iter().copied().collect())
    }

    /// Reads what `to_string` writes, the codes with one space between them, in any order: a `scope` of OAuth.
    ///
    /// # Errors
    /// [`Fault::Empty`] where none is named, [`Fault::Malformed`] for anything else that is no such list.
    pub fn parse(scope: &str) -> Result<Self, Fault> {
        if scope.is_empty() {
            return Err(Fault::Empty);
        }
        scope.split(' ').map(PartnerScope::from_code).collect::<Option<_>>().map(Self).ok_or(Fault::Malformed)
    }

    /// Each of them, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = PartnerScope> {
        self.0.iter().copied()
    }

    /// Whether all of them are among others.
    pub fn are_among(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// What a token opens that was given for some of them, or for what they once were.
    pub fn effective(&self, granted: &Self) -> EffectiveScopes {
        EffectiveScopes(&self.0 & &granted.0)
    }
}

impl fmt::Display for PartnerScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.iter().map(Coded::code).collect();
        f.write_str(&codes.join(" "))
    }
}

/// The scopes that a partner has and its token is for; there may be none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveScopes(BTreeSet<PartnerScope>);

impl EffectiveScopes {
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
        assert_eq!(PartnerScopes::parse(&PartnerScopes::all().to_string()), Ok(PartnerScopes::all()));
        assert_eq!(PartnerScopes::parse(""), Err(Fault::Empty));
        for wrong in [" ", "read_events ", "read_events  read_certifications", "Read_events", "read"] {
            assert_eq!(PartnerScopes::parse(wrong), Err(Fault::Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn a_token_is_for_what_it_was_asked_for_and_the_partner_still_has() {
        let row = PartnerScopes::parse("read_certifications decide_certifications").unwrap();
        let token = PartnerScopes::parse("read_certifications read_events").unwrap();
        let effective = row.effective(&token);
        assert_eq!(effective.require(PartnerScope::ReadCertifications), Ok(()));
        for lost in [PartnerScope::DecideCertifications, PartnerScope::ReadEvents] {
            assert_eq!(effective.require(lost), Err(Refusal::ScopeNotGranted { scope: lost }));
        }
        let other = PartnerScopes::parse("issue_access_codes").unwrap();
        assert_eq!(row.effective(&other).iter().count(), 0, "what it was asked for is all taken");
    }
}
