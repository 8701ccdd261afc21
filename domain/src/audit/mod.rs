//! The audit log: who did what to which thing, in chains that show what was done to them (domain.md §8, C).
//!
//! An event holds ids, codes and the *names* of changed fields: nothing that says who somebody is, no value, no secret.

pub mod chain;

use std::{borrow::Cow, fmt};

pub use chain::{Entry, EntryHash, Finding, Head, Walk, written};
use uuid::Uuid;

use crate::{
    Coded,
    coded::coded,
    id::{
        AccessCodeId, CertificationId, ClientId, InvitationId, JoinRequestId, LimitRequestId, MembershipId, PartnerId,
        PersonId, ProcedureId, ProductId, RecoveryId, SessionId, SpaceId, SystemUserId, VerificationId,
    },
    identity::{Session, SessionEnd, Terms},
};

coded! {
    /// Acts that leave an entry. Logins and reads leave none (domain.md §8, C).
    AuditAct {
        /// A person came, with his first product.
        ProductRegistered = "product_registered",
        /// Another product joined a person who was known.
        ProductJoined = "product_joined",
        /// A product that was withdrawn came back.
        ProductRevived = "product_revived",
        /// A product was withdrawn: it opens nothing any more.
        ProductWithdrawn = "product_withdrawn",
        /// The person's language, or the address that waits for its code, was edited.
        PersonEdited = "person_edited",
        /// The person turned kinds of notices on or off.
        NotificationPreferencesEdited = "notification_preferences_edited",
        /// The person's new address was confirmed, and is in force.
        EmailChanged = "email_changed",
        /// A session was ended before its time.
        SessionEnded = "session_ended",
        /// A version of the terms of use was accepted.
        TermsAccepted = "terms_accepted",
        /// A space was opened.
        SpaceOpened = "space_opened",
        /// A space was edited.
        SpaceEdited = "space_edited",
        /// The Helpdesk looked a product or a space up.
        HelpdeskLookedUp = "helpdesk_looked_up",
        /// A higher limit was asked for.
        LimitRequested = "limit_requested",
        /// The Helpdesk set a product's limit.
        SpaceLimitChanged = "space_limit_changed",
        /// The Helpdesk refused a higher limit.
        LimitRefused = "limit_refused",
        /// The Helpdesk suspended a space.
        SpaceSuspended = "space_suspended",
        /// The Helpdesk let the members of a suspended space act again.
        SpaceResumed = "space_resumed",
        /// A space's company profile was edited.
        CompanyProfileEdited = "company_profile_edited",
        /// A space was closed.
        SpaceClosed = "space_closed",
        /// A closed space was restored.
        SpaceRestored = "space_restored",
        /// A closed space was purged, its time being over.
        SpacePurged = "space_purged",
        /// A member's role, scope or end date was edited.
        MemberEdited = "member_edited",
        /// A member was suspended.
        MemberSuspended = "member_suspended",
        /// A suspended member was let in again.
        MemberResumed = "member_resumed",
        /// A member was removed.
        MemberRemoved = "member_removed",
        /// A member left.
        MemberLeft = "member_left",
        /// Somebody was invited to a space.
        InvitationSent = "invitation_sent",
        /// An invitation was mailed again, and renewed.
        InvitationResent = "invitation_resent",
        /// An invitation was taken back, or made room for a newer one.
        InvitationCancelled = "invitation_cancelled",
        /// An invitation was accepted: somebody is a member.
        InvitationAccepted = "invitation_accepted",
        /// An invitation was refused.
        InvitationRefused = "invitation_refused",
        /// A person asked to be let into a space; it stands in his own log.
        JoinRequested = "join_requested",
        /// He cancelled that.
        JoinRequestCancelled = "join_request_cancelled",
        /// An administrator let him in: he is this member.
        JoinRequestApproved = "join_request_approved",
        /// An administrator refused a request.
        JoinRequestRefused = "join_request_refused",
        /// An administrator let a company's own software in.
        SystemUserApproved = "system_user_approved",
        /// Its name, rights, end date or keys were changed.
        SystemUserEdited = "system_user_edited",
        /// It was suspended.
        SystemUserSuspended = "system_user_suspended",
        /// Suspended, it was let in again.
        SystemUserResumed = "system_user_resumed",
        /// It was ended.
        SystemUserEnded = "system_user_ended",
        /// The Helpdesk opened a case in which it appoints an administrator.
        RecoveryOpened = "recovery_opened",
        /// Another agent confirmed it.
        RecoveryConfirmed = "recovery_confirmed",
        /// An agent withdrew it.
        RecoveryWithdrawn = "recovery_withdrawn",
        /// One of the administrators whom it names stopped it.
        RecoveryStopped = "recovery_stopped",
        /// A member was appointed administrator by it.
        MemberAppointed = "member_appointed",
        /// A certification was asked for.
        CertificationRequested = "certification_requested",
        /// The space took its request back, or gave the certification up.
        CertificationWithdrawn = "certification_withdrawn",
        /// The administration began to look into the request.
        CertificationTakenUp = "certification_taken_up",
        /// The administration confirmed the space's rights, or an access code that it had issued did.
        CertificationGranted = "certification_granted",
        /// The administration did not confirm them.
        CertificationRefused = "certification_refused",
        /// The administration suspended it.
        CertificationSuspended = "certification_suspended",
        /// Suspended, it is effective again.
        CertificationResumed = "certification_resumed",
        /// The administration, or the principal, ended it.
        CertificationRevoked = "certification_revoked",
        /// Its end came.
        CertificationExpired = "certification_expired",
        /// A holder issued an access code for an agent, or an administration one in answer to a request.
        AccessCodeIssued = "access_code_issued",
        /// A holder withdrew one that nobody had used.
        AccessCodeWithdrawn = "access_code_withdrawn",
        /// Wrong security codes locked a holder's.
        AccessCodeLocked = "access_code_locked",
        /// A procedure was begun.
        ProcedureBegun = "procedure_begun",
        /// One in preparation was put into the bin.
        ProcedureBinned = "procedure_binned",
        /// It was taken out of the bin.
        ProcedureRestored = "procedure_restored",
        /// Somebody was to look after it, or nobody any more.
        ProcedureAssigned = "procedure_assigned",
        /// It was signed.
        ProcedureSigned = "procedure_signed",
        /// It was sent to the administration.
        ProcedureSent = "procedure_sent",
        /// It was taken back from the administration.
        ProcedureWithdrawn = "procedure_withdrawn",
        /// The administration took it in.
        ProcedureReceived = "procedure_received",
        /// The administration began to work on it.
        ProcedureStarted = "procedure_started",
        /// The administration closed it.
        ProcedureClosed = "procedure_closed",
        /// A record of an authentic source was confirmed.
        RecordConfirmed = "record_confirmed",
        /// A discrepancy in one was reported.
        DiscrepancyReported = "discrepancy_reported",
        /// The administration answered that.
        DiscrepancyAnswered = "discrepancy_answered",
    }
}

