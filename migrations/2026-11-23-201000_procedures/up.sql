-- Procedures of spaces; all that are kept so far are in preparation. `content_sealed` is what is filled in, with what of it was filled
-- in by itself, sealed under a data key; nothing else of a row says what a company wants but its type. `binned_at` is set while a
-- procedure is in the bin, from which it is deleted with its steps.
CREATE TABLE procedures (
    id TEXT PRIMARY KEY NOT NULL,
    space_id TEXT NOT NULL REFERENCES spaces (id),
    type_code TEXT NOT NULL,
    type_version BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'in_preparation', 'signed', 'offered', 'countersigned', 'sent', 'received', 'in_progress', 'information_requested', 'closed',
        'withdrawn'
    )),
    content_sealed TEXT NOT NULL,
    binned_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    lock_seq BIGINT NOT NULL DEFAULT 0,
    FOREIGN KEY (type_code, type_version) REFERENCES procedure_type_versions (code, version)
);
CREATE INDEX procedures_by_space ON procedures (space_id, id);
CREATE INDEX procedures_in_bin ON procedures (binned_at) WHERE binned_at IS NOT NULL;

-- What was done to each, by the version that it made: never edited, deleted with it.
CREATE TABLE procedure_steps (
    procedure_id TEXT NOT NULL REFERENCES procedures (id),
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    act TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (procedure_id, version)
);
