#include "base/time.h"
#include "config/load.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "support/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What came of loading ACONs. */
struct loaded {
	struct lb_arena arena;
	struct lb_problem_list problems;
	struct lb_config *config;
	struct lb_error error;
	enum lb_err err;
};

static struct loaded *load_acons(const char *const *acons, size_t count)
{
	struct loaded *loaded = lb_alloc(sizeof(*loaded));
	assert_non_null(loaded);
	struct lb_overrides overrides = {.acons = acons, .acon_count = count};
	loaded->err = lb_config_load(&overrides, &loaded->arena, &loaded->problems, &loaded->config,
				     &loaded->error);
	assert_true((loaded->err == LB_OK) == (loaded->config != NULL));
	return loaded;
}

static struct loaded *load(const char *text)
{
	static const char *const acons[] = {"acon.json"};
	folder_write("acon.json", text);
	return load_acons(acons, 1);
}

static struct lb_config *config_of(struct loaded *loaded)
{
	assert_non_null(loaded->config);
	return loaded->config;
}

static void done(struct loaded *loaded)
{
	lb_config_destroy(loaded->config);
	lb_arena_finish(&loaded->arena);
	lb_free(loaded);
}

/* An ACON that is right, with more keys and options before its end. */
static const char *acon_with(const char *keys, const char *options)
{
	static char text[4096];
	(void)snprintf(text, sizeof(text),
		       "{\n"
		       "\"sensor_source\": \"trigger_file\",\n"
		       "\"data_format\": \"cloudfiles\",\n"
		       "\"heartbeat_sensor_db_table\": \"my_db.heartbeat_sensor\",\n"
		       "\"lakehouse_engine_sensor_db_table\": \"my_db.sensors\",\n"
		       "\"base_trigger_file_location\": \"/triggers\",\n"
		       "\"options\": {%s},\n"
		       "%s}\n",
		       options, keys);
	return text;
}

static void assert_error(const char *keys, const char *options, const char *place, const char *text,
			 const char *remedy)
{
	struct loaded *loaded = load(acon_with(keys, options));
	assert_int_equal(loaded->err, LB_INVALID);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, place, text, remedy);
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 1);
	done(loaded);
}

static void assert_no_error(const char *keys, const char *options, enum lb_problem_kind kind,
			    const char *place, const char *text)
{
	struct loaded *loaded = load(acon_with(keys, options));
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 0);
	assert_int_equal(loaded->err, LB_OK);
	assert_problem(&loaded->problems, kind, place, text, NULL);
	done(loaded);
}

static void the_seeds_dictionary_is_read_as_it_stands(void **state)
{
	(void)state;
	struct loaded *loaded = load(source_file("tests/support/data/seed_acon_local.json"));
	assert_int_equal(loaded->err, LB_OK);
	assert_int_equal(loaded->problems.count, 0);
	const struct lb_config *config = config_of(loaded);
	assert_string_equal(config->store_path, "my_database.db");
	assert_string_equal(config->control_table, "heartbeat_sensor");
	assert_string_equal(config->sensor_table, "lakehouse_engine_sensors");
	assert_string_equal(config->base_checkpoint_location, "checkpoints");
	assert_int_equal(config->field_count, 2);
	assert_string_equal(config->fields[0], "file_name");
	assert_string_equal(config->fields[1], "file_modification_time");
	const struct lb_acon *acon = &config->acons.items[0];
	assert_string_equal(acon->domain, "DATABRICKS_WORKFLOWS_DOMAIN");
	assert_string_equal(acon->token, "DATABRICKS_WORKFLOWS_TOKEN");
	assert_true(acon->trigger_file.include_existing_files);
	assert_false(acon->trigger_file.allow_overwrites);
	assert_true(acon->trigger_file.watch);
	assert_true(acon->trigger_file.backfill_interval_us == LB_DAY);
	assert_true(acon->trigger_file.settle_us == LB_SECOND);
	assert_true(acon->trigger_file.lookback_us == LB_DAY);
	assert_null(config->default_runner);
	done(loaded);
}

