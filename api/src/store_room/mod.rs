//! The store room: files that are handed in lie here, apart from the database, encrypted chunk by chunk (docs/adr/0013).
//!
//! Whoever writes one first notes it in the database, and only when it is whole notes it as kept, in the transaction that makes use of
//! it; what is not used any more is noted as doomed, and deleted by the worker. So a row never points at nothing, and no file is
//! without a row.

pub mod sealing;

use std::{io, ops::Range, path::PathBuf, sync::Arc};

use bytes::Bytes;
use domain::{id::FileId, procedure::ContentDigest};
use object_store::{ObjectStore, ObjectStoreExt, buffered::BufWriter, local::LocalFileSystem, path::Path};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use self::sealing::{CHUNK, Chunks, FileKey, Tampered};

/// How much of a file is written at once.
const PART: usize = 1024 * 1024;
/// How many chunks are read at once.
const READ_AT_ONCE: u32 = 16;

/// Why a file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreRoomError {
    /// The store did not do it.
    #[error("the store room: {0}")]
    Store(#[from] object_store::Error),
    /// A file of the store could not be handled.
    #[error("the store room: {0}")]
    Io(#[from] io::Error),
    /// What lies there is not what was written.
    #[error("the store room: {0}")]
    Tampered(#[from] Tampered),
}

/// Where files are kept.
pub struct StoreRoom {
    store: Arc<dyn ObjectStore>,
    /// The folder that they are in, if they are in one.
    folder: Option<PathBuf>,
}

impl StoreRoom {
    /// One in a folder, which is there. What was written to it outlives a crash.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn in_folder(folder: PathBuf) -> Result<Self, String> {
        let store = LocalFileSystem::new_with_prefix(&folder);
        let store = store.map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { store: Arc::new(store.with_fsync(true)), folder: Some(folder) })
    }

    /// Begins to write a file.
    pub fn write(&self, file: FileId, key: &FileKey) -> Writing {
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), path(file), PART).with_max_concurrency(1);
        Writing {
            writer,
            chunks: Chunks::new(key, file),
            place: 0,
            held: Vec::with_capacity(CHUNK),
            size: 0,
            digest: Sha256::new(),
        }
    }

    /// Reads a part of a file that has this size.
    pub fn read(&self, file: FileId, key: &FileKey, size: u64, part: Range<u64>) -> Reader {
        let part = part.start..part.end.min(size);
        Reader { store: Arc::clone(&self.store), path: path(file), chunks: Chunks::new(key, file), size, part }
    }

    /// Deletes a file, whole or half written; one that is not there is as good as deleted.
    ///
    /// # Errors
    /// The store did not do it.
    pub async fn delete(&self, file: FileId) -> Result<(), StoreRoomError> {
        match self.store.delete(&path(file)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => (),
            Err(error) => return Err(error.into()),
        }
        self.delete_drafts(file).await
    }

    /// In a folder, a file that is being written is called after what it is to become, with `#` and a number. Who was killed while he wrote
    /// leaves it behind.
    async fn delete_drafts(&self, file: FileId) -> Result<(), StoreRoomError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let beside = folder.join(shelf(file));
        let deleted = tokio::task::spawn_blocking(move || {
            let entries = match std::fs::read_dir(&beside) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                entries => entries?,
            };
            let draft = format!("{file}#");
            for entry in entries {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with(&draft) {
                    std::fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        });
        Ok(deleted.await.map_err(io::Error::other).flatten()?)
    }
}

/// A file on its way into the store room. One that is not finished leaves nothing that is taken for a file.
pub struct Writing {
    writer: BufWriter,
    chunks: Chunks,
    /// The place of the next chunk.
    place: u32,
    /// What is to be in it: which chunk is the last, only the end tells.
    held: Vec<u8>,
    size: u64,
    digest: Sha256,
}

impl Writing {
    /// Writes what comes next.
    ///
    /// # Errors
    /// The store did not take it.
    pub async fn put(&mut self, mut bytes: &[u8]) -> Result<(), StoreRoomError> {
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.held.len() == CHUNK {
                self.put_chunk(false).await?;
            }
            let (taken, left) = bytes.split_at(bytes.len().min(CHUNK - self.held.len()));
            self.held.extend_from_slice(taken);
            bytes = left;
        }
        Ok(())
    }

    /// Ends the file, which is on the disk from then on. Gives its size and the SHA-256 of what was written.
    ///
    /// # Errors
    /// The store did not take it.
    pub async fn finish(mut self) -> Result<(u64, ContentDigest), StoreRoomError> {
        self.put_chunk(true).await?;
        self.writer.shutdown().await?;
        Ok((self.size, ContentDigest::computed(self.digest.finalize().into())))
    }

    /// Gives the file up.
    ///
    /// # Errors
    /// The store keeps what it has of it until it is deleted.
    pub async fn abort(mut self) -> Result<(), StoreRoomError> {
        Ok(self.writer.abort().await?)
    }

    async fn put_chunk(&mut self, is_last: bool) -> Result<(), StoreRoomError> {
        let sealed = self.chunks.seal(self.place, is_last, &self.held)?;
        self.held.clear();
        self.place += 1;
        Ok(self.writer.put(sealed.into()).await?)
    }
}

