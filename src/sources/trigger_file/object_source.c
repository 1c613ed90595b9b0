#include "sources/trigger_file/object_source.h"

#include "base/text.h"
#include "base/time.h"
#include "sources/trigger_file/object_notice.h"
#include "sources/trigger_file/object_pass.h"
#include "sources/trigger_file/tally.h"

/* lister: NULL until the source is whole.
 * scan: the engine's, while a pass of our own is under way for it, over the sensors
 * that are to be listed.
 * Of notifications:
 * sensors:  of the latest scan; is_known: there was one. is_trusted: as the header
 *           says. has_missed: something is to be found by a pass over all sensors.
 * is_broad: the pass under way, or unfinished, is one; begun_at_us: since when.
 * broad_at_us: when the last one that came to its end had begun, LB_TIME_NONE: none. */
struct object_source {
	struct lb_source base;
	char *base_location;
	struct lb_trigger_file_options options;
	struct lb_filter filter;
	struct lb_clock *clock;
	struct lb_object_lister *lister;
	struct lb_object_pass *pass;

	struct lb_scan *scan;
	struct lb_scan own;
	bool is_unfinished;

	void (*on_recorded)(void *data, struct lb_source *source, uint64_t receipt);
	void *data;
	struct lb_object_place place;
	bool has_place;
	struct lb_noticed_sensors sensors;
	bool is_known;
	bool is_trusted;
	bool has_missed;
	bool is_broad;
	int64_t begun_at_us;
	int64_t broad_at_us;
};

static struct object_source *object_source_of(struct lb_source *source)
{
	return (struct object_source *)source;
}

static bool is_broad_due(const struct object_source *self, int64_t now_us)
{
	int64_t interval_us = self->options.notified_interval_us > 0
				      ? self->options.notified_interval_us
				      : self->options.backfill_interval_us;
	return !self->is_trusted || self->has_missed || self->broad_at_us == LB_TIME_NONE ||
	       now_us < self->broad_at_us || now_us - self->broad_at_us >= interval_us;
}

/* A pass in parts goes on as it began. What may not have been recorded has to be
 * found again. */
static void choose_breadth(struct object_source *self, const struct lb_scan *scan)
{
	if (self->is_unfinished && scan->recorded) {
		return;
	}
	self->is_broad = !scan->recorded || is_broad_due(self, scan->now_us);
	self->begun_at_us = scan->now_us;
	if (self->is_broad) {
		self->has_missed = false;
	}
}

/* Of a pass that is not broad, for the sensors that notifications say nothing of. */
static enum lb_err choose_sensors(struct object_source *self)
{
	const struct lb_sensor_list *all = &self->scan->sensors;
	struct lb_scan *own = &self->own;
	own->sensors = (struct lb_sensor_list){0};
	for (size_t i = 0; i < all->count; i++) {
		const struct lb_sensor *sensor = &all->items[i];
		if (!lb_tally_is_due(&self->options, sensor, own->now_us) &&
		    sensor->last_error == NULL) {
			continue;
		}
		struct lb_sensor *chosen = lb_list_add(&own->arena, &own->sensors);
		if (chosen == NULL) {
			return LB_NOMEM;
		}
		*chosen = *sensor;
	}
	return LB_OK;
}

/* Without memory no sensor is known, and all are listed. */
static void know_sensors(struct object_source *self)
{
	if (self->on_recorded == NULL) {
		return;
	}
	struct lb_error error;
	self->is_known = lb_noticed_sensors_take(&self->sensors, &self->scan->sensors,
						 &self->options, &error) == LB_OK;
	self->has_missed |= !self->is_known;
}

static void own_done(struct lb_scan *own)
{
	struct object_source *self = own->data;
	struct lb_scan *scan = self->scan;
	self->scan = NULL;
	self->is_unfinished = own->unfinished;
	if (self->is_broad && !own->unfinished) {
		bool whole = own->error.code == LB_OK;
		self->broad_at_us = whole ? self->begun_at_us : LB_TIME_NONE;
	}
	scan->arena = own->arena;
	scan->reports = own->reports;
	scan->failed = own->failed;
	scan->rescan_at_us = own->rescan_at_us;
	scan->unfinished = own->unfinished;
	scan->cost = own->cost;
	scan->is_full = own->is_full;
	scan->error = own->error;
	scan->done(scan); /* last: it may destroy the source */
}

static void object_source_scan(struct lb_source *source, struct lb_scan *scan)
{
	struct object_source *self = object_source_of(source);
	self->scan = scan;
	know_sensors(self);
	choose_breadth(self, scan);
	self->own = *scan;
	self->own.done = own_done;
	self->own.data = self;
	if (!self->is_broad && choose_sensors(self) != LB_OK) {
		self->own.sensors = scan->sensors;
	}
	lb_object_pass_run(self->pass, &self->own);
}

