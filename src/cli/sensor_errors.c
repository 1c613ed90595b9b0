#include "cli/sensor_errors.h"

#include "base/text.h"

#include <stdlib.h>

/* More sensors than this are counted, not named. */
#define NAMES_MAX 8

static int compare_texts(const void *a, const void *b)
{
	return lb_text_compare(*(const char *const *)a, *(const char *const *)b);
}

static int compare_errors(const void *a, const void *b)
{
	const struct lb_sensor_error *one = a;
	const struct lb_sensor_error *other = b;
	int order = lb_text_compare(one->error, other->error);
	return order != 0 ? order : lb_text_compare(one->sensor_id, other->sensor_id);
}

struct id_list LB_LIST_OF(const char *);

static enum lb_err list_wanted(const struct lb_job_list *jobs, struct lb_arena *arena,
			       struct id_list *ids, struct lb_error *error)
{
	for (size_t i = 0; i < jobs->count; i++) {
		const struct lb_row_list *rows = &jobs->items[i].rows;
		for (size_t j = 0; j < rows->count; j++) {
			const char **id = lb_list_add(arena, ids);
			if (id == NULL) {
				return lb_fail_nomem(error);
			}
			*id = lb_row_sensor_id(&rows->items[j]);
		}
	}
	if (ids->count > 0) {
		qsort(ids->items, ids->count, sizeof(ids->items[0]), compare_texts);
	}
	return LB_OK;
}

/* What was met in a place that nobody looks at any more is history. */
static bool is_looked_at(const struct lb_config *config, const struct lb_sensor_state *state)
{
	for (size_t i = 0; i < config->acons.count; i++) {
		if (lb_text_equal(config->acons.items[i].base_trigger_file_location,
				  state->base_location)) {
			return true;
		}
	}
	return false;
}

static bool is_wanted(const struct id_list *ids, const char *sensor_id)
{
	return ids->count > 0 && bsearch(&sensor_id, ids->items, ids->count, sizeof(ids->items[0]),
					 compare_texts) != NULL;
}

enum lb_err lb_sensor_errors_find(const struct lb_config *config, const struct lb_job_list *jobs,
				  const struct lb_sensor_state_list *sensors,
				  struct lb_arena *arena, struct lb_sensor_error_list *ret_errors,
				  struct lb_error *error)
{
	struct id_list ids = {0};
	enum lb_err err = list_wanted(jobs, arena, &ids, error);
	*ret_errors = (struct lb_sensor_error_list){0};
	for (size_t i = 0; i < sensors->count && err == LB_OK; i++) {
		const struct lb_sensor_state *state = &sensors->items[i];
		if (state->sensor.last_error == NULL || !is_looked_at(config, state) ||
		    !is_wanted(&ids, state->sensor.sensor_id)) {
			continue;
		}
		struct lb_sensor_error *item = lb_list_add(arena, ret_errors);
		if (item == NULL) {
			return lb_fail_nomem(error);
		}
		*item = (struct lb_sensor_error){state->sensor.sensor_id, state->sensor.last_error};
	}
	if (ret_errors->count > 0) {
		qsort(ret_errors->items, ret_errors->count, sizeof(ret_errors->items[0]),
		      compare_errors);
	}
	return err;
}

const char *lb_sensor_error_of(const struct lb_sensor_error_list *errors, const char *sensor_id)
{
	for (size_t i = 0; i < errors->count; i++) {
		if (lb_text_equal(errors->items[i].sensor_id, sensor_id)) {
			return errors->items[i].error;
		}
	}
	return NULL;
}

/* Prints the group that begins at first; returns where the next one does. */
static size_t print_group(const struct lb_cli *cli, const struct lb_sensor_error_list *errors,
			  size_t first, struct lb_arena *arena)
{
	const char *reason = errors->items[first].error;
	size_t at = first;
	for (; at < errors->count && lb_text_equal(errors->items[at].error, reason); at++) {
		if (at - first < NAMES_MAX) {
			(void)printf("%s%s", at > first ? ", " : "  ",
				     lb_text_printable(arena, errors->items[at].sensor_id));
		}
	}
	if (at - first > NAMES_MAX) {
		(void)printf(" and %zu more", at - first - NAMES_MAX);
	}
	(void)printf(":\n    %s%s%s\n", lb_style_begin(LB_STYLE_BAD, cli->color),
		     lb_text_printable(arena, reason), lb_style_end(LB_STYLE_BAD, cli->color));
	return at;
}

void lb_sensor_errors_print(const struct lb_cli *cli, const struct lb_sensor_error_list *errors)
{
	struct lb_arena arena = {0};
	for (size_t at = 0; at < errors->count;) {
		at = print_group(cli, errors, at, &arena);
	}
	lb_arena_finish(&arena);
}
