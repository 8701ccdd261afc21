-- To whom a procedure was sent, and what came of it. `explanation_sealed` is what the administration says of that, sealed under a
-- data key. No procedure was sent before.
ALTER TABLE procedures ADD COLUMN administration TEXT REFERENCES administrations (code);
ALTER TABLE procedures ADD COLUMN outcome TEXT CHECK (outcome IN ('granted', 'refused', 'without_effect'));
ALTER TABLE procedures ADD COLUMN explanation_sealed TEXT;
CREATE INDEX procedures_of_administration ON procedures (administration, id);
CREATE INDEX procedures_of_administration_by_state ON procedures (administration, state, id);
