/* clock.h: what the time is, and being called at a time. The engine never asks
 * the operating system; the simulator turns this clock by hand.
 * Threads: the engine's. */
#ifndef LB_PORTS_CLOCK_H
#define LB_PORTS_CLOCK_H

#include <stdint.h>

struct lb_clock;

/* Somebody who wants to be called at a time, in memory of their own while it is set.
 * on_alarm: called once for each time that was set, with data; it may set alarms, this
 * one too. Below the line: the clock's own. */
struct lb_alarm {
	void (*on_alarm)(void *data);
	void *data;
	/* ---- */
	int64_t at_us;
	struct lb_alarm *next;
};

struct lb_clock_impl {
	/* Wall-clock time, microseconds since the epoch, UTC. May jump. */
	int64_t (*now)(struct lb_clock *clock);
	/* A time that never goes back, for delays; its zero is arbitrary. */
	int64_t (*monotonic)(struct lb_clock *clock);
	/* Call alarm->on_alarm once, later, when monotonic() has reached at_us.
	 * Setting again replaces; INT64_MAX clears, also what is not set. */
	void (*set_alarm)(struct lb_clock *clock, struct lb_alarm *alarm, int64_t at_us);
};

struct lb_clock {
	const struct lb_clock_impl *impl;
};

#endif
