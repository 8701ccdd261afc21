-- The code by which anybody who has the transmission slip finds out that a procedure was sent. No procedure was sent before. It opens
-- nothing but what the slip says, so it is kept as it is: the slip shows it as often as it is asked for.
ALTER TABLE procedures ADD COLUMN verification TEXT;
CREATE UNIQUE INDEX procedures_by_verification ON procedures (verification);
