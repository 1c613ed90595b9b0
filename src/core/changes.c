#include "core/changes.h"

bool lb_changes_empty(const struct lb_changes *changes)
{
	return changes->rows_changed.count + changes->rows_added.count +
		       changes->rows_updated.count + changes->rows_removed.count +
		       changes->runs.count + changes->consumed.count + changes->cleaned.count +
		       changes->sensor_entries.count + changes->audits.count +
		       changes->passes.count ==
	       0;
}
