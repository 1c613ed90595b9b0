#include "base/text.h"
#include "base/time.h"
#include "stores/sqlite/database.h"

#include <stdlib.h>

/* The sensor that a report is about, as the transaction has it. */
struct target {
	int64_t sensor;
	int64_t last_seq;
};

static enum lb_err find_sensor(struct lb_database *database, const struct lb_sensor_report *report,
			       struct target *ret_target, bool *ret_found, struct lb_error *error)
{
	sqlite3_stmt *find = lb_database_statement(database, SQL_SENSOR_FIND, error);
	if (find == NULL) {
		return error->code;
	}
	lb_bind_text(find, 1, report->sensor_source);
	lb_bind_text(find, 2, report->sensor_id);
	lb_bind_text(find, 3, report->base_location);
	enum lb_err err = lb_database_step(database, find, ret_found, error);
	if (*ret_found) {
		*ret_target = (struct target){
			.sensor = sqlite3_column_int64(find, 0),
			.last_seq = sqlite3_column_int64(find, 1),
		};
		(void)sqlite3_reset(find);
	}
	return err;
}

static enum lb_err find_or_add_sensor(struct lb_database *database,
				      const struct lb_sensor_report *report,
				      struct target *ret_target, struct lb_error *error)
{
	bool found;
	enum lb_err err = find_sensor(database, report, ret_target, &found, error);
	if (err != LB_OK || found) {
		return err;
	}
	sqlite3_stmt *add = lb_database_statement(database, SQL_SENSOR_ADD, error);
	if (add == NULL) {
		return error->code;
	}
	lb_bind_text(add, 1, report->sensor_source);
	lb_bind_text(add, 2, report->sensor_id);
	lb_bind_text(add, 3, report->base_location);
	err = lb_database_run(database, add, error);
	*ret_target = (struct target){.sensor = sqlite3_last_insert_rowid(database->db)};
	return err;
}

static enum lb_err is_known(struct lb_database *database, const struct target *target,
			    const char *file_name, bool *ret_known, struct lb_error *error)
{
	sqlite3_stmt *known = lb_database_statement(database, SQL_EVENT_KNOWN, error);
	if (known == NULL) {
		return error->code;
	}
	lb_bind_int(known, 1, target->sensor);
	lb_bind_text(known, 2, file_name);
	enum lb_err err = lb_database_step(database, known, ret_known, error);
	if (*ret_known) {
		(void)sqlite3_reset(known);
	}
	return err;
}

/* With overwrites the unique index on name and etag decides what is new. */
static enum lb_err add_event(struct lb_database *database, const struct lb_sensor_report *report,
			     const struct lb_file *file, struct target *target,
			     struct lb_error *error)
{
	bool known = false;
	if (!report->allow_overwrites) {
		enum lb_err err = is_known(database, target, file->file_name, &known, error);
		if (err != LB_OK || known) {
			return err;
		}
	}
	sqlite3_stmt *add = lb_database_statement(database, SQL_EVENT_ADD, error);
	if (add == NULL) {
		return error->code;
	}
	lb_bind_int(add, 1, target->sensor);
	lb_bind_int(add, 2, target->last_seq + 1);
	lb_bind_text(add, 3, file->file_name);
	lb_bind_text(add, 4, file->etag != NULL ? file->etag : "");
	lb_bind_time(add, 5, file->modified_at_us);
	lb_bind_int(add, 6, file->size_bytes);
	lb_bind_time(add, 7, report->observed_at_us);
	enum lb_err err = lb_database_run(database, add, error);
	if (err == LB_OK) {
		target->last_seq += sqlite3_changes(database->db);
	}
	return err;
}

static enum lb_err note_events(struct lb_database *database, const struct lb_sensor_report *report,
			       const struct target *target, struct lb_error *error)
{
	sqlite3_stmt *update = lb_database_statement(database, SQL_SENSOR_EVENTS, error);
	sqlite3_stmt *advanced = lb_database_statement(database, SQL_ADVANCED_ADD, error);
	if (update == NULL || advanced == NULL) {
		return error->code;
	}
	lb_bind_int(update, 1, target->sensor);
	lb_bind_int(update, 2, target->last_seq);
	lb_bind_time(update, 3, report->observed_at_us);
	enum lb_err err = lb_database_run(database, update, error);
	lb_bind_int(advanced, 1, target->sensor);
	return err == LB_OK ? lb_database_run(database, advanced, error) : err;
}

