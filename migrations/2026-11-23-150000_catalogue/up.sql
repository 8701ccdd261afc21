-- What operators load: administrations, and the services that they open to certified spaces. Titles and descriptions are JSON
-- objects, a text a language; `ways_in` and `applicants` are codes with a space between them. What a newer version of a catalogue
-- leaves out is retired, never deleted. All are loaded under one lock, a row of `installation`.
CREATE TABLE catalogues (
    name TEXT PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    loaded_at TIMESTAMP NOT NULL
);
CREATE TABLE administrations (
    code TEXT PRIMARY KEY NOT NULL,
    catalogue TEXT NOT NULL REFERENCES catalogues (name),
    titles TEXT NOT NULL,
    is_retired BOOLEAN NOT NULL
);
CREATE TABLE sectors (
    code TEXT PRIMARY KEY NOT NULL,
    catalogue TEXT NOT NULL REFERENCES catalogues (name),
    titles TEXT NOT NULL,
    is_retired BOOLEAN NOT NULL
);
CREATE TABLE services (
    code TEXT PRIMARY KEY NOT NULL,
    catalogue TEXT NOT NULL REFERENCES catalogues (name),
    administration TEXT NOT NULL REFERENCES administrations (code),
    sector TEXT NOT NULL REFERENCES sectors (code),
    titles TEXT NOT NULL,
    descriptions TEXT NOT NULL,
    ways_in TEXT NOT NULL,
    applicants TEXT NOT NULL,
    reapply_after_hours BIGINT CHECK (reapply_after_hours BETWEEN 1 AND 8784),
    has_security_code BOOLEAN NOT NULL,
    least_assurance TEXT NOT NULL CHECK (least_assurance IN ('substantial', 'high')),
    code_valid_days BIGINT NOT NULL CHECK (code_valid_days BETWEEN 1 AND 366),
    valid_days BIGINT CHECK (valid_days BETWEEN 1 AND 36600),
    is_retired BOOLEAN NOT NULL
);
CREATE INDEX services_by_administration ON services (administration, code);

-- Parts of a service for which an agent may be certified alone.
CREATE TABLE service_domains (
    service TEXT NOT NULL REFERENCES services (code),
    code TEXT NOT NULL,
    titles TEXT NOT NULL,
    is_retired BOOLEAN NOT NULL,
    PRIMARY KEY (service, code)
);
