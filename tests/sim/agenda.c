#include "sim/agenda.h"

#include "sim/memory.h"

#include <stdlib.h>

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
	struct sim_event kept = *a;
	*a = *b;
	*b = kept;
}

void sim_agenda_add(struct sim_agenda *agenda, struct sim_event event)
{
	if (agenda->count == agenda->capacity) {
		agenda->capacity = agenda->capacity > 0 ? 2 * agenda->capacity : 64;
		agenda->events = sim_must(
			realloc(agenda->events, agenda->capacity * sizeof(*agenda->events)));
	}
	event.order = agenda->order++;
	size_t at = agenda->count++;
	agenda->events[at] = event;
	while (at > 0 && is_before(&agenda->events[at], &agenda->events[(at - 1) / 2])) {
		swap(&agenda->events[at], &agenda->events[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static struct sim_event remove_first(struct sim_agenda *agenda)
{
	struct sim_event first = agenda->events[0];
	agenda->events[0] = agenda->events[--agenda->count];
	size_t at = 0;
	for (;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < agenda->count;
		     child++) {
			if (is_before(&agenda->events[child], &agenda->events[least])) {
				least = child;
			}
		}
		if (least == at) {
			return first;
		}
		swap(&agenda->events[at], &agenda->events[least]);
		at = least;
	}
}

static bool is_undone(const struct sim_event *event)
{
	return event->life != NULL && *event->life != event->lived;
}

static void drop_undone(struct sim_agenda *agenda)
{
	while (agenda->count > 0 && is_undone(&agenda->events[0])) {
		free(remove_first(agenda).data);
	}
}

bool sim_agenda_take(struct sim_agenda *agenda, struct sim_event *ret_event)
{
	drop_undone(agenda);
	if (agenda->count == 0) {
		return false;
	}
	*ret_event = remove_first(agenda);
	return true;
}

int64_t sim_agenda_next_at(struct sim_agenda *agenda)
{
	drop_undone(agenda);
	return agenda->count > 0 ? agenda->events[0].at_us : INT64_MAX;
}

void sim_agenda_finish(struct sim_agenda *agenda)
{
	for (size_t i = 0; i < agenda->count; i++) {
		free(agenda->events[i].data);
	}
	free(agenda->events);
	*agenda = (struct sim_agenda){0};
}
