-- Decided on under the lock of the space. `outcome` is missing until somebody ends the invitation; `remind_at`, once nobody is to
-- be reminded any more.
CREATE TABLE invitations (
    id TEXT PRIMARY KEY NOT NULL,
    space_id TEXT NOT NULL REFERENCES spaces (id),
    inviter_id TEXT NOT NULL REFERENCES persons (id),
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    email TEXT NOT NULL,
    serial TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'manager', 'contributor', 'reader')),
    scope TEXT NOT NULL CHECK (scope IN ('this_product', 'all_products')),
    membership_ends_at TIMESTAMP,
    valid_days BIGINT NOT NULL CHECK (valid_days BETWEEN 1 AND 90),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    mailed_at TIMESTAMP NOT NULL,
    mails_counted_from TIMESTAMP NOT NULL,
    mails_count BIGINT NOT NULL CHECK (mails_count BETWEEN 1 AND 1000),
    remind_at TIMESTAMP,
    mismatch_told BOOLEAN NOT NULL,
    outcome TEXT CHECK (outcome IN ('accepted', 'refused', 'cancelled')),
    ended_at TIMESTAMP,
    membership_id TEXT REFERENCES memberships (id),
    CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    CHECK (outcome IS NULL OR remind_at IS NULL),
    CHECK ((membership_id IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'accepted'))
);
CREATE UNIQUE INDEX invitations_one_pending ON invitations (space_id, serial) WHERE outcome IS NULL;
CREATE INDEX invitations_by_space ON invitations (space_id, id);
CREATE INDEX invitations_by_inviter ON invitations (inviter_id, created_at);
CREATE INDEX invitations_by_serial ON invitations (serial, id);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);
CREATE INDEX invitations_to_remind ON invitations (remind_at) WHERE remind_at IS NOT NULL;
