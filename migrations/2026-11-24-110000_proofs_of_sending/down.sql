DROP INDEX procedures_by_verification;
ALTER TABLE procedures DROP COLUMN verification;
