/* names.h: the standard for trigger files and sensor ids.
 * `<sensor_id>_YYYYMMDD_HHMMSS.txt`, also `<sensor_id>_YYYYMMDDHHMMSS.txt`, and
 * with the suffix that `lakebeat emit` adds when two fall into one second,
 * `<sensor_id>_YYYYMMDD_HHMMSS_NNN.txt`. Pure. */
#ifndef LB_CORE_NAMES_H
#define LB_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does file_name follow the standard for sensor_id? ret_time_us (may be NULL):
 * the time in the name, read as UTC; good for ordering, not for comparing with
 * clocks, because writers use local time. */
bool lb_trigger_name_parse(const char *file_name, const char *sensor_id, int64_t *ret_time_us);

#define LB_TRIGGER_NAME_SUFFIX_MAX 999

/* Writes the standard name into text: time_us as UTC, suffix 0 for none, else
 * 1–LB_TRIGGER_NAME_SUFFIX_MAX. False when size is too small. */
bool lb_trigger_name_format(const char *sensor_id, int64_t time_us, int suffix, char *text,
			    size_t size);

/* Bytes that a sensor_id may have. */
#define LB_SENSOR_ID_MAX 200

/* Why sensor_id cannot be a folder below the base location, as the end of the
 * sentence "sensor_id …"; NULL when it can. Empty, ".", "..", with '/' or a
 * control character, or over LB_SENSOR_ID_MAX bytes: refused. */
const char *lb_sensor_id_problem(const char *sensor_id);

/* A trigger_job_id that is a number, as the jobs of a Databricks workspace have:
 * from 1 to INT64_MAX, white space around it aside. */
bool lb_trigger_job_number(const char *trigger_job_id, int64_t *ret_number);

/* Names that are never events: empty, or beginning with '.' or '_'. */
bool lb_trigger_name_is_hidden(const char *file_name);

#endif
