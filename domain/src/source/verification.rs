//! What a space says of a record that it saw: that it is right, or where it is not; and what its administration answers
//! (domain.md §7).

use super::{KnownRecord, RecordVersion, SourceCode};
use crate::{
    Instant, Refusal,
    coded::coded,
    form::Form,
    id::{PersonId, SourceRecordId, SpaceId, VerificationId},
    text::ReasonText,
};

coded! {
    /// What a space finds.
    FindingKind {
        /// The record is right.
        Confirmed = "confirmed",
        /// Some of it is not.
        Discrepancy = "discrepancy",
    }
}

coded! {
    /// How a verification stands.
    VerificationStatus {
        /// The record was confirmed: there is nothing to answer.
        Confirmed = "confirmed",
        /// A discrepancy was reported, and is not answered yet.
        Reported = "reported",
        /// The administration agrees: a new version of the record will say so.
        Accepted = "accepted",
        /// The administration holds the record for right.
        Rejected = "rejected",
    }
}

coded! {
    /// What an administration answers to a discrepancy.
    DiscrepancyDecision {
        /// It agrees.
        Accepted = "accepted",
        /// It holds the record for right.
        Rejected = "rejected",
    }
}

/// A field that is not right, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Which, as a JSON Pointer (RFC 6901) into the record's content; one that is missing, where it should be.
    pub pointer: String,
    /// Why.
    pub reason: ReasonText,
}

impl Discrepancy {
    /// The most of them in one report (our choice).
    pub const MOST: usize = 50;
    /// The most characters of a pointer (our choice).
    pub const LONGEST_POINTER: usize = 300;
}

/// What a space finds of a record: nothing wrong, or these fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The version that it saw.
    pub seen: RecordVersion,
    /// What is not right; empty for all being right.
    pub discrepancies: Vec<Discrepancy>,
}

/// What a space said of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Which verification this is.
    pub id: VerificationId,
    /// Of which record.
    pub record: SourceRecordId,
    /// Of which source that is.
    pub source: SourceCode,
    /// Which version was seen.
    pub seen: RecordVersion,
    /// Whose it is.
    pub space: SpaceId,
    /// Who made it.
    pub person: PersonId,
    /// How it stands.
    pub status: VerificationStatus,
    /// When it was made.
    pub made_at: Instant,
    /// When it was answered.
    pub answered_at: Option<Instant>,
}

/// Whether a space said of a record already what it could say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerificationsMade {
    /// It confirmed the version that there is.
    pub is_confirmed: bool,
    /// It reported a discrepancy, of any version, which is not answered.
    pub is_reported: bool,
}

/// What becomes of a verification: nothing else is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationChange(Verification);

impl VerificationChange {
    /// The verification, as it is then.
    pub fn after(&self) -> &Verification {
        &self.0
    }
}

impl KnownRecord {
    /// The places of those of the discrepancies that name no field: neither the record nor its form has one there.
    pub fn unknown_fields(&self, form: &Form, discrepancies: &[Discrepancy]) -> Vec<usize> {
        let content = self.content.as_ref().map(|said| serde_json::Value::Object(said.fields.clone()));
        let is_known = |pointer: &str| {
            content.as_ref().is_some_and(|content| content.pointer(pointer).is_some()) || form.has_field(pointer)
        };
        let unknown = discrepancies.iter().enumerate().filter(|(_, found)| !is_known(&found.pointer));
        unknown.map(|(place, _)| place).collect()
    }

    /// What comes of a finding: it is of the version that there is, and says what the space did not say before.
    ///
    /// # Errors
    /// [`Refusal::RecordChanged`], [`Refusal::AlreadyVerified`].
    pub fn verified(
        &self,
        (id, space, person): (VerificationId, SpaceId, PersonId),
        finding: &Finding,
        made: VerificationsMade,
        now: Instant,
    ) -> Result<VerificationChange, Refusal> {
        let record = &self.record;
        if finding.seen != record.version {
            return Err(Refusal::RecordChanged { version: record.version });
        }
        let is_right = finding.discrepancies.is_empty();
        let status = if is_right { VerificationStatus::Confirmed } else { VerificationStatus::Reported };
        if if is_right { made.is_confirmed } else { made.is_reported } {
            return Err(Refusal::AlreadyVerified { status });
        }
        Ok(VerificationChange(Verification {
            id,
            record: record.id,
            source: record.source.clone(),
            seen: finding.seen,
            space,
            person,
            status,
            made_at: now,
            answered_at: None,
        }))
    }
}

