/* standing.h: how a run stands, as its directory tells. */
#ifndef LB_RUNNERS_COMMAND_STANDING_H
#define LB_RUNNERS_COMMAND_STANDING_H

#include "core/run.h"

/* known: false when the directory could not be read this time. message: in the
 * arena, NULL: nothing to say. ended_at_us: LB_TIME_NONE while it goes on. */
struct lb_command_standing {
	bool known;
	enum lb_run_state state;
	const char *message;
	int64_t ended_at_us;
};

/* token's run below runs (a descriptor), which was submitted. Blocks; any thread. */
struct lb_command_standing lb_command_standing(int runs, const char *token, struct lb_arena *arena);

#endif
