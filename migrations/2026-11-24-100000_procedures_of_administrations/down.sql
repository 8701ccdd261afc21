DROP INDEX procedures_of_administration_by_state;
DROP INDEX procedures_of_administration;
ALTER TABLE procedures DROP COLUMN explanation_sealed;
ALTER TABLE procedures DROP COLUMN outcome;
ALTER TABLE procedures DROP COLUMN administration;
