#include "base/time.h"
#include "cli/app.h"
#include "cli/s3_put.h"
#include "core/names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONTENT_MAX ((size_t)1 << 20)

/* One trigger file to be written. folder: open; name: of the temporary file. */
struct emission {
	struct lb_cli *cli;
	const char *sensor_id;
	const char *base;
	int folder;
	char temporary[64];
	char name[NAME_MAX + 1];
	int64_t time_us;
};

/* As well as the file system can: some cannot, and the file is there all the same. */
static void sync_folder(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		(void)fsync(folder);
		(void)close(folder);
	}
}

static enum lb_err open_folder(struct emission *emission, struct lb_error *error)
{
	const char *path = lb_arena_printf(&emission->cli->arena, "%s/%s", emission->base,
					   emission->sensor_id);
	if (path == NULL) {
		return lb_fail_nomem(error);
	}
	if (mkdir(path, 0777) == 0) {
		sync_folder(emission->base);
	} else if (errno != EEXIST) {
		return lb_fail(error, LB_IO, "cannot make folder %s: %s", path, strerror(errno));
	}
	emission->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (emission->folder < 0) {
		return lb_fail(error, LB_IO, "cannot open folder %s: %s", path, strerror(errno));
	}
	return LB_OK;
}

static enum lb_err write_all(int fd, const char *bytes, size_t length, struct lb_error *error)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno != EINTR) {
			return lb_fail(error, LB_IO, "cannot write the trigger file: %s",
				       strerror(errno));
		}
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return LB_OK;
}

/* What is on standard input, or the original's text. */
static enum lb_err read_content(struct emission *emission, const char **ret_content,
				size_t *ret_length, struct lb_error *error)
{
	*ret_content = "Success";
	*ret_length = strlen("Success");
	if (!lb_argument_given(&emission->cli->arguments, "stdin")) {
		return LB_OK;
	}
	char *content = lb_arena_alloc(&emission->cli->arena, CONTENT_MAX + 1);
	if (content == NULL) {
		return lb_fail_nomem(error);
	}
	size_t length = fread(content, 1, CONTENT_MAX + 1, stdin);
	if (ferror(stdin) != 0) {
		return lb_fail(error, LB_IO, "cannot read standard input: %s", strerror(errno));
	}
	if (length > CONTENT_MAX) {
		return lb_fail(error, LB_INVALID, "a trigger file holds at most 1 MiB");
	}
	*ret_content = content;
	*ret_length = length;
	return LB_OK;
}

/* A hidden name is no event, so nobody sees the file before it is whole. */
static enum lb_err write_temporary(struct emission *emission, struct lb_error *error)
{
	const char *content;
	size_t length;
	enum lb_err err = read_content(emission, &content, &length, error);
	if (err != LB_OK) {
		return err;
	}
	(void)snprintf(emission->temporary, sizeof(emission->temporary), ".emit.%ld.%lld",
		       (long)getpid(), (long long)emission->time_us);
	int fd = openat(emission->folder, emission->temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		return lb_fail(error, LB_IO, "cannot make a file in %s/%s: %s", emission->base,
			       emission->sensor_id, strerror(errno));
	}
	err = write_all(fd, content, length, error);
	if (err == LB_OK && fsync(fd) != 0) {
		err = lb_fail(error, LB_IO, "cannot write the trigger file: %s", strerror(errno));
	}
	(void)close(fd);
	return err;
}

/* RENAME_NOREPLACE never overwrites; where the file system lacks it, a link does
 * the same. */
static int move_into_place(const struct emission *emission)
{
	int folder = emission->folder;
	if (renameat2(folder, emission->temporary, folder, emission->name, RENAME_NOREPLACE) == 0) {
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS) {
		return -1;
	}
	if (linkat(folder, emission->temporary, folder, emission->name, 0) != 0) {
		return -1;
	}
	return unlinkat(folder, emission->temporary, 0);
}

/* The second one within a second gets a suffix. */
static enum lb_err publish(struct emission *emission, struct lb_error *error)
{
	for (int suffix = 0; suffix <= LB_TRIGGER_NAME_SUFFIX_MAX; suffix++) {
		if (!lb_trigger_name_format(emission->sensor_id, emission->time_us, suffix,
					    emission->name, sizeof(emission->name))) {
			return lb_fail(error, LB_INVALID,
				       "sensor_id %s is too long for a file name",
				       emission->sensor_id);
		}
		if (move_into_place(emission) == 0) {
			(void)fsync(emission->folder);
			return LB_OK;
		}
		if (errno != EEXIST) {
			return lb_fail(error, LB_IO, "cannot make %s/%s/%s: %s", emission->base,
				       emission->sensor_id, emission->name, strerror(errno));
		}
	}
	return lb_fail(error, LB_BUSY, "%d trigger files of this second are there already",
		       LB_TRIGGER_NAME_SUFFIX_MAX + 1);
}

