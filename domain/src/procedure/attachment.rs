//! Attachments: which files go with a procedure, and whether those that must be there are (domain.md §5, F).

use std::ops::RangeInclusive;

use super::{AttachmentCode, AttachmentSlot, Procedure, ProcedureAct, ProcedureChange, ProcedureType, Signatures};
use crate::{
    Instant, Refusal,
    coded::coded,
    store_room::{MediaType, ScanState, StoredFile},
    text::FileName,
};

/// A file of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// Where it is attached.
    pub slot: AttachmentCode,
    /// What it is called.
    pub name: FileName,
    /// What is known of it.
    pub file: StoredFile,
}

coded! {
    /// What is wrong with the attachments of a slot.
    AttachmentFlaw {
        /// There must be one, and there is none.
        Missing = "missing",
        /// One was not scanned yet.
        Pending = "pending",
        /// One is infected.
        Infected = "infected",
    }
}

impl AttachmentSlot {
    /// The most files of a slot.
    pub const FILES: RangeInclusive<i64> = 1..=10;

    /// How large a file is at most.
    pub fn most_bytes(&self) -> u64 {
        u64::from(self.max_megabytes) * 1024 * 1024
    }

    /// What a file is that is said to be this, and is to be attached here.
    ///
    /// # Errors
    /// [`Refusal::AttachmentMediaType`].
    pub fn require_media_type(&self, said: Option<MediaType>) -> Result<MediaType, Refusal> {
        let allowed = said.filter(|said| self.media_types.contains(said));
        allowed.ok_or_else(|| Refusal::AttachmentMediaType { allowed: self.media_types.clone() })
    }

    /// A file that begins so is what it is said to be.
    ///
    /// # Errors
    /// [`Refusal::AttachmentMediaType`].
    pub fn require_is(&self, said: MediaType, beginning: &[u8]) -> Result<(), Refusal> {
        self.require_media_type(MediaType::of(beginning).filter(|is| *is == said)).map(drop)
    }
}

impl ProcedureType {
    /// A slot for attachments.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn slot(&self, code: &AttachmentCode) -> Result<&AttachmentSlot, Refusal> {
        self.attachments.iter().find(|slot| slot.code == *code).ok_or(Refusal::NotFound)
    }

    /// What is wrong with these files for a procedure of this type, slot by slot.
    pub fn flaws(&self, files: &[AttachedFile]) -> Vec<(&AttachmentCode, AttachmentFlaw)> {
        let flaw = |slot: &AttachmentSlot| {
            let scans: Vec<ScanState> =
                files.iter().filter(|file| file.slot == slot.code).map(|file| file.file.scan).collect();
            if scans.contains(&ScanState::Infected) {
                Some(AttachmentFlaw::Infected)
            } else if scans.contains(&ScanState::Pending) {
                Some(AttachmentFlaw::Pending)
            } else {
                (slot.is_required && scans.is_empty()).then_some(AttachmentFlaw::Missing)
            }
        };
        self.attachments.iter().filter_map(|slot| Some((&slot.code, flaw(slot)?))).collect()
    }
}

impl Procedure {
    /// It with another file in a slot that holds so many; whoever had signed has not signed this.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`]; [`Refusal::ProcedureState`] once it was sent; [`Refusal::AttachmentLimitReached`].
    pub fn attached(&self, slot: &AttachmentSlot, others: u32, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_editable()?;
        if others >= slot.max_files {
            return Err(Refusal::AttachmentLimitReached { limit: slot.max_files });
        }
        Ok(self.reopened(ProcedureAct::Attached, None, now))
    }

    /// It with a file less.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`]; [`Refusal::ProcedureState`] once it was sent.
    pub fn detached(&self, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_editable()?;
        Ok(self.reopened(ProcedureAct::Detached, None, now))
    }

