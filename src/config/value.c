#include "config/value.h"

#include "base/text.h"
#include "base/time.h"
#include "config/secrets.h"
#include "sources/trigger_file/s3_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCATION_REMEDY "write a path, or s3://BUCKET/PREFIX"

static void put(void *base, const struct lb_setting *setting, const void *value, size_t size)
{
	memcpy((unsigned char *)base + setting->offset, value, size);
}

static bool put_text(const struct lb_reader *reader, const struct lb_setting *setting, char *text,
		     void *base)
{
	(void)lb_report_kept(reader->report, text);
	put(base, setting, &text, sizeof(text));
	return text != NULL;
}

static struct lb_place place_of(const struct lb_reader *reader, const struct lb_node *node,
				const char *key)
{
	return (struct lb_place){reader->file, node->line, 0, key};
}

static bool refuse(const struct lb_reader *reader, const struct lb_node *node, const char *key,
		   const char *remedy, const char *problem)
{
	lb_report_add(reader->report, LB_PROBLEM_ERROR, place_of(reader, node, key), remedy, "%s",
		      problem);
	return false;
}

/* The text in quotes, for a message; never what a secret's or a reference's is. */
static bool refuse_text(const struct lb_reader *reader, const struct lb_setting *setting,
			const struct lb_node *node, const char *key, const char *remedy,
			const char *problem)
{
	struct lb_place place = place_of(reader, node, key);
	if (setting->secret) {
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place, remedy, "%s", problem);
	} else {
		lb_report_add(reader->report, LB_PROBLEM_ERROR, place, remedy, "\"%s\" %s",
			      node->written, problem);
	}
	return false;
}

static bool refuse_value(const struct lb_reader *reader, const struct lb_setting *setting,
			 const struct lb_node *node, const char *key, const char *problem)
{
	char *expected = lb_report_kept(reader->report, lb_value_expected(reader->arena, setting));
	char *remedy =
		expected != NULL ? lb_arena_printf(reader->arena, "write %s", expected) : NULL;
	return refuse_text(reader, setting, node, key, remedy, problem);
}

static bool set_path(const struct lb_reader *reader, const struct lb_setting *setting,
		     const struct lb_node *node, const char *key, void *base)
{
	if (*node->text == '\0') {
		return refuse(reader, node, key, "write a path", "is empty");
	}
	return put_text(reader, setting, lb_path_join(reader->arena, reader->folder, node->text),
			base);
}

/* file:/path, file:///path: the path, as Spark reads them (no %-escapes). NULL
 * when text has another scheme, or another host. */
static const char *local_path(const char *text)
{
	if (lb_path_scheme_length(text) == 0) {
		return text;
	}
	if (!lb_text_starts_with(text, "file:/")) {
		return NULL;
	}
	text += strlen("file:");
	if (lb_text_starts_with(text, "//")) {
		text += 2;
	}
	return *text == '/' ? text : NULL;
}

/* s3a and s3n name the same files as s3. */
static bool set_bucket(const struct lb_reader *reader, const struct lb_setting *setting,
		       const struct lb_node *node, const char *key, void *base)
{
	struct lb_s3_place place;
	struct lb_error error = {0};
	static const struct lb_s3_server server = {0};
	if (lb_s3_place_make(node->text, &server, reader->arena, &place, &error) != LB_OK) {
		return error.code == LB_NOMEM ? lb_report_kept(reader->report, NULL) != NULL
					      : refuse_text(reader, setting, node, key,
							    LOCATION_REMEDY, "names no bucket");
	}
	char *location = lb_arena_printf(reader->arena, "s3://%s/%s", place.bucket, place.prefix);
	if (location != NULL) {
		location[strlen(location) - 1] = '\0';
	}
	return put_text(reader, setting, location, base);
}

