#include "core/job.h"

const char *lb_job_name(const struct lb_job *job)
{
	for (size_t i = 0; i < job->rows.count; i++) {
		const char *name = job->rows.items[i].declared[LB_DECLARED_trigger_job_name];
		if (name != NULL) {
			return name;
		}
	}
	return NULL;
}
