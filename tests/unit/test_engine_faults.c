/* One story, told again and again: each time another allocation, or another call
 * of the store, fails. Whatever it was, the story ends the same. */
#include "base/time.h"
#include "support/cmocka.h"
#include "support/engine_world.h"
#include "support/memory.h"

#include <string.h>

#define TELLINGS_MAX 20000

static struct engine_world *begin(enum lb_engine_mode mode)
{
	struct engine_world *world = engine_world_create();
	engine_world_row(world, "orders", "555", "TRUE");
	engine_world_row(world, "rates", "555", "TRUE");
	engine_world_row(world, "orders", "666", "TRUE");
	engine_world_file(world, "orders", "orders_20251123_060000.txt");
	engine_world_file(world, "rates", "rates_20251123_060000.txt");
	engine_world_policy(world)->max_retries = 1;
	engine_world_cost(world, 10, false);
	engine_world_clean(world);
	engine_world_start(world, mode, 1);
	return world;
}

/* What is under way ends: first attempts fail, others succeed. */
static void end_runs(struct engine_world *world)
{
	const struct fake_run_list *runs = fake_world_runs(engine_world_jobs(world));
	for (size_t i = 0; i < runs->count; i++) {
		const struct fake_run *run = &runs->items[i];
		if (run->started && run->state == LB_RUN_SUBMITTED) {
			(void)fake_world_end(engine_world_jobs(world), run->token,
					     run->attempt == 1 ? LB_RUN_FAILED : LB_RUN_SUCCEEDED,
					     "as scripted", 0);
		}
	}
}

static void tell(struct engine_world *world)
{
	fake_world_script(engine_world_jobs(world), (struct fake_reply){.answer = FAKE_LOSE_REPLY});
	fake_world_script(engine_world_jobs(world), (struct fake_reply){.answer = FAKE_REFUSE});
	engine_world_settle(world);
	for (int i = 0; i < 6; i++) {
		engine_world_pass(world, LB_MINUTE);
		end_runs(world);
	}
	(void)engine_world_watch(world, "rates", "rates_20251123_070000.txt");
	(void)engine_world_watch(world, "orders", "orders_20251123_070000.txt");
	engine_world_settle(world);
}

static void assert_all_are_clean(const struct engine_world *world)
{
	static const char *const names[] = {
		"orders_20251123_060000.txt", "rates_20251123_060000.txt",
		"orders_20251123_070000.txt", "rates_20251123_070000.txt"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(engine_world_cleaned(world, names[i]) > 0);
	}
}

/* Time heals: nothing fails any more. Each job ran for both deliveries, each
 * time failed once and was tried again; no event was consumed twice, and all files
 * are cleaned. */
static void assert_all_ended_well(struct engine_world *world)
{
	for (int i = 0; i < 40; i++) {
		engine_world_pass(world, LB_HOUR);
		end_runs(world);
	}
	static const char *const ids[] = {"555", "666"};
	static const size_t files[] = {4, 2};
	for (size_t i = 0; i < 2; i++) {
		size_t events = 0;
		const struct fake_run_list *runs = fake_world_runs(engine_world_jobs(world));
		for (size_t j = 0; j < runs->count; j++) {
			const struct fake_run *run = &runs->items[j];
			if (strcmp(run->trigger_job_id, ids[i]) == 0 && run->attempt == 2) {
				assert_int_equal(run->state, LB_RUN_SUCCEEDED);
				events += run->events.count;
			}
		}
		assert_int_equal(events, files[i]);
		assert_string_equal(engine_world_status(world, "orders", ids[i]), "COMPLETED");
	}
	assert_all_are_clean(world);
}

static void whichever_allocation_fails_every_event_is_consumed_once(void **state)
{
	(void)state;
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		assert_true(count < TELLINGS_MAX);
		struct engine_world *world = begin(LB_ENGINE_RUN);
		memory_fail_after(count);
		tell(world);
		failed = memory_restore();
		assert_all_ended_well(world);
		lb_engine_stop(engine_world_engine(world));
		engine_world_settle(world);
		engine_world_destroy(world);
	}
}

