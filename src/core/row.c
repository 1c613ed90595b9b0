#include "core/row.h"

#include "base/text.h"

#include <string.h>

static const char *const status_texts[LB_STATUS_MAX] = {
	[LB_STATUS_NEW_EVENT_AVAILABLE] = "NEW_EVENT_AVAILABLE",
	[LB_STATUS_IN_PROGRESS] = "IN_PROGRESS",
	[LB_STATUS_COMPLETED] = "COMPLETED",
	[LB_STATUS_FAILED] = "FAILED",
};

const char *const lb_declared_names[LB_DECLARED_MAX] = {
#define LB_DECLARED_NAME(name) [LB_DECLARED_##name] = #name,
	LB_DECLARED_MAP(LB_DECLARED_NAME)
#undef LB_DECLARED_NAME
};

const char *lb_status_text(enum lb_status status)
{
	return status_texts[status];
}

enum lb_status lb_status_parse(const char *text)
{
	if (text == NULL) {
		return LB_STATUS_NONE;
	}
	for (int status = 0; status < LB_STATUS_MAX; status++) {
		if (status_texts[status] != NULL && lb_text_same_word(text, status_texts[status])) {
			return (enum lb_status)status;
		}
	}
	return LB_STATUS_OTHER;
}

bool lb_row_is_paused(const struct lb_row *row)
{
	return !lb_text_same_word(row->declared[LB_DECLARED_job_state], "UNPAUSED");
}

bool lb_row_is_hard(const struct lb_row *row)
{
	return lb_text_same_word(row->declared[LB_DECLARED_dependency_flag], "TRUE");
}

int64_t lb_row_waiting_events(const struct lb_row *row)
{
	int64_t waiting = 0;
	for (size_t i = 0; i < row->cursor_count; i++) {
		waiting += row->cursors[i].last_seq - row->cursors[i].consumed_seq;
	}
	return waiting;
}

bool lb_row_has_waiting_events(const struct lb_row *row)
{
	return lb_row_waiting_events(row) > 0;
}

/* name with ' ', '.' and ':' made '_', then '_' and the job: the original's
 * rule for the sensor table's ids and assets. */
static char *mangle(struct lb_arena *arena, const char *name, const char *trigger_job_id)
{
	char *mangled =
		lb_arena_printf(arena, "%s_%s", name, trigger_job_id != NULL ? trigger_job_id : "");
	for (size_t i = 0; mangled != NULL && i < strlen(name); i++) {
		if (strchr(" .:", mangled[i]) != NULL) {
			mangled[i] = '_';
		}
	}
	return mangled;
}

char *lb_row_sensor_table_id(struct lb_arena *arena, const struct lb_row *row)
{
	const char *sensor_id = lb_row_sensor_id(row);
	return mangle(arena, sensor_id != NULL ? sensor_id : "", lb_row_job_id(row));
}

char *lb_row_asset(struct lb_arena *arena, const struct lb_row *row)
{
	const char *description = row->declared[LB_DECLARED_asset_description];
	return description != NULL ? mangle(arena, description, lb_row_job_id(row)) : NULL;
}