/* An object appears whole and never over another one. */
static enum lb_err emit_object(struct emission *emission, struct lb_error *error)
{
	struct lb_cli *cli = emission->cli;
	const char *content;
	size_t length;
	enum lb_err err = read_content(emission, &content, &length, error);
	bool taken = err == LB_OK;
	for (int suffix = 0; taken && suffix <= LB_TRIGGER_NAME_SUFFIX_MAX; suffix++) {
		if (!lb_trigger_name_format(emission->sensor_id, emission->time_us, suffix,
					    emission->name, sizeof(emission->name))) {
			return lb_fail(error, LB_INVALID,
				       "sensor_id %s is too long for a file name",
				       emission->sensor_id);
		}
		const char *key =
			lb_arena_printf(&cli->arena, "%s/%s", emission->sensor_id, emission->name);
		err = key != NULL ? lb_s3_put_new(cli->config, emission->base, key, content, length,
						  error)
				  : lb_fail_nomem(error);
		taken = err == LB_BUSY;
	}
	return err;
}

static enum lb_err choose_base(struct lb_cli *cli, const char **ret_base, struct lb_error *error)
{
	*ret_base = lb_argument(&cli->arguments, "base");
	if (*ret_base != NULL) {
		return LB_OK;
	}
	if (cli->config->acons.count != 1) {
		return lb_fail(error, LB_INVALID,
			       "there are %zu ACONs; name the base location with --base",
			       cli->config->acons.count);
	}
	*ret_base = cli->config->acons.items[0].base_trigger_file_location;
	return LB_OK;
}

/* The name's time is only for ordering; local time is what the original writes. */
static enum lb_err choose_time(struct emission *emission, struct lb_error *error)
{
	const struct lb_arguments *arguments = &emission->cli->arguments;
	const char *at = lb_argument(arguments, "at");
	emission->time_us = lb_cli_now();
	if (at != NULL && !lb_time_parse(at, &emission->time_us)) {
		return lb_fail(error, LB_INVALID,
			       "--at takes a time such as 2025-11-23T06:00:00Z, not '%s'", at);
	}
	if (lb_argument_given(arguments, "local")) {
		struct tm local;
		time_t seconds = (time_t)(emission->time_us / LB_SECOND);
		if (localtime_r(&seconds, &local) != NULL) {
			emission->time_us += local.tm_gmtoff * LB_SECOND;
		}
	}
	return LB_OK;
}

static enum lb_err emit(struct emission *emission, struct lb_error *error)
{
	const char *problem = lb_sensor_id_problem(emission->sensor_id);
	if (problem != NULL) {
		return lb_fail(error, LB_INVALID, "sensor_id %s", problem);
	}
	enum lb_err err = choose_base(emission->cli, &emission->base, error);
	if (err == LB_OK) {
		err = choose_time(emission, error);
	}
	if (err == LB_OK && lb_s3_is_location(emission->base)) {
		return emit_object(emission, error);
	}
	if (err == LB_OK) {
		err = open_folder(emission, error);
	}
	if (err == LB_OK) {
		err = write_temporary(emission, error);
	}
	if (err == LB_OK) {
		err = publish(emission, error);
	}
	if (err != LB_OK && emission->folder >= 0 && emission->temporary[0] != '\0') {
		(void)unlinkat(emission->folder, emission->temporary, 0);
	}
	if (emission->folder >= 0) {
		(void)close(emission->folder);
	}
	return err;
}

static int run(struct lb_cli *cli)
{
	struct lb_error error = {0};
	if (!lb_argument_given(&cli->arguments, "base") && !lb_cli_load(cli)) {
		return LB_EXIT_USAGE;
	}
	struct emission emission = {
		.cli = cli,
		.sensor_id = cli->arguments.operands.items[0],
		.folder = -1,
	};
	enum lb_err err = emit(&emission, &error);
	if (err != LB_OK) {
		return lb_cli_fail(cli, err == LB_INVALID ? LB_EXIT_USAGE : LB_EXIT_FAILED, &error);
	}
	const char *path = lb_arena_printf(&cli->arena, "%s/%s/%s", emission.base,
					   emission.sensor_id, emission.name);
	if (cli->json) {
		return lb_cli_print_json(json_pack("{s:o, s:o}", "sensor_id",
						   lb_json_text(emission.sensor_id), "file_path",
						   lb_json_text(path)));
	}
	if (!cli->quiet) {
		(void)printf("%s\n", path != NULL ? path : emission.name);
	}
	return LB_EXIT_OK;
}

static const struct lb_option options[] = {
	{.name = "base",
	 .letter = 'b',
	 .value = "LOCATION",
	 .help = "the base location (default: the ACON's)",
	 .completes = LB_COMPLETES_FOLDER},
	{.name = "at", .value = "TIME", .help = "the time in the name (default: now)"},
	{.name = "local", .help = "write the time in local time, as the original does, not in UTC"},
	{.name = "stdin", .help = "take the content from standard input (default: Success)"},
	{.name = NULL},
};

static const struct lb_example examples[] = {
	{"lakebeat emit orders_landed", "the last line of an upstream pipeline"},
	{"lakebeat emit orders_landed --base /mnt/triggers", "without any configuration"},
	{NULL, NULL},
};

const struct lb_verb lb_verb_emit = {
	.name = "emit",
	.summary = "write a trigger file, as an upstream pipeline does",
	.operands = "SENSOR_ID",
	.operands_min = 1,
	.operands_max = 1,
	.description =
		"Writes BASE/SENSOR_ID/SENSOR_ID_YYYYMMDD_HHMMSS.txt and prints its path. The "
		"file appears whole and never replaces another: a second one within a second "
		"gets the suffix _001.",
	.options = options,
	.examples = examples,
	.run = run,
};