static enum lb_err skip_existing(struct lb_database *database, const struct target *target,
				 struct lb_error *error)
{
	sqlite3_stmt *start = lb_database_statement(database, SQL_SENSOR_START, error);
	if (start == NULL) {
		return error->code;
	}
	lb_bind_int(start, 1, target->sensor);
	return lb_database_run(database, start, error);
}

static enum lb_err keep_checkpoint(struct lb_database *database,
				   const struct lb_checkpoint *checkpoint,
				   const struct target *target, struct lb_error *error)
{
	sqlite3_stmt *keep = lb_database_statement(database, SQL_SENSOR_CHECKPOINT, error);
	if (keep == NULL) {
		return error->code;
	}
	lb_bind_int(keep, 1, target->sensor);
	lb_bind_text(keep, 2, checkpoint->floor != NULL ? checkpoint->floor : "");
	lb_bind_int(keep, 3, checkpoint->folder_time_ns);
	lb_bind_time(keep, 4, checkpoint->full_pass_at_us);
	lb_bind_int(keep, 5, checkpoint->ordered);
	return lb_database_run(database, keep, error);
}

static enum lb_err keep_error(struct lb_database *database, const struct lb_sensor_report *report,
			      const struct target *target, struct lb_error *error)
{
	sqlite3_stmt *keep = lb_database_statement(database, SQL_SENSOR_ERROR, error);
	if (keep == NULL) {
		return error->code;
	}
	lb_bind_int(keep, 1, target->sensor);
	lb_bind_text(keep, 2, report->error);
	return lb_database_run(database, keep, error);
}

/* --- forgetting ------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
	return lb_text_compare(*(const char *const *)a, *(const char *const *)b);
}

/* The names that the full listing showed, sorted. */
static const char **sort_names(const struct lb_sensor_report *report, struct lb_arena *arena)
{
	const char **names = lb_arena_alloc(arena, report->files.count * sizeof(*names));
	for (size_t i = 0; names != NULL && i < report->files.count; i++) {
		names[i] = report->files.items[i].file_name;
	}
	if (names != NULL && report->files.count > 1) {
		qsort(names, report->files.count, sizeof(*names), compare_names);
	}
	return names;
}

struct seq_list LB_LIST_OF(int64_t);

/* Old events, consumed by everybody, whose file the listing no longer shows. */
static enum lb_err find_forgettable(struct lb_database *database,
				    const struct lb_sensor_report *report, int64_t sensor,
				    int64_t consumed_seq, struct lb_arena *arena,
				    struct seq_list *ret_seqs, struct lb_error *error)
{
	const char **names = sort_names(report, arena);
	sqlite3_stmt *old = lb_database_statement(database, SQL_EVENT_OLD, error);
	if (names == NULL || old == NULL) {
		return names == NULL ? lb_fail_nomem(error) : error->code;
	}
	lb_bind_int(old, 1, sensor);
	lb_bind_int(old, 2, consumed_seq);
	lb_bind_int(old, 3, report->observed_at_us - database->store.keep_us);
	bool row;
	enum lb_err err;
	while ((err = lb_database_step(database, old, &row, error)) == LB_OK && row) {
		const char *name = (const char *)sqlite3_column_text(old, 1);
		if (report->files.count > 0 && bsearch(&name, names, report->files.count,
						       sizeof(*names), compare_names) != NULL) {
			continue;
		}
		int64_t *seq = lb_list_add(arena, ret_seqs);
		if (seq == NULL) {
			(void)sqlite3_reset(old);
			return lb_fail_nomem(error);
		}
		*seq = sqlite3_column_int64(old, 0);
	}
	return err;
}

