DROP INDEX spaces_by_purge;
CREATE INDEX spaces_closed ON spaces (purge_at) WHERE state = 'closed';

DROP INDEX spaces_by_private_owner;
DROP INDEX registrations_by_serial;
DROP INDEX memberships_by_space;