static void object_source_recorded(struct lb_source *source, uint64_t receipt)
{
	struct object_source *self = object_source_of(source);
	if (self->on_recorded != NULL) {
		self->on_recorded(self->data, source, receipt);
	}
}

static void object_source_destroy(struct lb_source *source)
{
	struct object_source *self = object_source_of(source);
	lb_object_pass_destroy(self->pass);
	if (self->scan != NULL) {
		self->scan->arena = self->own.arena; /* its owner frees it */
	}
	if (self->lister != NULL) {
		self->lister->impl->destroy(self->lister);
	}
	lb_filter_finish(&self->filter);
	lb_noticed_sensors_finish(&self->sensors);
	lb_free(self->base_location);
	lb_free(self);
}

static const struct lb_source_impl object_source_impl = {
	.name = "trigger_file",
	.scan = object_source_scan,
	.recorded = object_source_recorded,
	.destroy = object_source_destroy,
};

static enum lb_err create_pass(struct object_source *self, struct lb_clock *clock,
			       struct lb_object_lister *lister, struct lb_error *error)
{
	struct lb_object_pass_options options = {
		.options = &self->options,
		.filter = &self->filter,
		.base_location = self->base_location,
		.lister = lister,
		.clock = clock,
	};
	return lb_object_pass_create(&options, &self->pass, error);
}

enum lb_err lb_trigger_file_objects_create(const char *base_location,
					   const struct lb_trigger_file_options *options,
					   struct lb_clock *clock, struct lb_object_lister *lister,
					   struct lb_source **ret_source, struct lb_error *error)
{
	struct object_source *self = lb_alloc(sizeof(*self));
	if (self == NULL) {
		return lb_fail_nomem(error);
	}
	self->base.impl = &object_source_impl;
	self->options = *options;
	self->options.settle_us = 0;
	self->clock = clock;
	self->broad_at_us = LB_TIME_NONE;
	self->base_location = lb_text_without_trailing(base_location, '/');
	self->base.base_location = self->base_location;
	enum lb_err err = self->base_location != NULL
				  ? lb_filter_init(&self->filter, &self->options, error)
				  : lb_fail_nomem(error);
	if (err == LB_OK) {
		err = create_pass(self, clock, lister, error);
	}
	if (err != LB_OK) {
		object_source_destroy(&self->base);
		return err;
	}
	self->lister = lister;
	self->has_place = lb_object_place_parse(self->base_location, &self->place);
	*ret_source = &self->base;
	return LB_OK;
}

/* The engine said no, or there is no memory: a listing will find the same. */
static enum lb_told put_off(struct object_source *self)
{
	self->has_missed = true;
	return LB_TOLD_LATER;
}

static enum lb_told hand_over(struct object_source *self,
			      const struct lb_sensor_report_list *reports, uint64_t *ret_receipt)
{
	struct lb_source *base = &self->base;
	if (reports->count == 0) {
		return LB_TOLD_NOTHING;
	}
	*ret_receipt = base->on_reports(base, reports, base->data);
	return *ret_receipt > 0 ? LB_TOLD_TAKEN : put_off(self);
}

enum lb_told lb_trigger_file_objects_tell(struct lb_source *source,
					  const struct lb_notification_list *told,
					  uint64_t *ret_receipt)
{
	struct object_source *self = object_source_of(source);
	if (!self->has_place) {
		return LB_TOLD_NOTHING;
	}
	if (!self->is_known || source->on_reports == NULL) {
		return LB_TOLD_LATER;
	}
	struct lb_notice_rules rules = {
		.options = &self->options,
		.filter = &self->filter,
		.base_location = self->base_location,
		.place = self->place,
		.sensors = &self->sensors,
		.now_us = self->clock->impl->now(self->clock),
	};
	struct lb_arena arena = {0};
	struct lb_sensor_report_list reports;
	struct lb_error error;
	bool unclear;
	enum lb_err err =
		lb_object_notice_reports(&rules, told, &arena, &reports, &unclear, &error);
	enum lb_told outcome =
		err == LB_OK ? hand_over(self, &reports, ret_receipt) : put_off(self);
	lb_arena_finish(&arena);
	if (err == LB_OK && unclear) {
		self->has_missed = true;
		source->on_rescan(source, source->data);
	}
	return outcome;
}

void lb_trigger_file_objects_listen(struct lb_source *source,
				    void (*on_recorded)(void *data, struct lb_source *source,
							uint64_t receipt),
				    void *data)
{
	struct object_source *self = object_source_of(source);
	self->on_recorded = on_recorded;
	self->data = data;
}

void lb_trigger_file_objects_trust(struct lb_source *source, bool trusted)
{
	object_source_of(source)->is_trusted = trusted;
}

void lb_trigger_file_objects_limit(struct lb_source *source, size_t bytes_max)
{
	lb_object_pass_limit(object_source_of(source)->pass, bytes_max);
}
