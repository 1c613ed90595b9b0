/* The whole configuration file, lakebeat.yaml: YAML and JSON, all settings, inline ACONs,
 * references to secrets. */
#include "base/text.h"
#include "config/load.h"
#include "config/show.h"
#include "fuzz/fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "hunter2-of-the-fuzzer"

struct reading {
	struct lb_arena arena;
	struct lb_problem_list problems;
	struct lb_config *config;
	struct lb_error error;
	enum lb_err err;
};

static void begin(void)
{
	static bool begun;
	if (!begun) {
		assert(setenv("FUZZ_SECRET", SECRET, 1) == 0);
		fuzz_put_file("secret", SECRET "\n");
		fuzz_confine();
		begun = true;
	}
}

static void read_config(const char *path, struct reading *reading)
{
	struct lb_overrides overrides = {.config = path};
	*reading = (struct reading){0};
	reading->err = lb_config_load(&overrides, &reading->arena, &reading->problems,
				      &reading->config, &reading->error);
	assert((reading->err == LB_OK) == (reading->config != NULL));
	fuzz_check_problems(&reading->problems);
	if (reading->err != LB_OK) {
		fuzz_check_error(&reading->error);
	}
}

static void finish(struct reading *reading)
{
	lb_config_destroy(reading->config);
	lb_arena_finish(&reading->arena);
}

static void check_same(const struct reading *one, const struct reading *other)
{
	assert(one->err == other->err && one->problems.count == other->problems.count);
	assert(strcmp(one->error.message, other->error.message) == 0);
	for (size_t i = 0; i < one->problems.count; i++) {
		const struct lb_problem *a = &one->problems.items[i];
		const struct lb_problem *b = &other->problems.items[i];
		assert(a->kind == b->kind && lb_text_equal(a->place, b->place));
		assert(lb_text_equal(a->text, b->text) && lb_text_equal(a->remedy, b->remedy));
	}
}

static void check_hidden(const char *text)
{
	assert(text == NULL || strstr(text, SECRET) == NULL);
}

static void check_secrets(const struct reading *reading)
{
	check_hidden(reading->error.message);
	for (size_t i = 0; i < reading->problems.count; i++) {
		check_hidden(reading->problems.items[i].text);
		check_hidden(reading->problems.items[i].place);
		check_hidden(reading->problems.items[i].remedy);
	}
}

/* They become part of SQL. */
static void check_table_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	assert(name != NULL && *name != '\0' && name[strspn(name, allowed)] == '\0');
}

static void check_config(const struct lb_config *config)
{
	for (size_t i = 0; i < config->acons.count; i++) {
		const char *location = config->acons.items[i].base_trigger_file_location;
		assert(*location == '/' || lb_text_starts_with(location, "s3://"));
	}
	if (config->acons.count > 0) {
		check_table_name(config->control_table);
		check_table_name(config->sensor_table);
	}
	for (size_t i = 1; i < config->jobs.count; i++) {
		assert(strcmp(config->jobs.items[i - 1].trigger_job_id,
			      config->jobs.items[i].trigger_job_id) < 0);
	}
	assert(config->default_runner == NULL ||
	       lb_config_runner(config, config->default_runner) != NULL);
}

/* `lakebeat config` shows everything but secrets, in both of its forms. */
static void check_shown(const struct lb_config *config, bool secret)
{
	json_t *json;
	struct lb_error error;
	struct lb_arena arena = {0};
	struct lb_shown_list list;
	assert(lb_config_show(config, &arena, &list, &error) == LB_OK);
	for (size_t i = 0; secret && i < list.count; i++) {
		check_hidden(list.items[i].value);
		check_hidden(list.items[i].origin);
	}
	assert(lb_config_show_json(config, &json, &error) == LB_OK);
	char *dumped = json_dumps(json, 0);
	assert(dumped != NULL);
	if (secret) {
		check_hidden(dumped);
	}
	free(dumped);
	json_decref(json);
	lb_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	const char *path = fuzz_file(data, size);
	struct reading reading;
	struct reading again;
	read_config(path, &reading);
	read_config(path, &again);
	check_same(&reading, &again);
	/* What was written openly is no secret. */
	bool secret = memmem(data, size, SECRET, strlen(SECRET)) == NULL;
	if (secret) {
		check_secrets(&reading);
	}
	if (reading.config != NULL) {
		check_config(reading.config);
		check_shown(reading.config, secret);
	}
	finish(&again);
	finish(&reading);
	return 0;
}