static const char *location_of(struct loaded *loaded)
{
	assert_int_equal(loaded->err, LB_OK);
	return config_of(loaded)->acons.items[0].base_trigger_file_location;
}

static void the_seeds_own_bucket_is_read_as_it_stands(void **state)
{
	(void)state;
	struct loaded *loaded = load(source_file("tests/support/data/seed_acon.json"));
	assert_string_equal(location_of(loaded), "s3://my_data_product_bucket/triggers");
	done(loaded);
}

static void a_bucket_is_the_same_whatever_its_scheme_and_slashes(void **state)
{
	(void)state;
	static const char *const written[] = {"s3://lake/a/b", "s3a://lake/a/b/",
					      "s3n://lake//a/b//"};
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		char text[400];
		(void)snprintf(text, sizeof(text),
			       "{sensor_source: trigger_file, data_format: cloudfiles, "
			       "heartbeat_sensor_db_table: a.b, lakehouse_engine_sensor_db_table: "
			       "a.c,\n\"base_trigger_file_location\": \"%s\"}",
			       written[i]);
		struct loaded *loaded = load(text);
		assert_string_equal(location_of(loaded), "s3://lake/a/b");
		done(loaded);
	}
}

static void a_yaml_acon_reads_too(void **state)
{
	(void)state;
	struct loaded *loaded = load("sensor_source: Trigger_File\n"
				     "data_format: CloudFiles\n"
				     "heartbeat_sensor_db_table: catalog.gold.control\n"
				     "lakehouse_engine_sensor_db_table: catalog.gold.sensors\n"
				     "base_trigger_file_location: file:///data/triggers/\n"
				     "options:\n"
				     "  cloudFiles.format: json\n"
				     "  cloudfiles.allowoverwrites: yes\n"
				     "  cloudFiles.maxFileAge: 2 weeks\n"
				     "  pathGlobFilter: '*.txt'\n");
	assert_int_equal(loaded->err, LB_OK);
	const struct lb_acon *acon = &config_of(loaded)->acons.items[0];
	assert_string_equal(config_of(loaded)->store_path, "gold.db");
	assert_string_equal(config_of(loaded)->control_table, "control");
	assert_string_equal(acon->base_trigger_file_location, "/data/triggers");
	assert_true(acon->trigger_file.allow_overwrites);
	assert_true(acon->trigger_file.max_file_age_us == 14 * LB_DAY);
	assert_string_equal(acon->trigger_file.path_glob_filter, "*.txt");
	assert_int_equal(acon->field_count, 4);
	done(loaded);
}

static void missing_keys_are_named_all_at_once(void **state)
{
	(void)state;
	struct loaded *loaded = load("{}");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json:1: sensor_source", "missing",
		       NULL);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json:1: data_format", "missing",
		       NULL);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR,
		       "acon.json:1: heartbeat_sensor_db_table", "missing", NULL);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR,
		       "acon.json:1: lakehouse_engine_sensor_db_table", "missing", NULL);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR,
		       "acon.json:1: base_trigger_file_location", "missing", NULL);
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 5);
	done(loaded);
}

static void an_unknown_key_is_named_with_the_nearest_one(void **state)
{
	(void)state;
	assert_error("\"base_checkpoint_locaton\": \"x\"", "",
		     "acon.json:8: base_checkpoint_locaton", "not a known key",
		     "did you mean base_checkpoint_location?");
	assert_error("\"cloudFiles.format\": \"csv\"", "", "acon.json:8: cloudFiles.format",
		     "not a known key", "under options");
	assert_error("\"poll_interval\": 1", "", "acon.json:8: poll_interval", "not a known key",
		     "--config");
}

static void an_unknown_cloudfiles_option_is_an_error(void **state)
{
	(void)state;
	assert_error("", "\"cloudFiles.formt\": \"csv\"", "acon.json:7: options.cloudFiles.formt",
		     "not a known key", "cloudFiles.format");
}

