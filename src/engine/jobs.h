/* jobs.h: looking up a job in a list sorted by trigger_job_id, as stores give it. */
#ifndef LB_ENGINE_JOBS_H
#define LB_ENGINE_JOBS_H

#include "core/job.h"

/* NULL when it is not there. */
struct lb_job *lb_jobs_find(const struct lb_job_list *jobs, const char *trigger_job_id);

#endif
