-- The tables of schema version 1. {control} and {sensors} are the original's two
-- tables, under the names that the ACON gives them; docs/store.md explains all.

create table if not exists {control} (
  sensor_source text,
  sensor_id text,
  sensor_read_type text,
  asset_description text,
  upstream_key text,
  preprocess_query text,
  latest_event_fetched_timestamp text,
  trigger_job_id text,
  trigger_job_name text,
  status text,
  status_change_timestamp text,
  job_start_timestamp text,
  job_end_timestamp text,
  job_state text,
  dependency_flag text
);
create unique index if not exists lakebeat_control_key on {control} (trigger_job_id, sensor_id);
create index if not exists lakebeat_control_sensor on {control} (sensor_id);

create table if not exists {sensors} (
  sensor_id text,
  assets text,
  status text,
  status_change_timestamp text,
  checkpoint_location text,
  upstream_key text,
  upstream_value text
);
create index if not exists lakebeat_sensors_key on {sensors} (sensor_id);

create table lakebeat_meta (
  name text primary key,
  value text not null
) without rowid;

-- sensor_source is in lower case. start_seq: where rows without lakebeat_consumed begin.
create table lakebeat_sensor (
  id integer primary key,
  sensor_source text not null,
  sensor_id text not null,
  base_location text not null,
  last_seq integer not null default 0,
  start_seq integer not null default 0,
  last_event_at_us integer,
  floor text not null default '',
  folder_time_ns integer not null default 0,
  full_pass_at_us integer,
  ordered integer not null default 1,
  last_error text,
  unique (sensor_source, sensor_id, base_location)
);

create table lakebeat_event (
  sensor integer not null references lakebeat_sensor (id),
  seq integer not null,
  file_name text not null,
  etag text not null,
  modified_at_us integer,
  size_bytes integer,
  observed_at_us integer not null,
  primary key (sensor, seq)
) without rowid;
create unique index lakebeat_event_name on lakebeat_event (sensor, file_name, etag);

create table lakebeat_consumed (
  sensor integer not null references lakebeat_sensor (id),
  trigger_job_id text not null,
  seq integer not null,
  primary key (sensor, trigger_job_id)
) without rowid;

create table lakebeat_run (
  id integer primary key,
  trigger_job_id text not null,
  run_no integer not null,
  attempt integer not null,
  token text not null unique,
  state text not null,
  runner text not null,
  external_id text,
  url text,
  message text,
  tries integer not null default 0,
  refused integer not null default 0,
  planned_at_us integer not null,
  next_try_at_us integer not null,
  submitted_at_us integer,
  ended_at_us integer
);
create index lakebeat_run_job on lakebeat_run (trigger_job_id);
create index lakebeat_run_live on lakebeat_run (state, runner, next_try_at_us)
  where state in ('PLANNED', 'SUBMITTED');

-- Events (from_seq, to_seq] of sensor were consumed by run.
create table lakebeat_run_input (
  run integer not null references lakebeat_run (id) on delete cascade,
  sensor integer not null references lakebeat_sensor (id),
  from_seq integer not null,
  to_seq integer not null,
  primary key (run, sensor)
) without rowid;

create table lakebeat_audit (
  id integer primary key,
  at_us integer not null,
  trigger_job_id text,
  sensor_id text,
  "from" text,
  "to" text,
  cause text,
  run_no integer,
  attempt integer,
  who text
);
create index lakebeat_audit_job on lakebeat_audit (trigger_job_id);
