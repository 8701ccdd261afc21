//! Invitations as the API shows them: to the administrators of the space, and to the invitee.

use chrono::{DateTime, Utc};
use domain::{
    Coded, Instant,
    collaboration::{Invitation, InvitationStatus, Roster},
    identity::{Person, Product},
    space::Space,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    export::{Row, written},
    page::{PageView, page},
    schema::{self, AccessScopeChoice, Choice, InvitationStatusChoice, RoleChoice},
};

/// The administrator who answers for an invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Inviter)]
#[serde(rename_all = "camelCase")]
pub struct InviterView {
    /// His given name.
    #[schema(example = "Anna")]
    given_name: String,
    /// His family name.
    #[schema(example = "Weber")]
    family_name: String,
}

impl From<&Person> for InviterView {
    fn from(person: &Person) -> Self {
        Self { given_name: person.given_name.to_string(), family_name: person.family_name.to_string() }
    }
}

/// An invitation, as the administrators of the space see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// Its id.
    id: Uuid,
    /// The space's id.
    space_id: Uuid,
    /// The invitee's given name, as the inviter wrote it.
    #[schema(example = "Marc")]
    given_name: String,
    /// His family name.
    #[schema(example = "Schmit")]
    family_name: String,
    /// Where the invitation went.
    #[schema(value_type = schema::EmailAddress)]
    email: String,
    /// The last four digits of the serial number of the product with which he answers.
    #[schema(example = "****************0021")]
    masked_serial: String,
    /// As what he is invited.
    role: RoleChoice,
    /// With which of his products he would get in.
    access_scope: AccessScopeChoice,
    /// When the membership would end by itself, if it would.
    #[schema(required = true)]
    membership_ends_at: Option<DateTime<Utc>>,
    /// How it stands.
    status: InvitationStatusChoice,
    /// Who answers for it.
    invited_by: InviterView,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Until when it can be accepted.
    expires_at: DateTime<Utc>,
    /// When it was mailed the last time.
    mailed_at: DateTime<Utc>,
    /// When it was accepted, refused or cancelled, if it was.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
    /// The membership that came of it, if it was accepted.
    #[schema(required = true)]
    member_id: Option<Uuid>,
}

impl InvitationView {
    /// An invitation to a space with this roster.
    pub fn new(invitation: &Invitation, inviter: &Person, space: &Space, roster: &Roster, now: Instant) -> Self {
        Self {
            id: invitation.id.0,
            space_id: invitation.space.0,
            given_name: invitation.invitee.given_name.to_string(),
            family_name: invitation.invitee.family_name.to_string(),
            email: invitation.invitee.email.to_string(),
            masked_serial: invitation.invitee.serial.masked(),
            role: Choice(invitation.offer.role),
            access_scope: Choice(invitation.offer.scope),
            membership_ends_at: invitation.offer.membership_ends_at,
            status: Choice(invitation.status(space.state, invitation.inviter_is_able(roster), now)),
            invited_by: InviterView::from(inviter),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            mailed_at: invitation.mails.last_at,
            ended_at: invitation.ended.map(|(_, at)| at),
            member_id: invitation.membership.map(|id| id.0),
        }
    }
}

impl Row for InvitationView {
    const FILE: &'static str = "invitations";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "spaceId",
        "givenName",
        "familyName",
        "email",
        "maskedSerial",
        "role",
        "accessScope",
        "membershipEndsAt",
        "status",
        "invitedByGivenName",
        "invitedByFamilyName",
        "createdAt",
        "expiresAt",
        "mailedAt",
        "endedAt",
        "memberId",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.space_id.to_string(),
            self.given_name.clone(),
            self.family_name.clone(),
            self.email.clone(),
            self.masked_serial.clone(),
            self.role.0.code().to_owned(),
            self.access_scope.0.code().to_owned(),
            self.membership_ends_at.map(written).unwrap_or_default(),
            self.status.0.code().to_owned(),
            self.invited_by.given_name.clone(),
            self.invited_by.family_name.clone(),
            written(self.created_at),
            written(self.expires_at),
            written(self.mailed_at),
            self.ended_at.map(written).unwrap_or_default(),
            self.member_id.map(|id| id.to_string()).unwrap_or_default(),
        ]
    }
}

