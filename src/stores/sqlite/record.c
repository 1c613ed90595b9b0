/* record.c: the event log grows. */
#include "base/time.h"
#include "stores/sqlite/statement.h"

/* A sensor while its report is recorded. */
struct sensor {
	int64_t id;
	int64_t last_seq;
	int64_t last_event_at_us;
	int64_t full_pass_at_us;
};

/* Looks for the report's sensor, or adds it; *ret_found: it is there. */
static enum lb_err ask_sensor(struct lb_sqlite *sqlite, enum sql_id id,
			      const struct lb_sensor_report *report, struct sensor *sensor,
			      bool *ret_found, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, id);
	sql_bind_text(&sql, 1, report->sensor_id);
	sql_bind_text(&sql, 2, report->sensor_source);
	sql_bind_text(&sql, 3, report->base_location);
	enum lb_err err = sql_next(&sql, ret_found, error);
	if (*ret_found) {
		*sensor = (struct sensor){
			.id = sql_int(&sql, 0),
			.last_seq = sql_int(&sql, 1),
			.last_event_at_us = sql_time(&sql, 2),
			.full_pass_at_us = sql_time(&sql, 3),
		};
		sql_end(&sql);
	}
	return err;
}

static enum lb_err find_or_add_sensor(struct lb_sqlite *sqlite,
				      const struct lb_sensor_report *report, struct sensor *sensor,
				      struct lb_error *error)
{
	bool found;
	enum lb_err err = ask_sensor(sqlite, SQL_FIND_SENSOR, report, sensor, &found, error);
	if (err == LB_OK && !found) {
		err = ask_sensor(sqlite, SQL_ADD_SENSOR, report, sensor, &found, error);
	}
	return err;
}

static enum lb_err is_known(struct lb_sqlite *sqlite, const struct lb_sensor_report *report,
			    const struct lb_file *file, int64_t sensor, bool *ret_known,
			    struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_FIND_EVENT);
	sql_bind_int(&sql, 1, sensor);
	sql_bind_text(&sql, 2, file->file_name);
	sql_bind_int(&sql, 3, report->allow_overwrites);
	sql_bind_text(&sql, 4, file->etag);
	enum lb_err err = sql_next(&sql, ret_known, error);
	if (*ret_known) {
		sql_end(&sql);
	}
	return err;
}

static enum lb_err add_event(struct lb_sqlite *sqlite, const struct lb_sensor_report *report,
			     const struct lb_file *file, struct sensor *sensor,
			     struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_ADD_EVENT);
	sql_bind_int(&sql, 1, sensor->id);
	sql_bind_int(&sql, 2, ++sensor->last_seq);
	sql_bind_text(&sql, 3, file->file_name);
	sql_bind_text(&sql, 4, file->etag);
	sql_bind_time(&sql, 5, file->modified_at_us);
	sql_bind_int(&sql, 6, file->size_bytes);
	sql_bind_int(&sql, 7, report->observed_at_us);
	sensor->last_event_at_us = report->observed_at_us;
	return sql_run(&sql, error);
}

/* A listing that was made before the latest full one, by another lakebeat, may show a
 * file that was deleted between the two: its event is forgotten already. */
static bool may_be_forgotten(const struct lb_sqlite *sqlite, const struct lb_sensor_report *report,
			     const struct sensor *sensor, const struct lb_file *file)
{
	int64_t full_pass_at_us = sensor->full_pass_at_us;
	return sqlite->base.keep_us > 0 && report->observed_at_us < full_pass_at_us &&
	       file->modified_at_us != LB_TIME_NONE &&
	       file->modified_at_us < full_pass_at_us - sqlite->base.keep_us;
}

static enum lb_err add_new_events(struct lb_sqlite *sqlite, const struct lb_sensor_report *report,
				  struct sensor *sensor, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < report->files.count && err == LB_OK; i++) {
		const struct lb_file *file = &report->files.items[i];
		bool known;
		err = is_known(sqlite, report, file, sensor->id, &known, error);
		if (err == LB_OK && !known && !may_be_forgotten(sqlite, report, sensor, file)) {
			err = add_event(sqlite, report, file, sensor, error);
		}
	}
	return err;
}

static enum lb_err change_sensor(struct lb_sqlite *sqlite, const struct lb_sensor_report *report,
				 const struct sensor *sensor, struct lb_error *error)
{
	static const struct lb_checkpoint none = {.floor = ""};
	const struct lb_checkpoint *checkpoint =
		report->checkpoint != NULL ? report->checkpoint : &none;
	struct sql sql = sql_begin(sqlite, SQL_CHANGE_SENSOR);
	sql_bind_int(&sql, 1, sensor->id);
	sql_bind_int(&sql, 2, sensor->last_seq);
	sql_bind_time(&sql, 3, sensor->last_event_at_us);
	sql_bind_int(&sql, 4, report->existing);
	sql_bind_text(&sql, 5, report->error);
	sql_bind_int(&sql, 6, report->checkpoint != NULL);
	sql_bind_text(&sql, 7, checkpoint->floor);
	sql_bind_int(&sql, 8, checkpoint->folder_time_ns);
	sql_bind_time(&sql, 9, checkpoint->full_pass_at_us);
	sql_bind_int(&sql, 10, checkpoint->ordered);
	return sql_run(&sql, error);
}

static enum lb_err note_advanced(struct lb_sqlite *sqlite, int64_t sensor, struct lb_error *error)
{
	struct sql sql = sql_begin(sqlite, SQL_NOTE_ADVANCED);
	sql_bind_int(&sql, 1, sensor);
	sqlite->advanced = true;
	return sql_run(&sql, error);
}

static enum lb_err record_report(struct lb_sqlite *sqlite, const struct lb_sensor_report *report,
				 size_t *added, struct lb_error *error)
{
	struct sensor sensor = {0};
	enum lb_err err = find_or_add_sensor(sqlite, report, &sensor, error);
	if (err != LB_OK) {
		return err;
	}
	int64_t old_seq = sensor.last_seq;
	err = add_new_events(sqlite, report, &sensor, error);
	if (err == LB_OK) {
		err = change_sensor(sqlite, report, &sensor, error);
	}
	if (err == LB_OK && sensor.last_seq > old_seq) {
		*added += (size_t)(sensor.last_seq - old_seq);
		err = note_advanced(sqlite, sensor.id, error);
	}
	if (err == LB_OK && report->listed_all && sqlite->base.keep_us > 0) {
		err = lb_sqlite_forget_events(sqlite, sensor.id, sensor.last_seq, report, error);
	}
	return err;
}

enum lb_err lb_sqlite_record(struct lb_sqlite *sqlite, const struct lb_sensor_report_list *reports,
			     size_t *ret_new, struct lb_error *error)
{
	enum lb_err err = LB_OK;
	size_t added = 0;
	int64_t listed_at_us = LB_TIME_NONE;
	for (size_t i = 0; i < reports->count && err == LB_OK; i++) {
		const struct lb_sensor_report *report = &reports->items[i];
		err = record_report(sqlite, report, &added, error);
		if (report->listed_all && report->observed_at_us > listed_at_us) {
			listed_at_us = report->observed_at_us;
		}
	}
	if (err == LB_OK && listed_at_us != LB_TIME_NONE && sqlite->base.keep_us > 0) {
		err = lb_sqlite_forget_history(sqlite, listed_at_us, error);
	}
	if (ret_new != NULL) {
		*ret_new = added;
	}
	return err;
}
