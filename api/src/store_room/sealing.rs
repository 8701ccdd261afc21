//! How files lie in the store room: in chunks, each encrypted and authenticated with its place and with whether it is the last, under
//! a key of the file's own. This is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM.

use std::ops::Range;

use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use aes_gcm::{Aes256Gcm, aead::Payload};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use domain::id::FileId;

use crate::keys::DataKeys;

/// How many bytes of a file are in a chunk; in the last there may be fewer.
pub const CHUNK: usize = 64 * 1024;
/// How much longer a chunk is when it is sealed.
const TAG: usize = 16;
/// The same, as numbers of bytes in files.
const PLAIN: u64 = CHUNK as u64;
const SEALED: u64 = (CHUNK + TAG) as u64;

/// For what the keys of files are sealed under data keys.
const SEALED_FOR: &str = "file-key";

/// A chunk is not what was written, or not where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chunk is not as it was written")]
pub struct Tampered;

/// The key of one file.
#[derive(Clone)]
pub struct FileKey([u8; 32]);

impl FileKey {
    /// A new one.
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// It as it is kept.
    pub fn seal(&self, keys: &DataKeys) -> String {
        keys.seal(SEALED_FOR, &BASE64.encode(self.0))
    }

    /// One that was kept; `None` if no data key here opens it.
    pub fn open(keys: &DataKeys, sealed: &str) -> Option<Self> {
        let bytes = BASE64.decode(keys.open(SEALED_FOR, sealed)?).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

/// Seals the chunks of one file, and opens them.
pub struct Chunks {
    stream: StreamBE32<Aes256Gcm>,
    file: FileId,
}

impl Chunks {
    /// Of a file, under its key.
    pub fn new(key: &FileKey, file: FileId) -> Self {
        // Each key seals one file once, so that what is apart from the place may be the same for all.
        Self { stream: StreamBE32::new(&key.0.into(), &[0; 7].into()), file }
    }

    /// Seals the chunk at a place.
    ///
    /// # Errors
    /// None that a caller can cause: chunks are far shorter than the cipher's limit.
    pub fn seal(&self, place: u32, is_last: bool, plain: &[u8]) -> Result<Vec<u8>, Tampered> {
        let payload = Payload { msg: plain, aad: self.file.0.as_bytes() };
        self.stream.encrypt(place, is_last, payload).map_err(|_| Tampered)
    }

    /// Opens the chunk at a place.
    ///
    /// # Errors
    /// [`Tampered`].
    pub fn open(&self, place: u32, is_last: bool, sealed: &[u8]) -> Result<Vec<u8>, Tampered> {
        let payload = Payload { msg: sealed, aad: self.file.0.as_bytes() };
        self.stream.decrypt(place, is_last, payload).map_err(|_| Tampered)
    }
}

/// Where chunks lie that hold a part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The place of the first chunk.
    pub first: u32,
    /// Where they begin and end in the sealed file.
    pub sealed: Range<u64>,
    /// Whether the last of them is the last of the file.
    pub has_last: bool,
    /// Where what is wanted begins and ends in what they hold.
    pub wanted: Range<usize>,
}

/// The chunks, so many at most, that hold the beginning of a part of a file of this size. The part is not empty, and ends within it.
pub fn span(size: u64, part: &Range<u64>, most: u32) -> Option<Span> {
    let first = part.start / PLAIN;
    let beyond = part.end.div_ceil(PLAIN).min(first + u64::from(most));
    let all = size.div_ceil(PLAIN);
    let has_last = beyond == all;
    let sealed_size = size + all * TAG as u64;
    let (begins, ends) = (first * PLAIN, part.end.min(beyond * PLAIN));
    let wanted = usize::try_from(part.start - begins).ok()?..usize::try_from(ends - begins).ok()?;
    let sealed = first * SEALED..(beyond * SEALED).min(sealed_size);
    Some(Span { first: u32::try_from(first).ok()?, sealed, has_last, wanted })
}

impl Span {
    /// What is wanted of the chunks that lie there.
    ///
    /// # Errors
    /// [`Tampered`].
    pub fn open(&self, chunks: &Chunks, sealed: &[u8]) -> Result<Vec<u8>, Tampered> {
        if u64::try_from(sealed.len()) != Ok(self.sealed.end - self.sealed.start) {
            return Err(Tampered);
        }
        let mut plain = Vec::with_capacity(sealed.len());
        let mut left = sealed.chunks(CHUNK + TAG).zip(self.first..).peekable();
        while let Some((chunk, place)) = left.next() {
            plain.extend(chunks.open(place, self.has_last && left.peek().is_none(), chunk)?);
        }
        plain.truncate(self.wanted.end);
        Ok(plain.split_off(self.wanted.start.min(plain.len())))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn chunks(file: u128) -> Chunks {
        Chunks::new(&FileKey([7; 32]), Uuid::from_u128(file).into())
    }

    /// A file of two chunks and a little more.
    fn plain() -> Vec<u8> {
        (0..2 * CHUNK + 100).map(|place| u8::try_from(place % 251).unwrap()).collect()
    }

    fn sealed() -> Vec<u8> {
        let (plain, chunks) = (plain(), chunks(1));
        let sealed = plain.chunks(CHUNK).zip(0..).map(|(chunk, place)| chunks.seal(place, place == 2, chunk).unwrap());
        sealed.collect::<Vec<_>>().concat()
    }

    /// A part, as it is read through so many chunks at a time.
    fn read(chunks: &Chunks, sealed: &[u8], mut part: Range<u64>, most: u32) -> Result<Vec<u8>, Tampered> {
        let mut read = vec![];
        while !part.is_empty() {
            let span = span(plain().len() as u64, &part, most).unwrap();
            let at = |byte: u64| usize::try_from(byte).unwrap().min(sealed.len());
            read.extend(span.open(chunks, &sealed[at(span.sealed.start)..at(span.sealed.end)])?);
            part.start += span.wanted.len() as u64;
        }
        Ok(read)
    }

    #[test]
    fn any_part_is_read_as_it_was_written() {
        let (plain, sealed) = (plain(), sealed());
        let size = plain.len() as u64;
        for part in [
            0..size,
            0..1,
            size - 1..size,
            PLAIN - 1..PLAIN + 1,
            PLAIN..2 * PLAIN,
            2 * PLAIN..size,
            100..2 * PLAIN + 1,
            PLAIN..PLAIN,
        ] {
            let expected = &plain[usize::try_from(part.start).unwrap()..usize::try_from(part.end).unwrap()];
            for most in [1, 2, 16] {
                assert!(read(&chunks(1), &sealed, part.clone(), most).unwrap() == expected, "{part:?} by {most}");
            }
        }
    }

    #[test]
    fn what_was_changed_cut_or_moved_is_found_out() {
        let (sealed, whole) = (sealed(), 0..plain().len() as u64);
        let tampered = |sealed: &[u8]| read(&chunks(1), sealed, whole.clone(), 16) == Err(Tampered);
        assert!(!tampered(&sealed));
        let mut changed = sealed.clone();
        changed[CHUNK + TAG + 5] ^= 1;
        assert!(tampered(&changed));
        assert!(tampered(&sealed[..sealed.len() - 1]), "cut within a chunk");
        assert!(tampered(&sealed[..2 * (CHUNK + TAG)]), "cut after a chunk");
        let (one, rest) = sealed.split_at(CHUNK + TAG);
        let (two, last) = rest.split_at(CHUNK + TAG);
        assert!(tampered(&[two, one, last].concat()), "chunks in another order");
        assert_eq!(read(&chunks(2), &sealed, whole.clone(), 16), Err(Tampered), "another file's");
        let other = Chunks::new(&FileKey([8; 32]), Uuid::from_u128(1).into());
        assert_eq!(read(&other, &sealed, whole.clone(), 16), Err(Tampered), "another key");
    }

    #[test]
    fn a_cut_file_does_not_pass_for_a_shorter_one() {
        let (sealed, chunks) = (sealed(), chunks(1));
        let shorter = span(2 * PLAIN, &(0..2 * PLAIN), 16).unwrap();
        let cut = &sealed[..usize::try_from(shorter.sealed.end).unwrap()];
        assert_eq!(shorter.open(&chunks, cut), Err(Tampered));
    }
}
