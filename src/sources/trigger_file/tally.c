#include "sources/trigger_file/tally.h"

#include "base/text.h"
#include "base/time.h"
#include "core/names.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 256

static const char *floor_of(const struct lb_sensor *sensor)
{
	return sensor->checkpoint.floor != NULL ? sensor->checkpoint.floor : "";
}

bool lb_tally_is_due(const struct lb_trigger_file_options *options, const struct lb_sensor *sensor,
		     int64_t now_us)
{
	int64_t last_us = sensor->checkpoint.full_pass_at_us;
	return last_us == LB_TIME_NONE || now_us < last_us ||
	       now_us - last_us >= options->backfill_interval_us;
}

struct lb_tally_plan lb_tally_plan(const struct lb_tally_rules *rules,
				   const struct lb_sensor *sensor)
{
	const struct lb_checkpoint *checkpoint = &sensor->checkpoint;
	struct lb_tally_plan plan = {
		.due = lb_tally_is_due(rules->options, sensor, rules->scan->now_us),
		.first = checkpoint->full_pass_at_us == LB_TIME_NONE,
		.floor = "",
	};
	/* A folder shows every name in any case, so late ones are found for free. A
	 * sensor whose names do not sort by time has no floor. */
	if (rules->page_keys > 0 && !plan.due) {
		plan.floor = floor_of(sensor);
	}
	/* Neither overwriting a file nor making a folder readable changes its time. */
	if (!plan.due && !rules->options->allow_overwrites && sensor->last_error == NULL) {
		plan.folder_time_ns = checkpoint->folder_time_ns;
	}
	return plan;
}

/* '_' or a digit: what stands between day and hour. A mixture of the two forms
 * does not sort by time. */
static char form_of(const char *name, const char *sensor_id)
{
	size_t hour = strlen(sensor_id) + sizeof("_YYYYMMDD") - 1;
	return strnlen(name, hour + 1) > hour && name[hour] == '_' ? '_' : '0';
}

void lb_tally_open(struct lb_tally *tally, const struct lb_tally_rules *rules,
		   const struct lb_sensor *sensor)
{
	*tally = (struct lb_tally){
		.arena = tally->arena,
		.files = {.items = tally->files.items, .capacity = tally->files.capacity},
		.sensor = sensor,
		.plan = lb_tally_plan(rules, sensor),
		.listed_at_us = rules->scan->now_us,
		.told = LB_DIGEST_EMPTY,
		.ordered = true,
		.newest_us = LB_TIME_NONE,
	};
	if (*tally->plan.floor != '\0') {
		tally->form = form_of(tally->plan.floor, sensor->sensor_id);
	}
}

static bool takes_as_existing(const struct lb_tally *tally, const struct lb_tally_rules *rules)
{
	return tally->plan.first && !rules->options->include_existing_files;
}

/* Is byte order still time order, with this name? */
static void note_name(struct lb_tally *tally, const char *file_name)
{
	const char *sensor_id = tally->sensor->sensor_id;
	int64_t time_us;
	if (!lb_trigger_name_parse(file_name, sensor_id, &time_us)) {
		tally->ordered = false;
		return;
	}
	char form = form_of(file_name, sensor_id);
	if (tally->form != '\0' && tally->form != form) {
		tally->ordered = false;
	}
	tally->form = form;
	tally->newest_us = time_us;
}

static void note_unsettled(struct lb_tally *tally, const struct lb_tally_rules *rules,
			   int64_t settles_at_us)
{
	struct lb_scan *scan = rules->scan;
	tally->unsettled = true;
	if (scan->rescan_at_us == LB_TIME_NONE || settles_at_us < scan->rescan_at_us) {
		scan->rescan_at_us = settles_at_us;
	}
}

/* A folder that is listed has changed, so that its files are told. A page shows what
 * is known, too, which must not fill the scan's memory. */
static struct lb_arena *gathering_arena(struct lb_tally *tally, const struct lb_tally_rules *rules)
{
	return rules->page_keys > 0 ? &tally->arena : &rules->scan->arena;
}

static void let_go_of_files(struct lb_tally *tally, const struct lb_tally_rules *rules)
{
	tally->files.count = 0;
	if (rules->page_keys > 0) {
		lb_tally_finish(tally);
	}
}

