DROP TABLE attachments;
DROP TABLE stored_files;
