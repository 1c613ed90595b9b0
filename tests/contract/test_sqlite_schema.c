/* A store that an older lakebeat made. */
#include "support/cmocka.h"
#include "support/store_place.h"
#include "support/store_place_sqlite.h"

static void a_store_of_the_first_version_is_brought_up_to_date_with_all_that_it_holds(void **state)
{
	struct store_place *place = *state;
	place_add_row(place, "a", "1", "UNPAUSED", NULL);
	(void)place_deliver(place, "a", "x");
	place->store->impl->destroy(place->store);
	place->store = NULL;
	sqlite_place_exec(place, "DROP TABLE lakebeat_pass; DROP INDEX lakebeat_event_gone; "
				 "ALTER TABLE lakebeat_event DROP COLUMN gone_at_us; "
				 "PRAGMA user_version = 1");
	place->store = place_open(place);
	assert_string_equal(sqlite_place_ask(place, "PRAGMA user_version"), "2");
	assert_string_equal(sqlite_place_ask(place, "SELECT count(*) FROM lakebeat_event"), "1");
	assert_int_equal(place_load_passes(place).count, 0);
	assert_int_equal(place_deliver(place, "a", "x"), 0);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, sqlite_place_setup, place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(a_store_of_the_first_version_is_brought_up_to_date_with_all_that_it_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