static bool fill_file(struct lb_arena *arena, const struct lb_tally_rules *rules,
		      const struct lb_listed *listed, size_t name_offset, struct lb_file *ret_file)
{
	size_t base_length = strlen(rules->base_location);
	size_t key_size = strlen(listed->key) + 1;
	char *path = lb_arena_alloc(arena, base_length + 1 + key_size);
	char *etag = lb_arena_strdup(arena, listed->etag);
	if (path == NULL || etag == NULL) {
		return false;
	}
	memcpy(path, rules->base_location, base_length);
	path[base_length] = '/';
	memcpy(path + base_length + 1, listed->key, key_size);
	*ret_file = (struct lb_file){
		.file_name = path + base_length + 1 + name_offset,
		.file_path = path,
		.etag = etag,
		.modified_at_us = listed->modified_at_us,
		.size_bytes = listed->size_bytes,
	};
	return true;
}

static enum lb_err add_file(struct lb_tally *tally, const struct lb_tally_rules *rules,
			    const struct lb_listed *listed, size_t name_offset,
			    struct lb_error *error)
{
	struct lb_arena *arena = gathering_arena(tally, rules);
	struct lb_file whole;
	/* Added last, so that the list never holds a file that is not whole. */
	struct lb_file *file = fill_file(arena, rules, listed, name_offset, &whole)
				       ? lb_list_add(arena, &tally->files)
				       : NULL;
	if (file == NULL) {
		return lb_fail_nomem(error);
	}
	*file = whole;
	return LB_OK;
}

enum lb_err lb_tally_add(struct lb_tally *tally, const struct lb_tally_rules *rules,
			 const char *file_name, const struct lb_listed *listed, int64_t now_us,
			 struct lb_error *error)
{
	tally->keys++;
	if (!lb_filter_accepts_name(rules->filter, file_name)) {
		return LB_OK;
	}
	note_name(tally, file_name);
	if (lb_filter_is_too_old(rules->filter, listed->modified_at_us, now_us)) {
		return LB_OK;
	}
	int64_t settles_at_us = lb_filter_settles_at(rules->filter, listed->modified_at_us, now_us);
	/* A file that is being written at first sight exists at first sight. */
	if (settles_at_us != LB_TIME_NONE && !takes_as_existing(tally, rules)) {
		note_unsettled(tally, rules, settles_at_us);
		return LB_OK;
	}
	return add_file(tally, rules, listed, (size_t)(file_name - listed->key), error);
}

