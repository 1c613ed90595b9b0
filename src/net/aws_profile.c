#include "net/aws_profile.h"

#include "base/text.h"
#include "net/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *process_get(void *data, const char *name)
{
	(void)data;
	return getenv(name);
}

const struct lb_aws_environment lb_aws_process_environment = {.get = process_get};

const char *lb_aws_environment_get(const struct lb_aws_environment *environment, const char *name)
{
	const char *value = environment->get(environment->data, name);
	return value != NULL && *value != '\0' ? value : NULL;
}

void lb_aws_profiles_finish(struct lb_aws_profiles *profiles)
{
	for (int file = 0; file < LB_AWS_FILE_MAX; file++) {
		if (profiles->bytes[file] != NULL) {
			explicit_bzero(profiles->bytes[file], profiles->sizes[file]);
			lb_free(profiles->bytes[file]);
		}
	}
	lb_arena_finish(&profiles->arena);
	*profiles = (struct lb_aws_profiles){0};
}

/* Where the parser stands. section_name: NULL before the first section.
 * property: index of the setting that indented lines belong to, or NONE. */
struct parser {
	struct lb_aws_profiles *profiles;
	enum lb_aws_file file;
	int line;
	enum lb_aws_section section;
	const char *section_name;
	size_t property;
	bool in_block;
	struct lb_error *error;
};

#define NONE SIZE_MAX

