#include "core/run.h"

#include "base/text.h"

static const char *const state_texts[LB_RUN_STATE_MAX] = {
	[LB_RUN_PLANNED] = "PLANNED",     [LB_RUN_SUBMITTED] = "SUBMITTED",
	[LB_RUN_SUCCEEDED] = "SUCCEEDED", [LB_RUN_FAILED] = "FAILED",
	[LB_RUN_CANCELED] = "CANCELED",
};

const char *lb_run_state_text(enum lb_run_state state)
{
	return state_texts[state];
}

enum lb_run_state lb_run_state_parse(const char *text)
{
	int state = 0;
	while (state < LB_RUN_STATE_MAX && !lb_text_equal(text, state_texts[state])) {
		state++;
	}
	return (enum lb_run_state)state;
}

bool lb_run_is_live(const struct lb_run *run)
{
	return run != NULL && (run->state == LB_RUN_PLANNED || run->state == LB_RUN_SUBMITTED);
}

size_t lb_run_count_events(const struct lb_run *run, const struct lb_event_list *events, size_t at)
{
	size_t end = at;
	for (size_t i = 0; i < run->inputs.count; i++) {
		const struct lb_run_input *input = &run->inputs.items[i];
		/* A retry has the inputs of the run before it: where seq falls, it begins. */
		int64_t seq = input->from_seq;
		while (end < events->count && events->items[end].sensor == input->sensor &&
		       events->items[end].seq > seq && events->items[end].seq <= input->to_seq) {
			seq = events->items[end++].seq;
		}
	}
	return end - at;
}
