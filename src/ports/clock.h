/* clock.h: what the time is, and being called at a time. The engine never asks
 * the operating system; the simulator turns this clock by hand. */
#ifndef LB_PORTS_CLOCK_H
#define LB_PORTS_CLOCK_H

#include <stdint.h>

struct lb_clock;

struct lb_clock_impl {
	/* Wall-clock time, microseconds since the epoch, UTC. May jump. */
	int64_t (*now)(struct lb_clock *clock);
	/* A time that never goes back, for delays; its zero is arbitrary. */
	int64_t (*monotonic)(struct lb_clock *clock);
	/* Call on_alarm once, later, on the engine's thread, when monotonic()
	 * has reached at_us. Setting again replaces; INT64_MAX clears. */
	void (*set_alarm)(struct lb_clock *clock, int64_t at_us);
};

struct lb_clock {
	const struct lb_clock_impl *impl;
	void (*on_alarm)(void *data);
	void *data;
};

#endif
