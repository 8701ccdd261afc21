//! Members as the API shows them.

use chrono::{DateTime, Utc};
use domain::{
    Coded, Instant,
    collaboration::{Membership, Permission},
    identity::{Person, Product},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    export::{Row, written},
    page::{PageView, page},
    schema::{self, AccessScopeChoice, Choice, MembershipStatusChoice, RoleChoice},
};

/// A member of a space, as another member sees him.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// The membership's id.
    id: Uuid,
    /// The space's id.
    space_id: Uuid,
    /// The person's given name.
    #[schema(example = "Anna")]
    given_name: String,
    /// The person's family name.
    #[schema(example = "Weber")]
    family_name: String,
    /// Whether this is the caller himself.
    is_me: bool,
    /// As what.
    role: RoleChoice,
    /// Whether it gives anything.
    status: MembershipStatusChoice,
    /// With which of his products he gets in.
    access_scope: AccessScopeChoice,
    /// When it ends by itself, if it does; of one that is over, when that was.
    #[schema(required = true)]
    ends_at: Option<DateTime<Utc>>,
    /// Since when.
    created_at: DateTime<Utc>,
    /// Counts its changes; with it the `ETag` begins.
    #[schema(minimum = 1, example = 1)]
    version: u32,
    /// The person's address; shown to administrators alone.
    #[schema(value_type = Option<schema::EmailAddress>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The last four digits of the serial number of the product that the membership came with; shown to administrators alone.
    #[schema(nullable = false, example = "****************0001")]
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_serial: Option<String>,
}

impl MemberView {
    /// A member as this reader sees him.
    pub fn new(reader: &Membership, membership: &Membership, person: &Person, product: &Product, now: Instant) -> Self {
        let is_administrator = Permission::ManageMembers.is_of(reader.role);
        Self {
            id: membership.id.0,
            space_id: membership.space.0,
            given_name: person.given_name.to_string(),
            family_name: person.family_name.to_string(),
            is_me: membership.id == reader.id,
            role: Choice(membership.role),
            status: Choice(membership.status_at(now)),
            access_scope: Choice(membership.scope),
            ends_at: membership.ends_at,
            created_at: membership.created_at,
            version: membership.version,
            email: is_administrator.then(|| person.email.to_string()),
            masked_serial: is_administrator.then(|| product.serial.masked()),
        }
    }
}

impl Row for MemberView {
    const FILE: &'static str = "members";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "spaceId",
        "givenName",
        "familyName",
        "isMe",
        "role",
        "status",
        "accessScope",
        "endsAt",
        "createdAt",
        "version",
        "email",
        "maskedSerial",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.space_id.to_string(),
            self.given_name.clone(),
            self.family_name.clone(),
            self.is_me.to_string(),
            self.role.0.code().to_owned(),
            self.status.0.code().to_owned(),
            self.access_scope.0.code().to_owned(),
            self.ends_at.map(written).unwrap_or_default(),
            written(self.created_at),
            self.version.to_string(),
            self.email.clone().unwrap_or_default(),
            self.masked_serial.clone().unwrap_or_default(),
        ]
    }
}

/// For the contract.
pub const CSV_SAMPLE: &str = "id,spaceId,givenName,familyName,isMe,role,status,accessScope,endsAt,createdAt,version,email,maskedSerial\r\n019d6c3e-8c00-7000-8000-000000000001,019d6c3e-8c00-7000-8000-000000000000,Anna,Weber,true,administrator,active,all_products,,2027-01-15T08:00:00Z,1,anna@example.lu,****************0001\r\n";
/// For the contract.
pub const NDJSON_SAMPLE: &str = "{\"id\":\"019d6c3e-8c00-7000-8000-000000000001\",\"spaceId\":\"019d6c3e-8c00-7000-8000-000000000000\",\"givenName\":\"Anna\",\"familyName\":\"Weber\",\"isMe\":true,\"role\":\"administrator\",\"status\":\"active\",\"accessScope\":\"all_products\",\"endsAt\":null,\"createdAt\":\"2027-01-15T08:00:00Z\",\"version\":1,\"email\":\"anna@example.lu\",\"maskedSerial\":\"****************0001\"}\n";

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberPage {
    /// The members, in the order in which they came.
    pub data: Vec<MemberView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(MemberPage of MemberView by id: Uuid);
