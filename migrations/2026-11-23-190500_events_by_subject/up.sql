-- What happens to a thing is told after what happened to it before: the last moment of it is looked for whenever more is told.
CREATE INDEX partner_events_by_subject ON partner_events (subject, happened_at);
