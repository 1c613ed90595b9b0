#include "sources/trigger_file/object_pass.h"

#include <assert.h>
#include <string.h>

/* One range is halved for so many requests, so that none makes a pass much dearer; the
 * first ones whenever the requests have doubled, because who waits for one page after
 * the other waits longest. */
#define REQUESTS_PER_SPLIT 8

/* How often in a row a page may break off before the pass gives up. */
#define BREAKS_MAX 3

/* One request, and the walk that it is for.
 * is_active: the walk has targets left. is_busy: its request is under way.
 * is_long:   the walk has met a page behind which more followed.
 * has_failed: the walk refused a key of this page.
 * breaks:    how often in a row its pages broke off.
 * held_bytes: of a sensor that the last page did not show to its end. */
struct slot {
	struct lb_object_pass *pass;
	struct lb_object_request request;
	struct lb_walk walk;
	bool is_active;
	bool is_busy;
	bool is_long;
	bool has_failed;
	unsigned breaks;
	size_t held_bytes;
};

/* Of the scan under way:
 * scan:     NULL: none is.
 * targets:  sorted; those before next have been given to walks.
 * ends:     this part ends, no further request is sent.
 * Of the whole pass, over its parts:
 * is_in_parts: a part has ended, and slots that are active are parked.
 * tail_after: the last sensor that was given to a walk; "": all were.
 * is_full_pass: some sensor is listed in full because that is due.
 * requests: answered. splits: ranges halved.
 * Of the source:
 * narrow:   a listing of more than one sensor was refused at narrow_at_us. */
struct lb_object_pass {
	struct lb_object_pass_options options;
	size_t bytes_max;

	struct lb_scan *scan;
	struct lb_tally_rules rules;
	struct lb_skip_target *targets;
	size_t count;
	size_t next;
	size_t bytes_limit;
	int64_t began_at_us;
	size_t busy;
	bool ends;

	bool is_in_parts;
	char tail_after[LB_SENSOR_ID_MAX + 1];
	bool is_full_pass;
	size_t requests;
	size_t splits;

	bool narrow;
	int64_t narrow_at_us;

	size_t slot_count;
	struct slot slots[];
};

static int64_t now_us(const struct lb_object_pass *pass)
{
	return pass->options.clock->impl->now(pass->options.clock);
}

static void forget_rest(struct lb_object_pass *pass)
{
	for (size_t i = 0; i < pass->slot_count; i++) {
		pass->slots[i].is_active = false;
		pass->slots[i].held_bytes = 0;
		lb_walk_finish(&pass->slots[i].walk);
	}
	pass->is_in_parts = false;
}

static void add_cost(struct lb_listing_cost *sum, const struct lb_listing_cost *cost)
{
	sum->requests += cost->requests;
	sum->keys += cost->keys;
	sum->bytes += cost->bytes;
}

static enum lb_err on_key(struct lb_object_request *request, const struct lb_listed *listed,
			  struct lb_error *error)
{
	struct slot *slot = request->data;
	enum lb_err err = lb_walk_key(&slot->walk, listed, now_us(slot->pass), error);
	slot->has_failed = err != LB_OK;
	return err;
}

static void on_page(struct lb_object_request *request);

static bool ask(struct slot *slot)
{
	struct lb_object_pass *pass = slot->pass;
	struct lb_skip_request request;
	if (!lb_walk_next(&slot->walk, pass->narrow, &request)) {
		return false;
	}
	slot->request = (struct lb_object_request){
		.start_after = request.start_after,
		.prefix = request.prefix,
		.on_key = on_key,
		.done = on_page,
		.data = slot,
	};
	slot->has_failed = false;
	slot->is_busy = true;
	pass->busy++;
	pass->options.lister->impl->list(pass->options.lister, &slot->request);
	return true;
}

static void begin_walk(struct slot *slot)
{
	slot->is_active = true;
	slot->is_long = false;
	slot->breaks = 0;
	slot->held_bytes = 0;
}

