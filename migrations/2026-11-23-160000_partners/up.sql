-- Back ends of administrations: clients that act for one.
CREATE TABLE partners (
    id TEXT PRIMARY KEY NOT NULL REFERENCES clients (id),
    administration TEXT NOT NULL REFERENCES administrations (code),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX partners_by_administration ON partners (administration, id);

-- What happened that an administration is to know. An event gets its position after its commit, under the lock of the feed: a
-- number drawn before could be passed by a reader before the event is there. Up to `purged_to` events are forgotten.
CREATE TABLE partner_feeds (
    administration TEXT PRIMARY KEY NOT NULL REFERENCES administrations (code),
    last_position BIGINT NOT NULL CHECK (last_position BETWEEN 0 AND 9007199254740991),
    purged_to BIGINT NOT NULL CHECK (purged_to BETWEEN 0 AND last_position),
    lock_seq BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE partner_events (
    id TEXT PRIMARY KEY NOT NULL,
    administration TEXT NOT NULL REFERENCES administrations (code),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    position BIGINT CHECK (position >= 1)
);
CREATE UNIQUE INDEX partner_events_by_position ON partner_events (administration, position);
CREATE INDEX partner_events_unnumbered ON partner_events (administration, happened_at, id) WHERE position IS NULL;
CREATE INDEX partner_events_by_age ON partner_events (happened_at) WHERE position IS NOT NULL;
