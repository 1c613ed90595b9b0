#include "base/time.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Days since 1970-01-01 of a Gregorian date, by counting years that begin in
 * March, so that the leap day comes last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_index = (5 * day_of_year + 2) / 153;
	*ret_day = (int)(day_of_year - (153 * month_index + 2) / 5 + 1);
	*ret_month = (int)(month_index < 10 ? month_index + 3 : month_index - 9);
	*ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

char *lb_time_format(int64_t time_us, char text[static LB_TIME_TEXT_MAX])
{
	if (time_us == LB_TIME_NONE) {
		text[0] = '\0';
		return text;
	}
	int64_t days = time_us / LB_DAY;
	int64_t rest = time_us % LB_DAY;
	if (rest < 0) {
		rest += LB_DAY;
		days--;
	}
	int64_t year;
	int month;
	int day;
	civil_from_days(days, &year, &month, &day);
	(void)snprintf(text, LB_TIME_TEXT_MAX, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ",
		       (long long)year, month, day, (int)(rest / LB_HOUR),
		       (int)(rest / LB_MINUTE % 60), (int)(rest / LB_SECOND % 60),
		       (int)(rest / LB_MS % 1000));
	return text;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

bool lb_time_from_civil(int year, int month, int day, int hour, int minute, int second,
			int64_t *ret_time_us)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month) || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 59) {
		return false;
	}
	*ret_time_us = days_from_civil(year, month, day) * LB_DAY + hour * LB_HOUR +
		       minute * LB_MINUTE + second * LB_SECOND;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly width digits at *text, which is moved behind them. */
static bool take_number(const char **text, int width, int *ret_number)
{
	int number = 0;
	for (int i = 0; i < width; i++) {
		if (!is_digit((*text)[i])) {
			return false;
		}
		number = number * 10 + ((*text)[i] - '0');
	}
	*text += width;
	*ret_number = number;
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c) {
		return false;
	}
	(*text)++;
	return true;
}

/* ".123456…": up to microseconds counted, further digits read over. */
static bool take_fraction(const char **text, int64_t *ret_us)
{
	*ret_us = 0;
	if (!take_char(text, '.')) {
		return true;
	}
	if (!is_digit(**text)) {
		return false;
	}
	for (int64_t unit = LB_SECOND / 10; is_digit(**text); (*text)++, unit /= 10) {
		*ret_us += (**text - '0') * unit;
	}
	return true;
}

static bool take_offset(const char **text, int64_t *ret_us)
{
	*ret_us = 0;
	if (take_char(text, 'Z') || **text == '\0') {
		return true;
	}
	int sign = **text == '-' ? -1 : 1;
	int hours;
	int minutes;
	if (!take_char(text, '+') && !take_char(text, '-')) {
		return false;
	}
	if (!take_number(text, 2, &hours)) {
		return false;
	}
	(void)take_char(text, ':');
	if (!take_number(text, 2, &minutes) || hours > 18 || minutes > 59) {
		return false;
	}
	*ret_us = sign * (hours * LB_HOUR + minutes * LB_MINUTE);
	return true;
}

/* 0001-01-01T00:00:00Z, and the last microsecond of 9999. */
#define FIRST_US (-62135596800 * LB_SECOND)
#define LAST_US (253402300800 * LB_SECOND - 1)

bool lb_time_parse(const char *text, int64_t *ret_time_us)
{
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
	int64_t fraction_us;
	int64_t offset_us;
	if (text == NULL || !take_number(&text, 4, &year) || !take_char(&text, '-') ||
	    !take_number(&text, 2, &month) || !take_char(&text, '-') ||
	    !take_number(&text, 2, &day)) {
		return false;
	}
	if (!take_char(&text, 'T') && !take_char(&text, ' ')) {
		return false;
	}
	if (!take_number(&text, 2, &hour) || !take_char(&text, ':') ||
	    !take_number(&text, 2, &minute) || !take_char(&text, ':') ||
	    !take_number(&text, 2, &second) || !take_fraction(&text, &fraction_us) ||
	    !take_offset(&text, &offset_us) || *text != '\0') {
		return false;
	}
	int64_t time_us;
	if (!lb_time_from_civil(year, month, day, hour, minute, second, &time_us)) {
		return false;
	}
	time_us += fraction_us - offset_us;
	/* An offset may lead out of the years that can be written. */
	if (time_us < FIRST_US || time_us > LAST_US) {
		return false;
	}
	*ret_time_us = time_us;
	return true;
}

