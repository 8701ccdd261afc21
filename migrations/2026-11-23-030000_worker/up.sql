-- A lease names the one take that may say what became of a job. A dead letter waits for the operator; its reason names
-- no person.
ALTER TABLE outbox ADD COLUMN lease TEXT;
ALTER TABLE outbox ADD COLUMN dead_at TIMESTAMP;
ALTER TABLE outbox ADD COLUMN reason TEXT;
DROP INDEX outbox_by_due;
CREATE INDEX outbox_by_due ON outbox (due_at, id) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead_at IS NOT NULL;

-- One row for each recurring job, made when it is first due.
CREATE TABLE recurring_jobs (
    name TEXT PRIMARY KEY NOT NULL,
    due_at TIMESTAMP NOT NULL,
    lease TEXT
);

-- By these the purges find what is old.
CREATE INDEX registrations_unconfirmed ON registrations (code_expires_at) WHERE status <> 'confirmed';
CREATE INDEX sessions_by_age ON sessions (created_at);
