/* sweep.h: forgetting the directories of runs that ended long ago. */
#ifndef LB_RUNNERS_COMMAND_SWEEP_H
#define LB_RUNNERS_COMMAND_SWEEP_H

#include <stdint.h>

/* Removes the directories below runs (a descriptor) whose run ended, or was never
 * claimed, over keep_us ago; at most once a day for all processes together (the
 * time of the last one is that of the file `.swept`). keep_us 0: never. What cannot be
 * removed stays for the next sweep. now_us: wall clock. Blocks: for a worker. */
void lb_command_sweep(int runs, int64_t keep_us, int64_t now_us);

#endif
