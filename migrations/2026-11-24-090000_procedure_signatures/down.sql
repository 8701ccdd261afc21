ALTER TABLE procedure_steps RENAME TO procedure_steps_of_all;
CREATE TABLE procedure_steps (
    procedure_id TEXT NOT NULL REFERENCES procedures (id),
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    act TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (procedure_id, version)
);
INSERT INTO procedure_steps (procedure_id, version, act, person_id, at)
SELECT procedure_id, version, act, person_id, at FROM procedure_steps_of_all WHERE person_id IS NOT NULL;
DROP TABLE procedure_steps_of_all;
DROP TABLE procedure_signatures;
DROP INDEX procedures_by_state;
DROP INDEX procedures_by_reference;
ALTER TABLE procedures DROP COLUMN sent_at;
ALTER TABLE procedures DROP COLUMN digest;
ALTER TABLE procedures DROP COLUMN reference;
