//! `/v1/me/notification-preferences`: which notices the person is mailed.

use actix_web::{get, patch};
use domain::{
    audit::{AuditAct, Chain, Event},
    identity::{NoticeKind, NotificationPreferences},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::{
    answer::{self, Answer},
    body::{Body, Faults, MERGE_PATCH, Request},
    caller::Person,
    schema::present,
};

/// Which notices the person is mailed. What concerns his own security and rights, he always is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationPreferences)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "a flag a kind")]
pub struct NotificationPreferencesView {
    /// An invitation that he answers for was accepted or refused.
    #[schema(example = true)]
    invitation_answers: bool,
    /// Somebody asks to be let into a space that he administers.
    #[schema(example = true)]
    join_requests: bool,
    /// A member left a space that he administers.
    #[schema(example = false)]
    member_departures: bool,
    /// An administration is done with a procedure of a space that he is in.
    #[schema(example = true)]
    procedures: bool,
}

impl From<&NotificationPreferences> for NotificationPreferencesView {
    fn from(preferences: &NotificationPreferences) -> Self {
        Self {
            invitation_answers: preferences.wants(NoticeKind::InvitationAnswers),
            join_requests: preferences.wants(NoticeKind::JoinRequests),
            member_departures: preferences.wants(NoticeKind::MemberDepartures),
            procedures: preferences.wants(NoticeKind::Procedures),
        }
    }
}

/// Which notices to turn on or off (RFC 7396); what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "memberDepartures": false }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditNotificationPreferencesRequest {
    /// Whether he wants to know that an invitation that he answers for was accepted or refused.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    invitation_answers: Option<bool>,
    /// Whether he wants to know that somebody asks to be let into a space that he administers.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    join_requests: Option<bool>,
    /// Whether he wants to know that a member left a space that he administers.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    member_departures: Option<bool>,
    /// Whether he wants to know that an administration is done with a procedure of a space that he is in.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    procedures: Option<bool>,
}

impl Request for EditNotificationPreferencesRequest {
    const MEDIA_TYPES: &'static [&'static str] = MERGE_PATCH;
    type Value = Vec<(NoticeKind, bool)>;
    fn check(self, _: &mut Faults) -> Option<Self::Value> {
        let wishes = [
            (NoticeKind::InvitationAnswers, self.invitation_answers),
            (NoticeKind::JoinRequests, self.join_requests),
            (NoticeKind::MemberDepartures, self.member_departures),
            (NoticeKind::Procedures, self.procedures),
        ];
        Some(wishes.into_iter().filter_map(|(kind, is_wanted)| Some((kind, is_wanted?))).collect())
    }
}

/// Shows which notices the caller is mailed: all, until he turns some off.
#[utoipa::path(
    tag = "Person", operation_id = "getNotificationPreferences", security(("person" = [])),
    responses((status = 200, description = "Which notices he is mailed.", body = NotificationPreferencesView))
)]
#[get("/v1/me/notification-preferences")]
pub async fn get(person: Person) -> Answer {
    let preferences = person
        .glance(|tx, caller| {
            caller.strong()?;
            Ok(tx.notification_preferences(caller.person)?)
        })
        .await?;
    answer::ok(&NotificationPreferencesView::from(&preferences))
}

/// Turns notices on or off; it holds for what happens from then on.
#[utoipa::path(
    tag = "Person", operation_id = "editNotificationPreferences", security(("person" = [])),
    request_body(content = EditNotificationPreferencesRequest, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Which notices he is mailed now.", body = NotificationPreferencesView))
)]
#[patch("/v1/me/notification-preferences")]
pub async fn edit(person: Person, body: Body<EditNotificationPreferencesRequest>) -> Answer {
    let edited = person
        .write(move |tx, caller| {
            let wishes = body.open(caller.strong()?)?;
            let id = tx.lock_person(caller.person)?.id;
            let before = tx.notification_preferences(id)?;
            let edited = before.edit(&wishes);
            let changed = edited.changed_since(&before);
            for kind in &changed {
                tx.save_notification_preference(id, *kind, edited.wants(*kind))?;
            }
            if !changed.is_empty() {
                let act = AuditAct::NotificationPreferencesEdited;
                let fields: Vec<&'static str> = changed.into_iter().map(NoticeKind::field).collect();
                tx.record(Event::new(Chain::Person(id), act, caller.actor(), id).changing(&fields));
            }
            Ok(edited)
        })
        .await?;
    answer::ok(&NotificationPreferencesView::from(&edited))
}

#[cfg(test)]
mod tests {
    use domain::Coded;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_is_shown_and_edited_by_its_field() {
        for &kind in NoticeKind::ALL {
            let off = NotificationPreferences::all_but([kind]);
            let shown = serde_json::to_value(NotificationPreferencesView::from(&off)).unwrap();
            let expected = NoticeKind::ALL.iter().map(|other| (other.field().to_owned(), json!(*other != kind)));
            assert_eq!(shown, serde_json::Value::Object(expected.collect()));
            let wish: EditNotificationPreferencesRequest =
                serde_json::from_value(json!({ kind.field(): false })).unwrap();
            assert_eq!(wish.check(&mut Faults::default()), Some(vec![(kind, false)]));
        }
    }
}
