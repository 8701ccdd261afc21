DROP TABLE company_profiles;
DROP INDEX spaces_closed;
ALTER TABLE spaces DROP COLUMN purge_reminded_at;
ALTER TABLE spaces DROP COLUMN purge_at;
ALTER TABLE spaces DROP COLUMN closed_at;
