DROP INDEX sessions_by_age;
DROP INDEX registrations_unconfirmed;
DROP TABLE recurring_jobs;
DROP INDEX outbox_dead;
DROP INDEX outbox_by_due;
CREATE INDEX outbox_by_due ON outbox (due_at, id);
ALTER TABLE outbox DROP COLUMN reason;
ALTER TABLE outbox DROP COLUMN dead_at;
ALTER TABLE outbox DROP COLUMN lease;
