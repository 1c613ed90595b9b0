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

bool lb_job_has_row_at(const struct lb_job *job, enum lb_status status)
{
	for (size_t i = 0; i < job->rows.count; i++) {
		if (job->rows.items[i].status == status) {
			return true;
		}
	}
	return false;
}
