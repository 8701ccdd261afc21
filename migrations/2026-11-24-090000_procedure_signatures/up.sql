-- How a procedure was sent: under which number, what (the SHA-256 of what it says, in hexadecimal digits), and when.
ALTER TABLE procedures ADD COLUMN reference TEXT;
ALTER TABLE procedures ADD COLUMN digest TEXT;
ALTER TABLE procedures ADD COLUMN sent_at TIMESTAMP;
CREATE UNIQUE INDEX procedures_by_reference ON procedures (reference);
CREATE INDEX procedures_by_state ON procedures (space_id, state, id);

-- Who signed a procedure as it is, in the order of `place`; deleted when it is changed.
CREATE TABLE procedure_signatures (
    procedure_id TEXT NOT NULL REFERENCES procedures (id),
    place BIGINT NOT NULL CHECK (place BETWEEN 1 AND 2),
    person_id TEXT NOT NULL REFERENCES persons (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    assurance TEXT NOT NULL CHECK (assurance IN ('low', 'substantial', 'high')),
    authenticated_at TIMESTAMP NOT NULL,
    digest TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (procedure_id, place)
);

-- Steps are also of administrations' software, which has a client and no person, and of the portal, which has neither.
ALTER TABLE procedure_steps RENAME TO procedure_steps_of_persons;
CREATE TABLE procedure_steps (
    procedure_id TEXT NOT NULL REFERENCES procedures (id),
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    act TEXT NOT NULL,
    person_id TEXT REFERENCES persons (id),
    client_id TEXT REFERENCES clients (id),
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (procedure_id, version)
);
CREATE INDEX procedure_steps_by_client ON procedure_steps (client_id) WHERE client_id IS NOT NULL;
INSERT INTO procedure_steps (procedure_id, version, act, person_id, at)
SELECT procedure_id, version, act, person_id, at FROM procedure_steps_of_persons;
DROP TABLE procedure_steps_of_persons;
