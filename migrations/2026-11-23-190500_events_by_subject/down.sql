DROP INDEX partner_events_by_subject;