static void without_validation_an_unknown_cloudfiles_option_is_a_warning(void **state)
{
	(void)state;
	assert_no_error("", "\"cloudFiles.formt\": 1, \"cloudFiles.validateOptions\": \"false\"",
			LB_PROBLEM_WARNING, "acon.json:7: options.cloudFiles.formt",
			"has no effect");
}

static void other_unknown_options_are_warnings(void **state)
{
	(void)state;
	assert_no_error("", "\"header\": true", LB_PROBLEM_WARNING, "acon.json:7: options.header",
			"has no effect");
}

static void options_are_truth_values_or_their_texts(void **state)
{
	(void)state;
	struct loaded *loaded = load(acon_with("", "\"cloudFiles.includeExistingFiles\": \"False\","
						   "\"cloudFiles.allowOverwrites\": true"));
	assert_int_equal(loaded->err, LB_OK);
	assert_false(config_of(loaded)->acons.items[0].trigger_file.include_existing_files);
	assert_true(config_of(loaded)->acons.items[0].trigger_file.allow_overwrites);
	done(loaded);
	assert_error("", "\"cloudFiles.allowOverwrites\": \"maybe\"",
		     "acon.json:7: options.cloudFiles.allowOverwrites",
		     "\"maybe\" is not a truth value", "write true or false");
	assert_error("", "\"cloudFiles.allowOverwrites\": [true]",
		     "acon.json:7: options.cloudFiles.allowOverwrites", "is a list",
		     "write true or false");
}

static void one_option_in_two_spellings_is_an_error(void **state)
{
	(void)state;
	assert_error("",
		     "\"cloudFiles.maxFileAge\": \"1 day\", \"cloudfiles.maxfileage\": \"2 days\"",
		     "acon.json:7: options.cloudfiles.maxfileage", "twice, in two spellings", NULL);
}

static void notifications_need_a_location_in_s3(void **state)
{
	(void)state;
	assert_error("", "\"cloudFiles.useNotifications\": \"true\"",
		     "acon.json:7: options.cloudFiles.useNotifications", "needs an S3 location",
		     NULL);
}

#define IN_S3(options)                                                                             \
	"acons:\n- {sensor_source: trigger_file, data_format: cloudfiles, "                        \
	"heartbeat_sensor_db_table: d.c, lakehouse_engine_sensor_db_table: d.s, "                  \
	"base_trigger_file_location: 's3://lake/triggers', options: {" options "}}\n"

static struct loaded *load_file(const char *text)
{
	struct loaded *loaded = lb_alloc(sizeof(*loaded));
	assert_non_null(loaded);
	folder_write("lakebeat.yaml", text);
	struct lb_overrides overrides = {.config = "lakebeat.yaml"};
	loaded->err = lb_config_load(&overrides, &loaded->arena, &loaded->problems, &loaded->config,
				     &loaded->error);
	return loaded;
}

static void assert_file(const char *text, enum lb_problem_kind kind, const char *place,
			const char *remedy)
{
	struct loaded *loaded = load_file(text);
	assert_int_equal(loaded->err, kind == LB_PROBLEM_ERROR ? LB_INVALID : LB_OK);
	assert_problem(&loaded->problems, kind, place, NULL, remedy);
	assert_problem_count(&loaded->problems, kind, 1);
	done(loaded);
}

