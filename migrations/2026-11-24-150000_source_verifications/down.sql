DROP TABLE source_verifications;
