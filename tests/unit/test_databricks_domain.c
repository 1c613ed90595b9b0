#include "runners/databricks/domain.h"
#include "support/cmocka.h"

#include <string.h>

static void what_a_browser_shows_names_the_workspace(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *origin;
		const char *workspace_id;
	} cases[] = {
		{"dbc-1.cloud.databricks.com", "https://dbc-1.cloud.databricks.com", NULL},
		{"  https://DBC-1.cloud.databricks.com/ \n", "https://dbc-1.cloud.databricks.com",
		 NULL},
		{"https://adb-1.2.azuredatabricks.net/?o=123#job/4",
		 "https://adb-1.2.azuredatabricks.net", "123"},
		{"adb-1.2.azuredatabricks.net/jobs/7?a=b&o=42&c=d",
		 "https://adb-1.2.azuredatabricks.net", "42"},
		{"https://x.example?workspace_id=9", "https://x.example", "9"},
		{"https://x.example?w=8", "https://x.example", "8"},
		{"https://x.example?o=abc", "https://x.example", NULL},
		{"https://x.example:8443/api", "https://x.example:8443", NULL},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", NULL},
		{"http://localhost/", "http://localhost", NULL},
		{"http://[::1]:80", "http://[::1]:80", NULL},
	};
	struct lb_arena arena = {0};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lb_databricks_domain domain = {0};
		struct lb_error error = {0};
		assert_int_equal(lb_databricks_domain_parse(cases[i].text, &arena, &domain, &error),
				 LB_OK);
		assert_string_equal(domain.origin, cases[i].origin);
		if (cases[i].workspace_id == NULL) {
			assert_null(domain.workspace_id);
		} else {
			assert_string_equal(domain.workspace_id, cases[i].workspace_id);
		}
	}
	lb_arena_finish(&arena);
}

static void what_is_no_domain_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"",
					    "  ",
					    "https://",
					    "/jobs",
					    "a b.com",
					    "x.example:0",
					    "x.example:99999",
					    "x.example:",
					    "ftp://x.example",
					    "me:secret@x.example",
					    ".example",
					    "[::1",
					    "x\nHost: y"};
	struct lb_arena arena = {0};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lb_databricks_domain domain;
		struct lb_error error = {0};
		assert_int_equal(lb_databricks_domain_parse(texts[i], &arena, &domain, &error),
				 LB_INVALID);
		assert_null(strstr(error.message, "secret"));
	}
	lb_arena_finish(&arena);
}

static void a_token_is_not_sent_unprotected_to_another_machine(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	static const char *const texts[] = {"http://dbc-1.cloud.databricks.com",
					    "http://127.0.0.1.example", "HTTP://localhost.example"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lb_databricks_domain domain;
		struct lb_error error = {0};
		assert_int_equal(lb_databricks_domain_parse(texts[i], &arena, &domain, &error),
				 LB_INVALID);
		assert_non_null(strstr(error.message, "https"));
	}
	lb_arena_finish(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_browser_shows_names_the_workspace),
		cmocka_unit_test(what_is_no_domain_is_refused),
		cmocka_unit_test(a_token_is_not_sent_unprotected_to_another_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
