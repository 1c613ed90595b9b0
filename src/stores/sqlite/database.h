/* database.h: the inside of the SQLite store, shared by its files only. */
#ifndef LB_STORES_SQLITE_DATABASE_H
#define LB_STORES_SQLITE_DATABASE_H

#include "ports/store.h"
#include "stores/sqlite/sql.h"

#include <sqlite3.h>

/* in_transaction: transact's body is running.
 * statements:     by enum lb_sql; NULL until first used. */
struct lb_database {
	struct lb_store store;
	sqlite3 *db;
	char *path;
	char *control_table;
	char *sensor_table;
	char *checkpoint_base;
	char deployment_id[40];
	bool in_transaction;
	sqlite3_stmt *statements[SQL_COUNT];
};

struct lb_database *lb_database_of(struct lb_store *store);

/* status as an error that names the file and what to do about it. */
enum lb_err lb_database_fail(const struct lb_database *database, int status,
			     struct lb_error *error);

/* text with {control} and {sensors} replaced by the quoted names; owned by the
 * caller (sqlite3_free). NULL: no memory. */
char *lb_database_expand(const struct lb_database *database, const char *text);

/* The prepared statement, without old bindings; NULL and *error on failure. */
sqlite3_stmt *lb_database_statement(struct lb_database *database, enum lb_sql sql,
				    struct lb_error *error);

/* One step of a statement that may give rows. *ret_row: there is one; otherwise
 * the statement is reset. */
enum lb_err lb_database_step(struct lb_database *database, sqlite3_stmt *statement, bool *ret_row,
			     struct lb_error *error) LB_MUST_CHECK;

/* Runs a statement that gives no row, and resets it. */
enum lb_err lb_database_run(struct lb_database *database, sqlite3_stmt *statement,
			    struct lb_error *error) LB_MUST_CHECK;
/* The same for one without parameters. */
enum lb_err lb_database_execute(struct lb_database *database, enum lb_sql sql,
				struct lb_error *error) LB_MUST_CHECK;

/* Binding: borrowed until the statement ran. NULL and LB_TIME_NONE become NULL. */
void lb_bind_text(sqlite3_stmt *statement, int index, const char *text);
void lb_bind_int(sqlite3_stmt *statement, int index, int64_t number);
void lb_bind_time(sqlite3_stmt *statement, int index, int64_t time_us);
/* A timestamp as the original's tables hold it: ISO 8601 text, copied. */
void lb_bind_timestamp(sqlite3_stmt *statement, int index, int64_t time_us);

/* Columns: text copied into arena, *ret_text NULL for NULL. */
enum lb_err lb_column_text(sqlite3_stmt *statement, int index, struct lb_arena *arena,
			   const char **ret_text, struct lb_error *error) LB_MUST_CHECK;
int64_t lb_column_time(sqlite3_stmt *statement, int index);
int64_t lb_column_timestamp(sqlite3_stmt *statement, int index);

/* Brings the schema up to date and fills deployment_id. */
enum lb_err lb_database_migrate(struct lb_database *database, struct lb_error *error) LB_MUST_CHECK;

/* The methods of ports/store.h. */
enum lb_err lb_database_record(struct lb_store *store, const struct lb_sensor_report_list *reports,
			       size_t *ret_new, struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_database_load_jobs(struct lb_store *store, const struct lb_job_query *query,
				  struct lb_arena *arena, struct lb_job_list *ret_jobs,
				  struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_database_load_runs(struct lb_store *store, const struct lb_run_query *query,
				  struct lb_arena *arena, struct lb_run_list *ret_runs,
				  struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_database_load_events(struct lb_store *store, const struct lb_run_input_list *inputs,
				    struct lb_arena *arena, struct lb_event_list *ret_events,
				    struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_database_load_sensors(struct lb_store *store, const char *sensor_source,
				     const char *base_location, struct lb_arena *arena,
				     struct lb_sensor_state_list *ret_sensors,
				     struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_database_load_audit(struct lb_store *store, const struct lb_audit_query *query,
				   struct lb_arena *arena, struct lb_audit_list *ret_audit,
				   struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_database_save(struct lb_store *store, const struct lb_changes *changes,
			     struct lb_error *error) LB_MUST_CHECK;

/* A run from SQL_RUN_COLUMNS, without inputs; and its inputs. */
enum lb_err lb_database_read_run(sqlite3_stmt *statement, struct lb_arena *arena,
				 struct lb_run *ret_run, struct lb_error *error) LB_MUST_CHECK;
enum lb_err lb_database_read_inputs(struct lb_database *database, struct lb_run *run,
				    struct lb_arena *arena, struct lb_error *error) LB_MUST_CHECK;

#endif