    /// It with a file of which the scanner says that it is infected.
    pub fn found_infected(&self, now: Instant) -> ProcedureChange {
        let state = self.state;
        self.clone().turned(state, ProcedureAct::AttachmentInfected, now).with(Signatures::Kept)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;
    use crate::{
        collaboration::member::tests::space,
        procedure::{ContentDigest, Opener, procedure_type::tests::procedure_type},
        text::Language,
    };

    pub(crate) fn slot(code: &str, is_required: bool) -> AttachmentSlot {
        AttachmentSlot {
            code: AttachmentCode::parse(code).unwrap(),
            titles: crate::catalogue::LocalText::new([(Language::Fr, "Plan".to_owned())]).unwrap(),
            is_required,
            media_types: BTreeSet::from([MediaType::Pdf, MediaType::Png]),
            max_megabytes: 1,
            max_files: 2,
        }
    }

    pub(crate) fn file(slot: &str, scan: ScanState) -> AttachedFile {
        let file = StoredFile { media_type: MediaType::Pdf, size: 5, digest: ContentDigest::of(b"%PDF-"), scan };
        let (slot, name) = (AttachmentCode::parse(slot).unwrap(), FileName::parse("plan.pdf").unwrap());
        AttachedFile { slot, name, file }
    }

    #[test]
    fn a_file_is_what_its_slot_takes_and_what_it_is_said_to_be() {
        let slot = slot("plan", true);
        let refused = || Refusal::AttachmentMediaType { allowed: slot.media_types.clone() };
        assert_eq!(slot.require_media_type(Some(MediaType::Png)), Ok(MediaType::Png));
        assert_eq!(slot.require_media_type(Some(MediaType::Jpeg)), Err(refused()));
        assert_eq!(slot.require_media_type(None), Err(refused()));
        assert_eq!(slot.require_is(MediaType::Pdf, b"%PDF-1.7"), Ok(()));
        assert_eq!(slot.require_is(MediaType::Png, b"%PDF-1.7"), Err(refused()));
        assert_eq!(slot.require_is(MediaType::Pdf, b""), Err(refused()));
        assert_eq!(slot.most_bytes(), 1_048_576);
    }

    #[test]
    fn every_slot_that_is_not_as_it_must_be_is_told() {
        let kind = ProcedureType {
            attachments: vec![slot("a", true), slot("b", false), slot("c", true)],
            ..procedure_type("aed.vat", "TVA").kind
        };
        let flaws = |files: &[AttachedFile]| {
            let flaws = kind.flaws(files).into_iter();
            flaws.map(|(code, flaw)| (code.as_str().to_owned(), flaw)).collect::<Vec<_>>()
        };
        let (a, b, c) = (|flaw| ("a".to_owned(), flaw), |flaw| ("b".to_owned(), flaw), |flaw| ("c".to_owned(), flaw));
        assert_eq!(flaws(&[]), [a(AttachmentFlaw::Missing), c(AttachmentFlaw::Missing)]);
        let clean = |slot| file(slot, ScanState::Clean);
        assert_eq!(flaws(&[clean("a"), file("c", ScanState::NotScanned)]), []);
        let files = [clean("a"), file("a", ScanState::Pending), file("b", ScanState::Pending), clean("c")];
        assert_eq!(flaws(&files), [a(AttachmentFlaw::Pending), b(AttachmentFlaw::Pending)]);
        let files = [file("a", ScanState::Pending), file("a", ScanState::Infected), clean("c")];
        assert_eq!(flaws(&files), [a(AttachmentFlaw::Infected)]);
    }

    #[test]
    fn a_slot_takes_so_many_files_and_no_more() {
        let (space, slot) = (space(), slot("plan", false));
        let opener = Opener { space: &space, login: None };
        let kind = procedure_type("aed.vat", "TVA").kind;
        let begun = opener.begin((Uuid::nil().into(), &kind), None, 0, space.created_at).unwrap();
        let attach = |others| begun.after().attached(&slot, others, space.created_at).map(|change| change.act());
        assert_eq!(attach(1), Ok(ProcedureAct::Attached));
        assert_eq!(attach(2), Err(Refusal::AttachmentLimitReached { limit: 2 }));
    }
}
