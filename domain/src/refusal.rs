//! Every way in which a rule says no. What HTTP makes of it stands in `api::http::problem`.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    Coded, Fault, Instant,
    catalogue::{SectorCode, ServiceCode},
    certification::{CertificationStatus, access_code::AccessCodeStatus},
    collaboration::SystemRight,
    id::{CertificationId, InvitationId, JoinRequestId, LimitRequestId, MembershipId, RecoveryId, SpaceId},
    identity::{Assurance, Serial, Strength},
    partner::{FeedPosition, PartnerScope},
    procedure::{AttachmentCode, ProcedureState},
    source::{RecordVersion, VerificationStatus},
    space::SpaceIdentifier,
    store_room::{MediaType, ScanState},
};

/// A rule said no: nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing, or none that the caller may know of: both look the same.
    #[error("there is no such thing")]
    NotFound,
    /// The caller is a member whose role does not cover the act.
    #[error("the role does not allow it")]
    RoleInsufficient,
    /// The act takes an administrator, and the caller is another member.
    #[error("only an administrator may do it")]
    AdministratorRequired,
    /// The login was too weak for the act, or too long ago: another login helps (RFC 9470).
    #[error("a login of level {:?} is needed, within {:?}", needed.level, needed.max_age)]
    StepUpRequired {
        /// What the act wants.
        needed: Strength,
    },
    /// A field that was given can't be set on this thing.
    #[error("{field} {fault}")]
    Field {
        /// The field's name in the API.
        field: &'static str,
        /// Why not.
        fault: Fault,
    },
    /// The thing was changed since the caller read it.
    #[error("the thing was changed meanwhile")]
    VersionChanged,
    /// Another request changed what this one rests on, at the same moment.
    #[error("another request came first")]
    TryAgain,

    /// The identity provider asserted no national number (domain.md §1, F).
    #[error("the assertion names no national number")]
    NationalNumberRequired,
    /// The assertion served this purpose before.
    #[error("the assertion was used before")]
    AssertionUsed,
    /// The login was too weak for the act.
    #[error("a login of level {needed:?} is needed")]
    AssuranceTooLow {
        /// The least level that does.
        needed: Assurance,
    },
    /// The product is registered already, by the same person.
    #[error("the product is registered")]
    ProductRegistered,
    /// The product is, or was, somebody else's.
    #[error("the product belongs to another person")]
    ProductBelongsToAnother,
    /// The assertion speaks of somebody else than the caller.
    #[error("the assertion is of another person")]
    AssertionOfAnotherPerson,
    /// Spaces would be without an able administrator (domain.md §3, C).
    #[error("{} spaces would have no able administrator", spaces.len())]
    LastAdministrator {
        /// Those of them that the caller may see, or some of these.
        spaces: Vec<(SpaceId, SpaceIdentifier)>,
    },
    /// The membership is suspended already.
    #[error("the member is suspended")]
    MemberSuspended,
    /// Only a suspended member is resumed.
    #[error("the member is not suspended")]
    MemberNotSuspended,
    /// The membership is over, which is for good.
    #[error("the membership is over")]
    MemberEnded,
    /// The person is in the space.
    #[error("the person is a member")]
    AlreadyMember,
    /// A request of the same person for the same identifier is open.
    #[error("the request {request} is open")]
    JoinRequestOpen {
        /// Which.
        request: JoinRequestId,
    },
    /// Too many requests of the person are open, or were made lately.
    #[error("{limit} requests were made")]
    JoinRequestLimitReached {
        /// How many may be.
        limit: u32,
    },
    /// An administrator has answered the request.
    #[error("the request is decided")]
    JoinRequestDecided,
    /// The request's time is over, or it was cancelled.
    #[error("the request is over")]
    JoinRequestEnded,
    /// As many system users of the space as may be are not over (domain.md §3, C).
    #[error("{limit} system users are in the space")]
    SystemUserLimitReached {
        /// How many may be.
        limit: u32,
    },
    /// As many system users of the space as may be in a day were approved (domain.md §3, C).
    #[error("{limit} system users were approved")]
    DailySystemUserLimitReached {
        /// How many may be in 24 hours.
        limit: u32,
    },
    /// The system user is suspended already.
    #[error("the system user is suspended")]
    SystemUserSuspended,
    /// Only a suspended system user is resumed.
    #[error("the system user is not suspended")]
    SystemUserNotSuspended,
    /// The system user was ended, or its date has come: for good.
    #[error("the system user is over")]
    SystemUserEnded,
    /// The caller is software, and what it asks for is for persons alone.
    #[error("only a person may do it")]
    NotForSystemUsers,
    /// The system user, or its token, lacks a right.
    #[error("the right {} is not granted", right.code())]
    RightNotGranted {
        /// Which.
        right: SystemRight,
    },
    /// Procedures of the type run from the other kind of space (domain.md §5, F).
    #[error("the procedure does not run from such a space")]
    ProcedureAudience,
    /// No procedure of such a type is begun, or none any more.
    #[error("such procedures are not begun")]
    ProcedureTypeNotOffered,
    /// As many procedures of the space as may be are in preparation.
    #[error("{limit} procedures are in preparation")]
    DraftLimitReached {
        /// How many may be.
        limit: u32,
    },
    /// The procedure is in the bin.
    #[error("the procedure is in the bin")]
    ProcedureBinned,
    /// Only what is in the bin is taken out of it.
    #[error("the procedure is not in the bin")]
    ProcedureNotBinned,
    /// Where the procedure stands, this is not done to it.
    #[error("the procedure is in another state")]
    ProcedureState {
        /// Where it stands.
        state: ProcedureState,
    },
    /// What is filled in is not as the form wants it.
    #[error("what is filled in is not as the form wants it")]
    ProcedureInvalid,
    /// Files that must be there are not, or can't be sent.
    #[error("the attachments of {} slots can't be sent", slots.len())]
    AttachmentsIncomplete {
        /// Of which slots.
        slots: Vec<AttachmentCode>,
    },
    /// The file is none that the slot takes, or is not what it is said to be.
    #[error("the slot takes other files")]
    AttachmentMediaType {
        /// What it takes.
        allowed: BTreeSet<MediaType>,
    },
    /// The slot has as many files as it takes.
    #[error("the slot takes {limit} files")]
    AttachmentLimitReached {
        /// How many it takes.
        limit: u32,
    },
    /// The file is given to nobody: it was not scanned yet, or is infected.
    #[error("the file is {}", scan.code())]
    FileWithheld {
        /// What the scanner says of it.
        scan: ScanState,
    },
    /// What the procedure says is not what was seen, or signed.
    #[error("the digest is another one")]
    DigestChanged,
    /// Procedures of this type are sent without a signature.
    #[error("nobody signs procedures of this type")]
    SignatureNotWanted,
    /// Somebody must sign before the procedure is sent.
    #[error("the procedure is not signed by all who must sign")]
    SignatureMissing,
    /// Procedures are looked after by active members who may draft.
    #[error("the assignee may not draft here")]
    AssigneeMayNotDraft,
    /// The service opens only to a space that is certified for it (domain.md §4, F).
    #[error("the service {service} wants a certification")]
    CertificationRequired {
        /// Which service.
        service: ServiceCode,
        /// Where it belongs.
        sector: SectorCode,
    },
    /// There is no such service, or it takes no new ones in this way.
    #[error("the service is not offered")]
    ServiceNotOffered,
    /// The space has a holder certification for the service that is not over (domain.md §4, F).
    #[error("the certification {certification} exists")]
    CertificationExists {
        /// Which.
        certification: CertificationId,
    },
    /// The same was asked for a short while ago (domain.md §4, F).
    #[error("the same is not asked for again before {until}")]
    ReapplyTooSoon {
        /// From when on it is.
        until: Instant,
    },
    /// The person asked for too many certifications within a day.
    #[error("{limit} certifications were asked for")]
    DailyCertificationLimitReached {
        /// How many may be in 24 hours.
        limit: u32,
    },
    /// The certification stands in a way in which the act does not apply to it.
    #[error("the certification is {}", status.code())]
    CertificationState {
        /// How it stands.
        status: CertificationStatus,
    },
    /// The administration has begun to look into the request.
    #[error("the request is looked into")]
    CertificationTakenUp,
    /// The company is here: it is to be said on whose certification the agent's hangs (domain.md §4, C).
    #[error("one of {} principals is to be named", principals.len())]
    PrincipalRequired {
        /// The certifications of holders that may be named.
        principals: Vec<CertificationId>,
    },
    /// No certification comes of the access code and what was given with it: why, nobody learns (domain.md §4, C).
    #[error("the access code is good for nothing here")]
    AccessCodeInvalid,
    /// Too many access codes were tried in vain within a day, by the person or in the space.
    #[error("{limit} access codes were tried in vain")]
    ActivationLimitReached {
        /// How many may be in 24 hours.
        limit: u32,
    },
    /// As many access codes for agents as may be are issued and not over.
    #[error("{limit} access codes are issued")]
    AccessCodeLimitReached {
        /// How many may be.
        limit: u32,
    },
    /// The access code stands in a way in which it is not taken back.
    #[error("the access code is {}", status.code())]
    AccessCodeState {
        /// How it stands.
        status: AccessCodeStatus,
    },
    /// The record is known in a higher version.
    #[error("the record is known in version {}", version.get())]
    RecordStale {
        /// In which.
        version: RecordVersion,
    },
    /// The record is known in this version, and says another thing in it.
    #[error("the version is known with another content")]
    RecordConflict,
    /// The record is about another company or person.
    #[error("the record is about another company or person")]
    RecordOfAnother,
    /// What a record says is not in the form of its source.
    #[error("the record is not in the form of its source")]
    RecordInvalid,
    /// The record is there in another version than the one that was seen.
    #[error("the record is there in version {}", version.get())]
    RecordChanged {
        /// In which.
        version: RecordVersion,
    },
    /// The space said so of the record already.
    #[error("the record is {} already", status.code())]
    AlreadyVerified {
        /// How its verification stands.
        status: VerificationStatus,
    },
    /// There is nothing to answer to the verification, or not any more.
    #[error("the verification is {}", status.code())]
    VerificationState {
        /// How it stands.
        status: VerificationStatus,
    },
    /// What was asked for is done, and its answer, which showed a secret, is not given again.
    #[error("it is done, and its answer is not given again")]
    AlreadyDone {
        /// What was made.
        id: Uuid,
    },

    /// The caller is an administration's back end, and what it asks for is not for these.
    #[error("it is not for partners")]
    NotForPartners,
    /// The caller is no administration's back end.
    #[error("only a partner may do it")]
    PartnersOnly,
    /// The partner, or its token, lacks a scope.
    #[error("the scope {} is not granted", scope.code())]
    ScopeNotGranted {
        /// Which.
        scope: PartnerScope,
    },
    /// Events that the reader of a feed has not seen are forgotten.
    #[error("events up to {} are forgotten", oldest.get())]
    EventsGone {
        /// The position after which all events are there.
        oldest: FeedPosition,
    },
    /// The code is not the one that was sent.
    #[error("the code is wrong")]
    CodeWrong {
        /// Wrong codes that the confirmation still stands.
        tries_left: u32,
    },
    /// The code came too late.
    #[error("the code has expired")]
    CodeExpired,
    /// Too many wrong codes.
    #[error("no try is left")]
    CodeTriesUsedUp,
    /// The code was sent again too often.
    #[error("no resend is left")]
    CodeResendsUsedUp,
    /// No address waits for its code.
    #[error("no address waits for its code")]
    NothingToConfirm,
    /// Too many addresses were asked for in a day.
    #[error("{limit} addresses were asked for")]
    AddressLimitReached {
        /// How many may be in 24 hours.
        limit: u32,
    },
    /// The registration was confirmed before.
    #[error("the registration is confirmed")]
    RegistrationConfirmed,
    /// A newer registration of the same product took its place.
    #[error("a newer registration took its place")]
    RegistrationSuperseded,

    /// The terms of use in force have not been accepted (domain.md §1, F).
    #[error("the terms of use are not accepted")]
    TermsNotAccepted,
    /// The version of the terms is not the one in force.
    #[error("version {current} of the terms is in force")]
    TermsOutdated {
        /// The version in force.
        current: String,
    },

    /// As many professional spaces as the product may open are open (domain.md §2, F).
    #[error("{used} of {limit} spaces are open")]
    SpaceLimitReached {
        /// How many may be open.
        limit: u32,
        /// How many are.
        used: u32,
    },
    /// Too many spaces of the product are closed and can be restored (domain.md §2, C).
    #[error("{limit} spaces are closed")]
    ClosedSpaceLimitReached {
        /// How many may be when another is opened.
        limit: u32,
    },
    /// The person's private space exists (domain.md §2, F).
    #[error("the private space exists")]
    PrivateSpaceExists,
    /// The Helpdesk suspended the space: members read, nobody acts (domain.md §2, C).
    #[error("the space is suspended")]
    SpaceSuspended,

    /// An invitation of the product to the space is pending (domain.md §3, C).
    #[error("the invitation {invitation} is pending")]
    InvitationPending {
        /// Which.
        invitation: InvitationId,
    },
    /// Too many invitations to the space are pending.
    #[error("{limit} invitations are pending")]
    InvitationLimitReached {
        /// How many may be.
        limit: u32,
    },
    /// The inviter made too many invitations within a day.
    #[error("{limit} invitations were made")]
    DailyInvitationLimitReached {
        /// How many may be in 24 hours.
        limit: u32,
    },
    /// The invitation was mailed a moment ago, or too often of late.
    #[error("the invitation is not mailed again before {until}")]
    InvitationResendTooSoon {
        /// From when on it is.
        until: Instant,
    },
    /// The invitation is for another product of the same person (domain.md §3, F).
    #[error("the invitation is for the product {}", serial.masked())]
    InvitationForOtherProduct {
        /// That product's number, to be shown masked.
        serial: Serial,
    },
    /// The product's holder has another family name than the one invited (domain.md §3, C).
    #[error("the invitation names somebody else")]
    InvitationNameMismatch,
    /// The invitation's date has passed.
    #[error("the invitation has expired")]
    InvitationExpired,
    /// Its inviter is no able administrator any more, or the space is not open.
    #[error("nobody answers for the invitation")]
    InvitationVoid,
    /// The invitation was accepted before.
    #[error("the invitation was accepted")]
    InvitationUsed,
    /// The invitee refused.
    #[error("the invitation was refused")]
    InvitationRefused,
    /// An administrator took the invitation back.
    #[error("the invitation was cancelled")]
    InvitationCancelled,

    /// The caller is no agent of the Helpdesk.
    #[error("only the Helpdesk may do it")]
    HelpdeskOnly,
    /// The agent's own product or request, or a space that he is in (domain.md §8, C).
    #[error("an agent decides no case of his own")]
    OwnCase,
    /// A request for the product waits for the Helpdesk.
    #[error("the request {request} is open")]
    LimitRequestOpen {
        /// Which.
        request: LimitRequestId,
    },
    /// The Helpdesk has decided on the request.
    #[error("the request is decided")]
    LimitRequestDecided,
    /// A recovery of the space is open.
    #[error("the recovery {recovery} is open")]
    RecoveryOpen {
        /// Which.
        recovery: RecoveryId,
    },
    /// A recovery names others than the able administrators, or does not name one of them.
    #[error("{} administrators are able", able.len())]
    RecoveryIncomplete {
        /// Those who are able.
        able: BTreeSet<MembershipId>,
    },
    /// The agent who opened a recovery does not confirm it.
    #[error("another agent must confirm")]
    RecoverySameAgent,
    /// Those whom the recovery names may still stop it.
    #[error("it can be confirmed from {confirmable_at} on")]
    RecoveryTooEarly {
        /// From when on it can be confirmed.
        confirmable_at: Instant,
    },
    /// One of those whom it names stopped the recovery.
    #[error("the recovery was stopped")]
    RecoveryStopped,
    /// The recovery was confirmed or withdrawn.
    #[error("the recovery is decided")]
    RecoveryDecided,
    /// The space is not suspended.
    #[error("the space is not suspended")]
    SpaceNotSuspended,
    /// An administrator closed the space: it is seen by administrators alone, and nobody acts (domain.md §2, C).
    #[error("the space is closed")]
    SpaceClosed,
    /// Only a closed space is restored.
    #[error("the space is not closed")]
    SpaceNotClosed,
    /// The time in which the space could be restored is over.
    #[error("the space can't be restored any more")]
    SpacePurged,
}
