/* children.h: supervisors that are this process's children, until they end.
 *
 * They belong to the process, not to the runner that started them: those of a
 * destroyed runner are reaped by whichever runner looks next, so none stays a
 * zombie. Threads: the loop's. */
#ifndef LB_RUNNERS_COMMAND_CHILDREN_H
#define LB_RUNNERS_COMMAND_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

struct lb_command_child {
	struct lb_command_child *next;
	pid_t pid;
};

/* Zeroed is empty. */
struct lb_command_children {
	struct lb_command_child *first;
};

/* child: allocated by lb_alloc, taken over. */
void lb_command_children_add(struct lb_command_children *children, struct lb_command_child *child);

/* Wait for those that ended, without blocking, also for orphans; whether any of
 * children did. */
bool lb_command_children_reap(struct lb_command_children *children);

/* Leave them to other runners. */
void lb_command_children_orphan(struct lb_command_children *children);

#endif
