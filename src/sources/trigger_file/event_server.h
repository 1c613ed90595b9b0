/* event_server.h: takes events of new objects by HTTP, as Ceph and MinIO push them.
 *
 * A POST to any path, whose body is one message (notification.h). It is answered when
 * all that was in it is durable:
 *     200  recorded, or nothing in it is waited for
 *     400  the body is malformed; the text says how
 *     401  the secret is missing or wrong; it may come as "Authorization: Bearer SECRET"
 *          (MinIO's auth_token), as the password of "Authorization: Basic", or as the
 *          parameter token of the URL (for Ceph, which sends no header)
 *     405  not a POST    413  over LB_NOTIFICATION_BYTES_MAX
 *     503  it cannot be recorded just now; Retry-After says when to try again
 *
 * Threads: the loop's. */
#ifndef LB_SOURCES_TRIGGER_FILE_EVENT_SERVER_H
#define LB_SOURCES_TRIGGER_FILE_EVENT_SERVER_H

#include "sources/trigger_file/notices.h"

#include <uv.h>

struct lb_log;
struct lb_event_server;

/* Everything is borrowed and outlives the server. address: "HOST:PORT". secret: NULL:
 * none is asked for. log: may be NULL. */
struct lb_event_server_options {
	uv_loop_t *loop;
	const char *address;
	const char *secret;
	struct lb_notices *notices;
	const struct lb_log *log;
};

/* Errors: as lb_http_server_create. */
enum lb_err lb_event_server_create(const struct lb_event_server_options *options,
				   struct lb_event_server **ret_server,
				   struct lb_error *error) LB_MUST_CHECK;

int lb_event_server_port(const struct lb_event_server *server);

/* From now on all is answered 503; what was taken is still waited for. */
void lb_event_server_stop(struct lb_event_server *server);

/* Before its notices. Frees itself within the loop's next turns. NULL is fine. */
void lb_event_server_destroy(struct lb_event_server *server);

#endif
