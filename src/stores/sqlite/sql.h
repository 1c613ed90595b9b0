/* sql.h: every statement that the store runs, by name; their texts are in sql.c.
 * In the texts {control} and {sensor_table} stand for the original's tables. */
#ifndef LB_STORES_SQLITE_SQL_H
#define LB_STORES_SQLITE_SQL_H

/* A job's latest run: numbers and attempts only ever grow. */
#define SQL_LATEST_RUN(job)                                                                        \
	"(SELECT id FROM lakebeat_run WHERE trigger_job_id = " job                                 \
	" ORDER BY run_no DESC, attempt DESC LIMIT 1)"

enum sql_id {
	SQL_BEGIN_READ,
	SQL_BEGIN_WRITE,
	SQL_COMMIT,
	SQL_ROLLBACK,

	SQL_FIND_SENSOR,
	SQL_ADD_SENSOR,
	SQL_CHANGE_SENSOR,
	SQL_FIND_EVENT,
	SQL_ADD_EVENT,
	SQL_NOTE_ADVANCED,
	SQL_CLEAR_ADVANCED,

	SQL_NEEDED_AFTER,
	SQL_FIND_FORGETTABLE,
	SQL_FORGET_EVENT,
	SQL_FORGET_GONE,
	SQL_FORGET_INPUTS,
	SQL_FORGET_RUNS,
	SQL_FORGET_AUDITS,

	SQL_CLEAR_WANTED,
	SQL_WANT_JOB,
	SQL_WANT_ALL,
	SQL_WANT_ADVANCED,
	SQL_WANT_PENDING,
	SQL_LOAD_ROWS,
	SQL_LOAD_LATEST_RUNS,

	SQL_LOAD_EVENTS,
	SQL_LOAD_CONSUMED,
	SQL_LOAD_SENSORS,
	SQL_LOAD_EVERY_SENSOR,
	SQL_LOAD_AUDIT,
	SQL_LOAD_AUDIT_OF_JOB,
	SQL_LOAD_PASSES,

	SQL_CHANGE_ROW,
	SQL_ADD_ROW,
	SQL_UPDATE_ROW,
	SQL_REMOVE_ROW,
	SQL_CONSUME,
	SQL_NOTE_CLEANED,
	SQL_NOTE_GONE,
	SQL_ADD_RUN,
	SQL_ADD_INPUT,
	SQL_CHANGE_RUN,
	SQL_CHANGE_ENTRY,
	SQL_ADD_ENTRY,
	SQL_ADD_AUDIT,
	SQL_SAVE_PASS,

	SQL_MAX
};

extern const char *const sql_texts[SQL_MAX];

/* The columns of a run, in the order that loads and ADD_RUN have. */
#define SQL_RUN_COLUMNS                                                                            \
	"r.id, r.trigger_job_id, r.run_no, r.attempt, r.token, r.state, r.runner, r.external_id, " \
	"r.url, r.message, r.tries, r.refused, r.planned_at_us, r.next_try_at_us, "                \
	"r.submitted_at_us, r.ended_at_us"
#define SQL_RUN_COLUMN_COUNT 16

/* An input of the run, after the run's columns. */
#define SQL_INPUT_COLUMNS "i.sensor, s.sensor_id, i.from_seq, i.to_seq"
#define SQL_JOIN_INPUTS                                                                            \
	"LEFT JOIN lakebeat_run_input i ON i.run = r.id "                                          \
	"LEFT JOIN lakebeat_sensor s ON s.id = i.sensor "

#endif
