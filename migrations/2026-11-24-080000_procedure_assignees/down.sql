ALTER TABLE procedures DROP COLUMN assignee_id;
