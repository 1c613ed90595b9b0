/* agenda.h: what will happen, and when, on the virtual clock. */
#ifndef LB_TESTS_SIM_AGENDA_H
#define LB_TESTS_SIM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* happen(subject, data) is called at at_us; data is its own then, made by malloc
 * or NULL, while subject is borrowed. life: when it has moved on from lived by
 * then, whoever waited is dead, and data is freed instead; NULL: it happens in any
 * case. order: of events at the same time; by the agenda. */
struct sim_event {
	int64_t at_us;
	uint64_t order;
	const unsigned *life;
	unsigned lived;
	void (*happen)(void *subject, void *data);
	void *subject;
	void *data;
};

/* A binary heap. Zeroed is empty. */
struct sim_agenda {
	struct sim_event *events;
	size_t count;
	size_t capacity;
	uint64_t order;
};

void sim_agenda_add(struct sim_agenda *agenda, struct sim_event event);

/* The earliest event that nobody's death has undone; false: none is left. */
bool sim_agenda_take(struct sim_agenda *agenda, struct sim_event *ret_event);

/* When that will be; INT64_MAX: never. */
int64_t sim_agenda_next_at(struct sim_agenda *agenda);

/* Calls nobody; frees every event's data. */
void sim_agenda_finish(struct sim_agenda *agenda);

#endif
