-- Schema version 2.

-- gone_at_us: when on_consumed had done away with the event's file.
ALTER TABLE lakebeat_event ADD COLUMN gone_at_us INTEGER;

CREATE INDEX lakebeat_event_gone ON lakebeat_event (sensor, gone_at_us)
	WHERE gone_at_us IS NOT NULL;

-- What passes cost: the last ordinary pass below a base location,
-- and the last full one, of those that took requests.
CREATE TABLE lakebeat_pass (
	sensor_source TEXT NOT NULL,
	base_location TEXT NOT NULL,
	is_full INTEGER NOT NULL,
	ended_at_us INTEGER NOT NULL,
	requests INTEGER NOT NULL,
	keys INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	PRIMARY KEY (sensor_source, base_location, is_full)
) STRICT, WITHOUT ROWID;