/// For the contract.
pub const CSV_SAMPLE: &str = "id,spaceId,givenName,familyName,email,maskedSerial,role,accessScope,membershipEndsAt,status,invitedByGivenName,invitedByFamilyName,createdAt,expiresAt,mailedAt,endedAt,memberId\r\n019d6c3e-8c00-7000-8000-000000000001,019d6c3e-8c00-7000-8000-000000000000,Marc,Schmit,marc@example.lu,****************0021,reader,this_product,,pending,Anna,Weber,2027-01-15T08:00:00Z,2027-02-05T08:00:00Z,2027-01-15T08:00:00Z,,\r\n";
/// For the contract.
pub const NDJSON_SAMPLE: &str = "{\"id\":\"019d6c3e-8c00-7000-8000-000000000001\",\"spaceId\":\"019d6c3e-8c00-7000-8000-000000000000\",\"givenName\":\"Marc\",\"familyName\":\"Schmit\",\"email\":\"marc@example.lu\",\"maskedSerial\":\"****************0021\",\"role\":\"reader\",\"accessScope\":\"this_product\",\"membershipEndsAt\":null,\"status\":\"pending\",\"invitedBy\":{\"givenName\":\"Anna\",\"familyName\":\"Weber\"},\"createdAt\":\"2027-01-15T08:00:00Z\",\"expiresAt\":\"2027-02-05T08:00:00Z\",\"mailedAt\":\"2027-01-15T08:00:00Z\",\"endedAt\":null,\"memberId\":null}\n";

/// A page of invitations.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationPage {
    /// The invitations, newest first.
    pub data: Vec<InvitationView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(InvitationPage of InvitationView by id: Uuid);

/// The space to which somebody is invited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitingSpace)]
pub struct InvitingSpaceView {
    /// Its id.
    id: Uuid,
    /// What people call it.
    #[schema(value_type = schema::Identifier)]
    identifier: String,
    /// What its members call it.
    #[schema(value_type = schema::Title)]
    title: String,
}

/// An invitation, as the invitee sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceivedInvitation)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedInvitationView {
    /// Its id.
    id: Uuid,
    /// Where to.
    space: InvitingSpaceView,
    /// As what.
    role: RoleChoice,
    /// With which products one would get in.
    access_scope: AccessScopeChoice,
    /// When the membership would end by itself, if it would.
    #[schema(required = true)]
    membership_ends_at: Option<DateTime<Utc>>,
    /// How it stands.
    status: InvitationStatusChoice,
    /// Whether this session may accept it now: it is pending, and names the product that the session began with.
    acceptable_now: bool,
    /// The last four digits of the serial number of the product with which it is answered.
    #[schema(example = "****************0021")]
    masked_serial: String,
    /// Who answers for it.
    invited_by: InviterView,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Until when it can be accepted.
    expires_at: DateTime<Utc>,
}

impl ReceivedInvitationView {
    /// An invitation to a space with this roster, as it is seen with one of the person's products.
    pub fn new(
        (invitation, space, inviter): &(Invitation, Space, Person),
        roster: &Roster,
        used: Option<&Product>,
        now: Instant,
    ) -> Self {
        let status = invitation.status(space.state, invitation.inviter_is_able(roster), now);
        let is_named = used.is_some_and(|used| used.serial == invitation.invitee.serial);
        Self {
            id: invitation.id.0,
            space: InvitingSpaceView {
                id: space.id.0,
                identifier: space.identifier.to_string(),
                title: space.title.as_ref().map(ToString::to_string).unwrap_or_default(),
            },
            role: Choice(invitation.offer.role),
            access_scope: Choice(invitation.offer.scope),
            membership_ends_at: invitation.offer.membership_ends_at,
            status: Choice(status),
            acceptable_now: status == InvitationStatus::Pending && is_named,
            masked_serial: invitation.invitee.serial.masked(),
            invited_by: InviterView::from(inviter),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// A page of invitations of the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivedInvitationPage {
    /// The invitations, newest first.
    pub data: Vec<ReceivedInvitationView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(ReceivedInvitationPage of ReceivedInvitationView by id: Uuid);