static bool set_location(const struct lb_reader *reader, const struct lb_setting *setting,
			 const struct lb_node *node, const char *key, void *base)
{
	if (*node->text == '\0') {
		return refuse(reader, node, key, LOCATION_REMEDY, "is empty");
	}
	if (lb_s3_is_location(node->text)) {
		return set_bucket(reader, setting, node, key, base);
	}
	const char *path = local_path(node->text);
	if (path == NULL) {
		return refuse_text(reader, setting, node, key, LOCATION_REMEDY,
				   "is neither a local folder nor a bucket of S3");
	}
	errno = 0;
	char *absolute = lb_path_absolute(reader->arena, reader->folder, path);
	if (absolute == NULL && errno != 0 && errno != ENOMEM) {
		return refuse(reader, node, key, NULL, "the folder of this file cannot be found");
	}
	return put_text(reader, setting, absolute, base);
}

static bool set_store(const struct lb_reader *reader, const struct lb_setting *setting,
		      const struct lb_node *node, const char *key, void *base)
{
	const char *text = node->text;
	size_t scheme = strchr(text, ':') != NULL ? strcspn(text, ":") : 0;
	if (lb_text_starts_with(text, "postgresql:") || lb_text_starts_with(text, "postgres:")) {
		return refuse(reader, node, key, "use sqlite:PATH",
			      "PostgreSQL is not part of this version");
	}
	if (scheme > 0 && !lb_text_starts_with(text, "sqlite:")) {
		return refuse_value(reader, setting, node, key, "is not a kind of store");
	}
	const char *path = scheme > 0 ? text + strlen("sqlite:") : text;
	if (*path == '\0') {
		return refuse(reader, node, key, "write sqlite:PATH", "names no file");
	}
	if (*path == ':') {
		return refuse_text(reader, setting, node, key, "write sqlite:PATH",
				   "is not a file, and what is kept must survive the process");
	}
	char *joined =
		lb_report_kept(reader->report, lb_path_join(reader->arena, reader->folder, path));
	return joined != NULL &&
	       put_text(reader, setting, lb_arena_printf(reader->arena, "sqlite:%s", joined), base);
}

static bool is_visible(const char *text)
{
	while ((unsigned char)*text > ' ' && *text != 0x7F) {
		text++;
	}
	return *text == '\0';
}

static bool set_address(const struct lb_reader *reader, const struct lb_setting *setting,
			const struct lb_node *node, const char *key, void *base)
{
	const char *colon = strrchr(node->text, ':');
	size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
	long port = digits > 0 && digits < 6 ? strtol(colon + 1, NULL, 10) : 0;
	if (colon == NULL || colon == node->text || colon[1 + digits] != '\0' || port < 1 ||
	    port > 65535 || !is_visible(node->text)) {
		return refuse_value(reader, setting, node, key, "is not an address with a port");
	}
	return put_text(reader, setting, lb_arena_strdup(reader->arena, node->text), base);
}

/* YAML 1.1's words too, here where a truth value is asked for. */
static bool set_bool(const struct lb_reader *reader, const struct lb_setting *setting,
		     const struct lb_node *node, const char *key, void *base)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (lb_text_same_word(node->text, words[i])) {
			bool value = i % 2 == 1;
			put(base, setting, &value, sizeof(value));
			return true;
		}
	}
	return refuse_value(reader, setting, node, key, "is not a truth value");
}

static bool set_count(const struct lb_reader *reader, const struct lb_setting *setting,
		      const struct lb_node *node, const char *key, void *base)
{
	size_t digits = strspn(node->text, "0123456789");
	if (digits == 0 || node->text[digits] != '\0') {
		return refuse_value(reader, setting, node, key, "is not a whole number");
	}
	long long value = digits < 10 ? strtoll(node->text, NULL, 10) : INT64_MAX;
	if (value < setting->least || value > setting->most) {
		return refuse_value(reader, setting, node, key, "is out of range");
	}
	int number = (int)value;
	put(base, setting, &number, sizeof(number));
	return true;
}

static bool put_duration(const struct lb_reader *reader, const struct lb_setting *setting,
			 const struct lb_node *node, const char *key, int64_t duration_us,
			 void *base)
{
	if (duration_us < setting->least || duration_us > setting->most) {
		return refuse_value(reader, setting, node, key, "is out of range");
	}
	put(base, setting, &duration_us, sizeof(duration_us));
	return true;
}