impl Verification {
    /// Answered, once.
    ///
    /// # Errors
    /// [`Refusal::VerificationState`].
    pub fn answered(&self, decision: DiscrepancyDecision, now: Instant) -> Result<VerificationChange, Refusal> {
        if self.status != VerificationStatus::Reported {
            return Err(Refusal::VerificationState { status: self.status });
        }
        let status = match decision {
            DiscrepancyDecision::Accepted => VerificationStatus::Accepted,
            DiscrepancyDecision::Rejected => VerificationStatus::Rejected,
        };
        Ok(VerificationChange(Self { status, answered_at: Some(now), ..self.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        certification::BusinessNumber,
        identity::Protected,
        source::{RecordContent, RecordKey, SourceRecord, authentic_source::tests::source},
    };

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn known(version: i64) -> KnownRecord {
        let subject = BusinessNumber::parse("19822200012").unwrap();
        let record = SourceRecord {
            id: SourceRecordId(Uuid::from_u128(1)),
            source: SourceCode::parse("aed.vat-balance").unwrap(),
            key: RecordKey::parse("a").unwrap(),
            version: RecordVersion::new(version).unwrap(),
            subject: Protected { digest: "digest".into(), sealed: "sealed".into() },
            as_of: now(),
            received_at: now(),
            is_withdrawn: false,
        };
        let fields = json!({ "title": "a", "lines": [{ "b": 1 }] }).as_object().unwrap().clone();
        KnownRecord { record, subject: subject.clone(), content: Some(RecordContent { subject, as_of: now(), fields }) }
    }

    fn finding(seen: i64, pointers: &[&str]) -> Finding {
        let discrepancy = |pointer: &&str| Discrepancy {
            pointer: (*pointer).to_owned(),
            reason: ReasonText::parse("Payé").unwrap(),
        };
        Finding { seen: RecordVersion::new(seen).unwrap(), discrepancies: pointers.iter().map(discrepancy).collect() }
    }

    fn verified(finding: &Finding, made: VerificationsMade) -> Result<VerificationChange, Refusal> {
        let id = Uuid::from_u128(9);
        known(3).verified((id.into(), id.into(), id.into()), finding, made, now())
    }

    #[test]
    fn what_is_seen_is_verified_once() {
        let status = |finding: &Finding, made| verified(finding, made).map(|change| change.after().status);
        let (none, right, wrong) = (VerificationsMade::default(), finding(3, &[]), finding(3, &["/title"]));
        let (confirmed, reported) = (VerificationStatus::Confirmed, VerificationStatus::Reported);
        assert_eq!((status(&right, none), status(&wrong, none)), (Ok(confirmed), Ok(reported)));
        let said = VerificationsMade { is_confirmed: true, is_reported: false };
        let again = Err(Refusal::AlreadyVerified { status: confirmed });
        assert_eq!((status(&right, said), status(&wrong, said)), (again, Ok(reported)));
        let told = VerificationsMade { is_confirmed: false, is_reported: true };
        let again = Err(Refusal::AlreadyVerified { status: reported });
        assert_eq!((status(&right, told), status(&wrong, told)), (Ok(confirmed), again));
        let changed = Err(Refusal::RecordChanged { version: RecordVersion::new(3).unwrap() });
        for seen in [2, 4] {
            assert_eq!(status(&finding(seen, &[]), none), changed.clone());
        }
    }

    #[test]
    fn a_discrepancy_is_answered_once_and_a_confirmation_never() {
        let report = verified(&finding(3, &["/title"]), VerificationsMade::default()).unwrap();
        for (decision, status) in [
            (DiscrepancyDecision::Accepted, VerificationStatus::Accepted),
            (DiscrepancyDecision::Rejected, VerificationStatus::Rejected),
        ] {
            let answered = report.after().answered(decision, now()).unwrap();
            assert_eq!((answered.after().status, answered.after().answered_at), (status, Some(now())));
            let again = answered.after().answered(DiscrepancyDecision::Accepted, now());
            assert_eq!(again, Err(Refusal::VerificationState { status }));
        }
        let confirmation = verified(&finding(3, &[]), VerificationsMade::default()).unwrap();
        assert!(confirmation.after().answered(DiscrepancyDecision::Accepted, now()).is_err());
    }

    #[test]
    fn a_discrepancy_names_what_the_record_or_its_form_has() {
        let form = source("aed.vat-balance", "aed.vat-account").form;
        let pointers = ["/title", "/amount", "/lines/0/b", "/colour", "", "/lines/1", "title"];
        assert_eq!(known(1).unknown_fields(&form, &finding(1, &pointers).discrepancies), [3, 5, 6]);
    }
}
