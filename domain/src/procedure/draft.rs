//! Procedures in preparation: how one is begun, edited, put into the bin and taken out again (domain.md §5, C).

use chrono::TimeDelta;

use super::{
    Hindrance, Opener, Procedure, ProcedureAct, ProcedureChange, ProcedureState, ProcedureType, life::Signatures,
};
use crate::{
    Instant, Refusal,
    catalogue::{Service, ServiceStatus},
    certification::HeldCertification,
    collaboration::{Membership, MembershipStatus, Permission},
    id::{MembershipId, ProcedureId},
    identity::Strength,
};

/// The most procedures in preparation in a space, signed or not, those in the bin among them.
pub const MOST: u32 = 500;
/// How long one stays in the bin.
pub const IN_BIN: TimeDelta = TimeDelta::days(14);
/// Edits by one person within this time are one step of the timeline.
pub const EDITS_WITHIN: TimeDelta = TimeDelta::hours(1);

impl Opener<'_> {
    /// Begins a procedure, where nothing keeps it from that; `others` are in preparation here.
    ///
    /// # Errors
    /// The space is not open, the type is retired, there is a [`Hindrance`], or too many are in preparation.
    pub fn begin(
        &self,
        (id, kind): (ProcedureId, &ProcedureType),
        certified: Option<(&Service, Vec<HeldCertification>)>,
        others: u32,
        now: Instant,
    ) -> Result<ProcedureChange, Refusal> {
        self.space.require_open()?;
        if kind.status == ServiceStatus::Retired {
            return Err(Refusal::ProcedureTypeNotOffered);
        }
        self.require_unhindered(kind, certified, now)?;
        if others >= MOST {
            return Err(Refusal::DraftLimitReached { limit: MOST });
        }
        let after = Procedure {
            id,
            space: self.space.id,
            kind: kind.code.clone(),
            kind_version: kind.version,
            state: ProcedureState::InPreparation,
            assignee: None,
            sending: None,
            outcome: None,
            binned_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Ok(ProcedureChange { after, act: ProcedureAct::Begun, signatures: Signatures::Kept })
    }

    /// Nothing keeps a procedure of this type from being begun, signed or sent here now.
    ///
    /// # Errors
    /// The first [`Hindrance`], and those of [`Opener::hindrances`].
    pub fn require_unhindered(
        &self,
        kind: &ProcedureType,
        certified: Option<(&Service, Vec<HeldCertification>)>,
        now: Instant,
    ) -> Result<(), Refusal> {
        match self.hindrances(kind, certified, now)?.into_iter().next() {
            None => Ok(()),
            Some(Hindrance::Audience) => Err(Refusal::ProcedureAudience),
            Some(Hindrance::CertificationRequired { service, sector }) => {
                Err(Refusal::CertificationRequired { service, sector })
            }
            Some(Hindrance::Assurance { needed }) => Err(Refusal::StepUpRequired { needed: Strength::of(needed) }),
        }
    }
}

impl Procedure {
    /// Whether its time in the bin is over: then it is nobody's any more, deleted or not.
    pub fn is_gone(&self, now: Instant) -> bool {
        self.binned_at.is_some_and(|binned_at| binned_at + IN_BIN <= now)
    }

    /// When it leaves the bin for good.
    pub fn purge_at(&self) -> Option<Instant> {
        self.binned_at.map(|binned_at| binned_at + IN_BIN)
    }

    /// It with another content: whoever had signed has not signed this.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`]; [`Refusal::ProcedureState`] once it was sent.
    pub fn edited(&self, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_editable()?;
        Ok(self.reopened(ProcedureAct::Edited, None, now))
    }

    /// It in the bin, from which it comes back unsigned.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`]; [`Refusal::ProcedureState`] once it was sent.
    pub fn binned(&self, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_editable()?;
        Ok(self.reopened(ProcedureAct::Binned, Some(now), now))
    }

    /// It out of the bin, as it was.
    ///
    /// # Errors
    /// [`Refusal::ProcedureNotBinned`]; [`Refusal::NotFound`] once its time in the bin is over.
    pub fn restored(&self, now: Instant) -> Result<ProcedureChange, Refusal> {
        if self.is_gone(now) {
            return Err(Refusal::NotFound);
        }
        self.binned_at.ok_or(Refusal::ProcedureNotBinned)?;
        Ok(self.reopened(ProcedureAct::Restored, None, now))
    }

    /// It with somebody who looks after it; `None` if he does already.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`]; [`Refusal::AssigneeMayNotDraft`] for who is no active member here, or only reads.
    pub fn assigned(&self, to: Option<&Membership>, now: Instant) -> Result<Option<ProcedureChange>, Refusal> {
        self.require_out_of_bin()?;
        let may_draft = |member: &&Membership| {
            let is_active = member.status_at(now) == MembershipStatus::Active;
            is_active && member.space == self.space && Permission::Draft.is_of(member.role)
        };
        let assignee = to.filter(may_draft).ok_or(Refusal::AssigneeMayNotDraft)?.id;
        Ok(self.given_to(Some(assignee), ProcedureAct::Assigned, now))
    }

    /// It without anybody who looks after it; `None` if nobody does.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`].
    pub fn unassigned(&self, now: Instant) -> Result<Option<ProcedureChange>, Refusal> {
        self.require_out_of_bin()?;
        Ok(self.given_to(None, ProcedureAct::Unassigned, now))
    }

