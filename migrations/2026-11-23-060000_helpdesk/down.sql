DROP TABLE limit_requests;
ALTER TABLE spaces DROP COLUMN suspension_reason;
ALTER TABLE spaces DROP COLUMN suspended_at;
