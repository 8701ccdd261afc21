DROP INDEX memberships_by_space;
ALTER TABLE memberships DROP COLUMN version;
