//! Which notices a person is mailed: he may turn off what tells him of others' acts, and nothing else (domain.md §1, C).

use std::collections::BTreeSet;

use crate::coded::coded;

coded! {
    /// A kind of notice that a person may turn off.
    NoticeKind {
        /// An invitation that he answers for was accepted or refused.
        InvitationAnswers = "invitation_answers",
        /// Somebody asks to be let into a space that he administers.
        JoinRequests = "join_requests",
        /// A member left a space that he administers.
        MemberDepartures = "member_departures",
        /// An administration is done with a procedure of a space that he is in.
        Procedures = "procedures",
    }
}

impl NoticeKind {
    /// The name of the field by which the API says whether he wants it.
    pub fn field(self) -> &'static str {
        match self {
            Self::InvitationAnswers => "invitationAnswers",
            Self::JoinRequests => "joinRequests",
            Self::MemberDepartures => "memberDepartures",
            Self::Procedures => "procedures",
        }
    }
}

/// The notices that a person wants: all but those that he turned off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotificationPreferences {
    off: BTreeSet<NoticeKind>,
}

impl NotificationPreferences {
    /// All notices but these.
    pub fn all_but(off: impl IntoIterator<Item = NoticeKind>) -> Self {
        Self { off: off.into_iter().collect() }
    }

    /// Whether he wants notices of this kind.
    pub fn wants(&self, kind: NoticeKind) -> bool {
        !self.off.contains(&kind)
    }

    /// With these kinds turned on or off; what is not named stays.
    #[must_use]
    pub fn edit(&self, wishes: &[(NoticeKind, bool)]) -> Self {
        let mut edited = self.clone();
        for (kind, is_wanted) in wishes {
            let _ = if *is_wanted { edited.off.remove(kind) } else { edited.off.insert(*kind) };
        }
        edited
    }

    /// The kinds of which an edit of `before` changed whether he wants them.
    pub fn changed_since(&self, before: &Self) -> Vec<NoticeKind> {
        self.off.symmetric_difference(&before.off).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_wanted_until_it_is_turned_off() {
        use NoticeKind::{InvitationAnswers, JoinRequests, MemberDepartures};
        let all = NotificationPreferences::default();
        assert_eq!(all.edit(&[]), all);
        assert_eq!(all.edit(&[(JoinRequests, true)]).changed_since(&all), []);
        let fewer = all.edit(&[(JoinRequests, false), (MemberDepartures, false)]);
        assert!(fewer.wants(InvitationAnswers) && !fewer.wants(JoinRequests) && !fewer.wants(MemberDepartures));
        assert_eq!(fewer, NotificationPreferences::all_but([MemberDepartures, JoinRequests]));
        let other = fewer.edit(&[(JoinRequests, true), (InvitationAnswers, false)]);
        assert_eq!(other.changed_since(&fewer), [InvitationAnswers, JoinRequests]);
    }
}
