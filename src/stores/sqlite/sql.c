#include "stores/sqlite/sql.h"

/* CROSS JOIN is how SQLite is told the order of the loops. */
#define WAITS_FOR "c.sensor_id = s.sensor_id AND lakebeat_fold(c.sensor_source) = s.sensor_source"

/* The first event of sensor s that a run of the row's job has failed with, or is at work on,
 * less one; NULL: there is none. When the row is COMPLETED and no run is in flight, somebody
 * has said that all is done. */
#define UNFINISHED                                                                                 \
	"(SELECT min(i.from_seq) FROM lakebeat_run r "                                             \
	"JOIN lakebeat_run_input i ON i.run = r.id AND i.sensor = s.id "                           \
	"WHERE r.trigger_job_id = c.trigger_job_id AND r.run_no > coalesce("                       \
	"(SELECT run_no FROM lakebeat_run WHERE trigger_job_id = c.trigger_job_id "                \
	"AND state = 'SUCCEEDED' ORDER BY run_no DESC LIMIT 1), 0) "                               \
	"AND (lakebeat_fold(c.status) IS NOT 'completed' "                                         \
	"OR (SELECT state FROM lakebeat_run WHERE id = " SQL_LATEST_RUN(                           \
		"c.trigger_job_id") ") IN ('PLANNED', 'SUBMITTED')))"

#define SENSOR_COLUMNS                                                                             \
	"s.sensor_source, s.base_location, s.floor, s.folder_time_ns, s.full_pass_at_us, "         \
	"s.ordered, s.last_error, s.last_seq, s.last_event_at_us"

#define AUDIT_COLUMNS                                                                              \
	"at_us, trigger_job_id, sensor_id, from_state, to_state, cause, run_no, attempt, who"

const char *const sql_texts[SQL_MAX] = {
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_FIND_SENSOR] =
		"SELECT id, last_seq, last_event_at_us, full_pass_at_us FROM lakebeat_sensor "
		"WHERE sensor_id = ?1 AND sensor_source = lakebeat_fold(?2) "
		"AND base_location = ?3",
	[SQL_ADD_SENSOR] =
		"INSERT INTO lakebeat_sensor (sensor_id, sensor_source, base_location, id) "
		"VALUES (?1, lakebeat_fold(?2), ?3, "
		"(SELECT coalesce(max(id), 0) + 1 FROM lakebeat_sensor)) "
		"RETURNING id, last_seq, last_event_at_us, full_pass_at_us",
	/* ?4: the report is of existing files; ?6: it has a checkpoint. */
	[SQL_CHANGE_SENSOR] = "UPDATE lakebeat_sensor SET last_seq = ?2, last_event_at_us = ?3, "
			      "start_seq = iif(?4, ?2, start_seq), last_error = ?5, "
			      "floor = iif(?6, ?7, floor), "
			      "folder_time_ns = iif(?6, ?8, folder_time_ns), "
			      "full_pass_at_us = iif(?6, ?9, full_pass_at_us), "
			      "ordered = iif(?6, ?10, ordered) WHERE id = ?1",
	/* ?3: a known name with another etag is new. */
	[SQL_FIND_EVENT] = "SELECT 1 FROM lakebeat_event INDEXED BY lakebeat_event_name "
			   "WHERE sensor = ?1 AND file_name = ?2 AND (NOT ?3 OR etag IS ?4)",
	[SQL_ADD_EVENT] = "INSERT INTO lakebeat_event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)",
	[SQL_NOTE_ADVANCED] = "INSERT OR IGNORE INTO temp.advanced_sensor VALUES (?1)",
	[SQL_CLEAR_ADVANCED] = "DELETE FROM temp.advanced_sensor",

	/* The event up to which every waiting job, and the latest run of each
	 * that has not succeeded, is done with sensor ?1; NULL: no job waits. */
	[SQL_NEEDED_AFTER] =
		"SELECT min(min(coalesce(k.seq, s.start_seq), coalesce("
		"(SELECT i.from_seq FROM lakebeat_run r JOIN lakebeat_run_input i ON i.run = r.id "
		"WHERE r.id = " SQL_LATEST_RUN(
			"c.trigger_job_id") " AND r.state <> 'SUCCEEDED' "
					    "AND i.sensor = s.id), s.last_seq))) "
					    "FROM lakebeat_sensor s CROSS JOIN {control} c "
					    "ON " WAITS_FOR " "
					    "LEFT JOIN lakebeat_consumed k ON k.sensor = s.id "
					    "AND k.trigger_job_id = c.trigger_job_id WHERE s.id = "
					    "?1",
	[SQL_FIND_FORGETTABLE] = "SELECT seq, file_name FROM lakebeat_event "
				 "WHERE sensor = ?1 AND seq <= ?2 AND observed_at_us < ?3",
	[SQL_FORGET_EVENT] = "DELETE FROM lakebeat_event WHERE sensor = ?1 AND seq = ?2",
	[SQL_FORGET_GONE] = "DELETE FROM lakebeat_event INDEXED BY lakebeat_event_gone "
			    "WHERE sensor = ?1 AND gone_at_us < ?2 AND seq <= ?3",
