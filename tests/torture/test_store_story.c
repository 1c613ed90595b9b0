/* The story of store_story.h, from the making of the tables on, told again and again:
 * each time the disk fails at another call, is full at another write, or the machine
 * stops at another moment. However
 * often it is told, the tables hold all that was said to be committed and nothing by
 * halves, and a step that failed can be repeated. */
#include "support/cmocka.h"
#include "support/folder.h"
#include "torture/fault_vfs.h"
#include "torture/store_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHAPTERS_MAX 32
#define TELLINGS_MAX 100000

/* What the tables hold before each chapter, and after the last; NULL: they are not
 * made yet. */
static char *expected[CHAPTERS_MAX + 1];

/* told: chapters that are done. */
struct telling {
	struct store_story story;
	size_t told;
};

static size_t tellings;
static size_t reported;
static size_t absorbed;

static void remove_files(void)
{
	(void)unlink(STORY_FILE);
	(void)unlink(STORY_FILE "-wal");
	(void)unlink(STORY_FILE "-shm");
	(void)unlink(STORY_FILE "-journal");
}

static bool holds(const char *tables, size_t told)
{
	return strcmp(tables, expected[told]) == 0;
}

static void explain(const char *tables, size_t told)
{
	print_error("after %zu chapters (next: %s) the tables hold\n%s\nand should\n%s\n", told,
		    told < story_length ? story_chapters[told].name : "none", tables,
		    expected[told]);
}

/* The tables are as they were before the chapter that was under way or, if it may have
 * come to its end, as after it. */
static void assert_whole(struct telling *telling, bool may_be_done)
{
	store_story_check();
	char *tables = store_story_tables();
	size_t next = telling->told + 1;
	if (may_be_done && next <= story_length && holds(tables, next)) {
		telling->told = next;
	} else if (!holds(tables, telling->told)) {
		explain(tables, telling->told);
		fail();
	}
	free(tables);
}

static enum lb_err tell_chapter(struct telling *telling, struct lb_error *error)
{
	enum lb_err err = story_chapters[telling->told].tell(&telling->story, error);
	lb_arena_finish(&telling->story.arena);
	if (err == LB_OK) {
		telling->told++;
	}
	return err;
}

static bool is_the_ports_error(const struct lb_error *error)
{
	return error->code == LB_IO || error->code == LB_FULL || error->code == LB_UNAVAILABLE;
}

/* The disk is well, and the store that met the fault goes on. */
static void repeat_chapter(struct telling *telling, enum lb_err err)
{
	struct lb_error error = {0};
	(void)fault_vfs_disarm();
	if (!story_chapters[telling->told].opens) {
		size_t told = telling->told;
		assert_whole(telling, err == LB_UNAVAILABLE);
		telling->told = told; /* what may be done is done again: that changes nothing */
	}
	if (tell_chapter(telling, &error) != LB_OK) {
		fail_msg("%s, again: %s", story_chapters[telling->told].name, error.message);
	}
	assert_whole(telling, false);
}

/* The machine stops now, and starts again. */
static void restart(struct telling *telling, uint64_t seed)
{
	fault_vfs_stop();
	store_story_finish(&telling->story);
	fault_vfs_lose_power(seed);
}

static void reopen(struct telling *telling)
{
	struct lb_error error = {0};
	if (story_chapters[0].tell(&telling->story, &error) != LB_OK) {
		fail_msg("opened again: %s", error.message);
	}
}

/* To the end, and past a power failure there; returns whether the fault came. */
static bool tell(enum fault_kind kind, size_t at)
{
	struct telling telling = {.told = 0};
	remove_files();
	fault_vfs_arm(kind, at);
	bool failed = false;
	while (telling.told < story_length) {
		struct lb_error error = {0};
		enum lb_err err = tell_chapter(&telling, &error);
		if (err != LB_OK) {
			assert_true(fault_vfs_hit());
			assert_true(is_the_ports_error(&error));
			assert_false(failed);
			failed = true;
			repeat_chapter(&telling, err);
		}
	}
	bool struck = fault_vfs_hit();
	(void)fault_vfs_disarm();
	assert_whole(&telling, false);
	restart(&telling, at);
	reopen(&telling);
	assert_whole(&telling, false);
	store_story_finish(&telling.story);
	tellings++;
	reported += failed;
	absorbed += struck && !failed;
	return struck;
}

static void tell_with_each(enum fault_kind kind)
{
	bool struck = true;
	for (size_t at = 0; struck; at++) {
		assert_true(at < TELLINGS_MAX);
		struck = tell(kind, at);
	}
}

static void whichever_call_of_the_disk_fails_its_transaction_can_be_repeated(void **state)
{
	(void)state;
	tell_with_each(FAULT_ERROR);
	tell_with_each(FAULT_LATE);
}