static enum lb_err fail_line(const struct parser *parser, const char *problem)
{
	const char *path = parser->profiles->paths[parser->file];
	return lb_fail(parser->error, LB_INVALID, "%s:%d: %s", path != NULL ? path : "-",
		       parser->line, problem);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts blanks (and a carriage return) off the ends, in place. */
static char *trim(char *text)
{
	while (is_blank(*text)) {
		text++;
	}
	size_t length = strlen(text);
	while (length > 0 && (is_blank(text[length - 1]) || text[length - 1] == '\r')) {
		text[--length] = '\0';
	}
	return text;
}

static void cut_comment(char *value)
{
	for (char *c = value; *c != '\0'; c++) {
		if ((*c == '#' || *c == ';') && c > value && is_blank(c[-1])) {
			*c = '\0';
			return;
		}
	}
}

/* Takes matching quotes off, as in [profile "my lake"]. */
static char *unquote(char *name)
{
	size_t length = strlen(name);
	bool quoted = length >= 2 && (*name == '"' || *name == '\'') && name[length - 1] == *name;
	if (!quoted) {
		return name;
	}
	name[length - 1] = '\0';
	return name + 1;
}

/* What follows the word kind and blanks, or NULL when name does not start so. */
static char *after_kind(char *name, const char *kind)
{
	size_t length = strlen(kind);
	return lb_text_starts_with(name, kind) && is_blank(name[length]) ? trim(name + length)
									 : NULL;
}

static enum lb_err add_profile(struct parser *parser, const char *name)
{
	parser->section = LB_AWS_PROFILE;
	parser->section_name = name;
	if (lb_aws_profile_exists(parser->profiles, name)) {
		return LB_OK;
	}
	const char **item = lb_list_add(&parser->profiles->arena, &parser->profiles->profiles);
	if (item == NULL) {
		return lb_fail_nomem(parser->error);
	}
	*item = name;
	return LB_OK;
}

static enum lb_err start_section(struct parser *parser, char *line)
{
	char *end = strchr(line, ']');
	if (end == NULL) {
		return fail_line(parser, "a section's name has no closing ]");
	}
	char *rest = trim(end + 1);
	if (*rest != '\0' && *rest != '#' && *rest != ';') {
		return fail_line(parser, "only a comment may follow a section's name");
	}
	*end = '\0';
	char *name = trim(line + 1);
	if (*name == '\0') {
		return fail_line(parser, "a section has no name");
	}
	char *profile = after_kind(name, "profile");
	char *services = after_kind(name, "services");
	parser->property = NONE;
	if (parser->file == LB_AWS_CREDENTIALS_FILE && profile == NULL) {
		return add_profile(parser, unquote(name));
	}
	if (parser->file == LB_AWS_CONFIG_FILE && profile != NULL) {
		return add_profile(parser, unquote(profile));
	}
	if (parser->file == LB_AWS_CONFIG_FILE && strcmp(name, "default") == 0) {
		return add_profile(parser, name);
	}
	parser->section = services != NULL ? LB_AWS_SERVICES : LB_AWS_OTHER;
	parser->section_name = services != NULL ? unquote(services) : name;
	return LB_OK;
}

static char *fold(char *name)
{
	for (char *c = name; *c != '\0'; c++) {
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	}
	return name;
}

static enum lb_err add_setting(struct parser *parser, char *line, const char *group)
{
	char *equals = strchr(line, '=');
	if (equals == NULL) {
		return fail_line(parser, "expected NAME = VALUE or a section's [name]");
	}
	*equals = '\0';
	char *name = trim(line);
	if (*name == '\0') {
		return fail_line(parser, "a setting has no name before the '='");
	}
	char *value = trim(equals + 1);
	cut_comment(value);
	struct lb_aws_profiles *profiles = parser->profiles;
	struct lb_aws_setting *setting = lb_list_add(&profiles->arena, &profiles->settings);
	if (setting == NULL) {
		return lb_fail_nomem(parser->error);
	}
	*setting = (struct lb_aws_setting){parser->section, parser->section_name, group,
					   fold(name),      trim(value),          parser->file,
					   parser->line};
	return LB_OK;
}

/* An indented line: one more line of a value, or a setting of a block. There
 * is room in place: the value ends before the line break and the blanks. */
static enum lb_err continue_setting(struct parser *parser, char *line)
{
	if (parser->property == NONE) {
		return fail_line(parser, "an indented line belongs to no setting");
	}
	struct lb_aws_setting *setting = &parser->profiles->settings.items[parser->property];
	if (*setting->value == '\0' || parser->in_block) {
		parser->in_block = true;
		return add_setting(parser, line, setting->name);
	}
	char *end = setting->value + strlen(setting->value);
	*end++ = '\n';
	memmove(end, line, strlen(line) + 1);
	return LB_OK;
}

static enum lb_err parse_line(struct parser *parser, char *line)
{
	bool indented = is_blank(*line);
	char *text = trim(line);
	if (*text == '\0' || *text == '#' || *text == ';') {
		return LB_OK;
	}
	if (indented) {
		return continue_setting(parser, text);
	}
	if (*text == '[') {
		return start_section(parser, text);
	}
	if (parser->section_name == NULL) {
		return fail_line(parser, "a setting stands before the first section");
	}
	parser->in_block = false;
	enum lb_err err = add_setting(parser, text, NULL);
	parser->property = err == LB_OK ? parser->profiles->settings.count - 1 : NONE;
	return err;
}

enum lb_err lb_aws_profiles_parse(struct lb_aws_profiles *profiles, enum lb_aws_file file,
				  char *text, struct lb_error *error)
{
	struct parser parser = {
		.profiles = profiles, .file = file, .property = NONE, .error = error};
	profiles->bytes[file] = text;
	profiles->sizes[file] = strlen(text);
	enum lb_err err = LB_OK;
	for (char *line = text; line != NULL && err == LB_OK;) {
		char *end = strchr(line, '\n');
		if (end != NULL) {
			*end = '\0';
		}
		parser.line++;
		err = parse_line(&parser, line);
		line = end != NULL ? end + 1 : NULL;
	}
	return err;
}

/* The file's path: the variable's, "~/" being home; else the one in ~/.aws.
 * ret_path: NULL when there is none. */
static enum lb_err path_of(const struct lb_aws_environment *environment, const char *variable,
			   const char *file, struct lb_arena *arena, const char **ret_path,
			   struct lb_error *error)
{
	const char *home = lb_aws_environment_get(environment, "HOME");
	const char *path = lb_aws_environment_get(environment, variable);
	*ret_path = NULL;
	if (path == NULL && home == NULL) {
		return LB_OK;
	}
	if (path == NULL) {
		*ret_path = lb_arena_printf(arena, "%s/.aws/%s", home, file);
	} else if (lb_text_starts_with(path, "~/") && home != NULL) {
		*ret_path = lb_arena_printf(arena, "%s%s", home, path + 1);
	} else {
		*ret_path = lb_arena_strdup(arena, path);
	}
	return *ret_path != NULL ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err read_one(const struct lb_aws_environment *environment, enum lb_aws_file file,
			    struct lb_aws_profiles *profiles, struct lb_error *error)
{
	static const char *const variables[] = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"};
	static const char *const names[] = {"config", "credentials"};
	enum lb_err err = path_of(environment, variables[file], names[file], &profiles->arena,
				  &profiles->paths[file], error);
	const char *path = profiles->paths[file];
	if (err != LB_OK || path == NULL) {
		return err;
	}
	char *text;
	err = lb_secret_read_file(path, LB_AWS_FILE_BYTES_MAX, &text, error);
	if (err == LB_NOT_FOUND) {
		return LB_OK;
	}
	return err == LB_OK ? lb_aws_profiles_parse(profiles, file, text, error)
			    : lb_wrap(error, "%s", path);
}

enum lb_err lb_aws_profiles_read(const struct lb_aws_environment *environment,
				 struct lb_aws_profiles *ret_profiles, struct lb_error *error)
{
	*ret_profiles = (struct lb_aws_profiles){0};
	enum lb_err err = read_one(environment, LB_AWS_CONFIG_FILE, ret_profiles, error);
	if (err == LB_OK) {
		err = read_one(environment, LB_AWS_CREDENTIALS_FILE, ret_profiles, error);
	}
	if (err != LB_OK) {
		lb_aws_profiles_finish(ret_profiles);
	}
	return err;
}

bool lb_aws_profile_exists(const struct lb_aws_profiles *profiles, const char *profile)
{
	for (size_t i = 0; i < profiles->profiles.count; i++) {
		if (strcmp(profiles->profiles.items[i], profile) == 0) {
			return true;
		}
	}
	return false;
}

/* The last one that is not empty, the credentials file's before the other's. */
static const struct lb_aws_setting *find(const struct lb_aws_profiles *profiles,
					 enum lb_aws_section section, const char *section_name,
					 const char *group, const char *name)
{
	const struct lb_aws_setting *found = NULL;
	for (size_t i = profiles->settings.count; i > 0; i--) {
		const struct lb_aws_setting *setting = &profiles->settings.items[i - 1];
		if (setting->section == section && *setting->value != '\0' &&
		    strcmp(setting->section_name, section_name) == 0 &&
		    lb_text_equal(setting->group, group) && strcmp(setting->name, name) == 0 &&
		    (found == NULL || found->file < setting->file)) {
			found = setting;
		}
	}
	return found;
}

const struct lb_aws_setting *lb_aws_profile_setting(const struct lb_aws_profiles *profiles,
						    const char *profile, const char *name)
{
	return find(profiles, LB_AWS_PROFILE, profile, NULL, name);
}

const char *lb_aws_profile_value(const struct lb_aws_profiles *profiles, const char *profile,
				 const char *name)
{
	const struct lb_aws_setting *setting = lb_aws_profile_setting(profiles, profile, name);
	return setting != NULL ? setting->value : NULL;
}

const char *lb_aws_profile_nested(const struct lb_aws_profiles *profiles, const char *profile,
				  const char *group, const char *name)
{
	const struct lb_aws_setting *setting = find(profiles, LB_AWS_PROFILE, profile, group, name);
	return setting != NULL ? setting->value : NULL;
}

static const char *first_of(const struct lb_aws_environment *environment, const char *first,
			    const char *second)
{
	const char *value = lb_aws_environment_get(environment, first);
	return value != NULL ? value : lb_aws_environment_get(environment, second);
}

const char *lb_aws_profile_chosen(const struct lb_aws_environment *environment)
{
	const char *profile = first_of(environment, "AWS_PROFILE", "AWS_DEFAULT_PROFILE");
	return profile != NULL ? profile : "default";
}

const char *lb_aws_region(const struct lb_aws_environment *environment,
			  const struct lb_aws_profiles *profiles, const char *profile)
{
	const char *region = first_of(environment, "AWS_REGION", "AWS_DEFAULT_REGION");
	return region != NULL ? region : lb_aws_profile_value(profiles, profile, "region");
}

const char *lb_aws_endpoint_url(const struct lb_aws_environment *environment,
				const struct lb_aws_profiles *profiles, const char *profile,
				const char *service)
{
	static const char ignore[] = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
	if (lb_text_same_word(lb_aws_environment_get(environment, ignore), "true")) {
		return NULL;
	}
	char variable[64];
	(void)snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL_%s", service);
	for (char *c = variable; *c != '\0'; c++) {
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	}
	const char *url = first_of(environment, variable, "AWS_ENDPOINT_URL");
	const char *services = lb_aws_profile_value(profiles, profile, "services");
	if (url != NULL) {
		return url;
	}
	const struct lb_aws_setting *setting =
		services != NULL
			? find(profiles, LB_AWS_SERVICES, services, service, "endpoint_url")
			: NULL;
	return setting != NULL ? setting->value
			       : lb_aws_profile_value(profiles, profile, "endpoint_url");
}
