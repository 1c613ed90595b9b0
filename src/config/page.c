#include "config/page.h"

#include "config/settings.h"
#include "config/value.h"

const char *const lb_page_example =
	"store: sqlite:my_database.db\n"
	"acons:                      # the original's dictionaries, by path or in place\n"
	"  - trigger_file_acon.json\n"
	"feed: heartbeat_sensor_control_table_data.csv\n"
	"poll_interval: 10s\n"
	"runners:\n"
	"  local: {kind: command, argv: [\"./jobs/{trigger_job_id}\"], max_parallel: 4}\n"
	"default_runner: local\n"
	"jobs:                       # what the control table has no column for\n"
	"  \"555555555\": {max_retries: 2, max_event_gap_hours: 6}\n"
	"  \"666666666\": {argv: [\"./jobs/revenue\", \"--full\"]}\n";

static const char intro[] =
	"<!-- Made from the settings table in src/config/settings.c by "
	"`ninja -C build configuration-page`; do not edit. -->\n"
	"# Configuration\n\n"
	"Lakebeat needs an ACON, the dictionary that tells where trigger files arrive and which "
	"tables to\nkeep ([acon.md](acon.md)). `lakebeat run --acon trigger_file_acon.json "
	"--runner-argv ./job.sh` is\nenough to begin with. A daemon's file adds what the ACON has "
	"no word for. It is `lakebeat.yaml` in the\nworking directory, or the file given with "
	"`--config`:\n\n```yaml\n";

static const char rules[] =
	"```\n\n"
	"`lakebeat check` says everything that is wrong with it at once; `lakebeat config` shows "
	"every setting\nwith its value and where that came from. Options of the command line go "
	"before the file.\n\n"
	"## How it is read\n\n"
	"- The file is YAML; JSON works too. Each setting knows its type, so `no`, `0123` and "
	"`1.10` stay the\n  texts that they are where a text is asked for, and job ids may be "
	"written with or without quotes.\n"
	"- A key given twice or not known is an error. Anchors, aliases, tags and a second "
	"document are\n  refused. A file has at most 1 MiB and 32 levels.\n"
	"- Relative paths start at the folder of the file that they stand in; those on the command "
	"line at the\n  working directory.\n"
	"- Durations are `10s`, `250 ms`, `5 min`, `1.5h`, `1 day`, `2 weeks`; a bare number is "
	"seconds.\n"
	"- `key:` without a value is as good as leaving it out.\n"
	"- On SIGHUP the file is read again. A bad one is refused and the old settings stay. What "
	"is marked\n  *at start* below waits for the next start.\n\n"
	"## Secrets\n\n"
	"Any text may hold references:\n\n"
	"| written | becomes |\n|---|---|\n"
	"| `${env:NAME}` | the environment variable `NAME` |\n"
	"| `${file:/path}` | what the file holds, without the newlines at its end |\n"
	"| `$${` | the two characters `${` |\n\n"
	"A variable that is not set is an error that names the place. Values that came from a "
	"reference are never\nprinted; `lakebeat config` shows the reference, and tokens as `***`. "
	"A token that stands in a file\nwhich everybody may read gets a warning.\n\n";

static const char *const headings[LB_SCOPE_MAX] = {
	[LB_SCOPE_FILE] = "## The daemon's file",     [LB_SCOPE_RUNNER] = "## Each of `runners`",
	[LB_SCOPE_JOB] = "## Each of `jobs`",         [LB_SCOPE_ACON] = "## An ACON",
	[LB_SCOPE_OPTION] = "## An ACON's `options`",
};

static const char *const leads[LB_SCOPE_MAX] = {
	[LB_SCOPE_FILE] = "",
	[LB_SCOPE_RUNNER] = "Runners have names of letters, digits, `_` and `-`.\n\n",
	[LB_SCOPE_JOB] = "By `trigger_job_id`.\n\n",
	[LB_SCOPE_ACON] = "Told key by key in [acon.md](acon.md). In a file of its own, or in "
			  "place below `acons`.\n\n",
	[LB_SCOPE_OPTION] = "Truth values may be `true` or `\"true\"`. Case does not matter in "
			    "these keys.\n\n",
};

static void write_default(const struct lb_setting *setting, FILE *stream)
{
	if (setting->required) {
		(void)fputs("needed", stream);
	} else if (setting->otherwise != NULL) {
		(void)fputs(setting->otherwise, stream);
	} else if (setting->fallback != NULL) {
		(void)fprintf(stream, "`%s`", setting->fallback);
	} else {
		(void)fputs("none", stream);
	}
}

static const char *plain_type(const struct lb_setting *setting)
{
	if (setting->type == LB_SETTING_IGNORED) {
		return "ignored";
	}
	return setting->type == LB_SETTING_SECTION ? "see there" : NULL;
}

static enum lb_err write_row(const struct lb_setting *setting, struct lb_arena *arena, FILE *stream,
			     struct lb_error *error)
{
	const char *type = plain_type(setting);
	type = type != NULL ? type : lb_value_expected(arena, setting);
	if (type == NULL) {
		return lb_fail_nomem(error);
	}
	(void)fprintf(stream, "| `%s` | %s | ", setting->key, type);
	if (setting->type != LB_SETTING_IGNORED) {
		write_default(setting, stream);
	}
	(void)fprintf(stream, " | %s%s%s |\n", setting->help, setting->fixed ? " *At start.*" : "",
		      setting->secret ? " *Secret.*" : "");
	return LB_OK;
}

static enum lb_err write_scope(enum lb_setting_scope scope, struct lb_arena *arena, FILE *stream,
			       struct lb_error *error)
{
	size_t count;
	const struct lb_setting *rows = lb_settings_of(scope, &count);
	(void)fprintf(stream, "%s\n\n%s| key | value | default | |\n|---|---|---|---|\n",
		      headings[scope], leads[scope]);
	for (size_t i = 0; i < count; i++) {
		enum lb_err err = write_row(&rows[i], arena, stream, error);
		if (err != LB_OK) {
			return err;
		}
	}
	if (scope + 1 < LB_SCOPE_MAX) {
		(void)fputc('\n', stream);
	}
	return LB_OK;
}

enum lb_err lb_page_write(FILE *stream, struct lb_error *error)
{
	struct lb_arena arena LB_CLEANUP(lb_arena_finish) = {0};
	(void)fputs(intro, stream);
	(void)fputs(lb_page_example, stream);
	(void)fputs(rules, stream);
	for (int scope = 0; scope < LB_SCOPE_MAX; scope++) {
		enum lb_err err = write_scope((enum lb_setting_scope)scope, &arena, stream, error);
		if (err != LB_OK) {
			return err;
		}
	}
	return ferror(stream) ? lb_fail(error, LB_IO, "the page cannot be written") : LB_OK;
}
