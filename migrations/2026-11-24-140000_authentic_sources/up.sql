-- Authentic sources, as operators load them with catalogues. Titles and descriptions are JSON objects, a text a language; `form` is the
-- JSON Schema of a record. `lock_seq` is the lock under which records of the source are taken.
CREATE TABLE authentic_sources (
    code TEXT PRIMARY KEY NOT NULL,
    catalogue TEXT NOT NULL REFERENCES catalogues (name),
    administration TEXT NOT NULL REFERENCES administrations (code),
    theme TEXT NOT NULL REFERENCES sectors (code),
    audience TEXT NOT NULL CHECK (audience IN ('private', 'professional')),
    titles TEXT NOT NULL,
    descriptions TEXT NOT NULL,
    certification TEXT REFERENCES services (code),
    domain TEXT,
    fresh_days BIGINT NOT NULL CHECK (fresh_days BETWEEN 1 AND 3653),
    form TEXT NOT NULL,
    is_retired BOOLEAN NOT NULL,
    lock_seq BIGINT NOT NULL DEFAULT 0 CHECK (lock_seq >= 0),
    CHECK ((audience = 'private') = (certification IS NULL)),
    CHECK (domain IS NULL OR certification IS NOT NULL)
);
