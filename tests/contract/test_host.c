/* What ports/clock.h promises of alarms, kept by libuv. */
#include "base/time.h"
#include "host/host.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

/* story: the letter of each alarm that went off. */
struct lab {
	uv_loop_t loop;
	struct lb_host *host;
	struct lb_clock *clock;
	char story[16];
};

/* again: how often it is to set itself anew. */
struct bell {
	struct lb_alarm alarm;
	struct lab *lab;
	char letter;
	int again;
	int64_t not_before_us;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	*state = lab;
	struct lb_error error;
	if (uv_loop_init(&lab->loop) != 0 ||
	    lb_host_create(&lab->loop, &lab->host, &error) != LB_OK) {
		return 1;
	}
	lab->clock = lb_host_clock(lab->host);
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	lb_host_destroy(lab->host);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	int problem = uv_loop_close(&lab->loop);
	free(lab);
	return problem;
}

static void set(struct bell *bell, int64_t delay_us)
{
	struct lb_clock *clock = bell->lab->clock;
	bell->not_before_us = clock->impl->monotonic(clock) + delay_us;
	clock->impl->set_alarm(clock, &bell->alarm, bell->not_before_us);
}

static void ring(void *data)
{
	struct bell *bell = data;
	struct lab *lab = bell->lab;
	size_t length = strlen(lab->story);
	assert_true(length + 1 < sizeof(lab->story));
	lab->story[length] = bell->letter;
	assert_true(lab->clock->impl->monotonic(lab->clock) >= bell->not_before_us);
	if (bell->again-- > 0) {
		set(bell, 0);
	}
}

static struct bell bell_of(struct lab *lab, char letter)
{
	return (struct bell){.alarm = {.on_alarm = ring}, .lab = lab, .letter = letter};
}

#define BELLS 4

/* a, b, c, d. The loop ends when none is set. */
static struct lab *begin(void **state, struct bell bells[static BELLS])
{
	struct lab *lab = *state;
	for (int i = 0; i < BELLS; i++) {
		bells[i] = bell_of(lab, (char)('a' + i));
		bells[i].alarm.data = &bells[i];
	}
	return lab;
}

static void alarms_go_off_in_the_order_of_their_times_and_not_before(void **state)
{
	struct bell bells[BELLS];
	struct lab *lab = begin(state, bells);
	set(&bells[2], 30 * LB_MS);
	set(&bells[0], 1);
	set(&bells[3], 60 * LB_MS);
	set(&bells[1], 10 * LB_MS);
	assert_string_equal(lab->story, "");
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_string_equal(lab->story, "abcd");
}

static void setting_an_alarm_again_replaces_it(void **state)
{
	struct bell bells[BELLS];
	struct lab *lab = begin(state, bells);
	set(&bells[0], 1);
	set(&bells[1], 20 * LB_MS);
	set(&bells[0], 40 * LB_MS);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_string_equal(lab->story, "ba");
}

static void a_cleared_alarm_does_not_go_off(void **state)
{
	struct bell bells[BELLS];
	struct lab *lab = begin(state, bells);
	set(&bells[0], 1);
	set(&bells[1], 1);
	lab->clock->impl->set_alarm(lab->clock, &bells[0].alarm, INT64_MAX);
	lab->clock->impl->set_alarm(lab->clock, &bells[2].alarm, INT64_MAX);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_string_equal(lab->story, "b");
}

static void an_alarm_may_set_itself_anew_and_starves_nobody(void **state)
{
	struct bell bells[BELLS];
	struct lab *lab = begin(state, bells);
	bells[0].again = 3;
	set(&bells[0], 0);
	set(&bells[1], 0);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_memory_equal(lab->story, "ab", 2);
	assert_string_equal(lab->story + 2, "aaa");
}

static void clear_other(void *data)
{
	struct bell *bell = data;
	struct lb_clock *clock = bell->lab->clock;
	clock->impl->set_alarm(clock, &bell[1].alarm, INT64_MAX);
	ring(bell);
}

static void an_alarm_may_clear_the_one_that_is_due_with_it(void **state)
{
	struct bell bells[BELLS];
	struct lab *lab = begin(state, bells);
	bells[0].alarm.on_alarm = clear_other;
	set(&bells[0], 0);
	set(&bells[1], 0);
	set(&bells[2], 0);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_string_equal(lab->story, "ac");
}

#define PROMISE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(alarms_go_off_in_the_order_of_their_times_and_not_before),
		PROMISE(setting_an_alarm_again_replaces_it),
		PROMISE(a_cleared_alarm_does_not_go_off),
		PROMISE(an_alarm_may_set_itself_anew_and_starves_nobody),
		PROMISE(an_alarm_may_clear_the_one_that_is_due_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
