DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    scope TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL CHECK (status BETWEEN 0 AND 299),
    location TEXT,
    etag TEXT,
    body TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
