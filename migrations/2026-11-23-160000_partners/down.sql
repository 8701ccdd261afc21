DROP TABLE partner_events;
DROP TABLE partner_feeds;
DROP TABLE partners;
-- Clients that stood for partners go with them; all others stand for system users.
DELETE FROM client_assertions WHERE client_id NOT IN (SELECT id FROM system_users);
DELETE FROM clients WHERE id NOT IN (SELECT id FROM system_users);
