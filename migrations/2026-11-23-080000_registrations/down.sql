DROP INDEX registrations_by_expiry;
CREATE INDEX registrations_unconfirmed ON registrations (code_expires_at) WHERE status <> 'confirmed';