/// A part of a file that is read piece by piece.
pub struct Reader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    chunks: Chunks,
    size: u64,
    part: Range<u64>,
}

impl Reader {
    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// The file is not there, or is not what was written.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreRoomError> {
        if self.part.is_empty() {
            return Ok(None);
        }
        let span = sealing::span(self.size, &self.part, READ_AT_ONCE).ok_or(Tampered)?;
        let sealed = self.store.get_range(&self.path, span.sealed.clone()).await?;
        let plain = span.open(&self.chunks, &sealed)?;
        self.part.start += plain.len() as u64;
        Ok(Some(plain.into()))
    }
}

/// Ids begin with the time; their ends spread files over 256 folders.
fn shelf(file: FileId) -> String {
    format!("{:02x}", file.0.as_bytes()[15])
}

fn path(file: FileId) -> Path {
    Path::from(format!("{}/{file}", shelf(file)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use actix_web::rt::System;
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;

    fn room() -> (TempDir, StoreRoom) {
        let folder = tempfile::tempdir().unwrap();
        let room = StoreRoom::in_folder(folder.path().to_owned()).unwrap();
        (folder, room)
    }

    fn files(folder: &TempDir) -> Vec<PathBuf> {
        let shelves = fs::read_dir(folder.path()).unwrap().map(|shelf| shelf.unwrap().path());
        shelves.flat_map(|shelf| fs::read_dir(shelf).unwrap()).map(|file| file.unwrap().path()).collect()
    }

    async fn read(mut reader: Reader) -> Result<Vec<u8>, StoreRoomError> {
        let mut read = vec![];
        while let Some(piece) = reader.next().await? {
            read.extend_from_slice(&piece);
        }
        Ok(read)
    }

    const FILE: FileId = FileId(Uuid::from_u128(1));

    #[test]
    fn what_is_written_is_read_and_nobody_else_reads_it() {
        System::new().block_on(async {
            let (folder, room) = room();
            let key = FileKey::generate();
            for size in [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * PART + 5] {
                let plain: Vec<u8> = (0..size).map(|place| u8::try_from(place % 251).unwrap()).collect();
                let mut writing = room.write(FILE, &key);
                for piece in plain.chunks(10_007) {
                    writing.put(piece).await.unwrap();
                }
                let (written, digest) = writing.finish().await.unwrap();
                assert_eq!((written, digest), (size as u64, ContentDigest::of(&plain)));
                assert!(read(room.read(FILE, &key, written, 0..written)).await.unwrap() == plain, "{size}");
                assert!(read(room.read(FILE, &key, written, 1..written + 9)).await.unwrap() == plain[1..], "{size}");
                let kept = fs::read(&files(&folder)[0]).unwrap();
                assert!(size < 100 || !kept.windows(100).any(|window| *window == plain[..100]));
            }
            let other = read(room.read(FILE, &FileKey::generate(), 9, 0..9)).await;
            assert!(matches!(other, Err(StoreRoomError::Tampered(_))));
        });
    }

    #[test]
    fn what_was_given_up_or_deleted_is_gone() {
        System::new().block_on(async {
            let (folder, room) = room();
            let key = FileKey::generate();
            let mut writing = room.write(FILE, &key);
            writing.put(&vec![0; 3 * PART]).await.unwrap();
            assert_eq!(files(&folder).len(), 1, "a draft");
            writing.abort().await.unwrap();
            assert_eq!(files(&folder), [] as [PathBuf; 0]);

            let mut writing = room.write(FILE, &key);
            writing.put(b"text").await.unwrap();
            writing.finish().await.unwrap();
            let [file] = &files(&folder)[..] else { panic!("no file") };
            fs::write(format!("{}#1", file.display()), "a draft of who was killed").unwrap();
            room.delete(FILE).await.unwrap();
            assert_eq!(files(&folder), [] as [PathBuf; 0]);
            room.delete(FILE).await.unwrap();
            assert!(matches!(read(room.read(FILE, &key, 4, 0..4)).await, Err(StoreRoomError::Store(_))));
        });
    }
}