static int64_t min_time(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The standard name of that time without its ending: below every name of the
 * same second and above all earlier ones. */
static bool format_floor(const struct lb_tally *tally, int64_t time_us, char text[NAME_MAX_BYTES])
{
	const char *sensor_id = tally->sensor->sensor_id;
	if (time_us < 0 || !lb_trigger_name_format(sensor_id, time_us, 0, text, NAME_MAX_BYTES)) {
		return false;
	}
	text[strlen(text) - strlen(".txt")] = '\0';
	if (tally->form != '_') {
		char *hour = text + strlen(sensor_id) + sizeof("_YYYYMMDD") - 1;
		memmove(hour, hour + 1, strlen(hour));
	}
	return true;
}

/* How many of the names shown lie above floor; those left out by the filters count
 * as known. */
static size_t count_above(const struct lb_tally *tally, const char *floor)
{
	size_t first = tally->files.count;
	while (first > 0 && strcmp(tally->files.items[first - 1].file_name, floor) > 0) {
		first--;
	}
	return tally->files.count - first;
}

/* Is a floor there worth what a cut in the listing costs? Where a page shows the
 * whole history, none is: then late names are found for free. */
static bool is_worth_it(const struct lb_tally *tally, const struct lb_tally_rules *rules,
			const char *floor)
{
	size_t passed = tally->keys - count_above(tally, floor);
	if (*tally->plan.floor != '\0') {
		return passed > 0; /* else a checkpoint would be written for nothing */
	}
	return tally->keys >= rules->page_keys && passed >= rules->page_keys / 2;
}

/* Behind what the lookback covers. A name from the future does not drag it along. */
static const char *next_floor(const struct lb_tally *tally, const struct lb_tally_rules *rules,
			      char text[NAME_MAX_BYTES])
{
	if (!tally->ordered) {
		return "";
	}
	if (rules->page_keys == 0 || tally->newest_us == LB_TIME_NONE) {
		return tally->plan.floor;
	}
	int64_t time_us = min_time(tally->newest_us, rules->scan->now_us);
	if (!format_floor(tally, time_us - rules->options->lookback_us, text) ||
	    strcmp(text, tally->plan.floor) <= 0 || !is_worth_it(tally, rules, text)) {
		return tally->plan.floor;
	}
	return text;
}

/* A change that came right after the listing may have left the folder with the
 * time it had already, so only a time that was over by then is remembered. */
static int64_t trusted_folder_time(const struct lb_tally *tally, const struct lb_tally_rules *rules)
{
	int64_t limit_us = tally->listed_at_us - rules->folder_time_trust_us;
	if (tally->unsettled || rules->options->allow_overwrites ||
	    tally->folder_time_ns / 1000 >= limit_us) {
		return 0;
	}
	return tally->folder_time_ns;
}

static uint64_t mix_file(uint64_t digest, const struct lb_file *file)
{
	return lb_digest_mix(lb_digest_mix(digest, file->file_name), file->etag);
}

/* Of what a listing from that floor on shows, as long as nothing happens. What was told
 * in parts is taken to lie below any floor there is. */
static uint64_t digest_above(const struct lb_tally *tally, const char *floor)
{
	uint64_t digest = *floor == '\0' ? tally->told : LB_DIGEST_EMPTY;
	for (size_t i = tally->files.count - count_above(tally, floor); i < tally->files.count;
	     i++) {
		digest = mix_file(digest, &tally->files.items[i]);
	}
	return digest;
}

static struct lb_checkpoint next_checkpoint(const struct lb_tally *tally,
					    const struct lb_tally_rules *rules,
					    char text[NAME_MAX_BYTES])
{
	const char *floor = next_floor(tally, rules, text);
	return (struct lb_checkpoint){
		.floor = floor,
		.folder_time_ns = rules->page_keys > 0 ? (int64_t)digest_above(tally, floor)
						       : trusted_folder_time(tally, rules),
		.full_pass_at_us = tally->plan.due ? rules->scan->now_us
						   : tally->sensor->checkpoint.full_pass_at_us,
		.ordered = tally->ordered,
	};
}

static bool same_checkpoint(const struct lb_checkpoint *a, const struct lb_sensor *sensor)
{
	const struct lb_checkpoint *b = &sensor->checkpoint;
	return lb_text_equal(a->floor, floor_of(sensor)) &&
	       a->folder_time_ns == b->folder_time_ns && a->full_pass_at_us == b->full_pass_at_us &&
	       a->ordered == b->ordered;
}

static bool copy_texts(struct lb_file *file, struct lb_arena *arena)
{
	size_t name_offset = (size_t)(file->file_name - file->file_path);
	file->file_path = lb_arena_strdup(arena, file->file_path);
	file->etag = lb_arena_strdup(arena, file->etag);
	if (file->file_path == NULL || file->etag == NULL) {
		return false;
	}
	file->file_name = file->file_path + name_offset;
	return true;
}

/* Of just the size that is needed: a first pass may hold a million. */
static bool copy_files(const struct lb_tally *tally, const struct lb_tally_rules *rules,
		       struct lb_file_list *copy)
{
	struct lb_arena *arena = &rules->scan->arena;
	size_t count = tally->files.count;
	if (count == 0) {
		return true;
	}
	copy->items = lb_arena_alloc(arena, count * sizeof(*copy->items));
	if (copy->items == NULL) {
		return false;
	}
	memcpy(copy->items, tally->files.items, count * sizeof(*copy->items));
	copy->count = copy->capacity = count;
	bool copied = true;
	for (size_t i = 0; i < count && copied && rules->page_keys > 0; i++) {
		copied = copy_texts(&copy->items[i], arena);
	}
	return copied;
}

static struct lb_sensor_report *add_report(const struct lb_tally *tally,
					   const struct lb_tally_rules *rules)
{
	struct lb_scan *scan = rules->scan;
	struct lb_file_list files = {0};
	struct lb_sensor_report *report =
		copy_files(tally, rules, &files) ? lb_list_add(&scan->arena, &scan->reports) : NULL;
	if (report != NULL) {
		*report = (struct lb_sensor_report){
			.sensor_source = "trigger_file",
			.base_location = rules->base_location,
			.sensor_id = tally->sensor->sensor_id,
			.observed_at_us = scan->now_us,
			.files = files,
			.allow_overwrites = rules->options->allow_overwrites,
		};
	}
	return report;
}

static enum lb_err report_shown(const struct lb_tally *tally, const struct lb_tally_rules *rules,
				const struct lb_checkpoint *next, struct lb_error *error)
{
	struct lb_arena *arena = &rules->scan->arena;
	struct lb_checkpoint *checkpoint = lb_arena_alloc(arena, sizeof(*checkpoint));
	const char *floor = lb_arena_strdup(arena, next->floor);
	if (checkpoint == NULL || floor == NULL) {
		return lb_fail_nomem(error);
	}
	struct lb_sensor_report *report = add_report(tally, rules);
	if (report == NULL) {
		return lb_fail_nomem(error);
	}
	*checkpoint = *next;
	checkpoint->floor = floor;
	report->checkpoint = checkpoint;
	/* An empty listing may be a disk that is not mounted, and a file that has
	 * not settled, or was told before, is not in files: none of that shows that
	 * anything is gone. */
	report->listed_all =
		tally->plan.due && tally->keys > 0 && !tally->unsettled && !tally->in_parts;
	report->existing = takes_as_existing(tally, rules);
	return LB_OK;
}

/* What the pass before told: of pages the store knows, of folders only this process. */
static bool find_told(const struct lb_tally *tally, const struct lb_tally_rules *rules,
		      uint64_t *ret_told)
{
	const struct lb_sensor *sensor = tally->sensor;
	if (tally->plan.due) {
		return false;
	}
	if (rules->page_keys > 0) {
		*ret_told = (uint64_t)sensor->checkpoint.folder_time_ns;
		return *ret_told != 0;
	}
	return rules->scan->recorded && lb_recall_find(rules->recall, sensor->sensor_id, ret_told);
}

/* The files that the pass before showed, and no others before or between them, were
 * told then. New names come behind them, as a rule. */
static void drop_told(struct lb_tally *tally, const struct lb_tally_rules *rules)
{
	struct lb_file_list *files = &tally->files;
	uint64_t digest = LB_DIGEST_EMPTY;
	uint64_t told;
	if (!find_told(tally, rules, &told)) {
		return;
	}
	size_t count = 0;
	while (count < files->count && digest != told) {
		digest = mix_file(digest, &files->items[count++]);
	}
	if (digest == told && count > 0) {
		files->count -= count;
		memmove(files->items, files->items + count, files->count * sizeof(*files->items));
	}
}

enum lb_err lb_tally_close(struct lb_tally *tally, const struct lb_tally_rules *rules,
			   struct lb_error *error)
{
	char text[NAME_MAX_BYTES];
	struct lb_checkpoint next = next_checkpoint(tally, rules, text);
	uint64_t shown = rules->page_keys > 0 ? 0 : digest_above(tally, next.floor);
	drop_told(tally, rules);
	bool news = tally->files.count > 0 || tally->sensor->last_error != NULL ||
		    !same_checkpoint(&next, tally->sensor);
	if (news && report_shown(tally, rules, &next, error) != LB_OK) {
		return error->code;
	}
	if (rules->page_keys == 0) {
		lb_recall_note(rules->recall, tally->sensor->sensor_id, shown);
	}
	let_go_of_files(tally, rules);
	return LB_OK;
}

enum lb_err lb_tally_park(struct lb_tally *tally, const struct lb_tally_rules *rules,
			  struct lb_error *error)
{
	if (tally->files.count > 0) {
		struct lb_sensor_report *report = add_report(tally, rules);
		if (report == NULL) {
			return lb_fail_nomem(error);
		}
		report->existing = takes_as_existing(tally, rules);
		tally->told = digest_above(tally, "");
		tally->in_parts = true;
	}
	let_go_of_files(tally, rules);
	return LB_OK;
}

void lb_tally_resume(struct lb_tally *tally, const struct lb_sensor *sensor)
{
	tally->sensor = sensor;
}

enum lb_err lb_tally_fail(struct lb_tally *tally, const struct lb_tally_rules *rules,
			  const char *message, struct lb_error *error)
{
	rules->scan->failed++;
	if (takes_as_existing(tally, rules)) {
		tally->files.count = 0; /* what is there is told when it is told whole */
	}
	if (tally->files.count == 0 && lb_text_equal(tally->sensor->last_error, message)) {
		return LB_OK;
	}
	const char *copy = lb_arena_strdup(&rules->scan->arena, message);
	struct lb_sensor_report *report = copy != NULL ? add_report(tally, rules) : NULL;
	if (report == NULL) {
		return lb_fail_nomem(error);
	}
	report->error = copy;
	let_go_of_files(tally, rules);
	return LB_OK;
}

enum lb_err lb_tally_refuse(struct lb_tally *tally, const struct lb_tally_rules *rules,
			    struct lb_error *error)
{
	struct lb_arena *arena = &rules->scan->arena;
	const char *sensor_id = tally->sensor->sensor_id;
	const char *printable = lb_text_printable(arena, sensor_id);
	const char *message = printable != NULL
				      ? lb_arena_printf(arena, "sensor_id '%s' %s", printable,
							lb_sensor_id_problem(sensor_id))
				      : NULL;
	return message != NULL ? lb_tally_fail(tally, rules, message, error) : lb_fail_nomem(error);
}

void lb_tally_finish(struct lb_tally *tally)
{
	lb_arena_finish(&tally->arena);
	tally->files = (struct lb_file_list){0};
}
