/* handover.h: what a job gets to know: its environment and its events file.
 * Pure, but for reading the environment that is passed in. */
#ifndef LB_RUNNERS_COMMAND_HANDOVER_H
#define LB_RUNNERS_COMMAND_HANDOVER_H

#include "ports/runner.h"

/* inherited (NULL-ended "NAME=value") with the LAKEBEAT_… variables put before
 * what it had under these names: those of the run, LAKEBEAT_EVENTS_FILE, and one
 * per parameter, its name in upper case with '_' for anything but letters and
 * digits. A parameter cannot displace a variable of the run. NULL-ended, in
 * arena, sharing inherited's strings; NULL when memory is out. */
char **lb_command_environment(struct lb_arena *arena, char *const *inherited,
			      const struct lb_submission *submission, const char *events_file);

/* A JSON array of objects with sensor_id, file_name, file_path,
 * file_modification_time (ISO 8601, UTC) and file_size (bytes). Bytes that are
 * not UTF-8 become U+FFFD; then file_path_base64 (RFC 4648) has the exact path.
 * Ends with a line feed. Owned: lb_free. NULL when memory is out. */
char *lb_command_events_json(const struct lb_event_list *events);

#endif
