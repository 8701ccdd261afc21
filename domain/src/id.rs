//! Ids: UUIDv7, one type per kind of thing, so that no id of a person is taken for one of a space.

use std::fmt;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// A natural person known to the portal.
    PersonId,
    /// An authentication product.
    ProductId,
    /// A registration: an authentication product on its way to be known.
    RegistrationId,
    /// An e-mail address that was asked for: it waits for its code.
    AddressId,
    /// A session: what begins with a login and ends with a logout, a time-out or a theft.
    SessionId,
    /// A space, private or professional. Its *identifier* (`PM-…`) is another thing.
    SpaceId,
    /// A person's membership of a space.
    MembershipId,
    /// An invitation to a space.
    InvitationId,
    /// A request for a higher limit of a product.
    LimitRequestId,
    /// A request to be let into a space.
    JoinRequestId,
    /// A case in which the Helpdesk appoints an administrator.
    RecoveryId,
    /// A client of OAuth that proves by a key who it is: its `client_id`.
    ClientId,
    /// A company's own software in a space; the id is its client's.
    SystemUserId,
    /// An administration's back end; the id is its client's.
    PartnerId,
    /// What happened, as an administration's feed tells it.
    PartnerEventId,
    /// What is confirmed of a space: that it may use a service for a legal person.
    CertificationId,
    /// A procedure of a space.
    ProcedureId,
    /// A file in the store room.
    FileId,
    /// A record of an authentic source.
    SourceRecordId,
    /// What a space said of such a record.
    VerificationId,
    /// A code by which a space is certified.
    AccessCodeId,
}

macro_rules! of_clients {
    ($($name:ident),+ $(,)?) => {$(
        impl From<$name> for ClientId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
        impl From<ClientId> for $name {
            fn from(id: ClientId) -> Self {
                Self(id.0)
            }
        }
    )+};
}
of_clients!(SystemUserId, PartnerId);
