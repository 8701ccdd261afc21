//! A record, as its administration sends it: known by a key of the administration's own, in versions that go up.

use std::fmt;

use serde_json::{Map, Value};

use super::SourceCode;
use crate::{
    Fault, Instant, Refusal, certification::BusinessNumber, coded::coded, id::SourceRecordId, identity::Protected,
    space::SpaceKind,
};

/// By what an administration knows a record of a source: it stays that of one company or person for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(String);

impl RecordKey {
    /// The most characters that it has.
    pub const MAX: usize = 100;
    /// Its form, for contracts.
    pub const PATTERN: &'static str = "^[A-Za-z0-9][A-Za-z0-9._:/-]*$";

    /// Reads letters, digits and `. _ : / -`, the first a letter or digit.
    ///
    /// # Errors
    /// [`Fault::TooLong`], [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.len() > Self::MAX {
            return Err(Fault::TooLong { max: Self::MAX });
        }
        let is_first = |byte: &u8| byte.is_ascii_alphanumeric();
        let is_key = raw.bytes().all(|byte| is_first(&byte) || b"._:/-".contains(&byte));
        if is_key && raw.bytes().next().as_ref().is_some_and(is_first) {
            Ok(Self(raw.to_owned()))
        } else {
            Err(Fault::Malformed)
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of a record: a number of the administration's own, which may be a count or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordVersion(i64);

impl RecordVersion {
    /// The last one: numbers of JSON are exact up to here.
    pub const MAX: i64 = (1 << 53) - 1;

    /// A number from 1 to [`RecordVersion::MAX`].
    ///
    /// # Errors
    /// [`Fault::OutOfRange`].
    pub fn new(number: i64) -> Result<Self, Fault> {
        if (1..=Self::MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Fault::OutOfRange { min: 1, max: Self::MAX })
        }
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// A record of a source, but for what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRecord {
    /// Which record this is.
    pub id: SourceRecordId,
    /// Of which source.
    pub source: SourceCode,
    /// By what the administration knows it.
    pub key: RecordKey,
    /// In which version.
    pub version: RecordVersion,
    /// The national number of the company or person whom it is about.
    pub subject: Protected,
    /// Of which moment its data is.
    pub as_of: Instant,
    /// When it was received in this version.
    pub received_at: Instant,
    /// Whether the administration took it back: it says nothing any more, and its versions go on.
    pub is_withdrawn: bool,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordContent {
    /// Whom it is about.
    pub subject: BusinessNumber,
    /// Of which moment the data is.
    pub as_of: Instant,
    /// The data, in the form of the source.
    pub fields: Map<String, Value>,
}

impl RecordContent {
    /// That it can be of a source for this kind of space: a person alone has a private one.
    ///
    /// # Errors
    /// [`Fault::NotApplicable`].
    pub fn require_subject_for(&self, audience: SpaceKind) -> Result<(), Fault> {
        match (audience, &self.subject) {
            (SpaceKind::Private, BusinessNumber::LegalPerson(_)) => Err(Fault::NotApplicable),
            _ => Ok(()),
        }
    }
}

/// A version of a record that an administration sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Of which record.
    pub key: RecordKey,
    /// Which version.
    pub version: RecordVersion,
    /// What the record says then; `None` takes it back.
    pub content: Option<RecordContent>,
}

/// A record that is known, opened: its content is `None` where it is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRecord {
    /// The record.
    pub record: SourceRecord,
    /// Whom it is about.
    pub subject: BusinessNumber,
    /// What it says.
    pub content: Option<RecordContent>,
}

coded! {
    /// What became of a version that was sent.
    PushOutcome {
        /// The record is new.
        Created = "created",
        /// It took the place of an older version.
        Replaced = "replaced",
        /// The record is taken back.
        Withdrawn = "withdrawn",
        /// It was sent before, and says the same.
        Unchanged = "unchanged",
    }
}

/// What a version that was sent makes of a record: nothing else is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChange {
    record: SourceRecord,
    is_new: bool,
}

impl RecordChange {
    /// The record, as it is then.
    pub fn record(&self) -> &SourceRecord {
        &self.record
    }
    /// Whether there was none before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }
}

/// Where a version comes in.
#[derive(Debug, Clone)]
pub struct Arrival<'a> {
    /// To which source it was sent.
    pub source: &'a SourceCode,
    /// The id of the record, if it is new.
    pub id: SourceRecordId,
    /// The number of its subject as it is kept, if it is new.
    pub subject: Option<Protected>,
    /// When it comes.
    pub now: Instant,
}

