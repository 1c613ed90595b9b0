#include "sources/trigger_file/object_source.h"

#include "base/text.h"
#include "sources/trigger_file/object_pass.h"

/* lister: NULL until the source is whole. */
struct object_source {
	struct lb_source base;
	char *base_location;
	struct lb_trigger_file_options options;
	struct lb_filter filter;
	struct lb_object_lister *lister;
	struct lb_object_pass *pass;
};

static struct object_source *object_source_of(struct lb_source *source)
{
	return (struct object_source *)source;
}

static void object_source_scan(struct lb_source *source, struct lb_scan *scan)
{
	lb_object_pass_run(object_source_of(source)->pass, scan);
}

static void object_source_destroy(struct lb_source *source)
{
	struct object_source *self = object_source_of(source);
	lb_object_pass_destroy(self->pass);
	if (self->lister != NULL) {
		self->lister->impl->destroy(self->lister);
	}
	lb_filter_finish(&self->filter);
	lb_free(self->base_location);
	lb_free(self);
}

static const struct lb_source_impl object_source_impl = {
	.name = "trigger_file",
	.scan = object_source_scan,
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
	*ret_source = &self->base;
	return LB_OK;
}

void lb_trigger_file_objects_limit(struct lb_source *source, size_t bytes_max)
{
	lb_object_pass_limit(object_source_of(source)->pass, bytes_max);
}