coded! {
    /// Kinds of those who act.
    AuditActorKind {
        /// A person, logged in with a product.
        Person = "person",
        /// An agent of the Helpdesk, logged in with a product of his own.
        Helpdesk = "helpdesk",
        /// A company's own software.
        SystemUser = "system_user",
        /// An administration's back end.
        Partner = "partner",
        /// Nobody whom we know: a rule of the portal itself.
        System = "system",
    }
}

/// Whose log an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// A person's: his products, his sessions, the terms.
    Person(PersonId),
    /// A space's; its administrators read it.
    Space(SpaceId),
}

impl Chain {
    /// Reads what `to_string` writes: `person:{id}` or `space:{id}`.
    pub fn parse(name: &str) -> Option<Self> {
        let (kind, id) = name.split_once(':')?;
        let id = Uuid::try_parse(id).ok()?;
        let chain = match kind {
            "person" => Self::Person(id.into()),
            "space" => Self::Space(id.into()),
            _ => return None,
        };
        Some(chain).filter(|chain| chain.to_string() == name)
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Space(id) => write!(f, "space:{id}"),
        }
    }
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person, with the product that he logged in with.
    Person {
        /// Who.
        person: PersonId,
        /// With what.
        product: ProductId,
    },
    /// An agent of the Helpdesk.
    Helpdesk {
        /// Who.
        person: PersonId,
        /// With what he logged in.
        product: ProductId,
    },
    /// A company's own software.
    SystemUser {
        /// Which.
        client: SystemUserId,
        /// Who answers for it.
        approver: PersonId,
    },
    /// An administration's back end.
    Partner {
        /// Which.
        client: PartnerId,
    },
    /// A rule of the portal itself.
    System,
}

