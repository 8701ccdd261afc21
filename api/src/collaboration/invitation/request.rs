//! What may be asked when persons are invited.

use domain::{
    Fault,
    collaboration::{
        Invitee, Offer,
        invitation::{VALID_DAYS, parse_valid_days},
    },
    identity::Serial,
    text::{EmailAddress, PersonName},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, Object, Request, Whole},
    problem::Problem,
    query::parse_instant,
    schema::{self, AccessScopeChoice, RoleChoice, present},
};

/// How many persons are invited at once at most: all rows are decided under one lock.
pub const ROWS_AT_MOST: usize = 50;

/// Who is invited, to be what, and for how many days the invitation is valid.
pub type Wish = (Invitee, Offer, u32);

/// Somebody to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "givenName": "Marc", "familyName": "Schmit", "email": "marc@example.lu",
    "subjectSerialNumber": "10000000000000000021", "accessScope": "all_products", "role": "manager"
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteRequest {
    /// His given name.
    #[schema(value_type = schema::PersonName)]
    given_name: String,
    /// His family name; who holds the product under another one is not let in.
    #[schema(value_type = schema::PersonName)]
    family_name: String,
    /// Where the invitation goes.
    #[schema(value_type = schema::EmailAddress)]
    email: String,
    /// The serial number of the product with which he is to answer, whether or not it is registered yet.
    #[schema(value_type = schema::SerialNumber)]
    subject_serial_number: String,
    /// Whether he gets in with that product only, or with each of his.
    access_scope: AccessScopeChoice,
    /// As what.
    role: RoleChoice,
    /// When the membership is to end by itself, in the future.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    membership_ends_at: Option<String>,
    /// For how many days the invitation, and each renewal, is valid; 21 where nothing is said.
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 90, default = 21, example = 21, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    valid_days: Option<Whole>,
}

impl Request for InviteRequest {
    type Value = Wish;
    fn check(self, faults: &mut Faults) -> Option<Wish> {
        let given_name = faults.take("/givenName", PersonName::parse(&self.given_name));
        let family_name = faults.take("/familyName", PersonName::parse(&self.family_name));
        let email = faults.take("/email", EmailAddress::parse(&self.email));
        let serial = faults.take("/subjectSerialNumber", Serial::parse(&self.subject_serial_number));
        let parse_end = |end: &str| parse_instant(end).ok_or(Fault::Malformed);
        let membership_ends_at = faults.take_text("/membershipEndsAt", self.membership_ends_at, parse_end);
        let valid_days = faults.take_optional("/validDays", self.valid_days.map(|days| parse_valid_days(days.0)));
        let invitee = Invitee { given_name: given_name?, family_name: family_name?, email: email?, serial: serial? };
        let offer = Offer { role: self.role.0, scope: self.access_scope.0, membership_ends_at: membership_ends_at? };
        Some((invitee, offer, valid_days?.unwrap_or(VALID_DAYS)))
    }
}

/// Persons to invite at once.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "invitations": [{
    "givenName": "Claire", "familyName": "Muller", "email": "claire@example.lu",
    "subjectSerialNumber": "10000000000000000031", "accessScope": "this_product", "role": "reader"
}] }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteManyRequest {
    /// Each of them; what is wrong with the values of one refuses that one.
    #[schema(value_type = Vec<InviteRequest>, min_items = 1, max_items = 50)]
    invitations: Vec<Object<InviteRequest>>,
}

impl Request for InviteManyRequest {
    /// In their order; what is wrong with a row is answered with it.
    type Value = Vec<Result<Wish, Problem>>;
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        if !(1..=ROWS_AT_MOST).contains(&self.invitations.len()) {
            let max = i64::try_from(ROWS_AT_MOST).unwrap_or(i64::MAX);
            return faults.take("/invitations", Err(Fault::OutOfRange { min: 1, max }));
        }
        let check = |row: Object<InviteRequest>| {
            let mut faults = Faults::default();
            row.0.check(&mut faults).ok_or_else(|| Problem::invalid(faults.into_errors()))
        };
        Some(self.invitations.into_iter().map(check).collect())
    }
}
