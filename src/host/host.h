/* host.h: the engine's clock and worker on libuv. */
#ifndef LB_HOST_HOST_H
#define LB_HOST_HOST_H

#include "base/error.h"
#include "ports/clock.h"
#include "ports/worker.h"

#include <uv.h>

struct lb_host;

/* loop: borrowed; outlives the host. Threads: the loop's. */
enum lb_err lb_host_create(uv_loop_t *loop, struct lb_host **ret_host,
			   struct lb_error *error) LB_MUST_CHECK;

/* As many alarms as anybody sets; with few of them in mind. */
struct lb_clock *lb_host_clock(struct lb_host *host);
struct lb_worker *lb_host_worker(struct lb_host *host);

/* Closes its handles and frees itself within the loop's next turns; work under
 * way must be over. NULL is fine. */
void lb_host_destroy(struct lb_host *host);

#endif
