-- Files in the store room, which lies outside the database. A row is there before the first byte of its file (`writing`), and goes after
-- the last (`doomed`), so that no file is without one; only a file that is `kept` is whole. `since` is when the state began. `key_sealed`
-- is the file's own key, sealed under a data key. What is known of a file is there once it is kept.
CREATE TABLE stored_files (
    id TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('writing', 'kept', 'doomed')),
    since TIMESTAMP NOT NULL,
    key_sealed TEXT NOT NULL,
    media_type TEXT,
    size BIGINT CHECK (size >= 0),
    digest TEXT,
    scan TEXT CHECK (scan IN ('not_scanned', 'pending', 'clean', 'infected')),
    scan_due_at TIMESTAMP,
    CHECK (state <> 'kept' OR (media_type IS NOT NULL AND size IS NOT NULL AND digest IS NOT NULL AND scan IS NOT NULL)),
    CHECK ((scan_due_at IS NOT NULL) = (state = 'kept' AND scan = 'pending'))
);
CREATE INDEX stored_files_by_state ON stored_files (state, since);
CREATE INDEX stored_files_to_scan ON stored_files (scan_due_at) WHERE scan_due_at IS NOT NULL;

-- What is attached to procedures, each file once. What it is called is sealed under a data key.
CREATE TABLE attachments (
    file_id TEXT PRIMARY KEY NOT NULL REFERENCES stored_files (id),
    procedure_id TEXT NOT NULL REFERENCES procedures (id),
    slot TEXT NOT NULL,
    name_sealed TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    at TIMESTAMP NOT NULL
);
CREATE INDEX attachments_by_procedure ON attachments (procedure_id, file_id);