static void from_whichever_call_on_a_disk_fails_work_goes_on_when_it_is_well(void **state)
{
	(void)state;
	tell_with_each(FAULT_STAYS);
}

static void whichever_write_finds_the_disk_full_its_transaction_can_be_repeated(void **state)
{
	(void)state;
	tell_with_each(FAULT_FULL);
}

/* Whether the machine stopped before the end. */
static bool stop(size_t at, uint64_t seed)
{
	struct telling telling = {.told = 0};
	struct lb_error error = {0};
	remove_files();
	fault_vfs_arm(FAULT_CRASH, at);
	enum lb_err err = LB_OK;
	while (telling.told < story_length && err == LB_OK) {
		err = tell_chapter(&telling, &error);
	}
	bool struck = fault_vfs_hit();
	restart(&telling, seed);
	reopen(&telling);
	if (telling.told > 0) {
		assert_whole(&telling, err != LB_OK);
	}
	while (telling.told < story_length) {
		if (tell_chapter(&telling, &error) != LB_OK) {
			fail_msg("%s: %s", story_chapters[telling.told].name, error.message);
		}
	}
	assert_whole(&telling, false);
	store_story_finish(&telling.story);
	tellings++;
	reported += struck;
	return struck;
}

#define DISKS 3

static void
whenever_the_machine_stops_what_was_committed_is_kept_and_nothing_by_halves(void **state)
{
	(void)state;
	bool struck = true;
	for (size_t at = 0; struck; at++) {
		for (uint64_t disk = 0; disk < DISKS; disk++) {
			struck = stop(at, at * DISKS + disk);
		}
	}
}

/* Chapters are told until the first fails, or chapters more were told after it. */
static enum lb_err tell_past_a_failure(struct telling *telling, size_t chapters)
{
	size_t end = story_length;
	enum lb_err err = LB_OK;
	while (telling->told < end) {
		struct lb_error error = {0};
		err = tell_chapter(telling, &error);
		if (err != LB_OK) {
			assert_true(is_the_ports_error(&error));
			if (chapters == 0) {
				break;
			}
			repeat_chapter(telling, err);
		}
		if (end == story_length && fault_vfs_hit() && telling->told + chapters < end) {
			end = telling->told + chapters - 1;
		}
	}
	return err;
}

/* A flush fails, and the machine stops at once, or after some chapters more. */
static bool stop_after_a_lost_flush(size_t at, size_t chapters, uint64_t seed)
{
	struct telling telling = {.told = 0};
	remove_files();
	fault_vfs_arm(FAULT_FLUSH, at);
	enum lb_err err = tell_past_a_failure(&telling, chapters);
	bool struck = fault_vfs_hit();
	restart(&telling, seed);
	reopen(&telling);
	if (telling.told > 0) {
		assert_whole(&telling, err == LB_UNAVAILABLE);
	}
	store_story_finish(&telling.story);
	tellings++;
	return struck;
}

static void a_flush_that_failed_is_never_taken_for_done(void **state)
{
	(void)state;
	bool struck = true;
	for (size_t at = 0; struck; at++) {
		for (size_t chapters = 0; chapters < story_length; chapters++) {
			struck = stop_after_a_lost_flush(at, chapters, at + chapters);
		}
	}
}

/* The story as it goes when nothing fails. */
static int setup(void **state)
{
	if (folder_setup(state) != 0) {
		return 1;
	}
	fault_vfs_install();
	struct telling telling = {.told = 0};
	for (size_t i = 0; i < story_length; i++) {
		struct lb_error error = {0};
		expected[i] = i > 0 ? store_story_tables() : NULL;
		if (tell_chapter(&telling, &error) != LB_OK) {
			print_error("%s: %s\n", story_chapters[i].name, error.message);
			return 1;
		}
	}
	expected[story_length] = store_story_tables();
	store_story_finish(&telling.story);
	return 0;
}

static int teardown(void **state)
{
	print_message("# %zu tellings; the fault was reported in %zu and did no harm in %zu\n",
		      tellings, reported, absorbed);
	for (size_t i = 0; i <= story_length; i++) {
		free(expected[i]);
	}
	remove_files();
	return folder_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whichever_call_of_the_disk_fails_its_transaction_can_be_repeated),
		cmocka_unit_test(from_whichever_call_on_a_disk_fails_work_goes_on_when_it_is_well),
		cmocka_unit_test(
			whichever_write_finds_the_disk_full_its_transaction_can_be_repeated),
		cmocka_unit_test(
			whenever_the_machine_stops_what_was_committed_is_kept_and_nothing_by_halves),
		cmocka_unit_test(a_flush_that_failed_is_never_taken_for_done),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
