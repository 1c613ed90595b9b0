#include "sources/trigger_file/walk.h"

#include "base/text.h"
#include "core/names.h"

static enum lb_err refuse_sensor(const struct lb_tally_rules *rules, const struct lb_sensor *sensor,
				 const char *problem, struct lb_error *error)
{
	struct lb_arena *arena = &rules->scan->arena;
	const char *printable = lb_text_printable(arena, sensor->sensor_id);
	const char *message =
		printable != NULL ? lb_arena_printf(arena, "sensor_id '%s' %s", printable, problem)
				  : NULL;
	if (message == NULL) {
		return lb_fail_nomem(error);
	}
	struct lb_tally tally = {0};
	lb_tally_open(&tally, rules, sensor);
	return lb_tally_fail(&tally, rules, message, error);
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
		const char *problem = lb_sensor_id_problem(sensor->sensor_id);
		if (problem == NULL) {
			targets[count++] = (struct lb_skip_target){
				.sensor_id = sensor->sensor_id,
				.floor = lb_tally_plan(rules, sensor).floor,
				.index = i,
			};
		} else if (refuse && refuse_sensor(rules, sensor, problem, error) != LB_OK) {
			return error->code;
		}
	}
	*ret_targets = targets;
	*ret_count = count;
	return LB_OK;
}

void lb_walk_init(struct lb_walk *walk, const struct lb_tally_rules *rules,
		  struct lb_skip_target *targets, size_t count)
{
	walk->rules = rules;
	walk->tally = (struct lb_tally){0};
	walk->at = 0;
	walk->is_open = false;
	lb_skip_scan_init(&walk->skip, targets, count, rules->folder_times);
}

void lb_walk_resume(struct lb_walk *walk, const char *sensor_id)
{
	lb_skip_scan_resume(&walk->skip, sensor_id);
}

bool lb_walk_next(struct lb_walk *walk, struct lb_skip_request *ret_request)
{
	return lb_skip_scan_next(&walk->skip, ret_request);
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

void lb_walk_folder(struct lb_walk *walk, int64_t time_ns, int64_t asked_at_us)
{
	struct lb_tally_plan plan = lb_tally_plan(walk->rules, sensor_at(walk));
	if (plan.folder_time_ns != 0 && plan.folder_time_ns == time_ns) {
		lb_skip_scan_leave(&walk->skip);
		leave_target(walk);
		return;
	}
	open_tally(walk);
	walk->tally.folder_time_ns = time_ns;
	walk->tally.listed_at_us = asked_at_us;
	lb_skip_scan_list_folder(&walk->skip);
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

enum lb_err lb_walk_close(struct lb_walk *walk, struct lb_error *error)
{
	lb_skip_scan_leave(&walk->skip);
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

size_t lb_walk_done(const struct lb_walk *walk)
{
	return walk->at;
}

const struct lb_skip_target *lb_walk_last_done(const struct lb_walk *walk)
{
	return walk->at > 0 ? &walk->skip.targets[walk->at - 1] : NULL;
}