impl Actor {
    /// Which kind it is of.
    pub fn kind(&self) -> AuditActorKind {
        match self {
            Self::Person { .. } => AuditActorKind::Person,
            Self::Helpdesk { .. } => AuditActorKind::Helpdesk,
            Self::SystemUser { .. } => AuditActorKind::SystemUser,
            Self::Partner { .. } => AuditActorKind::Partner,
            Self::System => AuditActorKind::System,
        }
    }
    /// The person who acts, or answers for the software that does.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Person { person, .. } | Self::Helpdesk { person, .. } => Some(*person),
            Self::SystemUser { approver, .. } => Some(*approver),
            Self::Partner { .. } | Self::System => None,
        }
    }
    /// The product that he logged in with.
    pub fn product(&self) -> Option<ProductId> {
        match self {
            Self::Person { product, .. } | Self::Helpdesk { product, .. } => Some(*product),
            Self::SystemUser { .. } | Self::Partner { .. } | Self::System => None,
        }
    }
    /// The software that acts, if it does.
    pub fn client(&self) -> Option<ClientId> {
        match self {
            Self::SystemUser { client, .. } => Some(ClientId::from(*client)),
            Self::Partner { client } => Some(ClientId::from(*client)),
            Self::Person { .. } | Self::Helpdesk { .. } | Self::System => None,
        }
    }
}

impl From<&Session> for Actor {
    fn from(session: &Session) -> Self {
        Self::Person { person: session.person, product: session.product }
    }
}

/// The thing that was acted on: its id, or the name of a version of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object(String);

impl Object {
    /// One that was kept.
    pub fn kept(object: String) -> Self {
        Self(object)
    }
    /// The id or name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! objects {
    ($($id:ty),+ $(,)?) => {$(
        impl From<$id> for Object {
            fn from(id: $id) -> Self {
                Self(id.to_string())
            }
        }
    )+};
}
objects!(
    AccessCodeId,
    CertificationId,
    InvitationId,
    JoinRequestId,
    LimitRequestId,
    MembershipId,
    PersonId,
    ProcedureId,
    ProductId,
    RecoveryId,
    SessionId,
    SpaceId,
    SystemUserId,
    VerificationId
);

impl From<&Terms> for Object {
    fn from(terms: &Terms) -> Self {
        Self(terms.version.clone())
    }
}

/// Why something was done, where the act alone does not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A code.
    pub code: Cow<'static, str>,
    /// What an agent of the Helpdesk wrote; it is about the act, and names nobody.
    pub text: Option<String>,
}

impl From<SessionEnd> for Reason {
    fn from(end: SessionEnd) -> Self {
        Self { code: end.code().into(), text: None }
    }
}

/// Something that was done, and is recorded with what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it is recorded.
    pub chain: Chain,
    /// What was done.
    pub act: AuditAct,
    /// By whom.
    pub actor: Actor,
    /// To what.
    pub object: Object,
    /// The fields that changed, as the API names them; never their values.
    pub changed: Vec<Cow<'static, str>>,
    /// Why.
    pub reason: Option<Reason>,
}

impl Event {
    /// An act that says all by its name.
    pub fn new(chain: Chain, act: AuditAct, actor: Actor, object: impl Into<Object>) -> Self {
        Self { chain, act, actor, object: object.into(), changed: vec![], reason: None }
    }
    /// With the names of the fields that changed, which stand in the program: no value passes for one.
    #[must_use]
    pub fn changing(self, fields: &[&'static str]) -> Self {
        Self { changed: fields.iter().copied().map(Cow::Borrowed).collect(), ..self }
    }
    /// With a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<Reason>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_one_name() {
        let id = Uuid::from_u128(0x019d_6c3e_8c00_7000_8000_0000_0000_00ab);
        for chain in [Chain::Person(id.into()), Chain::Space(id.into())] {
            assert_eq!(Chain::parse(&chain.to_string()), Some(chain));
            assert_eq!(Chain::parse(&chain.to_string().to_uppercase()), None);
        }
        for wrong in ["", "person:", "space:1", "019d6c3e-8c00-7000-8000-0000000000ab"] {
            assert_eq!(Chain::parse(wrong), None, "{wrong}");
        }
        let upper = format!("space:{}", id.to_string().to_uppercase());
        assert_eq!(Chain::parse(&upper), None);
    }
}
