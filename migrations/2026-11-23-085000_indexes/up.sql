-- For what is asked by a bound value: an index of some rows only serves a statement that names these rows without one.

CREATE INDEX memberships_by_space ON memberships (space_id, id);
CREATE INDEX registrations_by_serial ON registrations (serial, status);
CREATE INDEX spaces_by_private_owner ON spaces (private_owner) WHERE private_owner IS NOT NULL;

DROP INDEX spaces_closed;
CREATE INDEX spaces_by_purge ON spaces (purge_at) WHERE purge_at IS NOT NULL;
