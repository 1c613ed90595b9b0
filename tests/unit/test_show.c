#include "config/load.h"
#include "config/show.h"
#include "support/cmocka.h"
#include "support/folder.h"

#include <stdlib.h>
#include <string.h>

static const char config_text[] =
	"acons:\n"
	"- {sensor_source: trigger_file, data_format: cloudfiles, heartbeat_sensor_db_table: "
	"db.c,\n"
	"   lakehouse_engine_sensor_db_table: db.s, base_trigger_file_location: "
	"'${env:LB_TEST_BASE}',\n"
	"   token: dapi1234}\n"
	"poll_interval: 90s\n"
	"watch: ${env:LB_TEST_WATCH}\n"
	"runners: {r: {kind: command, argv: [x, '${env:LB_TEST_WATCH}'], token: dapi5678}}\n"
	"jobs: {5: {max_retries: 2}}\n";

static struct lb_config *load(const char *text, const char *store)
{
	struct lb_arena arena = {0};
	struct lb_problem_list problems = {0};
	struct lb_config *config = NULL;
	struct lb_overrides overrides = {.store = store};
	setenv("LB_TEST_WATCH", "false", 1);
	setenv("LB_TEST_BASE", "/secret/place", 1);
	folder_write("lakebeat.yaml", text);
	assert_int_equal(lb_config_load(&overrides, &arena, &problems, &config, NULL), LB_OK);
	lb_arena_finish(&arena);
	return config;
}

static const struct lb_shown *find(const struct lb_shown_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].key, key) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}

static void assert_shown(const struct lb_shown_list *list, const char *key, const char *value,
			 const char *origin)
{
	const struct lb_shown *shown = find(list, key);
	assert_non_null(shown);
	assert_string_equal(shown->value, value);
	assert_string_equal(shown->origin, origin);
}

static void every_setting_is_shown_with_where_it_came_from(void **state)
{
	(void)state;
	struct lb_config *config = load(config_text, "other.db");
	struct lb_arena arena = {0};
	struct lb_shown_list list;
	assert_int_equal(lb_config_show(config, &arena, &list, NULL), LB_OK);
	assert_shown(&list, "store", "sqlite:other.db", "--store");
	assert_shown(&list, "poll_interval", "90 s", "lakebeat.yaml:5");
	assert_shown(&list, "settle_time", "1 s", "default");
	assert_shown(&list, "default_runner", "r", "default, the only runner");
	assert_shown(&list, "runners.r.kind", "command", "lakebeat.yaml:7");
	assert_shown(&list, "runners.r.runs_directory", "other.db.runs", "default, from store");
	assert_shown(&list, "jobs.5.max_retries", "2", "lakebeat.yaml:8");
	assert_shown(&list, "acons[0].heartbeat_sensor_db_table", "db.c", "lakebeat.yaml:2");
	assert_shown(&list, "acons[0].options.cloudFiles.backfillInterval", "1 day", "default");
	assert_null(find(&list, "feed")->value);
	assert_null(find(&list, "jobs.5.runner"));
	lb_arena_finish(&arena);
	lb_config_destroy(config);
}

static void secrets_are_stars_and_references_stay_references(void **state)
{
	(void)state;
	struct lb_config *config = load(config_text, NULL);
	assert_false(config->watch);
	struct lb_arena arena = {0};
	struct lb_shown_list list;
	assert_int_equal(lb_config_show(config, &arena, &list, NULL), LB_OK);
	assert_shown(&list, "acons[0].token", "***", "lakebeat.yaml:4");
	assert_shown(&list, "runners.r.token", "***", "lakebeat.yaml:7");
	assert_shown(&list, "watch", "${env:LB_TEST_WATCH}", "lakebeat.yaml:6");
	assert_shown(&list, "acons[0].base_trigger_file_location", "${env:LB_TEST_BASE}",
		     "lakebeat.yaml:3");
	assert_shown(&list, "runners.r.argv", "[\"x\", \"${env:LB_TEST_WATCH}\"]",
		     "lakebeat.yaml:7");
	lb_arena_finish(&arena);
	lb_config_destroy(config);
}

static void the_text_form_is_one_aligned_line_a_setting(void **state)
{
	(void)state;
	struct lb_config *config = load(config_text, NULL);
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	assert_non_null(stream);
	assert_int_equal(lb_config_show_text(config, stream, NULL), LB_OK);
	assert_int_equal(fclose(stream), 0);
	const char *poll = strstr(text, "\npoll_interval ");
	const char *settle = strstr(text, "\nsettle_time ");
	assert_non_null(poll);
	assert_non_null(settle);
	assert_int_equal(strstr(poll, "90 s") - poll, strstr(settle, "1 s") - settle);
	assert_non_null(strstr(text, "not given\n"));
	assert_null(strstr(text, "dapi"));
	assert_null(strstr(text, "/secret/place"));
	free(text);
	lb_config_destroy(config);
}

static json_t *find_json(json_t *json, const char *name)
{
	size_t index;
	json_t *entry;
	json_array_foreach(json_object_get(json, "settings"), index, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0) {
			return entry;
		}
	}
	return NULL;
}

static void the_json_form_has_values_of_their_types(void **state)
{
	(void)state;
	struct lb_config *config = load(config_text, NULL);
	json_t *json = NULL;
	assert_int_equal(lb_config_show_json(config, &json, NULL), LB_OK);
	assert_string_equal(json_string_value(json_object_get(json, "file")), "lakebeat.yaml");
	json_t *retries = find_json(json, "max_retries");
	assert_true(json_is_integer(json_object_get(retries, "value")));
	assert_true(json_is_true(json_object_get(retries, "reloadable")));
	assert_true(json_is_false(json_object_get(find_json(json, "store"), "reloadable")));
	assert_true(json_is_null(json_object_get(find_json(json, "feed"), "value")));
	assert_true(json_is_array(json_object_get(find_json(json, "runners.r.argv"), "value")));
	assert_true(json_is_string(json_object_get(find_json(json, "watch"), "value")));
	char *dumped = json_dumps(json, 0);
	assert_null(strstr(dumped, "dapi"));
	free(dumped);
	json_decref(json);
	lb_config_destroy(config);
}

static void a_reload_knows_what_needs_a_restart(void **state)
{
	(void)state;
	struct lb_config *before = load(config_text, NULL);
	struct lb_config *same = load(config_text, NULL);
	struct lb_config *other = load(config_text, "other.db");
	struct lb_arena arena = {0};
	const char *key = "";
	assert_int_equal(lb_config_needs_restart(before, same, &arena, &key, NULL), LB_OK);
	assert_null(key);
	assert_int_equal(lb_config_needs_restart(before, other, &arena, &key, NULL), LB_OK);
	assert_string_equal(key, "store");
	lb_arena_finish(&arena);
	lb_config_destroy(before);
	lb_config_destroy(same);
	lb_config_destroy(other);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(every_setting_is_shown_with_where_it_came_from),
		STORY(secrets_are_stars_and_references_stay_references),
		STORY(the_text_form_is_one_aligned_line_a_setting),
		STORY(the_json_form_has_values_of_their_types),
		STORY(a_reload_knows_what_needs_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
