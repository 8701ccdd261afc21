-- Types of procedures, as operators load them with catalogues. What a type says stands in its versions, none of which is ever
-- edited: a draft keeps its own. Titles, descriptions and keywords are JSON objects, a text a language; `attachments` is a JSON
-- list, `form` a JSON Schema. `version` is the last one.
CREATE TABLE procedure_types (
    code TEXT PRIMARY KEY NOT NULL,
    catalogue TEXT NOT NULL REFERENCES catalogues (name),
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    is_retired BOOLEAN NOT NULL
);
CREATE TABLE procedure_type_versions (
    code TEXT NOT NULL REFERENCES procedure_types (code),
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    administration TEXT NOT NULL REFERENCES administrations (code),
    theme TEXT NOT NULL REFERENCES sectors (code),
    audience TEXT NOT NULL CHECK (audience IN ('private', 'professional')),
    titles TEXT NOT NULL,
    descriptions TEXT NOT NULL,
    keywords TEXT,
    certification TEXT REFERENCES services (code),
    least_assurance TEXT NOT NULL CHECK (least_assurance IN ('low', 'substantial', 'high')),
    attachments TEXT NOT NULL,
    signature TEXT NOT NULL CHECK (signature IN ('none', 'single', 'double')),
    replies_allowed BOOLEAN NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (code, version)
);
