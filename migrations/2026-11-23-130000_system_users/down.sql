ALTER TABLE audit_entries DROP COLUMN actor_client;
DROP TABLE system_users;
DROP TABLE client_assertions;
DROP TABLE clients;
