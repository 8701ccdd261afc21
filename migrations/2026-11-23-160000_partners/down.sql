DROP TABLE partner_events;
DROP TABLE partner_feeds;
DROP TABLE partners;
