-- What spaces say of records: that they are right, or where they are not; and what the administration answers. A row is never about
-- another version than the one that was seen.
CREATE TABLE source_verifications (
    id TEXT PRIMARY KEY NOT NULL,
    record_id TEXT NOT NULL REFERENCES source_records (id),
    source TEXT NOT NULL REFERENCES authentic_sources (code),
    administration TEXT NOT NULL REFERENCES administrations (code),
    seen BIGINT NOT NULL CHECK (seen BETWEEN 1 AND 9007199254740991),
    space_id TEXT NOT NULL REFERENCES spaces (id),
    person_id TEXT NOT NULL REFERENCES persons (id),
    status TEXT NOT NULL CHECK (status IN ('confirmed', 'reported', 'accepted', 'rejected')),
    discrepancies_sealed TEXT,
    answer_sealed TEXT,
    made_at TIMESTAMP NOT NULL,
    answered_at TIMESTAMP,
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK ((status = 'confirmed') = (discrepancies_sealed IS NULL)),
    CHECK ((status IN ('accepted', 'rejected')) = (answered_at IS NOT NULL))
);
CREATE INDEX source_verifications_by_space ON source_verifications (space_id, record_id, id);
CREATE UNIQUE INDEX source_verifications_reported ON source_verifications (space_id, record_id) WHERE status = 'reported';
CREATE INDEX source_verifications_by_administration ON source_verifications (administration, id);