    fn given_to(&self, assignee: Option<MembershipId>, act: ProcedureAct, now: Instant) -> Option<ProcedureChange> {
        let given = Self { assignee, ..self.clone() };
        (assignee != self.assignee).then(|| given.turned(self.state, act, now))
    }

    /// It in preparation, signed by nobody.
    pub(super) fn reopened(&self, act: ProcedureAct, binned_at: Option<Instant>, now: Instant) -> ProcedureChange {
        let reopened = Self { binned_at, ..self.clone() };
        reopened.turned(ProcedureState::InPreparation, act, now).with(Signatures::Void)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        collaboration::{
            Role,
            member::tests::{of_role, space},
        },
        identity::Assurance,
        procedure::procedure_type::tests::procedure_type,
        space::{Space, SpaceKind},
    };

    fn begin(space: &Space, kind: &ProcedureType, others: u32) -> Result<ProcedureChange, Refusal> {
        let opener = Opener { space, login: Some(Assurance::Substantial) };
        opener.begin((Uuid::nil().into(), kind), None, others, space.created_at)
    }

    #[test]
    fn what_keeps_it_from_being_begun_is_told() {
        let (space, kind) = (space(), procedure_type("aed.vat", "TVA").kind);
        let begun = begin(&space, &kind, MOST - 1).unwrap();
        assert_eq!((begun.act(), begun.after().version, begun.after().kind_version), (ProcedureAct::Begun, 1, 1));
        assert_eq!(begin(&space, &kind, MOST), Err(Refusal::DraftLimitReached { limit: MOST }));
        let private = ProcedureType { audience: SpaceKind::Private, ..kind.clone() };
        assert_eq!(begin(&space, &private, 0), Err(Refusal::ProcedureAudience));
        let retired = ProcedureType { status: ServiceStatus::Retired, ..kind.clone() };
        assert_eq!(begin(&space, &retired, 0), Err(Refusal::ProcedureTypeNotOffered));
        let high = ProcedureType { least_assurance: Assurance::High, ..kind.clone() };
        let needed = Strength { level: Assurance::High, max_age: None };
        assert_eq!(begin(&space, &high, 0), Err(Refusal::StepUpRequired { needed }));
        let closed = space.closed(space.created_at).unwrap();
        assert_eq!(begin(&closed, &kind, 0), Err(Refusal::SpaceClosed));
    }

    #[test]
    fn an_active_member_who_may_draft_looks_after_it() {
        let space = space();
        let now = space.created_at;
        let draft = begin(&space, &procedure_type("aed.vat", "TVA").kind, 0).unwrap().after().clone();
        let contributor = of_role(1, Role::Contributor).membership;
        let assigned = draft.assigned(Some(&contributor), now).unwrap().unwrap();
        assert_eq!((assigned.act(), assigned.after().assignee), (ProcedureAct::Assigned, Some(contributor.id)));
        assert_eq!(assigned.after().assigned(Some(&contributor), now), Ok(None));
        let unassigned = assigned.after().unassigned(now).unwrap().unwrap();
        assert_eq!((unassigned.act(), unassigned.after().assignee), (ProcedureAct::Unassigned, None));
        assert_eq!(draft.unassigned(now), Ok(None));

        let reader = of_role(2, Role::Reader).membership;
        let suspended = Membership { status: MembershipStatus::Suspended, ..contributor.clone() };
        let elsewhere = Membership { space: Uuid::max().into(), ..contributor.clone() };
        for member in [None, Some(&reader), Some(&suspended), Some(&elsewhere)] {
            assert_eq!(draft.assigned(member, now), Err(Refusal::AssigneeMayNotDraft));
        }
        let binned = assigned.after().binned(now).unwrap().after().clone();
        assert_eq!(binned.assigned(Some(&contributor), now), Err(Refusal::ProcedureBinned));
        assert_eq!(binned.unassigned(now), Err(Refusal::ProcedureBinned));
    }

    proptest! {
        /// Whatever is tried: what is in the bin is only taken out, in time, what is not only edited or put in, and each change
        /// counts.
        #[test]
        fn the_bin_is_the_only_way_out_and_back(tries in proptest::collection::vec((0..3_u8, 0..20_i64), 0..30)) {
            let space = space();
            let mut now = space.created_at;
            let mut draft = begin(&space, &procedure_type("aed.vat", "TVA").kind, 0).unwrap().after().clone();
            for (attempt, days) in tries {
                now += TimeDelta::days(days);
                let (was_binned, was_gone) = (draft.binned_at.is_some(), draft.is_gone(now));
                prop_assert_eq!(was_gone, draft.purge_at().is_some_and(|at| at <= now));
                let done = match attempt {
                    0 => draft.edited(now),
                    1 => draft.binned(now),
                    _ => draft.restored(now),
                };
                let expected = match (attempt, was_binned) {
                    (0 | 1, true) => Some(Refusal::ProcedureBinned),
                    (2, true) if was_gone => Some(Refusal::NotFound),
                    (2, false) => Some(Refusal::ProcedureNotBinned),
                    _ => None,
                };
                prop_assert_eq!(done.as_ref().err(), expected.as_ref());
                let Ok(change) = done else { continue };
                prop_assert_eq!(change.after().version, draft.version + 1);
                prop_assert_eq!(change.after().binned_at, (attempt == 1).then_some(now));
                prop_assert_eq!(change.after().state, ProcedureState::InPreparation);
                draft = change.after().clone();
            }
        }
    }
}