impl Push {
    /// What becomes of a version where this is known of its record: a higher one takes its place, the same again changes nothing
    /// (domain.md §7, C).
    ///
    /// # Errors
    /// [`Refusal::RecordStale`], [`Refusal::RecordConflict`], [`Refusal::RecordOfAnother`]; [`Refusal::NotFound`] for taking back
    /// what nobody knows.
    pub fn judge(
        &self,
        known: Option<&KnownRecord>,
        arrival: Arrival<'_>,
    ) -> Result<(PushOutcome, Option<RecordChange>), Refusal> {
        let Arrival { source, id, subject, now } = arrival;
        let Some(KnownRecord { record, subject: kept, content }) = known else {
            let (as_of, subject) =
                self.content.as_ref().map(|said| said.as_of).zip(subject).ok_or(Refusal::NotFound)?;
            let (source, key, version) = (source.clone(), self.key.clone(), self.version);
            let record =
                SourceRecord { id, source, key, version, subject, as_of, received_at: now, is_withdrawn: false };
            return Ok((PushOutcome::Created, Some(RecordChange { record, is_new: true })));
        };
        if self.content.as_ref().is_some_and(|said| said.subject != *kept) {
            return Err(Refusal::RecordOfAnother);
        }
        if self.version < record.version {
            return Err(Refusal::RecordStale { version: record.version });
        }
        if self.version == record.version {
            let is_same = self.content == *content;
            return if is_same { Ok((PushOutcome::Unchanged, None)) } else { Err(Refusal::RecordConflict) };
        }
        let record = SourceRecord {
            version: self.version,
            as_of: self.content.as_ref().map_or(record.as_of, |said| said.as_of),
            received_at: now,
            is_withdrawn: self.content.is_none(),
            ..record.clone()
        };
        let outcome = if record.is_withdrawn { PushOutcome::Withdrawn } else { PushOutcome::Replaced };
        Ok((outcome, Some(RecordChange { record, is_new: false })))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const COMPANY: &str = "19822200012";

    fn at(seconds: i64) -> Instant {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn push(version: i64, number: &str, amount: impl Into<Option<i64>>) -> Push {
        let said = |amount: i64| RecordContent {
            subject: BusinessNumber::parse(number).unwrap(),
            as_of: at(0),
            fields: json!({ "amount": amount }).as_object().unwrap().clone(),
        };
        Push {
            key: RecordKey::parse("2027-01").unwrap(),
            version: RecordVersion::new(version).unwrap(),
            content: amount.into().map(said),
        }
    }

    /// Sends versions one after the other; keeps what is to be kept, and says what became of each.
    fn sent(pushes: &[Push]) -> (Vec<Result<PushOutcome, Refusal>>, Option<KnownRecord>) {
        let source = SourceCode::parse("aed.vat-balance").unwrap();
        let mut known: Option<KnownRecord> = None;
        let mut told = vec![];
        for (seconds, push) in (1..).zip(pushes) {
            let subject = push
                .content
                .as_ref()
                .map(|said| Protected { digest: said.subject.reveal().to_owned(), sealed: String::new() });
            let id = SourceRecordId(Uuid::from_u128(seconds.try_into().unwrap()));
            let judged = push.judge(known.as_ref(), Arrival { source: &source, id, subject, now: at(seconds) });
            told.push(judged.map(|(outcome, change)| {
                if let Some(RecordChange { record, .. }) = change {
                    let subject = BusinessNumber::parse(&record.subject.digest).unwrap();
                    known = Some(KnownRecord { record, subject, content: push.content.clone() });
                }
                outcome
            }));
        }
        (told, known)
    }

    #[test]
    fn versions_go_up_and_the_same_again_changes_nothing() {
        let (told, known) = sent(&[
            push(2, COMPANY, 10),
            push(2, COMPANY, 10),
            push(2, COMPANY, 11),
            push(1, COMPANY, 10),
            push(5, COMPANY, 11),
            push(5, COMPANY, 11),
        ]);
        let stale = Refusal::RecordStale { version: RecordVersion(2) };
        let expected = [
            Ok(PushOutcome::Created),
            Ok(PushOutcome::Unchanged),
            Err(Refusal::RecordConflict),
            Err(stale),
            Ok(PushOutcome::Replaced),
            Ok(PushOutcome::Unchanged),
        ];
        assert_eq!(told, expected);
        let record = known.unwrap().record;
        assert_eq!((record.id.0.as_u128(), record.version.get(), record.received_at), (1, 5, at(5)));
    }

    #[test]
    fn what_is_taken_back_keeps_its_version_and_may_come_again() {
        let (told, known) = sent(&[
            push(1, COMPANY, None),
            push(1, COMPANY, 10),
            push(1, COMPANY, None),
            push(3, COMPANY, None),
            push(3, COMPANY, None),
            push(2, COMPANY, 12),
        ]);
        let expected = [
            Err(Refusal::NotFound),
            Ok(PushOutcome::Created),
            Err(Refusal::RecordConflict),
            Ok(PushOutcome::Withdrawn),
            Ok(PushOutcome::Unchanged),
            Err(Refusal::RecordStale { version: RecordVersion(3) }),
        ];
        assert_eq!(told, expected);
        assert!(known.unwrap().record.is_withdrawn);
        let (told, known) = sent(&[push(1, COMPANY, 10), push(2, COMPANY, None), push(3, COMPANY, 12)]);
        assert_eq!(told.last(), Some(&Ok(PushOutcome::Replaced)));
        assert!(!known.unwrap().record.is_withdrawn);
    }

    #[test]
    fn a_record_stays_that_of_one_company() {
        let (told, _) = sent(&[push(1, COMPANY, 10), push(2, "1893120105732", 10), push(2, COMPANY, None)]);
        let expected = [Ok(PushOutcome::Created), Err(Refusal::RecordOfAnother), Ok(PushOutcome::Withdrawn)];
        assert_eq!(told, expected);
        let said = push(1, COMPANY, 10).content.unwrap();
        assert_eq!(said.require_subject_for(SpaceKind::Professional), Ok(()));
        assert_eq!(said.require_subject_for(SpaceKind::Private), Err(Fault::NotApplicable));
        let own = push(1, "1893120105732", 10).content.unwrap();
        assert_eq!(own.require_subject_for(SpaceKind::Private), Ok(()));
    }

    #[test]
    fn keys_and_versions_have_a_form() {
        for key in ["1", "2027-01/a:b.c_d", &"a".repeat(100)] {
            assert_eq!(RecordKey::parse(key).unwrap().as_str(), key);
        }
        for wrong in ["", "-a", "a b", "é", "a\n"] {
            assert_eq!(RecordKey::parse(wrong), Err(Fault::Malformed), "{wrong:?}");
        }
        assert_eq!(RecordKey::parse(&"a".repeat(101)), Err(Fault::TooLong { max: 100 }));
        assert!(RecordVersion::new(0).is_err() && RecordVersion::new(RecordVersion::MAX + 1).is_err());
    }
}