/* The next sensors that share their pages, and nobody has. */
static bool take_targets(struct slot *slot)
{
	struct lb_object_pass *pass = slot->pass;
	size_t left = pass->count - pass->next;
	if (left == 0) {
		return false;
	}
	const struct lb_skip_target *first = &pass->targets[pass->next];
	size_t count = pass->narrow ? 1 : lb_skip_targets_together(first, left);
	lb_walk_init(&slot->walk, &pass->rules, first, count);
	pass->next += count;
	begin_walk(slot);
	return true;
}

static size_t splits_earned(size_t requests)
{
	size_t doubled = 0;
	if (requests >= 2 * REQUESTS_PER_SPLIT) {
		return 2 + requests / REQUESTS_PER_SPLIT;
	}
	for (size_t left = requests; left > 1; left /= 2) {
		doubled++;
	}
	return doubled;
}

static bool may_split(const struct lb_object_pass *pass)
{
	if (pass->narrow) {
		return true; /* each sensor has a request of its own in any case */
	}
	if (pass->is_full_pass) {
		return pass->splits < LB_OBJECT_SPLITS_MAX + pass->requests / REQUESTS_PER_SPLIT;
	}
	return pass->splits < LB_OBJECT_SPLITS_MAX && pass->splits < splits_earned(pass->requests);
}

/* The longest range that is known to be long. */
static struct slot *longest(struct lb_object_pass *pass)
{
	struct slot *found = NULL;
	size_t left = 1;
	for (size_t i = 0; i < pass->slot_count; i++) {
		struct slot *slot = &pass->slots[i];
		if (slot->is_active && (slot->is_long || pass->narrow) &&
		    lb_walk_left(&slot->walk) > left) {
			found = slot;
			left = lb_walk_left(&slot->walk);
		}
	}
	return found;
}

static bool take_half(struct slot *slot)
{
	struct lb_object_pass *pass = slot->pass;
	struct slot *from = may_split(pass) ? longest(pass) : NULL;
	if (from == NULL || !lb_walk_split(&from->walk, &slot->walk)) {
		return false;
	}
	pass->splits++;
	begin_walk(slot);
	return true;
}

static void send_requests(struct lb_object_pass *pass)
{
	for (size_t i = 0; i < pass->slot_count; i++) {
		struct slot *slot = &pass->slots[i];
		if (slot->is_busy) {
			continue;
		}
		if (!slot->is_active && !take_targets(slot) && !take_half(slot)) {
			continue;
		}
		slot->is_active = ask(slot);
	}
}

static bool has_targets_left(const struct lb_object_pass *pass)
{
	for (size_t i = 0; i < pass->slot_count; i++) {
		if (pass->slots[i].is_active) {
			return true;
		}
	}
	return pass->next < pass->count;
}

/* What is reported, and what the walks hold between their pages. */
static size_t bytes_used(const struct lb_object_pass *pass)
{
	size_t sum = pass->scan->arena.bytes_used;
	for (size_t i = 0; i < pass->slot_count; i++) {
		sum += pass->slots[i].held_bytes;
	}
	return sum;
}

static bool part_is_over(const struct lb_object_pass *pass)
{
	return bytes_used(pass) > pass->bytes_limit ||
	       (pass->scan->reports.count > 0 &&
		now_us(pass) - pass->began_at_us >= LB_OBJECT_PASS_DURATION_US);
}

/* When nobody has begun with the tail, it begins where it began before. */
static void note_tail(struct lb_object_pass *pass)
{
	if (pass->next == pass->count) {
		*pass->tail_after = '\0';
	} else if (pass->next > 0) {
		const char *last = pass->targets[pass->next - 1].sensor_id;
		memcpy(pass->tail_after, last, strlen(last) + 1);
	}
}

/* Without memory for it the pass begins anew, which costs time only. */
static void park(struct lb_object_pass *pass)
{
	struct lb_error *error = &pass->scan->error;
	for (size_t i = 0; i < pass->slot_count; i++) {
		struct slot *slot = &pass->slots[i];
		if (slot->is_active && lb_walk_park(&slot->walk, error) != LB_OK) {
			forget_rest(pass);
			return;
		}
	}
	note_tail(pass);
	pass->is_in_parts = true;
	pass->scan->unfinished = true;
}

