-- What an administration, or a principal, confirmed of a space: that it may use a service for a legal person. `status` does not know
-- that the end has come before the worker has seen it. `domains` is empty where it is for the whole service. Requests and
-- activations are decided on under the lock of the space, decisions of the administration under that of the row. `heed_at` says of
-- an agent's that something may have become of its principal's, of which its space is to be told; of a holder's, the same of all its
-- agents.
CREATE TABLE certifications (
    id TEXT PRIMARY KEY NOT NULL,
    space_id TEXT NOT NULL REFERENCES spaces (id),
    service TEXT NOT NULL REFERENCES services (code),
    administration TEXT NOT NULL REFERENCES administrations (code),
    capacity TEXT NOT NULL CHECK (capacity IN ('holder', 'agent')),
    principal_id TEXT REFERENCES certifications (id),
    legal_person_digest TEXT NOT NULL,
    legal_person_sealed TEXT NOT NULL,
    domains TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('request', 'access_code')),
    applicant_id TEXT NOT NULL REFERENCES persons (id),
    application_sealed TEXT,
    security_code TEXT,
    status TEXT NOT NULL CHECK (status IN ('requested', 'granted', 'refused', 'suspended', 'revoked', 'expired', 'withdrawn')),
    taken_up_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    decided_at TIMESTAMP,
    ends_at TIMESTAMP,
    warn_at TIMESTAMP,
    heed_at TIMESTAMP,
    is_principal_lapsed BOOLEAN NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK (capacity = 'agent' OR principal_id IS NULL)
);
CREATE UNIQUE INDEX certifications_one_holder ON certifications (space_id, service)
    WHERE capacity = 'holder' AND status IN ('requested', 'granted', 'suspended');
CREATE INDEX certifications_by_space ON certifications (space_id, id);
CREATE INDEX certifications_by_space_and_service ON certifications (space_id, service, id);
CREATE INDEX certifications_by_administration ON certifications (administration, id);
CREATE INDEX certifications_by_status ON certifications (administration, status, id);
CREATE INDEX certifications_by_service ON certifications (service, id);
CREATE INDEX certifications_by_legal_person ON certifications (legal_person_digest, service);
CREATE INDEX certifications_by_principal ON certifications (principal_id, id);
CREATE INDEX certifications_by_applicant ON certifications (applicant_id, created_at);
CREATE INDEX certifications_to_warn ON certifications (warn_at) WHERE warn_at IS NOT NULL;
CREATE INDEX certifications_to_heed ON certifications (heed_at) WHERE heed_at IS NOT NULL;
CREATE INDEX certifications_to_expire ON certifications (status, ends_at);

-- How each came to stand as it does: append-only.
CREATE TABLE certification_steps (
    certification_id TEXT NOT NULL REFERENCES certifications (id),
    position BIGINT NOT NULL CHECK (position >= 1),
    act TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    party TEXT NOT NULL CHECK (party IN ('space', 'administration', 'principal', 'portal')),
    person_id TEXT REFERENCES persons (id),
    partner_id TEXT REFERENCES partners (id),
    reason TEXT,
    ends_at TIMESTAMP,
    PRIMARY KEY (certification_id, position)
);

-- Codes of 160 bits, each known by its digest alone, and good for one space, once. `legal_number_wanted` says that whoever
-- activates it must know the legal person's number; `request_id`, that it grants what was asked for. `status` does not know that its
-- time has come.
CREATE TABLE access_codes (
    id TEXT PRIMARY KEY NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    administration TEXT NOT NULL REFERENCES administrations (code),
    service TEXT NOT NULL REFERENCES services (code),
    capacity TEXT NOT NULL CHECK (capacity IN ('holder', 'agent')),
    principal_id TEXT REFERENCES certifications (id),
    request_id TEXT REFERENCES certifications (id),
    legal_person_digest TEXT NOT NULL,
    legal_person_sealed TEXT NOT NULL,
    legal_number_wanted BOOLEAN NOT NULL,
    space_identifier TEXT,
    domains TEXT NOT NULL,
    security_code TEXT,
    wrong_tries BIGINT NOT NULL CHECK (wrong_tries BETWEEN 0 AND 5),
    issued_by_partner TEXT REFERENCES partners (id),
    issued_by_person TEXT REFERENCES persons (id),
    issued_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    certification_ends_at TIMESTAMP,
    status TEXT NOT NULL CHECK (status IN ('issued', 'used', 'locked', 'withdrawn')),
    certification_id TEXT REFERENCES certifications (id),
    used_at TIMESTAMP,
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK (capacity = 'agent' OR principal_id IS NULL),
    CHECK (security_code IS NULL OR status = 'issued'),
    CHECK ((issued_by_partner IS NULL) <> (issued_by_person IS NULL)),
    CHECK (issued_by_person IS NULL OR principal_id IS NOT NULL),
    CHECK ((status = 'used') = (certification_id IS NOT NULL)),
    CHECK ((used_at IS NULL) = (certification_id IS NULL))
);
CREATE INDEX access_codes_of_administration ON access_codes (administration, id) WHERE issued_by_partner IS NOT NULL;
CREATE INDEX access_codes_of_service ON access_codes (service, id) WHERE issued_by_partner IS NOT NULL;
CREATE INDEX access_codes_of_holder ON access_codes (principal_id, id) WHERE issued_by_person IS NOT NULL;
CREATE INDEX access_codes_by_end ON access_codes (expires_at);

-- Access codes that were tried in vain; nothing tells which.
CREATE TABLE activation_failures (
    id TEXT PRIMARY KEY NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    space_id TEXT NOT NULL REFERENCES spaces (id),
    failed_at TIMESTAMP NOT NULL
);
CREATE INDEX activation_failures_of_person ON activation_failures (person_id, failed_at);
CREATE INDEX activation_failures_in_space ON activation_failures (space_id, failed_at);
CREATE INDEX activation_failures_by_time ON activation_failures (failed_at);
