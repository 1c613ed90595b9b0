-- The original's two tables: its columns in its order, and nothing added.
-- {control} and {sensor_table} stand for the names that the ACON gives, and
-- {control_job} and so on for the indexes on them. Timestamps are ISO 8601 text
-- in UTC, assets is a JSON array.
CREATE TABLE IF NOT EXISTS {control} (
	sensor_source TEXT,
	sensor_id TEXT,
	sensor_read_type TEXT,
	asset_description TEXT,
	upstream_key TEXT,
	preprocess_query TEXT,
	latest_event_fetched_timestamp TEXT,
	trigger_job_id TEXT,
	trigger_job_name TEXT,
	status TEXT,
	status_change_timestamp TEXT,
	job_start_timestamp TEXT,
	job_end_timestamp TEXT,
	job_state TEXT,
	dependency_flag TEXT
);

CREATE TABLE IF NOT EXISTS {sensor_table} (
	sensor_id TEXT,
	assets TEXT,
	status TEXT,
	status_change_timestamp TEXT,
	checkpoint_location TEXT,
	upstream_key TEXT,
	upstream_value TEXT
);

CREATE UNIQUE INDEX IF NOT EXISTS {control_job} ON {control} (trigger_job_id, sensor_id);
CREATE INDEX IF NOT EXISTS {control_sensor} ON {control} (sensor_id, sensor_source);
CREATE INDEX IF NOT EXISTS {sensor_table_id} ON {sensor_table} (sensor_id);