static void finish_scan(struct lb_object_pass *pass)
{
	struct lb_scan *scan = pass->scan;
	if (scan->error.code == LB_OK && has_targets_left(pass)) {
		park(pass);
	} else {
		forget_rest(pass);
	}
	scan->is_full = pass->is_full_pass;
	pass->scan = NULL;
	scan->done(scan); /* last: it may destroy the source */
}

static void cancel_requests(struct lb_object_pass *pass)
{
	for (size_t i = 0; i < pass->slot_count; i++) {
		struct slot *slot = &pass->slots[i];
		if (slot->is_busy) {
			pass->options.lister->impl->cancel(pass->options.lister, &slot->request);
			slot->is_busy = false;
			pass->busy--;
			add_cost(&pass->scan->cost, &slot->request.cost);
		}
	}
}

/* What nobody has reached has the pass's error. */
static void fail_scan(struct lb_object_pass *pass, const struct lb_error *error)
{
	cancel_requests(pass);
	pass->scan->error = *error;
	for (size_t i = 0; i < pass->slot_count; i++) {
		struct slot *slot = &pass->slots[i];
		if (slot->is_active) {
			lb_walk_fail_rest(&slot->walk, error->message);
		}
	}
	struct lb_walk *rest = &pass->slots[0].walk;
	lb_walk_init(rest, &pass->rules, pass->targets + pass->next, pass->count - pass->next);
	lb_walk_fail_rest(rest, error->message);
}

/* Somebody may list these sensors one by one. */
static enum lb_err narrow_down(struct slot *slot, struct lb_error *error)
{
	struct lb_object_pass *pass = slot->pass;
	bool advanced;
	pass->narrow = true;
	pass->narrow_at_us = pass->scan->now_us;
	return lb_walk_break(&slot->walk, &advanced, error);
}

/* The page ended in an error. Returns LB_OK when there is a way on. */
static enum lb_err take_break(struct slot *slot, struct lb_error *error)
{
	const struct lb_error *why = &slot->request.error;
	if (!slot->has_failed && why->code == LB_REFUSED) {
		return slot->request.prefix != NULL ? lb_walk_fail(&slot->walk, why->message, error)
						    : narrow_down(slot, error);
	}
	bool advanced = false;
	if (!slot->has_failed && why->retriable && ++slot->breaks <= BREAKS_MAX &&
	    lb_walk_break(&slot->walk, &advanced, error) != LB_OK) {
		return error->code;
	}
	if (!advanced) {
		*error = *why;
	}
	return advanced ? LB_OK : why->code;
}

static enum lb_err take_page(struct slot *slot, struct lb_error *error)
{
	const char *shown_to = slot->request.shown_to;
	slot->breaks = 0;
	slot->is_long = slot->is_long || shown_to != NULL;
	return lb_walk_page(&slot->walk, shown_to, error);
}

static void on_page(struct lb_object_request *request)
{
	struct slot *slot = request->data;
	struct lb_object_pass *pass = slot->pass;
	struct lb_error error;
	slot->is_busy = false;
	pass->busy--;
	pass->requests++;
	add_cost(&pass->scan->cost, &request->cost);
	enum lb_err err =
		request->error.code == LB_OK ? take_page(slot, &error) : take_break(slot, &error);
	if (err != LB_OK) {
		fail_scan(pass, &error);
	} else {
		slot->is_active = !lb_walk_is_finished(&slot->walk);
		slot->held_bytes = lb_walk_bytes(&slot->walk);
		pass->ends = pass->ends || part_is_over(pass);
		if (!pass->ends) {
			send_requests(pass);
		}
	}
	if (pass->busy == 0) {
		finish_scan(pass);
	}
}

static void on_yield(struct lb_object_request *request)
{
	struct slot *slot = request->data;
	slot->is_busy = false;
	slot->pass->busy--;
	finish_scan(slot->pass);
}

/* There is nothing to ask, and done must not be called yet. */
static void yield(struct lb_object_pass *pass)
{
	struct slot *slot = &pass->slots[0];
	slot->request = (struct lb_object_request){.done = on_yield, .data = slot};
	slot->is_busy = true;
	pass->busy++;
	pass->options.lister->impl->yield(pass->options.lister, &slot->request);
}