static void notifications_need_somebody_who_tells(void **state)
{
	(void)state;
	assert_file(IN_S3("cloudFiles.useNotifications: true"), LB_PROBLEM_ERROR,
		    "lakebeat.yaml:2: options.cloudFiles.useNotifications", "cloudFiles.queueUrl");
	assert_file(IN_S3("cloudFiles.queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q'"),
		    LB_PROBLEM_WARNING, "lakebeat.yaml:2: options.cloudFiles.queueUrl",
		    "useNotifications");
	struct loaded *loaded = load_file("notified_poll_interval: 1h\n" IN_S3(
		"cloudFiles.useNotifications: true, cloudFiles.region: eu-west-1, "
		"cloudFiles.queueUrl: 'https://q/1/q'"));
	assert_int_equal(loaded->problems.count, 0);
	const struct lb_acon *acon = &config_of(loaded)->acons.items[0];
	assert_string_equal(acon->queue_url, "https://q/1/q");
	assert_string_equal(acon->queue_region, "eu-west-1");
	assert_true(acon->trigger_file.notified_interval_us == LB_HOUR);
	done(loaded);
	loaded = load_file(
		"listen_events: localhost:8643\n" IN_S3("cloudFiles.useNotifications: true"));
	assert_int_equal(loaded->problems.count, 0);
	done(loaded);
}

static void an_address_that_others_can_reach_needs_a_secret(void **state)
{
	(void)state;
	assert_file("listen_events: 0.0.0.0:8643\n" IN_S3(""), LB_PROBLEM_ERROR,
		    "lakebeat.yaml:1: listen_events", "listen_events_secret");
	assert_file("listen_events_secret: abcdef\n" IN_S3(""), LB_PROBLEM_WARNING,
		    "lakebeat.yaml:1: listen_events_secret", "give listen_events");
	struct loaded *loaded =
		load_file("listen_events: 0.0.0.0:8643\nlisten_events_secret: abcdef\n" IN_S3(""));
	assert_int_equal(loaded->problems.count, 0);
	done(loaded);
	loaded = load_file("listen_events: '[::1]:8643'\n" IN_S3(""));
	assert_int_equal(loaded->problems.count, 0);
	done(loaded);
}

static void a_bad_glob_is_told_before_anything_starts(void **state)
{
	(void)state;
	assert_error("", "\"pathGlobFilter\": \"{a,b\"", "acon.json:7: options.pathGlobFilter",
		     NULL, NULL);
}

static void what_is_of_no_use_here_is_noticed(void **state)
{
	(void)state;
	assert_no_error("\"exec_env\": {\"spark.x\": 1}", "", LB_PROBLEM_NOTICE,
			"acon.json:8: exec_env", "no effect");
	assert_no_error("\"kafka_configs\": {}", "", LB_PROBLEM_NOTICE,
			"acon.json:8: kafka_configs", "no effect");
	assert_no_error("", "\"cloudFiles.useIncrementalListing\": \"auto\"", LB_PROBLEM_NOTICE,
			"acon.json:7: options.cloudFiles.useIncrementalListing", "Deprecated");
	assert_no_error("", "\"cloudFiles.schemaLocation\": \"/x\"", LB_PROBLEM_NOTICE,
			"acon.json:7: options.cloudFiles.schemaLocation", "not read");
}

static void other_sources_are_refused_in_one_clear_sentence(void **state)
{
	(void)state;
	struct loaded *loaded = load("{\"sensor_source\": \"kafka\", \"data_format\": \"kafka\"}");
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 1);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json:1: sensor_source",
		       "not served by this version", "only trigger_file");
	done(loaded);
	loaded = load("{\"sensor_source\": \"trigger_fil\"}");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json:1: sensor_source",
		       "\"trigger_fil\" is not a source", "did you mean trigger_file?");
	done(loaded);
}

static void another_data_format_is_an_error(void **state)
{
	(void)state;
	struct loaded *loaded = load("{\"sensor_source\": \"trigger_file\",\n"
				     "\"data_format\": \"csv\",\n"
				     "\"heartbeat_sensor_db_table\": \"a.b\",\n"
				     "\"lakehouse_engine_sensor_db_table\": \"a.c\",\n"
				     "\"base_trigger_file_location\": \"t\"}");
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 1);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json:2: data_format", NULL,
		       "write cloudfiles");
	done(loaded);
}

