DROP TABLE source_records;
