-- What lakebeat keeps beside the original's two tables. docs/store.md explains
-- each table; times are microseconds since 1970 in UTC, and NULL where there is
-- none yet. This is schema version 1 (PRAGMA user_version); what came later is in
-- schema_2.sql and so on.

-- deployment_id: part of every token, made once.
CREATE TABLE lakebeat_meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A sensor below one base location. sensor_source is trimmed and in lower case.
-- last_seq: the newest event's number; start_seq: where jobs without an entry in
-- lakebeat_consumed start. The rest is the source's checkpoint (core/event.h).
CREATE TABLE lakebeat_sensor (
	sensor_id TEXT NOT NULL,
	sensor_source TEXT NOT NULL,
	base_location TEXT NOT NULL,
	id INTEGER NOT NULL UNIQUE,
	last_seq INTEGER NOT NULL DEFAULT 0,
	start_seq INTEGER NOT NULL DEFAULT 0,
	last_event_at_us INTEGER,
	floor TEXT NOT NULL DEFAULT '',
	folder_time_ns INTEGER NOT NULL DEFAULT 0,
	full_pass_at_us INTEGER,
	ordered INTEGER NOT NULL DEFAULT 1,
	last_error TEXT,
	PRIMARY KEY (sensor_id, sensor_source, base_location)
) STRICT, WITHOUT ROWID;

-- The event log. Names are kept byte for byte, whether or not they are UTF-8.
-- The file's path is base_location/sensor_id/file_name.
CREATE TABLE lakebeat_event (
	sensor INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	file_name TEXT NOT NULL,
	etag TEXT,
	modified_at_us INTEGER,
	size_bytes INTEGER NOT NULL,
	observed_at_us INTEGER NOT NULL,
	PRIMARY KEY (sensor, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX lakebeat_event_name ON lakebeat_event (sensor, file_name);

-- Up to which event of a sensor the runs of a job have come.
CREATE TABLE lakebeat_consumed (
	sensor INTEGER NOT NULL,
	trigger_job_id TEXT NOT NULL,
	seq INTEGER NOT NULL,
	PRIMARY KEY (sensor, trigger_job_id)
) STRICT, WITHOUT ROWID;

-- state: PLANNED, SUBMITTED, SUCCEEDED, FAILED or CANCELED (core/run.h).
CREATE TABLE lakebeat_run (
	id INTEGER PRIMARY KEY,
	trigger_job_id TEXT NOT NULL,
	run_no INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	token TEXT UNIQUE,
	state TEXT NOT NULL,
	runner TEXT,
	external_id TEXT,
	url TEXT,
	message TEXT,
	tries INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	planned_at_us INTEGER,
	next_try_at_us INTEGER,
	submitted_at_us INTEGER,
	ended_at_us INTEGER,
	UNIQUE (trigger_job_id, run_no, attempt)
) STRICT;

CREATE INDEX lakebeat_run_live ON lakebeat_run (state, runner, next_try_at_us)
	WHERE state IN ('PLANNED', 'SUBMITTED');

CREATE INDEX lakebeat_run_ended ON lakebeat_run (ended_at_us)
	WHERE ended_at_us IS NOT NULL;

-- The ledger of which run consumed which events: those of the sensor after
-- from_seq, up to and with to_seq.
CREATE TABLE lakebeat_run_input (
	run INTEGER NOT NULL,
	sensor INTEGER NOT NULL,
	from_seq INTEGER NOT NULL,
	to_seq INTEGER NOT NULL,
	PRIMARY KEY (run, sensor)
) STRICT, WITHOUT ROWID;

-- Every transition, with its cause.
CREATE TABLE lakebeat_audit (
	id INTEGER PRIMARY KEY,
	at_us INTEGER NOT NULL,
	trigger_job_id TEXT,
	sensor_id TEXT,
	from_state TEXT,
	to_state TEXT,
	cause TEXT,
	run_no INTEGER,
	attempt INTEGER,
	who TEXT
) STRICT;

CREATE INDEX lakebeat_audit_job ON lakebeat_audit (trigger_job_id);
