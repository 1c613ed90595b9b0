/* event_json.h: an event as jobs get to know it. Pure; any thread. */
#ifndef LB_RUNNERS_EVENT_JSON_H
#define LB_RUNNERS_EVENT_JSON_H

#include "core/event.h"

#include <jansson.h>

/* An object with sensor_id, file_name, file_path, file_modification_time (ISO 8601,
 * UTC) and file_size (bytes). Bytes that are not UTF-8 become U+FFFD; then
 * file_path_base64 (RFC 4648) has the exact path. Owned: json_decref. NULL when
 * memory is out. */
json_t *lb_event_json(const struct lb_event *event);

/* The same for one text. */
json_t *lb_event_json_text(const char *text);

#endif
