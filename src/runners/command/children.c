#include "runners/command/children.h"

#include "base/mem.h"

#include <errno.h>
#include <stddef.h>
#include <sys/wait.h>

static struct lb_command_children orphans;

void lb_command_children_add(struct lb_command_children *children, struct lb_command_child *child)
{
	child->next = children->first;
	children->first = child;
}

/* Each by its pid: a wait for any child would take away those of others. */
static bool has_ended(pid_t pid)
{
	pid_t ended = waitpid(pid, NULL, WNOHANG);
	return ended == pid || (ended < 0 && errno == ECHILD);
}

static bool reap(struct lb_command_children *children)
{
	bool any = false;
	struct lb_command_child **link = &children->first;
	while (*link != NULL) {
		struct lb_command_child *child = *link;
		if (has_ended(child->pid)) {
			*link = child->next;
			lb_free(child);
			any = true;
		} else {
			link = &child->next;
		}
	}
	return any;
}

bool lb_command_children_reap(struct lb_command_children *children)
{
	(void)reap(&orphans);
	return reap(children);
}

void lb_command_children_orphan(struct lb_command_children *children)
{
	while (children->first != NULL) {
		struct lb_command_child *child = children->first;
		children->first = child->next;
		lb_command_children_add(&orphans, child);
	}
}
