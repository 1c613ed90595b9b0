/* settings.h: the one table of everything that can be configured.
 *
 * It drives the reading of the daemon's file and of ACONs (scope.h), what
 * `lakebeat config` prints (show.h), docs/configuration.md (page.h), and what
 * error messages suggest. */
#ifndef LB_CONFIG_SETTINGS_H
#define LB_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LB_PRICE_UNIT 1000000

/* Where a setting stands, and the struct that its offset is into. */
enum lb_setting_scope {
	LB_SCOPE_FILE,   /* lakebeat.yaml, top level: struct lb_config */
	LB_SCOPE_RUNNER, /* runners.<name>: struct lb_runner_settings */
	LB_SCOPE_JOB,    /* jobs.<trigger_job_id>: struct lb_job_settings */
	LB_SCOPE_ACON,   /* an ACON: struct lb_acon */
	LB_SCOPE_OPTION, /* an ACON's options: struct lb_acon; keys compare folded, as Spark's do */
	LB_SCOPE_MAX
};

/* With the C type at the offset. */
enum lb_setting_type {
	LB_SETTING_TEXT,     /* const char * */
	LB_SETTING_PATH,     /* const char *: joined to the folder of the file it stands in */
	LB_SETTING_LOCATION, /* const char *: a local folder, absolute, or s3://…; no trailing '/'
			      */
	LB_SETTING_STORE,    /* const char *: "sqlite:PATH", the path joined like PATH */
	LB_SETTING_ADDRESS,  /* const char *: HOST:PORT */
	LB_SETTING_BOOL,     /* bool */
	LB_SETTING_COUNT,    /* int; below least: not given */
	LB_SETTING_DURATION, /* int64_t in microseconds; below least: not given */
	LB_SETTING_HOURS,    /* likewise; written as a number of hours */
	LB_SETTING_PRICE,    /* int64_t in millionths of a currency's unit; written as a decimal */
	LB_SETTING_CHOICE,   /* an enum: the index in choices */
	LB_SETTING_ARGV,     /* const char *const *, NULL-ended */
	LB_SETTING_SECTION,  /* a list or dictionary that a reader of its own takes */
	LB_SETTING_IGNORED,  /* known, of no use here; help says why */
};

/* key:       in its dictionary.
 * fallback:  the default, as one would write it; NULL: not given, or see otherwise.
 * otherwise: for the page, a default that depends on other settings.
 * least, most: COUNT, durations in microseconds, and prices in millionths.
 * choices:   CHOICE only, NULL-ended.
 * required:  an error when missing.
 * secret:    shown as "***" wherever settings are shown.
 * fixed:     takes effect at start only, not on reload.
 * help:      a sentence or two of Markdown. */
struct lb_setting {
	const char *key;
	enum lb_setting_type type;
	const char *fallback;
	const char *otherwise;
	int64_t least;
	int64_t most;
	const char *const *choices;
	size_t offset;
	bool required;
	bool secret;
	bool fixed;
	const char *help;
};

/* The rows of one scope, in the order in which they are shown. */
const struct lb_setting *lb_settings_of(enum lb_setting_scope scope, size_t *ret_count);

/* NULL: there is none. */
const struct lb_setting *lb_setting_find(enum lb_setting_scope scope, const char *key);

/* The keys of one scope for lb_text_nearest; ret_keys has room for
 * LB_SETTING_KEYS_MAX. Returns how many. */
#define LB_SETTING_KEYS_MAX 64
size_t lb_setting_keys(enum lb_setting_scope scope, const char *ret_keys[LB_SETTING_KEYS_MAX]);

#endif
