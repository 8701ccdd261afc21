//! Who is in a space, and what his role lets him do.

pub mod invitation;
pub mod join_request;
pub mod member;
pub mod membership;
pub mod permission;
pub mod recovery;
pub mod roster;
pub mod standing;
pub mod system_user;

pub use invitation::{
    Acceptance, Acceptor, Invitation, InvitationChange, InvitationOutcome, InvitationStatus, Invitee, Offer,
};
pub use join_request::{
    Admission, Asker, FiledJoinRequest, JoinApproval, JoinDecision, JoinRequest, JoinRequestChange, JoinRequestStatus,
    OwnJoinRequestStatus,
};
pub use member::{MemberChange, MemberEdit};
pub use membership::{AccessScope, Administrator, Membership, MembershipStatus, Role};
pub use permission::Permission;
pub use recovery::{ConfirmedRecovery, EndedRecovery, OpenedRecovery, Recovery, RecoveryCase, RecoveryStatus};
pub use roster::{Member, Roster};
pub use standing::Standing;
pub use system_user::{
    SystemRight, SystemRights, SystemUser, SystemUserChange, SystemUserCounts, SystemUserEdit, SystemUserStatus,
    SystemUserWish,
};
