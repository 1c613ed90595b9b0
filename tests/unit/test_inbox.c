#include "base/time.h"
#include "engine/inbox.h"
#include "support/cmocka.h"
#include "support/memory.h"

#include <string.h>

/* Reports as a watch makes them: one with files and what a listing left, one of a
 * sensor that cannot be read. All texts lie in text, to be overwritten. */
struct seen {
	char text[8];
	struct lb_file files[2];
	struct lb_checkpoint checkpoint;
	struct lb_sensor_report reports[2];
	struct lb_sensor_report_list list;
};

static void see(struct seen *seen)
{
	*seen = (struct seen){.text = "before"};
	for (size_t i = 0; i < 2; i++) {
		seen->files[i] = (struct lb_file){
			.file_name = seen->text, .file_path = seen->text, .etag = seen->text};
		seen->reports[i] = (struct lb_sensor_report){
			.sensor_source = seen->text,
			.base_location = seen->text,
			.sensor_id = seen->text,
		};
	}
	seen->checkpoint = (struct lb_checkpoint){.floor = seen->text};
	seen->reports[0].checkpoint = &seen->checkpoint;
	seen->reports[0].files = (struct lb_file_list){.items = seen->files, .count = 2};
	seen->reports[1].error = seen->text;
	seen->list = (struct lb_sensor_report_list){.items = seen->reports, .count = 2};
}

static enum lb_err add_reports(struct lb_batch *batch, struct seen *seen)
{
	return lb_batch_add_reports(batch, &seen->list);
}

static enum lb_err add_submission(struct lb_batch *batch, struct seen *seen)
{
	struct lb_submission_seen submission = {
		.trigger_job_id = seen->text,
		.token = seen->text,
		.external_id = seen->text,
		.url = seen->text,
		.message = seen->text,
	};
	return lb_batch_add_submission(batch, &submission);
}

static enum lb_err add_pass(struct lb_batch *batch, struct seen *seen)
{
	struct lb_pass_cost pass = {.sensor_source = seen->text, .base_location = seen->text};
	return lb_batch_add_pass(batch, &pass);
}

static enum lb_err add_run(struct lb_batch *batch, struct seen *seen)
{
	struct lb_run_seen run = {
		.trigger_job_id = seen->text, .token = seen->text, .message = seen->text};
	return lb_batch_add_run(batch, &run);
}

static enum lb_err adopt_reports(struct lb_batch *batch, struct seen *seen)
{
	struct lb_arena arena = {0};
	struct lb_sensor_report_list list = {0};
	const char *text;
	(void)memory_world_enter();
	struct lb_sensor_report *report = lb_list_add(&arena, &list);
	assert_non_null(report);
	*report = seen->reports[1];
	text = lb_arena_strdup(&arena, seen->text);
	report->sensor_source = text;
	report->base_location = text;
	report->sensor_id = text;
	report->error = text;
	memory_world_leave(&(int){0});
	enum lb_err err = lb_batch_adopt_reports(batch, &arena, &list);
	lb_arena_finish(&arena); /* empty when the batch took it */
	return err;
}

static const char *error_of(const struct lb_observation *observation)
{
	switch (observation->kind) {
	case LB_OBSERVED_SENSORS: {
		const struct lb_sensor_report_list *list = observation->sensors;
		return list->items[list->count - 1].error;
	}
	case LB_OBSERVED_PASS:
		return observation->pass.base_location;
	case LB_OBSERVED_SUBMISSION:
		return observation->submission.message;
	case LB_OBSERVED_RUN:
		return observation->run.message;
	case LB_OBSERVED_COMMAND:
		break;
	}
	return NULL;
}

/* Added with every allocation failing in turn, and then for good. */
static void assert_added_whole(enum lb_err (*add)(struct lb_batch *batch, struct seen *seen))
{
	enum lb_err err = LB_NOMEM;
	for (size_t count = 0; err != LB_OK; count++) {
		struct lb_inbox inbox = {0};
		struct seen seen;
		see(&seen);
		memory_fail_after(count);
		struct lb_batch *batch = lb_inbox_add(&inbox);
		err = batch != NULL ? add(batch, &seen) : LB_NOMEM;
		assert_int_equal(err, memory_restore() ? LB_NOMEM : LB_OK);
		(void)strcpy(seen.text, "after");
		struct lb_arena arena = {0};
		struct lb_observation_list list;
		assert_int_equal(lb_inbox_list(&inbox, &arena, &list), LB_OK);
		assert_int_equal(list.count, err == LB_OK);
		if (err == LB_OK) {
			assert_string_equal(error_of(&list.items[0]), "before");
		}
		lb_arena_finish(&arena);
		lb_inbox_finish(&inbox);
	}
}

static void what_is_added_is_a_copy_or_is_not_there_at_all(void **state)
{
	(void)state;
	assert_added_whole(add_reports);
	assert_added_whole(adopt_reports);
	assert_added_whole(add_pass);
	assert_added_whole(add_submission);
	assert_added_whole(add_run);
}

static void what_is_given_back_comes_before_what_came_meanwhile(void **state)
{
	(void)state;
	struct lb_inbox inbox = {0};
	struct lb_inbox taken;
	struct lb_arena arena = {0};
	struct lb_observation_list list;
	struct lb_run_seen run = {.trigger_job_id = "1"};
	lb_inbox_take(&inbox, &taken);
	lb_inbox_give_back(&inbox, &taken);
	assert_null(inbox.first);
	assert_int_equal(lb_batch_add_run(lb_inbox_add(&inbox), &run), LB_OK);
	lb_inbox_take(&inbox, &taken);
	lb_inbox_give_back(&inbox, &taken);
	lb_inbox_take(&inbox, &taken);
	run.trigger_job_id = "2";
	assert_int_equal(lb_batch_add_run(lb_inbox_add(&inbox), &run), LB_OK);
	lb_inbox_give_back(&inbox, &taken);
	assert_int_equal(lb_inbox_list(&inbox, &arena, &list), LB_OK);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].run.trigger_job_id, "1");
	assert_string_equal(list.items[1].run.trigger_job_id, "2");
	lb_arena_finish(&arena);
	lb_inbox_finish(&inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_a_copy_or_is_not_there_at_all),
		cmocka_unit_test(what_is_given_back_comes_before_what_came_meanwhile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
