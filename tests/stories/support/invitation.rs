//! Invitations: how a second person comes into a space.

use serde_json::{Value, json};

use super::{Actor, Reply, text};

/// The body that invites somebody with the first of his products, and with all of them.
pub fn invitation(invitee: &Actor, role: &str) -> Value {
    json!({
        "givenName": invitee.given_name,
        "familyName": invitee.family_name,
        "email": invitee.email(),
        "subjectSerialNumber": invitee.products[0].serial,
        "accessScope": "all_products",
        "role": role,
    })
}

impl Actor {
    /// Somebody without a token at the same server.
    #[must_use]
    pub fn logged_out(&self) -> Self {
        let mut nobody = self.clone();
        (nobody.token, nobody.refresh_token) = (None, None);
        nobody
    }

    /// Invites somebody into the space at this path, or with this id, in this role.
    pub fn invite(&self, space: &str, invitee: &Self, role: &str) -> Reply {
        let id = space.rsplit('/').next().expect("an id");
        self.post(&format!("/v1/spaces/{id}/invitations"), &invitation(invitee, role))
    }

    /// Answers an invitation, by `accept` or `refuse`.
    pub fn answer(&self, invitation: &Value, answer: &str) -> Reply {
        self.post(&format!("/v1/me/invitations/{}/{answer}", text(&invitation["id"])), &json!({}))
    }

    /// Lets somebody into a space in this role and with all his products, by an invitation that he accepts; gives the path
    /// of the member.
    pub fn admit(&self, space: &str, newcomer: &Self, role: &str) -> String {
        let invited = self.invite(space, newcomer, role).expect(201);
        let terms = newcomer.get("/v1/terms").expect(200);
        newcomer.post("/v1/me/terms-acceptances", &json!({ "version": terms["version"] }));
        let member = newcomer.answer(&invited, "accept").expect(200);
        format!("/v1/spaces/{}/members/{}", text(&member["spaceId"]), text(&member["id"]))
    }

    /// The subject and the text of each mail to an address, newest first.
    pub fn mails_to(&self, address: &str) -> Vec<(String, String)> {
        let mails = self.get(&format!("/sandbox/mails?to={address}")).expect(200)["data"].clone();
        let mails = mails.as_array().expect("mails").iter();
        mails.map(|mail| (text(&mail["subject"]), text(&mail["text"]))).collect()
    }
}
