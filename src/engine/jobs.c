#include "engine/jobs.h"

#include "base/text.h"

#include <stdlib.h>

static int compare_id(const void *key, const void *item)
{
	return lb_text_compare(key, ((const struct lb_job *)item)->trigger_job_id);
}

struct lb_job *lb_jobs_find(const struct lb_job_list *jobs, const char *trigger_job_id)
{
	if (jobs->count == 0) {
		return NULL;
	}
	return bsearch(trigger_job_id, jobs->items, jobs->count, sizeof(*jobs->items), compare_id);
}