#define FORGETTABLE_RUNS                                                                           \
	"SELECT r.id FROM lakebeat_run r WHERE r.ended_at_us < ?1 "                                \
	"AND r.state NOT IN ('PLANNED', 'SUBMITTED') "                                             \
	"AND r.id <> " SQL_LATEST_RUN("r.trigger_job_id")
	[SQL_FORGET_INPUTS] = "DELETE FROM lakebeat_run_input WHERE run IN (" FORGETTABLE_RUNS ")",
	[SQL_FORGET_RUNS] = "DELETE FROM lakebeat_run WHERE id IN (" FORGETTABLE_RUNS ")",
	/* Entries are in the order of time but for a clock that was set back: it
	 * is enough to look from the oldest to the first that is young. */
	[SQL_FORGET_AUDITS] = "DELETE FROM lakebeat_audit WHERE id < coalesce("
			      "(SELECT id FROM lakebeat_audit WHERE at_us >= ?1 "
			      "ORDER BY id LIMIT 1), 9223372036854775807)",

	[SQL_CLEAR_WANTED] = "DELETE FROM temp.wanted_job",
#define WANT "INSERT OR IGNORE INTO temp.wanted_job "
	[SQL_WANT_JOB] = WANT "VALUES (?1)",
	[SQL_WANT_ALL] =
		WANT "SELECT trigger_job_id FROM {control} WHERE trigger_job_id IS NOT NULL",
	[SQL_WANT_ADVANCED] =
		WANT "SELECT c.trigger_job_id FROM temp.advanced_sensor a "
		     "CROSS JOIN lakebeat_sensor s ON s.id = a.sensor "
		     "CROSS JOIN {control} c ON " WAITS_FOR " WHERE c.trigger_job_id IS NOT NULL",
	/* One walk over the control table, with joins rather than subqueries, for
	 * which SQLite would open the tables anew at each row. The plain comparisons
	 * stand before the folded ones because nearly every row is spelled plainly. */
	[SQL_WANT_PENDING] = WANT
	"SELECT c.trigger_job_id FROM {control} c LEFT JOIN lakebeat_sensor s "
	"ON s.sensor_id = c.sensor_id AND s.sensor_source = lakebeat_fold(c.sensor_source) "
	"LEFT JOIN lakebeat_consumed k ON k.sensor = s.id "
	"AND k.trigger_job_id = c.trigger_job_id "
	"WHERE c.trigger_job_id IS NOT NULL "
	"AND (c.job_state = 'UNPAUSED' OR lakebeat_fold(c.job_state) = 'unpaused') "
	"AND (c.status = 'COMPLETED' OR c.status IS NULL "
	"OR lakebeat_fold(c.status) IN ('completed', 'new_event_available')) "
	"AND (s.last_seq > coalesce(k.seq, s.start_seq) "
	"OR (lakebeat_fold(c.status) = 'new_event_available' "
	"AND coalesce((SELECT state FROM lakebeat_run "
	"WHERE id = " SQL_LATEST_RUN("c.trigger_job_id") "), '') "
							 "NOT IN ('PLANNED', 'SUBMITTED')))",
	/* A line for each row and cursor, and one for a job without rows. */
	[SQL_LOAD_ROWS] =
		"SELECT w.trigger_job_id, c.trigger_job_id IS NOT NULL, "
		"c.sensor_source, c.sensor_id, c.sensor_read_type, c.asset_description, "
		"c.upstream_key, c.preprocess_query, c.trigger_job_id, c.trigger_job_name, "
		"c.job_state, c.dependency_flag, c.status, c.latest_event_fetched_timestamp, "
		"c.status_change_timestamp, c.job_start_timestamp, c.job_end_timestamp, "
		"s.id, s.last_seq, coalesce(k.seq, s.start_seq), s.last_event_at_us "
		"FROM temp.wanted_job w LEFT JOIN {control} c "
		"ON c.trigger_job_id = w.trigger_job_id "
		"LEFT JOIN lakebeat_sensor s ON s.sensor_id = c.sensor_id "
		"AND s.sensor_source = lakebeat_fold(c.sensor_source) AND s.last_seq > 0 "
		"LEFT JOIN lakebeat_consumed k ON k.sensor = s.id "
		"AND k.trigger_job_id = w.trigger_job_id "
		"ORDER BY w.trigger_job_id, c.sensor_id, s.base_location",
	[SQL_LOAD_LATEST_RUNS] =
		"SELECT " SQL_RUN_COLUMNS ", " SQL_INPUT_COLUMNS " FROM temp.wanted_job w "
		"CROSS JOIN lakebeat_run r ON r.id = " SQL_LATEST_RUN(
			"w.trigger_job_id") " " SQL_JOIN_INPUTS
					    "ORDER BY w.trigger_job_id, i.sensor",

	[SQL_LOAD_EVENTS] = "SELECT e.seq, s.sensor_id, s.base_location, e.file_name, e.etag, "
			    "e.modified_at_us, e.size_bytes, e.observed_at_us "
			    "FROM lakebeat_event e JOIN lakebeat_sensor s ON s.id = e.sensor "
			    "WHERE e.sensor = ?1 AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq",
	[SQL_LOAD_CONSUMED] =
		"WITH d AS MATERIALIZED (SELECT s.id, s.sensor_id, s.base_location, s.start_seq, "
		"(SELECT min(min(coalesce(k.seq, s.start_seq), coalesce(" UNFINISHED
		", s.last_seq))) FROM {control} c LEFT JOIN lakebeat_consumed k ON k.sensor = s.id "
		"AND k.trigger_job_id = c.trigger_job_id WHERE " WAITS_FOR ") AS done_seq "
		"FROM lakebeat_sensor s WHERE s.sensor_source = lakebeat_fold(?1) "
		"AND s.base_location = ?2 AND s.id > ?3 AND s.last_seq > s.start_seq) "
		"SELECT e.seq, d.sensor_id, d.base_location, e.file_name, e.etag, "
		"e.modified_at_us, e.size_bytes, e.observed_at_us, d.id "
		"FROM d CROSS JOIN lakebeat_event e ON e.sensor = d.id AND e.seq > d.start_seq "
		"AND e.seq <= d.done_seq ORDER BY d.id, e.seq LIMIT ?4",
	/* A sensor that several jobs wait for comes several times in a row: this
	 * way the index gives the order. */
	[SQL_LOAD_SENSORS] = "SELECT c.sensor_id, " SENSOR_COLUMNS " FROM {control} c "
			     "LEFT JOIN lakebeat_sensor s ON s.sensor_id = c.sensor_id "
			     "AND s.sensor_source = lakebeat_fold(?1) AND s.base_location = ?2 "
			     "WHERE c.sensor_id IS NOT NULL "
			     "AND lakebeat_fold(c.sensor_source) = lakebeat_fold(?1) "
			     "ORDER BY c.sensor_id",
	[SQL_LOAD_EVERY_SENSOR] = "SELECT s.sensor_id, " SENSOR_COLUMNS " FROM lakebeat_sensor s "
				  "ORDER BY s.sensor_id, s.sensor_source, s.base_location",
	[SQL_LOAD_AUDIT] = "SELECT " AUDIT_COLUMNS " FROM lakebeat_audit ORDER BY id DESC LIMIT ?1",
	[SQL_LOAD_AUDIT_OF_JOB] = "SELECT " AUDIT_COLUMNS " FROM lakebeat_audit "
				  "WHERE trigger_job_id = ?2 ORDER BY id DESC LIMIT ?1",

	[SQL_LOAD_PASSES] = "SELECT sensor_source, base_location, is_full, ended_at_us, requests, "
			    "keys, bytes FROM lakebeat_pass "
			    "ORDER BY base_location, sensor_source, is_full",

