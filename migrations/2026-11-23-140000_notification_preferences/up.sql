-- The kinds of notices that persons turned off: whoever has no row of a kind is mailed. No CHECK lists the kinds: their list
-- grows with the program.
CREATE TABLE notification_preferences (
    person_id TEXT NOT NULL REFERENCES persons (id),
    turned_off TEXT NOT NULL,
    PRIMARY KEY (person_id, turned_off)
);
