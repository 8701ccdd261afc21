-- Answers that are kept show what is sealed elsewhere, so they are sealed too, and what was asked is known by an HMAC. Those kept in
-- clear are forgotten. `status` is 409 where the answer showed a secret: what is sealed then is what it was of.
DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    scope TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL CHECK (status BETWEEN 0 AND 299 OR status = 409),
    location TEXT,
    etag TEXT,
    sealed TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