static bool set_duration(const struct lb_reader *reader, const struct lb_setting *setting,
			 const struct lb_node *node, const char *key, void *base)
{
	int64_t duration_us;
	if (!lb_duration_parse(node->text, &duration_us)) {
		return refuse_value(reader, setting, node, key, "is not a duration");
	}
	return put_duration(reader, setting, node, key, duration_us, base);
}

static bool set_hours(const struct lb_reader *reader, const struct lb_setting *setting,
		      const struct lb_node *node, const char *key, void *base)
{
	size_t length = strspn(node->text, "0123456789.");
	char text[40];
	int64_t duration_us;
	(void)snprintf(text, sizeof(text), "%.30s h", node->text);
	if (node->text[length] != '\0' || length > 30 || !lb_duration_parse(text, &duration_us)) {
		return refuse_value(reader, setting, node, key, "is not a number of hours");
	}
	return put_duration(reader, setting, node, key, duration_us, base);
}

/* "12.34" in millionths; false: not one, or finer than that. */
static bool parse_price(const char *text, int64_t *ret_price)
{
	size_t whole = strspn(text, "0123456789");
	const char *end = text + whole;
	size_t fraction = *end == '.' ? strspn(end + 1, "0123456789") : 0;
	if (whole == 0 || whole > 9 || (*end == '.' && (fraction == 0 || fraction > 6)) ||
	    (*end == '.' ? end[1 + fraction] : *end) != '\0') {
		return false;
	}
	char digits[] = "000000";
	if (fraction > 0) {
		memcpy(digits, end + 1, fraction);
	}
	*ret_price = strtoll(text, NULL, 10) * LB_PRICE_UNIT + strtoll(digits, NULL, 10);
	return true;
}

static bool set_price(const struct lb_reader *reader, const struct lb_setting *setting,
		      const struct lb_node *node, const char *key, void *base)
{
	int64_t price;
	if (!parse_price(node->text, &price)) {
		return refuse_value(reader, setting, node, key, "is not a price");
	}
	if (price < setting->least || price > setting->most) {
		return refuse_value(reader, setting, node, key, "is out of range");
	}
	put(base, setting, &price, sizeof(price));
	return true;
}

static bool set_choice(const struct lb_reader *reader, const struct lb_setting *setting,
		       const struct lb_node *node, const char *key, void *base)
{
	unsigned count = 0;
	for (; setting->choices[count] != NULL; count++) {
		if (lb_text_same_word(setting->choices[count], node->text)) {
			put(base, setting, &count, sizeof(count));
			return true;
		}
	}
	char *expected = lb_report_kept(reader->report, lb_value_expected(reader->arena, setting));
	char *otherwise =
		expected != NULL ? lb_arena_printf(reader->arena, "write %s", expected) : NULL;
	const char *remedy = lb_report_did_you_mean(reader->report, node->text, setting->choices,
						    count, otherwise);
	return refuse_text(reader, setting, node, key, remedy, "is not one of the choices");
}

/* The program, when it is named by a path: that path starts at the file's
 * folder, and stays right wherever the program is started. */
static char *program_path(const struct lb_reader *reader, const char *text)
{
	if (reader->folder == NULL || strchr(text, '/') == NULL) {
		return lb_arena_strdup(reader->arena, text);
	}
	return lb_path_absolute(reader->arena, reader->folder, text);
}

static bool set_argument(const struct lb_reader *reader, const struct lb_node *item,
			 const char *key, bool is_program, const char **ret_text)
{
	if (item->failed) {
		return false;
	}
	if (item->kind != LB_NODE_TEXT) {
		return refuse(reader, item, key, "write it in quotes",
			      "an argument is empty, a list or a dictionary, not a text");
	}
	if (is_program && *item->text == '\0') {
		return refuse(reader, item, key, NULL, "the program's name is empty");
	}
	if (lb_secrets_hidden(item)) {
		lb_report_add(reader->report, LB_PROBLEM_WARNING, place_of(reader, item, key),
			      "hand secrets on by the environment or a file",
			      "everybody on the machine can see a program's arguments");
	}
	*ret_text = lb_report_kept(reader->report,
				   is_program ? program_path(reader, item->text)
					      : lb_arena_strdup(reader->arena, item->text));
	return *ret_text != NULL;
}

