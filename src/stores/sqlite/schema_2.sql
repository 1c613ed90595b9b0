-- Schema version 2.

-- cleaned_seq: the files of events up to this one are gone, as far as on_consumed says.
ALTER TABLE lakebeat_sensor ADD COLUMN cleaned_seq INTEGER NOT NULL DEFAULT 0;

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