#define OF_KEY " WHERE trigger_job_id IS ?1 AND sensor_id IS ?2"
	[SQL_CHANGE_ROW] =
		"UPDATE {control} SET status = ?3, "
		"latest_event_fetched_timestamp = ?4, status_change_timestamp = ?5, "
		"job_start_timestamp = ?6, job_end_timestamp = ?7, job_state = ?8" OF_KEY,
	[SQL_ADD_ROW] = "INSERT INTO {control} (trigger_job_id, sensor_id, sensor_source, "
			"sensor_read_type, asset_description, upstream_key, preprocess_query, "
			"trigger_job_name, job_state, dependency_flag) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_UPDATE_ROW] = "UPDATE {control} SET sensor_source = ?3, sensor_read_type = ?4, "
			   "asset_description = ?5, upstream_key = ?6, preprocess_query = ?7, "
			   "trigger_job_name = ?8, job_state = ?9, dependency_flag = ?10" OF_KEY,
	[SQL_REMOVE_ROW] = "DELETE FROM {control}" OF_KEY,
	[SQL_CONSUME] = "INSERT INTO lakebeat_consumed VALUES (?1, ?2, ?3) "
			"ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
	[SQL_NOTE_CLEANED] =
		"UPDATE lakebeat_sensor SET start_seq = max(start_seq, ?2) WHERE id = ?1",
	[SQL_NOTE_GONE] = "UPDATE lakebeat_event SET gone_at_us = ?3 "
			  "WHERE sensor = ?1 AND seq = ?2",
	[SQL_ADD_RUN] = "INSERT INTO lakebeat_run VALUES "
			"(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[SQL_ADD_INPUT] = "INSERT INTO lakebeat_run_input VALUES (?1, ?2, ?3, ?4)",
	[SQL_CHANGE_RUN] = "UPDATE lakebeat_run SET trigger_job_id = ?2, run_no = ?3, "
			   "attempt = ?4, token = ?5, state = ?6, runner = ?7, external_id = ?8, "
			   "url = ?9, message = ?10, tries = ?11, refused = ?12, "
			   "planned_at_us = ?13, next_try_at_us = ?14, submitted_at_us = ?15, "
			   "ended_at_us = ?16 WHERE id = ?1",
	[SQL_CHANGE_ENTRY] = "UPDATE {sensor_table} SET "
			     "assets = iif(?2 IS NULL, NULL, json_array(?2)), status = ?3, "
			     "status_change_timestamp = ?4, checkpoint_location = ?5, "
			     "upstream_key = ?6 WHERE sensor_id = ?1",
	[SQL_ADD_ENTRY] = "INSERT INTO {sensor_table} (sensor_id, assets, status, "
			  "status_change_timestamp, checkpoint_location, upstream_key) VALUES "
			  "(?1, iif(?2 IS NULL, NULL, json_array(?2)), ?3, ?4, ?5, ?6)",
	[SQL_ADD_AUDIT] = "INSERT INTO lakebeat_audit (" AUDIT_COLUMNS ") "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_SAVE_PASS] = "INSERT OR REPLACE INTO lakebeat_pass "
			  "VALUES (lakebeat_fold(?1), ?2, ?3, ?4, ?5, ?6, ?7)",
};
