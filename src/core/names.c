#include "core/names.h"

#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

/* width digits at *text, which is moved behind them. */
static bool take_digits(const char **text, int width, int *ret_number)
{
	int number = 0;
	for (int i = 0; i < width; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9') {
			return false;
		}
		number = number * 10 + (c - '0');
	}
	*text += width;
	*ret_number = number;
	return true;
}

static bool take_suffix(const char **text)
{
	int number;
	if (**text != '_') {
		return true;
	}
	(*text)++;
	return take_digits(text, 3, &number);
}

bool lb_trigger_name_parse(const char *file_name, const char *sensor_id, int64_t *ret_time_us)
{
	size_t id_length = strlen(sensor_id);
	if (strncmp(file_name, sensor_id, id_length) != 0 || file_name[id_length] != '_') {
		return false;
	}
	const char *text = file_name + id_length + 1;
	int year;
	int month;
	int day;
	if (!take_digits(&text, 4, &year) || !take_digits(&text, 2, &month) ||
	    !take_digits(&text, 2, &day)) {
		return false;
	}
	if (*text == '_') {
		text++;
	}
	int hour;
	int minute;
	int second;
	if (!take_digits(&text, 2, &hour) || !take_digits(&text, 2, &minute) ||
	    !take_digits(&text, 2, &second) || !take_suffix(&text) || strcmp(text, ".txt") != 0) {
		return false;
	}
	int64_t time_us;
	if (!lb_time_from_civil(year, month, day, hour, minute, second, &time_us)) {
		return false;
	}
	if (ret_time_us != NULL) {
		*ret_time_us = time_us;
	}
	return true;
}

bool lb_trigger_name_format(const char *sensor_id, int64_t time_us, int suffix, char *text,
			    size_t size)
{
	char iso[LB_TIME_TEXT_MAX];
	char suffix_text[16] = "";
	(void)lb_time_format(time_us, iso); /* YYYY-MM-DDTHH:MM:SS.mmmZ */
	if (suffix > 0) {
		(void)snprintf(suffix_text, sizeof(suffix_text), "_%03d", suffix);
	}
	int length = snprintf(text, size, "%s_%.4s%.2s%.2s_%.2s%.2s%.2s%s.txt", sensor_id, iso,
			      iso + 5, iso + 8, iso + 11, iso + 14, iso + 17, suffix_text);
	return (size_t)length < size; /* an error's -1 is no size either */
}

const char *lb_sensor_id_problem(const char *sensor_id)
{
	if (sensor_id == NULL || *sensor_id == '\0') {
		return "is empty";
	}
	if (strcmp(sensor_id, ".") == 0 || strcmp(sensor_id, "..") == 0) {
		return "would leave its own folder";
	}
	if (strlen(sensor_id) > LB_SENSOR_ID_MAX) {
		return "is longer than 200 bytes";
	}
	for (const char *c = sensor_id; *c != '\0'; c++) {
		if (*c == '/') {
			return "contains '/' and would leave its folder";
		}
		if ((unsigned char)*c < 0x20 || *c == 0x7F) {
			return "contains a control character";
		}
	}
	return NULL;
}

bool lb_trigger_job_number(const char *trigger_job_id, int64_t *ret_number)
{
	static const char white_space[] = " \t\r\n";
	const char *digits = trigger_job_id + strspn(trigger_job_id, white_space);
	size_t length = strspn(digits, "0123456789");
	int64_t number = 0;
	for (size_t i = 0; i < length; i++) {
		int digit = digits[i] - '0';
		if (number > (INT64_MAX - digit) / 10) {
			return false;
		}
		number = number * 10 + digit;
	}
	const char *end = digits + length;
	if (number == 0 || end[strspn(end, white_space)] != '\0') {
		return false;
	}
	*ret_number = number;
	return true;
}

bool lb_trigger_name_is_hidden(const char *file_name)
{
	return *file_name == '\0' || *file_name == '.' || *file_name == '_';
}