static const struct {
	const char *name;
	int64_t unit_us;
} duration_units[] = {
	{"", LB_SECOND},        {"us", 1},
	{"microsecond", 1},     {"ms", LB_MS},
	{"millisecond", LB_MS}, {"s", LB_SECOND},
	{"sec", LB_SECOND},     {"second", LB_SECOND},
	{"m", LB_MINUTE},       {"min", LB_MINUTE},
	{"minute", LB_MINUTE},  {"h", LB_HOUR},
	{"hr", LB_HOUR},        {"hour", LB_HOUR},
	{"d", LB_DAY},          {"day", LB_DAY},
	{"w", 7 * LB_DAY},      {"week", 7 * LB_DAY},
};

/* name may carry a plural s and trailing spaces. */
static int64_t duration_unit(const char *name)
{
	size_t length = strlen(name);
	while (length > 0 && name[length - 1] == ' ') {
		length--;
	}
	for (size_t i = 0; i < sizeof(duration_units) / sizeof(duration_units[0]); i++) {
		size_t unit_length = strlen(duration_units[i].name);
		bool plural =
			unit_length > 2 && length == unit_length + 1 && name[unit_length] == 's';
		if ((length == unit_length || plural) &&
		    strncmp(name, duration_units[i].name, unit_length) == 0) {
			return duration_units[i].unit_us;
		}
	}
	return 0;
}

#define DURATION_MAX (10000 * LB_DAY)

bool lb_duration_parse(const char *text, int64_t *ret_duration_us)
{
	while (*text == ' ') {
		text++;
	}
	int64_t thousandths = 0;
	int decimals = -1;
	if (!is_digit(*text)) {
		return false;
	}
	for (; is_digit(*text) || (*text == '.' && decimals < 0); text++) {
		if (*text == '.') {
			decimals = 0;
		} else if (decimals < 3) {
			thousandths = thousandths * 10 + (*text - '0');
			decimals += decimals >= 0;
		}
		if (thousandths > DURATION_MAX * (decimals > 0 ? 1000 : 1)) {
			return false;
		}
	}
	for (int i = decimals > 0 ? decimals : 0; i < 3; i++) {
		thousandths *= 10;
	}
	while (*text == ' ') {
		text++;
	}
	int64_t unit_us = duration_unit(text);
	if (unit_us == 0 || thousandths / 1000 > DURATION_MAX / unit_us) {
		return false;
	}
	*ret_duration_us = thousandths / 1000 * unit_us + thousandths % 1000 * unit_us / 1000;
	return *ret_duration_us <= DURATION_MAX;
}

char *lb_duration_format(int64_t duration_us, char text[static LB_TIME_TEXT_MAX])
{
	static const struct {
		int64_t least_us;
		int64_t unit_us;
		const char *name;
	} steps[] = {
		{2 * LB_DAY, LB_DAY, "days"},
		{2 * LB_HOUR, LB_HOUR, "h"},
		{2 * LB_MINUTE, LB_MINUTE, "min"},
		{LB_SECOND, LB_SECOND, "s"},
		{0, LB_MS, "ms"},
	};
	size_t i = 0;
	while (duration_us < steps[i].least_us) {
		if (steps[i].least_us == 0) {
			break;
		}
		i++;
	}
	int64_t whole = duration_us / steps[i].unit_us;
	int64_t tenth = duration_us % steps[i].unit_us * 10 / steps[i].unit_us;
	if (tenth > 0 && whole < 100) {
		(void)snprintf(text, LB_TIME_TEXT_MAX, "%lld.%lld %s", (long long)whole,
			       (long long)tenth, steps[i].name);
	} else {
		(void)snprintf(text, LB_TIME_TEXT_MAX, "%lld %s", (long long)whole, steps[i].name);
	}
	return text;
}
