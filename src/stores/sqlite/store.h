/* store.h: the SQLite store's inside, shared by the files of this folder only. */
#ifndef LB_STORES_SQLITE_STORE_H
#define LB_STORES_SQLITE_STORE_H

#include "ports/store.h"
#include "stores/sqlite/sql.h"
#include "stores/sqlite/sqlite.h"

#include <sqlite3.h>

/* A load_runs statement exists for every combination of conditions. */
#define SQLITE_RUN_QUERIES_MAX 256

#define SQLITE_UUID_LENGTH 36

/* path:   as the user gave it, for messages. checkpoint_base: NULL: none.
 * control_table, sensor_table: checked names, which need no quoting beyond "".
 * busy_timeout_us: for messages.
 * advanced: temp.advanced_sensor may hold something.
 * journal_pages: in the write-ahead log after our last commit, not yet written back. */
struct lb_sqlite {
	struct lb_store base;
	sqlite3 *db;
	char *path;
	char *control_table;
	char *sensor_table;
	char *checkpoint_base;
	int64_t busy_timeout_us;
	char deployment_id[SQLITE_UUID_LENGTH + 1];
	bool in_transaction;
	enum lb_store_access access;
	bool advanced;
	int journal_pages;
	sqlite3_stmt *statements[SQL_MAX];
	sqlite3_stmt *run_queries[SQLITE_RUN_QUERIES_MAX];
};

/* Opens the file, its journal and its settings (open.c). */
enum lb_err lb_sqlite_open(struct lb_sqlite *sqlite, const struct lb_sqlite_options *options,
			   struct lb_error *error) LB_MUST_CHECK;

/* Copies the write-ahead log to the database, as far as readers let it (open.c). */
void lb_sqlite_write_back(struct lb_sqlite *sqlite);

/* Checks the schema's version, makes what is missing (schema.c). */
enum lb_err lb_sqlite_check_version(struct lb_sqlite *sqlite, struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_migrate(struct lb_sqlite *sqlite, struct lb_error *error) LB_MUST_CHECK;

/* Checks the original's two tables, makes them when they are missing (tables.c). */
enum lb_err lb_sqlite_prepare_tables(struct lb_sqlite *sqlite,
				     struct lb_error *error) LB_MUST_CHECK;

/* Text with {control} and so on replaced; NULL: no memory. Owned: lb_free. */
char *lb_sqlite_expand(const struct lb_sqlite *sqlite, const char *text);

/* SQLite's result code as one of ours, with the file and the remedy (fail.c). */
enum lb_err lb_sqlite_fail(const struct lb_sqlite *sqlite, int code, struct lb_error *error);

/* Runs statements without parameters and results. */
enum lb_err lb_sqlite_exec(struct lb_sqlite *sqlite, const char *text,
			   struct lb_error *error) LB_MUST_CHECK;

/* The methods of the port. */
enum lb_err lb_sqlite_record(struct lb_sqlite *sqlite, const struct lb_sensor_report_list *reports,
			     size_t *ret_new, struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_load_jobs(struct lb_sqlite *sqlite, const struct lb_job_query *query,
				struct lb_arena *arena, struct lb_job_list *ret_jobs,
				struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_load_runs(struct lb_sqlite *sqlite, const struct lb_run_query *query,
				struct lb_arena *arena, struct lb_run_list *ret_runs,
				struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_load_consumed(struct lb_sqlite *sqlite, const struct lb_consumed_query *query,
				    struct lb_arena *arena, struct lb_event_list *ret_events,
				    struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_load_events(struct lb_sqlite *sqlite, const struct lb_run_input_list *inputs,
				  struct lb_arena *arena, struct lb_event_list *ret_events,
				  struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_load_sensors(struct lb_sqlite *sqlite, const char *sensor_source,
				   const char *base_location, struct lb_arena *arena,
				   struct lb_sensor_state_list *ret_sensors,
				   struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_load_audit(struct lb_sqlite *sqlite, const struct lb_audit_query *query,
				 struct lb_arena *arena, struct lb_audit_list *ret_audit,
				 struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_load_passes(struct lb_sqlite *sqlite, struct lb_arena *arena,
				  struct lb_pass_cost_list *ret_passes,
				  struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_save(struct lb_sqlite *sqlite, const struct lb_changes *changes,
			   struct lb_error *error) LB_MUST_CHECK;

/* Forgets the sensor's events that report shows to be gone, those whose files were
 * cleaned, and the history, that are older than keep_us (forget.c). */
enum lb_err lb_sqlite_forget_events(struct lb_sqlite *sqlite, int64_t sensor, int64_t last_seq,
				    const struct lb_sensor_report *report,
				    struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_forget_cleaned(struct lb_sqlite *sqlite, int64_t sensor, int64_t now_us,
				     struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_sqlite_forget_history(struct lb_sqlite *sqlite, int64_t now_us,
				     struct lb_error *error) LB_MUST_CHECK;

#endif
