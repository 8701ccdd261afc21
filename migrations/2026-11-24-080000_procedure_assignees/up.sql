-- Who of the space looks after a procedure, if somebody does.
ALTER TABLE procedures ADD COLUMN assignee_id TEXT REFERENCES memberships (id);