static void what_is_neither_a_folder_nor_a_bucket_is_refused(void **state)
{
	(void)state;
	static const char *const refused[] = {"s3://b/t",      "s3a:///t", "s3://a?b/t",
					      "abfss://c@a/t", "gs://b/t", "dbfs:/t",
					      "file://host/t"};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char text[1024];
		(void)snprintf(text, sizeof(text),
			       "{sensor_source: trigger_file, data_format: cloudfiles, "
			       "heartbeat_sensor_db_table: a.b, lakehouse_engine_sensor_db_table: "
			       "a.c,\n\"base_trigger_file_location\": \"%s\"}",
			       refused[i]);
		struct loaded *loaded = load(text);
		assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 1);
		assert_problem(&loaded->problems, LB_PROBLEM_ERROR,
			       "acon.json:2: base_trigger_file_location", refused[i],
			       "write a path, or s3://BUCKET/PREFIX");
		done(loaded);
	}
}

static void a_relative_location_is_the_same_from_every_working_directory(void **state)
{
	(void)state;
	assert_int_equal(mkdir("conf", 0700), 0);
	folder_write("conf/acon.json", "{sensor_source: trigger_file, data_format: cloudfiles, "
				       "heartbeat_sensor_db_table: a.b, "
				       "lakehouse_engine_sensor_db_table: a.c, "
				       "base_trigger_file_location: ./my//triggers/}");
	const char *from_here[] = {"conf/acon.json"};
	const char *from_there[] = {"acon.json"};
	struct loaded *here = load_acons(from_here, 1);
	assert_int_equal(chdir("conf"), 0);
	struct loaded *there = load_acons(from_there, 1);
	assert_int_equal(chdir(".."), 0);
	const char *location = config_of(here)->acons.items[0].base_trigger_file_location;
	assert_string_equal(location, config_of(there)->acons.items[0].base_trigger_file_location);
	char folder[4096];
	char expected[8192];
	assert_non_null(getcwd(folder, sizeof(folder)));
	(void)snprintf(expected, sizeof(expected), "%s/conf/my/triggers", folder);
	assert_string_equal(location, expected);
	done(here);
	done(there);
}

static void assert_table_name(const char *name, bool right, const char *table, const char *store)
{
	char text[1024];
	(void)snprintf(text, sizeof(text),
		       "{sensor_source: trigger_file, data_format: cloudfiles,\n"
		       "heartbeat_sensor_db_table: '%s',\n"
		       "lakehouse_engine_sensor_db_table: x.sensors, "
		       "base_trigger_file_location: /t}",
		       name);
	struct loaded *loaded = load(text);
	if (right) {
		assert_int_equal(loaded->err, LB_OK);
		assert_string_equal(config_of(loaded)->control_table, table);
		assert_string_equal(config_of(loaded)->store_path, store);
	} else {
		assert_problem(&loaded->problems, LB_PROBLEM_ERROR,
			       "acon.json:2: heartbeat_sensor_db_table", NULL,
			       "write database.table");
	}
	done(loaded);
}

static void table_names_are_words_with_or_without_a_database(void **state)
{
	(void)state;
	assert_table_name("db.t", true, "t", "db.db");
	assert_table_name("t", true, "t", "lakebeat.db");
	assert_table_name("main.db.t_1", true, "t_1", "db.db");
	assert_table_name("a.b.c.d", false, NULL, NULL);
	assert_table_name("db.", false, NULL, NULL);
	assert_table_name("db.a-b", false, NULL, NULL);
	assert_table_name("`db`.t", false, NULL, NULL);
	assert_table_name("../../etc.t", false, NULL, NULL);
	assert_table_name("db.lakebeat_run", false, NULL, NULL);
	assert_table_name("db.sqlite_master", false, NULL, NULL);
}

static void both_tables_of_one_name_are_an_error(void **state)
{
	(void)state;
	struct loaded *loaded = load("{sensor_source: trigger_file, data_format: cloudfiles, "
				     "heartbeat_sensor_db_table: a.t, "
				     "lakehouse_engine_sensor_db_table: b.T, "
				     "base_trigger_file_location: /t}");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR,
		       "acon.json: lakehouse_engine_sensor_db_table", "has the same name, t", NULL);
	done(loaded);
}

