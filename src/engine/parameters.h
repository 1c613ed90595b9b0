/* parameters.h: what a job is told about the newest event that it consumes. */
#ifndef LB_ENGINE_PARAMETERS_H
#define LB_ENGINE_PARAMETERS_H

#include "ports/runner.h"

/* One parameter per field of the ACON's schema_dict that lakebeat knows
 * (file_name, file_path, file_modification_time as ISO 8601, file_size), of the
 * event that was observed last; none without events. In arena. LB_NOMEM. */
enum lb_err lb_parameters_make(const struct lb_event_list *events, const char *const *fields,
			       size_t field_count, struct lb_arena *arena,
			       struct lb_parameter_list *ret_parameters) LB_MUST_CHECK;

#endif