static bool is_any_due(const struct lb_object_pass *pass)
{
	const struct lb_sensor_list *sensors = &pass->scan->sensors;
	for (size_t i = 0; i < sensors->count; i++) {
		if (lb_tally_plan(&pass->rules, &sensors->items[i]).due) {
			return true;
		}
	}
	return false;
}

/* Whoever refused may have been told better since: ask again, as often as everything
 * is listed in full. */
static void begin_pass(struct lb_object_pass *pass)
{
	int64_t since_us = pass->scan->now_us - pass->narrow_at_us;
	pass->narrow = pass->narrow && since_us >= 0 &&
		       since_us < pass->options.options->backfill_interval_us;
	pass->next = 0;
	pass->requests = 0;
	pass->splits = 0;
	pass->is_full_pass = is_any_due(pass);
}

static void resume_pass(struct lb_object_pass *pass)
{
	pass->is_in_parts = false;
	pass->next = *pass->tail_after != '\0'
			     ? lb_skip_targets_up_to(pass->targets, pass->count, pass->tail_after)
			     : pass->count;
	for (size_t i = 0; i < pass->slot_count; i++) {
		struct slot *slot = &pass->slots[i];
		if (slot->is_active) {
			lb_walk_resume(&slot->walk, pass->targets, pass->count);
			slot->is_active = !lb_walk_is_finished(&slot->walk);
			slot->held_bytes = 0;
		}
	}
}

static void reset_scan(struct lb_object_pass *pass, struct lb_scan *scan)
{
	scan->reports = (struct lb_sensor_report_list){0};
	scan->failed = 0;
	scan->rescan_at_us = LB_TIME_NONE;
	scan->unfinished = false;
	scan->cost = (struct lb_listing_cost){0};
	scan->error = (struct lb_error){0};
	pass->scan = scan;
	pass->rules = (struct lb_tally_rules){
		.options = pass->options.options,
		.filter = pass->options.filter,
		.base_location = pass->options.base_location,
		.scan = scan,
		.page_keys = pass->options.lister->page_keys,
	};
	pass->targets = NULL;
	pass->count = pass->next = 0;
	pass->ends = false;
	pass->began_at_us = now_us(pass);
	pass->bytes_limit = scan->arena.bytes_used + pass->bytes_max;
}

static void begin_scan(struct lb_object_pass *pass)
{
	struct lb_error *error = &pass->scan->error;
	if (lb_walk_choose_targets(&pass->rules, !pass->is_in_parts, &pass->targets, &pass->count,
				   error) != LB_OK) {
		return;
	}
	if (pass->is_in_parts) {
		resume_pass(pass);
	} else {
		begin_pass(pass);
	}
	send_requests(pass);
}

void lb_object_pass_run(struct lb_object_pass *pass, struct lb_scan *scan)
{
	assert(pass->scan == NULL);
	if (!scan->recorded) {
		forget_rest(pass);
	}
	reset_scan(pass, scan);
	begin_scan(pass);
	if (pass->busy == 0) {
		yield(pass);
	}
}

void lb_object_pass_limit(struct lb_object_pass *pass, size_t bytes_max)
{
	pass->bytes_max = bytes_max > 0 ? bytes_max : LB_OBJECT_PASS_BYTES_MAX;
}

enum lb_err lb_object_pass_create(const struct lb_object_pass_options *options,
				  struct lb_object_pass **ret_pass, struct lb_error *error)
{
	size_t slot_count = options->lister->parallel_max;
	assert(slot_count >= 1 && slot_count <= LB_OBJECT_REQUESTS_MAX);
	struct lb_object_pass *pass = lb_alloc(sizeof(*pass) + slot_count * sizeof(pass->slots[0]));
	if (pass == NULL) {
		return lb_fail_nomem(error);
	}
	pass->options = *options;
	pass->bytes_max = LB_OBJECT_PASS_BYTES_MAX;
	pass->slot_count = slot_count;
	for (size_t i = 0; i < slot_count; i++) {
		pass->slots[i].pass = pass;
	}
	*ret_pass = pass;
	return LB_OK;
}

void lb_object_pass_destroy(struct lb_object_pass *pass)
{
	if (pass == NULL) {
		return;
	}
	if (pass->scan != NULL) {
		cancel_requests(pass);
	}
	forget_rest(pass);
	lb_free(pass);
}