static void whichever_call_of_the_store_fails_every_event_is_consumed_once(void **state)
{
	(void)state;
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		assert_true(count < TELLINGS_MAX);
		struct engine_world *world = begin(LB_ENGINE_RUN);
		fake_tables_fail_call(engine_world_tables(world), count, LB_BUSY);
		tell(world);
		failed = fake_tables_calls_left(engine_world_tables(world)) == SIZE_MAX;
		fake_tables_fail_call(engine_world_tables(world), 0, LB_OK);
		assert_all_ended_well(world);
		lb_engine_stop(engine_world_engine(world));
		engine_world_settle(world);
		engine_world_destroy(world);
	}
}

/* `once` may leave work to the next, but it ends, and it tells of the fault. */
static void once_ends_whichever_call_of_the_store_fails(void **state)
{
	(void)state;
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		assert_true(count < TELLINGS_MAX);
		struct engine_world *world = begin(LB_ENGINE_ONCE);
		engine_world_settling(world, 2 * LB_SECOND);
		fake_tables_fail_call(engine_world_tables(world), count, LB_BUSY);
		for (int i = 0; i < 40 && !engine_world_is_idle(world); i++) {
			engine_world_pass(world, LB_MINUTE);
		}
		failed = fake_tables_calls_left(engine_world_tables(world)) == SIZE_MAX;
		assert_true(engine_world_is_idle(world));
		uint64_t problems = lb_engine_totals(engine_world_engine(world))->problems;
		assert_int_equal(problems > 0, failed);
		engine_world_destroy(world);
	}
}

static void once_ends_whichever_allocation_fails(void **state)
{
	(void)state;
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		assert_true(count < TELLINGS_MAX);
		struct engine_world *world = begin(LB_ENGINE_ONCE);
		memory_fail_after(count);
		for (int i = 0; i < 40 && !engine_world_is_idle(world); i++) {
			engine_world_pass(world, LB_MINUTE);
		}
		failed = memory_restore();
		assert_true(engine_world_is_idle(world));
		engine_world_destroy(world);
	}
}

static void triggering_nothing_ends_whichever_allocation_fails(void **state)
{
	(void)state;
	bool failed = true;
	for (size_t count = 0; failed; count++) {
		struct engine_world *world = engine_world_create();
		engine_world_start(world, LB_ENGINE_TRIGGER, 0);
		memory_fail_after(count);
		for (int i = 0; i < 40 && !engine_world_is_idle(world); i++) {
			engine_world_pass(world, LB_MINUTE);
		}
		failed = memory_restore();
		assert_true(engine_world_is_idle(world));
		engine_world_destroy(world);
	}
}

static void an_engine_without_memory_is_not_made(void **state)
{
	(void)state;
	struct engine_world *world = begin(LB_ENGINE_ONCE);
	struct lb_engine_options options = {.clock = NULL};
	struct lb_engine *engine = NULL;
	struct lb_error error;
	lb_engine_destroy(engine);
	for (size_t count = 0; count < 4; count++) {
		memory_fail_after(count);
		enum lb_err err = lb_engine_create(&options, &engine, &error);
		assert_true(memory_restore());
		assert_int_equal(err, LB_NOMEM);
		assert_null(engine);
	}
	engine_world_settle(world);
	engine_world_destroy(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whichever_allocation_fails_every_event_is_consumed_once),
		cmocka_unit_test(whichever_call_of_the_store_fails_every_event_is_consumed_once),
		cmocka_unit_test(once_ends_whichever_call_of_the_store_fails),
		cmocka_unit_test(once_ends_whichever_allocation_fails),
		cmocka_unit_test(triggering_nothing_ends_whichever_allocation_fails),
		cmocka_unit_test(an_engine_without_memory_is_not_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