static void fields_that_are_not_handed_on_are_warned_of(void **state)
{
	(void)state;
	struct loaded *loaded = load(acon_with(
		"\"schema_dict\": {\"type\": \"struct\", \"fields\": [\n"
		"{\"name\": \"file_size\", \"type\": \"long\"}, {\"name\": \"file_size\"},\n"
		"{\"name\": \"file_nam\", \"type\": \"string\", \"nullable\": true}]}",
		""));
	assert_int_equal(loaded->err, LB_OK);
	assert_problem(&loaded->problems, LB_PROBLEM_WARNING, "acon.json:10: schema_dict.fields",
		       "file_nam is not handed on", "did you mean file_name?");
	assert_int_equal(config_of(loaded)->field_count, 1);
	assert_string_equal(config_of(loaded)->fields[0], "file_size");
	done(loaded);
}

static void a_schema_that_is_no_struct_is_an_error(void **state)
{
	(void)state;
	assert_error("\"schema_dict\": {\"type\": \"array\", \"fields\": []}", "",
		     "acon.json:8: schema_dict.type", "not a struct", NULL);
	assert_error("\"schema_dict\": {\"type\": \"struct\"}", "",
		     "acon.json:8: schema_dict.fields", "is missing", NULL);
	assert_error("\"schema_dict\": {\"type\": \"struct\", \"fields\": [{}]}", "",
		     "acon.json:8: schema_dict.fields", "has no name", NULL);
	assert_error("\"schema_dict\": \"struct\"", "", "acon.json:8: schema_dict",
		     "not a dictionary", NULL);
}

static void the_event_gap_is_a_number_of_hours(void **state)
{
	(void)state;
	struct loaded *loaded = load(acon_with("\"max_event_gap_hours\": 1.5", ""));
	assert_true(config_of(loaded)->max_event_gap_us == 90 * LB_MINUTE);
	done(loaded);
	assert_error("\"max_event_gap_hours\": \"soon\"", "", "acon.json:8: max_event_gap_hours",
		     "\"soon\" is not a number of hours", "write a number of hours");
	assert_error("\"max_event_gap_hours\": -1", "", "acon.json:8: max_event_gap_hours", "-1",
		     NULL);
}

static void a_token_is_never_told(void **state)
{
	(void)state;
	setenv("LB_TEST_TOKEN", "dapi1234", 1);
	struct loaded *loaded =
		load(acon_with("\"token\": [\"dapi1234\"],\n\"toke\": \"dapi1234\",\n"
			       "\"max_event_gap_hours\": \"${env:LB_TEST_TOKEN}\"",
			       "\"cloudFiles.awsSecretKey\": \"dapi1234\""));
	assert_int_equal(loaded->err, LB_INVALID);
	assert_problem_count(&loaded->problems, LB_PROBLEM_ERROR, 3);
	assert_not_told(&loaded->problems, "dapi1234");
	done(loaded);
	unsetenv("LB_TEST_TOKEN");
}

static void a_token_in_a_file_for_everybody_is_warned_of(void **state)
{
	(void)state;
	static const char *const acons[] = {"acon.json"};
	folder_write("acon.json", acon_with("\"token\": \"dapi1234\"", ""));
	assert_int_equal(chmod("acon.json", 0644), 0);
	struct loaded *loaded = load_acons(acons, 1);
	assert_int_equal(loaded->err, LB_OK);
	assert_problem(&loaded->problems, LB_PROBLEM_WARNING, "acon.json:8: token", "everybody",
		       "chmod o-r");
	done(loaded);
	assert_int_equal(chmod("acon.json", 0600), 0);
	loaded = load_acons(acons, 1);
	assert_int_equal(loaded->problems.count, 0);
	done(loaded);
}

