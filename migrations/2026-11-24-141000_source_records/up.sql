-- Records of authentic sources, each in its last version, by a key of the administration's own. A record that was taken back has no
-- content, and keeps its version.
CREATE TABLE source_records (
    id TEXT PRIMARY KEY NOT NULL,
    source TEXT NOT NULL REFERENCES authentic_sources (code),
    record_key TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 9007199254740991),
    subject_digest TEXT NOT NULL,
    subject_sealed TEXT NOT NULL,
    content_sealed TEXT,
    as_of TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX source_records_by_key ON source_records (source, record_key);
CREATE INDEX source_records_by_subject ON source_records (source, subject_digest, id) WHERE content_sealed IS NOT NULL;
