DROP INDEX sessions_by_product;
DROP TABLE awaiting_addresses;
ALTER TABLE sessions DROP COLUMN current_space;
ALTER TABLE persons DROP COLUMN updated_at;
ALTER TABLE persons DROP COLUMN version;
