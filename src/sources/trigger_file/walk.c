#include "sources/trigger_file/walk.h"

#include "core/names.h"

#include <string.h>

static enum lb_err refuse_sensor(const struct lb_tally_rules *rules, const struct lb_sensor *sensor,
				 struct lb_error *error)
{
	struct lb_tally tally = {0};
	lb_tally_open(&tally, rules, sensor);
	return lb_tally_refuse(&tally, rules, error);
}

enum lb_err lb_walk_choose_targets(const struct lb_tally_rules *rules, bool refuse,
				   struct lb_skip_target **ret_targets, size_t *ret_count,
				   struct lb_error *error)
{
	const struct lb_sensor_list *sensors = &rules->scan->sensors;
	struct lb_skip_target *targets =
		lb_arena_alloc(&rules->scan->arena, sensors->count * sizeof(*targets));
	if (targets == NULL) {
		return lb_fail_nomem(error);
	}
	size_t count = 0;
	for (size_t i = 0; i < sensors->count; i++) {
		const struct lb_sensor *sensor = &sensors->items[i];
		if (lb_sensor_id_problem(sensor->sensor_id) == NULL) {
			const char *floor = lb_tally_plan(rules, sensor).floor;
			targets[count++] = (struct lb_skip_target){
				.sensor_id = sensor->sensor_id,
				.floor = floor,
				.large = *floor != '\0',
				.index = i,
			};
		} else if (refuse && refuse_sensor(rules, sensor, error) != LB_OK) {
			return error->code;
		}
	}
	lb_skip_targets_sort(targets, count);
	*ret_targets = targets;
	*ret_count = count;
	return LB_OK;
}

void lb_walk_init(struct lb_walk *walk, const struct lb_tally_rules *rules,
		  const struct lb_skip_target *targets, size_t count)
{
	lb_walk_finish(walk);
	walk->rules = rules;
	walk->at = 0;
	lb_skip_scan_init(&walk->skip, targets, count);
}

void lb_walk_finish(struct lb_walk *walk)
{
	lb_tally_finish(&walk->tally);
	walk->is_open = false;
}

size_t lb_walk_bytes(const struct lb_walk *walk)
{
	return walk->is_open && walk->tally.plan.due ? walk->tally.arena.bytes_used : 0;
}

bool lb_walk_next(struct lb_walk *walk, bool narrow, struct lb_skip_request *ret_request)
{
	return lb_skip_scan_next(&walk->skip, narrow, ret_request);
}

static const struct lb_sensor *sensor_at(const struct lb_walk *walk)
{
	return &walk->rules->scan->sensors.items[walk->skip.targets[walk->at].index];
}

static void open_tally(struct lb_walk *walk)
{
	if (!walk->is_open) {
		lb_tally_open(&walk->tally, walk->rules, sensor_at(walk));
		walk->is_open = true;
	}
}

static void leave_target(struct lb_walk *walk)
{
	walk->at++;
	walk->is_open = false;
}

/* The targets before end have been shown whole. */
static enum lb_err close_until(struct lb_walk *walk, size_t end, struct lb_error *error)
{
	while (walk->at < end) {
		open_tally(walk);
		if (lb_tally_close(&walk->tally, walk->rules, error) != LB_OK) {
			return error->code;
		}
		leave_target(walk);
	}
	return LB_OK;
}

static enum lb_err fail_until(struct lb_walk *walk, size_t end, const char *message,
			      struct lb_error *error)
{
	while (walk->at < end) {
		open_tally(walk);
		if (lb_tally_fail(&walk->tally, walk->rules, message, error) != LB_OK) {
			return error->code;
		}
		leave_target(walk);
	}
	return LB_OK;
}

enum lb_err lb_walk_key(struct lb_walk *walk, const struct lb_listed *listed, int64_t now_us,
			struct lb_error *error)
{
	size_t position;
	const char *file_name;
	if (lb_skip_scan_key(&walk->skip, listed->key, &position, &file_name, error) != LB_OK) {
		return error->code;
	}
	if (position == walk->skip.count) {
		return LB_OK;
	}
	if (close_until(walk, position, error) != LB_OK) {
		return error->code;
	}
	open_tally(walk);
	return lb_tally_add(&walk->tally, walk->rules, file_name, listed, now_us, error);
}

enum lb_err lb_walk_page(struct lb_walk *walk, const char *shown_to, struct lb_error *error)
{
	if (lb_skip_scan_page(&walk->skip, shown_to, error) != LB_OK) {
		return error->code;
	}
	return close_until(walk, lb_skip_scan_done(&walk->skip), error);
}

enum lb_err lb_walk_break(struct lb_walk *walk, bool *ret_advanced, struct lb_error *error)
{
	*ret_advanced = lb_skip_scan_break(&walk->skip);
	return close_until(walk, lb_skip_scan_done(&walk->skip), error);
}

enum lb_err lb_walk_fail(struct lb_walk *walk, const char *message, struct lb_error *error)
{
	lb_skip_scan_leave(&walk->skip);
	return fail_until(walk, lb_skip_scan_done(&walk->skip), message, error);
}

void lb_walk_fail_rest(struct lb_walk *walk, const char *message)
{
	/* Then the pass's own error has to do. */
	struct lb_error ignored;
	(void)fail_until(walk, walk->skip.count, message, &ignored);
}

bool lb_walk_is_finished(const struct lb_walk *walk)
{
	return walk->at == walk->skip.count;
}

size_t lb_walk_left(const struct lb_walk *walk)
{
	return lb_skip_scan_left(&walk->skip);
}

bool lb_walk_split(struct lb_walk *walk, struct lb_walk *other)
{
	const struct lb_skip_target *targets;
	size_t count = lb_skip_scan_split(&walk->skip, &targets);
	if (count > 0) {
		lb_walk_init(other, walk->rules, targets, count);
	}
	return count > 0;
}

/* Parts of a listing can be told only where all of it will be: else what is known
 * would be told each time. */
enum lb_err lb_walk_park(struct lb_walk *walk, struct lb_error *error)
{
	const struct lb_skip_target *last = &walk->skip.targets[walk->skip.count - 1];
	memcpy(walk->until, last->sensor_id, strlen(last->sensor_id) + 1);
	if (walk->is_open && !walk->tally.plan.due) {
		lb_skip_scan_restart(&walk->skip);
		lb_walk_finish(walk);
	}
	return walk->is_open ? lb_tally_park(&walk->tally, walk->rules, error) : LB_OK;
}

void lb_walk_resume(struct lb_walk *walk, const struct lb_skip_target *targets, size_t count)
{
	size_t first = lb_skip_targets_before(targets, count, walk->skip.shown_to);
	size_t end = lb_skip_targets_up_to(targets, count, walk->until);
	lb_skip_scan_resume(&walk->skip, targets + first, end > first ? end - first : 0);
	walk->at = 0;
	bool is_inside = lb_skip_scan_is_inside(&walk->skip);
	if (!walk->is_open) {
		/* What was shown of it was shown when nobody wanted it. */
		if (is_inside) {
			lb_skip_scan_restart(&walk->skip);
		}
		return;
	}
	if (is_inside) {
		lb_tally_resume(&walk->tally, sensor_at(walk));
	} else {
		lb_walk_finish(walk); /* its sensor is not wanted any more */
	}
}
