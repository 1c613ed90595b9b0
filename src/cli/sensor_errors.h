/* sensor_errors.h: which sensors could not be read, and why. A base location that
 * is gone makes all its sensors fail for one reason, which is said once. */
#ifndef LB_CLI_SENSOR_ERRORS_H
#define LB_CLI_SENSOR_ERRORS_H

#include "cli/app.h"

/* A sensor that a job waits for, and what the last look at it met. Texts are
 * borrowed from the lists that it was made from. */
struct lb_sensor_error {
	const char *sensor_id;
	const char *error;
};

struct lb_sensor_error_list LB_LIST_OF(struct lb_sensor_error);

/* Those of jobs' sensors that could not be read in a base location that config
 * names, in the order of their errors, then sensors; in arena. sensors: as
 * load_sensors gives all. Error: NOMEM. */
enum lb_err lb_sensor_errors_find(const struct lb_config *config, const struct lb_job_list *jobs,
				  const struct lb_sensor_state_list *sensors,
				  struct lb_arena *arena, struct lb_sensor_error_list *ret_errors,
				  struct lb_error *error) LB_MUST_CHECK;

/* The error of that sensor; NULL: none. */
const char *lb_sensor_error_of(const struct lb_sensor_error_list *errors, const char *sensor_id);

/* Prints each error once, with the sensors that it keeps from being read. */
void lb_sensor_errors_print(const struct lb_cli *cli, const struct lb_sensor_error_list *errors);

#endif
