//! The store room: files that are handed in, kept apart from the database (domain.md §5, C).

use crate::{coded::coded, procedure::ContentDigest};

coded! {
    /// What a file may be: a closed list, of what can be told by its content (our choice).
    MediaType {
        /// A document.
        Pdf = "application/pdf",
        /// A photograph or scan.
        Jpeg = "image/jpeg",
        /// A drawing or scan.
        Png = "image/png",
    }
}

impl MediaType {
    /// How many bytes tell it.
    pub const TOLD_BY: usize = 8;

    /// What a file that begins so is.
    pub fn of(beginning: &[u8]) -> Option<Self> {
        match beginning {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            _ => None,
        }
    }
}

coded! {
    /// What a scanner for malware says of a file.
    ScanState {
        /// Nothing: there is no scanner.
        NotScanned = "not_scanned",
        /// Nothing yet.
        Pending = "pending",
        /// It found nothing.
        Clean = "clean",
        /// It found something: nobody gets the file any more.
        Infected = "infected",
    }
}

/// What is known of a file that lies in the store room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// What it is: what its content says.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its content.
    pub digest: ContentDigest,
    /// What a scanner says of it.
    pub scan: ScanState,
}

impl StoredFile {
    /// Whether it is given out.
    pub fn is_given_out(&self) -> bool {
        matches!(self.scan, ScanState::NotScanned | ScanState::Clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with() {
        for (beginning, expected) in [
            (&b"%PDF-1.7\n"[..], Some(MediaType::Pdf)),
            (&b"\xff\xd8\xff\xe0"[..], Some(MediaType::Jpeg)),
            (&b"\x89PNG\r\n\x1a\n\0"[..], Some(MediaType::Png)),
            (&b"\x89PNG\n"[..], None),
            (&b" %PDF-1.7"[..], None),
            (&b"<script>"[..], None),
            (&b""[..], None),
        ] {
            assert_eq!(MediaType::of(beginning), expected, "{beginning:?}");
        }
    }
}
