#include "engine/parameters.h"

#include "base/text.h"
#include "base/time.h"

static const struct lb_event *newest(const struct lb_event_list *events)
{
	const struct lb_event *found = NULL;
	for (size_t i = 0; i < events->count; i++) {
		const struct lb_event *event = &events->items[i];
		if (found == NULL || event->observed_at_us > found->observed_at_us ||
		    (event->observed_at_us == found->observed_at_us &&
		     event->file.modified_at_us >= found->file.modified_at_us)) {
			found = event;
		}
	}
	return found;
}

/* The value of one field; NULL when memory is out. *ret_known: it is a field. */
static const char *value_of(const char *field, const struct lb_file *file, struct lb_arena *arena,
			    bool *ret_known)
{
	*ret_known = true;
	if (lb_text_equal(field, "file_name")) {
		return file->file_name;
	}
	if (lb_text_equal(field, "file_path")) {
		return file->file_path;
	}
	if (lb_text_equal(field, "file_modification_time")) {
		char time_text[LB_TIME_TEXT_MAX];
		return lb_arena_strdup(arena, lb_time_format(file->modified_at_us, time_text));
	}
	if (lb_text_equal(field, "file_size")) {
		return lb_arena_printf(arena, "%lld", (long long)file->size_bytes);
	}
	*ret_known = false;
	return NULL;
}

enum lb_err lb_parameters_make(const struct lb_event_list *events, const char *const *fields,
			       size_t field_count, struct lb_arena *arena,
			       struct lb_parameter_list *ret_parameters)
{
	*ret_parameters = (struct lb_parameter_list){0};
	const struct lb_event *event = newest(events);
	for (size_t i = 0; event != NULL && i < field_count; i++) {
		bool known;
		const char *value = value_of(fields[i], &event->file, arena, &known);
		if (!known) {
			continue;
		}
		struct lb_parameter *parameter = lb_list_add(arena, ret_parameters);
		if (value == NULL || parameter == NULL) {
			return LB_NOMEM;
		}
		*parameter = (struct lb_parameter){.name = fields[i], .value = value};
	}
	return LB_OK;
}