static bool set_argv(const struct lb_reader *reader, const struct lb_setting *setting,
		     const struct lb_node *node, const char *key, void *base)
{
	if (node->kind != LB_NODE_LIST || node->items.count == 0) {
		char *expected =
			lb_report_kept(reader->report, lb_value_expected(reader->arena, setting));
		return refuse(reader, node, key, expected,
			      "is not a list of a program and its arguments");
	}
	const char **argv = lb_report_kept(
		reader->report,
		lb_arena_alloc(reader->arena, (node->items.count + 1) * sizeof(const char *)));
	bool done = argv != NULL;
	for (size_t i = 0; argv != NULL && i < node->items.count; i++) {
		done = set_argument(reader, &node->items.items[i], key, i == 0, &argv[i]) && done;
	}
	if (done) {
		put(base, setting, &argv, sizeof(argv));
	}
	return done;
}

#define SEED_TOKEN "DATABRICKS_WORKFLOWS_TOKEN"

static bool set_text(const struct lb_reader *reader, const struct lb_setting *setting,
		     const struct lb_node *node, const char *key, void *base)
{
	if (setting->required && *node->text == '\0') {
		return refuse(reader, node, key, NULL, "is empty");
	}
	if (setting->secret && reader->world_readable && !lb_secrets_hidden(node) &&
	    *node->text != '\0' && strcmp(node->text, SEED_TOKEN) != 0) {
		lb_report_add(reader->report, LB_PROBLEM_WARNING, place_of(reader, node, key),
			      "chmod o-r the file, or write ${env:NAME} or ${file:PATH} instead",
			      "stands in a file that everybody on the machine may read");
	}
	if (*node->text == '\0') {
		return true; /* as in the original: an empty text is none */
	}
	return put_text(reader, setting, lb_arena_strdup(reader->arena, node->text), base);
}

bool lb_value_set(const struct lb_reader *reader, const struct lb_setting *setting,
		  const struct lb_node *node, const char *key, void *base)
{
	if (setting->type == LB_SETTING_ARGV) {
		return set_argv(reader, setting, node, key, base);
	}
	if (node->kind != LB_NODE_TEXT) {
		char problem[64];
		(void)snprintf(problem, sizeof(problem), "is %s", lb_node_kind_text(node->kind));
		char *expected =
			lb_report_kept(reader->report, lb_value_expected(reader->arena, setting));
		char *remedy = expected != NULL
				       ? lb_arena_printf(reader->arena, "write %s", expected)
				       : NULL;
		return refuse(reader, node, key, remedy, problem);
	}
	switch (setting->type) {
	case LB_SETTING_TEXT:
		return set_text(reader, setting, node, key, base);
	case LB_SETTING_PATH:
		return set_path(reader, setting, node, key, base);
	case LB_SETTING_LOCATION:
		return set_location(reader, setting, node, key, base);
	case LB_SETTING_STORE:
		return set_store(reader, setting, node, key, base);
	case LB_SETTING_ADDRESS:
		return set_address(reader, setting, node, key, base);
	case LB_SETTING_BOOL:
		return set_bool(reader, setting, node, key, base);
	case LB_SETTING_COUNT:
		return set_count(reader, setting, node, key, base);
	case LB_SETTING_DURATION:
		return set_duration(reader, setting, node, key, base);
	case LB_SETTING_HOURS:
		return set_hours(reader, setting, node, key, base);
	case LB_SETTING_PRICE:
		return set_price(reader, setting, node, key, base);
	case LB_SETTING_CHOICE:
		return set_choice(reader, setting, node, key, base);
	case LB_SETTING_ARGV:
	case LB_SETTING_SECTION:
	case LB_SETTING_IGNORED:
		break;
	}
	return true;
}
