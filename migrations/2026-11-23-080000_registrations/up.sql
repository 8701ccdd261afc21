-- The purge takes confirmed registrations too.
DROP INDEX registrations_unconfirmed;
CREATE INDEX registrations_by_expiry ON registrations (code_expires_at);