static enum lb_err find_consumed(struct lb_database *database, int64_t sensor, int64_t *ret_seq,
				 struct lb_error *error)
{
	sqlite3_stmt *consumed = lb_database_statement(database, SQL_SENSOR_CONSUMED, error);
	if (consumed == NULL) {
		return error->code;
	}
	lb_bind_int(consumed, 1, sensor);
	bool row;
	enum lb_err err = lb_database_step(database, consumed, &row, error);
	if (row) {
		*ret_seq = sqlite3_column_int64(consumed, 0);
		(void)sqlite3_reset(consumed);
	}
	return err;
}

static enum lb_err forget_seqs(struct lb_database *database, int64_t sensor,
			       const struct seq_list *seqs, struct lb_error *error)
{
	sqlite3_stmt *forget = lb_database_statement(database, SQL_EVENT_FORGET, error);
	enum lb_err err = forget != NULL ? LB_OK : error->code;
	for (size_t i = 0; i < seqs->count && err == LB_OK; i++) {
		lb_bind_int(forget, 1, sensor);
		lb_bind_int(forget, 2, seqs->items[i]);
		err = lb_database_run(database, forget, error);
	}
	return err;
}

static enum lb_err forget_events(struct lb_database *database,
				 const struct lb_sensor_report *report, int64_t sensor,
				 struct lb_error *error)
{
	int64_t consumed_seq = 0;
	struct lb_arena arena = {0};
	struct seq_list seqs = {0};
	enum lb_err err = find_consumed(database, sensor, &consumed_seq, error);
	if (err == LB_OK) {
		err = find_forgettable(database, report, sensor, consumed_seq, &arena, &seqs,
				       error);
	}
	if (err == LB_OK) {
		err = forget_seqs(database, sensor, &seqs, error);
	}
	lb_arena_finish(&arena);
	return err;
}

static enum lb_err forget_history(struct lb_database *database, int64_t before_us,
				  struct lb_error *error)
{
	static const enum lb_sql statements[] = {SQL_RUN_FORGET, SQL_AUDIT_FORGET};
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < 2 && err == LB_OK; i++) {
		sqlite3_stmt *forget = lb_database_statement(database, statements[i], error);
		if (forget == NULL) {
			return error->code;
		}
		lb_bind_int(forget, 1, before_us);
		err = lb_database_run(database, forget, error);
	}
	return err;
}

/* --- recording ------------------------------------------------------------- */

static enum lb_err record_report(struct lb_database *database,
				 const struct lb_sensor_report *report, size_t *new_events,
				 struct lb_error *error)
{
	struct target target = {0};
	enum lb_err err = find_or_add_sensor(database, report, &target, error);
	int64_t before = target.last_seq;
	for (size_t i = 0; i < report->files.count && err == LB_OK; i++) {
		err = add_event(database, report, &report->files.items[i], &target, error);
	}
	if (err == LB_OK && target.last_seq > before) {
		*new_events += (size_t)(target.last_seq - before);
		err = note_events(database, report, &target, error);
	}
	if (err == LB_OK && report->existing) {
		err = skip_existing(database, &target, error);
	}
	if (err == LB_OK && report->checkpoint != NULL) {
		err = keep_checkpoint(database, report->checkpoint, &target, error);
	}
	if (err == LB_OK) {
		err = keep_error(database, report, &target, error);
	}
	if (err == LB_OK && report->listed_all && database->store.keep_us > 0) {
		err = forget_events(database, report, target.sensor, error);
	}
	return err;
}

enum lb_err lb_database_record(struct lb_store *store, const struct lb_sensor_report_list *reports,
			       size_t *ret_new, struct lb_error *error)
{
	struct lb_database *database = lb_database_of(store);
	size_t new_events = 0;
	int64_t listed_at_us = LB_TIME_NONE;
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < reports->count && err == LB_OK; i++) {
		const struct lb_sensor_report *report = &reports->items[i];
		err = record_report(database, report, &new_events, error);
		if (report->listed_all) {
			listed_at_us = report->observed_at_us;
		}
	}
	if (err == LB_OK && listed_at_us != LB_TIME_NONE && store->keep_us > 0) {
		err = forget_history(database, listed_at_us - store->keep_us, error);
	}
	if (ret_new != NULL) {
		*ret_new = new_events;
	}
	return err;
}