static struct loaded *load_two(const char *control, const char *location)
{
	static const char *const acons[] = {"one.yaml", "two.yaml"};
	folder_write("one.yaml", "sensor_source: trigger_file\ndata_format: cloudfiles\n"
				 "heartbeat_sensor_db_table: db.control\n"
				 "lakehouse_engine_sensor_db_table: db.sensors\n"
				 "base_trigger_file_location: /one\n");
	char text[1024];
	(void)snprintf(text, sizeof(text),
		       "sensor_source: trigger_file\ndata_format: cloudfiles\n"
		       "heartbeat_sensor_db_table: %s\n"
		       "lakehouse_engine_sensor_db_table: db.sensors\n"
		       "base_trigger_file_location: %s\n",
		       control, location);
	folder_write("two.yaml", text);
	return load_acons(acons, 2);
}

static void all_acons_name_the_same_tables(void **state)
{
	(void)state;
	struct loaded *loaded = load_two("DB.Control", "/two");
	assert_int_equal(loaded->err, LB_OK);
	assert_int_equal(config_of(loaded)->acons.count, 2);
	done(loaded);
	loaded = load_two("db.other", "/two");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "two.yaml: heartbeat_sensor_db_table",
		       "db.other is not db.control, as in one.yaml", "same two tables");
	done(loaded);
}

static void two_acons_with_one_location_are_an_error(void **state)
{
	(void)state;
	struct loaded *loaded = load_two("db.control", "file:/one/");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "two.yaml: base_trigger_file_location",
		       "is the location of one.yaml too", NULL);
	done(loaded);
}

static void a_file_that_is_no_acon_is_refused(void **state)
{
	(void)state;
	struct loaded *loaded = load("[1]");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json", "is a list", NULL);
	done(loaded);
	loaded = load("");
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "acon.json", "is empty", NULL);
	done(loaded);
	static const char *const nowhere[] = {"nowhere.json"};
	loaded = load_acons(nowhere, 1);
	assert_int_equal(loaded->err, LB_INVALID);
	assert_problem(&loaded->problems, LB_PROBLEM_ERROR, "nowhere.json", "no such file", NULL);
	done(loaded);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(the_seeds_dictionary_is_read_as_it_stands),
		STORY(the_seeds_own_bucket_is_read_as_it_stands),
		STORY(a_bucket_is_the_same_whatever_its_scheme_and_slashes),
		STORY(a_yaml_acon_reads_too),
		STORY(missing_keys_are_named_all_at_once),
		STORY(an_unknown_key_is_named_with_the_nearest_one),
		STORY(an_unknown_cloudfiles_option_is_an_error),
		STORY(without_validation_an_unknown_cloudfiles_option_is_a_warning),
		STORY(other_unknown_options_are_warnings),
		STORY(options_are_truth_values_or_their_texts),
		STORY(one_option_in_two_spellings_is_an_error),
		STORY(notifications_need_a_location_in_s3),
		STORY(notifications_need_somebody_who_tells),
		STORY(an_address_that_others_can_reach_needs_a_secret),
		STORY(a_bad_glob_is_told_before_anything_starts),
		STORY(what_is_of_no_use_here_is_noticed),
		STORY(other_sources_are_refused_in_one_clear_sentence),
		STORY(another_data_format_is_an_error),
		STORY(what_is_neither_a_folder_nor_a_bucket_is_refused),
		STORY(a_relative_location_is_the_same_from_every_working_directory),
		STORY(table_names_are_words_with_or_without_a_database),
		STORY(both_tables_of_one_name_are_an_error),
		STORY(fields_that_are_not_handed_on_are_warned_of),
		STORY(a_schema_that_is_no_struct_is_an_error),
		STORY(the_event_gap_is_a_number_of_hours),
		STORY(a_token_is_never_told),
		STORY(a_token_in_a_file_for_everybody_is_warned_of),
		STORY(all_acons_name_the_same_tables),
		STORY(two_acons_with_one_location_are_an_error),
		STORY(a_file_that_is_no_acon_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
