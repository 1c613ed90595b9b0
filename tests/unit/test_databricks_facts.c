/* What a workspace says of a job and of the one who asks (runners/databricks/facts.h). */
#include "runners/databricks/facts.h"
#include "support/cmocka.h"

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(json);
	return json;
}

static void a_job_says_its_name_and_how_many_runs_it_may_have(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_databricks_job_facts facts = {0};
	struct lb_error error = {0};
	json_t *json = parse("{\"job_id\": 7, \"settings\": {\"name\": \"orders\", "
			     "\"max_concurrent_runs\": 0}}");
	assert_int_equal(lb_databricks_read_job(json, &arena, &facts, &error), LB_OK);
	assert_string_equal(facts.name, "orders");
	assert_int_equal(facts.max_concurrent_runs, 0);
	json_decref(json);
	json = parse("{\"job_id\": 7, \"settings\": {}}");
	assert_int_equal(lb_databricks_read_job(json, &arena, &facts, &error), LB_OK);
	assert_null(facts.name);
	assert_int_equal(facts.max_concurrent_runs, 1);
	json_decref(json);
	lb_arena_finish(&arena);
}

static void a_job_is_continuous_unless_it_is_paused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is_continuous;
	} cases[] = {
		{"{\"settings\": {\"continuous\": {\"pause_status\": \"UNPAUSED\"}}}", true},
		{"{\"settings\": {\"continuous\": {}}}", true},
		{"{\"settings\": {\"continuous\": {\"pause_status\": \"PAUSED\"}}}", false},
		{"{\"settings\": {\"continuous\": null}}", false},
		{"{\"settings\": {\"schedule\": {\"pause_status\": \"PAUSED\"}}}", false},
	};
	struct lb_arena arena = {0};
	struct lb_error error = {0};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lb_databricks_job_facts facts = {0};
		json_t *json = parse(cases[i].text);
		assert_int_equal(lb_databricks_read_job(json, &arena, &facts, &error), LB_OK);
		assert_int_equal(facts.is_continuous, cases[i].is_continuous);
		json_decref(json);
	}
	lb_arena_finish(&arena);
}

static void what_describes_no_job_is_corrupt(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	struct lb_databricks_job_facts facts = {0};
	struct lb_error error = {0};
	static const char *const texts[] = {"{}", "{\"settings\": 5}", "{\"settings\": null}"};
	for (size_t i = 0; i < 3; i++) {
		json_t *json = parse(texts[i]);
		assert_int_equal(lb_databricks_read_job(json, &arena, &facts, &error), LB_CORRUPT);
		json_decref(json);
	}
	lb_arena_finish(&arena);
}

static void a_user_and_a_service_principal_have_a_name(void **state)
{
	(void)state;
	struct lb_arena arena = {0};
	json_t *user = parse("{\"userName\": \"ada@example.com\"}");
	json_t *principal = parse("{\"applicationId\": \"5c0b2e9e\"}");
	json_t *nobody = parse("{\"userName\": 7}");
	assert_string_equal(lb_databricks_principal(user, &arena), "ada@example.com");
	assert_string_equal(lb_databricks_principal(principal, &arena), "5c0b2e9e");
	assert_null(lb_databricks_principal(nobody, &arena));
	json_decref(user);
	json_decref(principal);
	json_decref(nobody);
	lb_arena_finish(&arena);
}

#define ADA "{\"userName\": \"ada\", \"groups\": [{\"display\": \"lake\"}, {\"display\": \"all\"}]}"
#define ROBOT "{\"userName\": \"5c0b\", \"applicationId\": \"5c0b\"}"
#define ACL(who, level)                                                                            \
	"{\"access_control_list\": [{\"group_name\": \"admins\", \"all_permissions\": "            \
	"[{\"permission_level\": \"CAN_MANAGE\"}]}, {" who                                         \
	", \"all_permissions\": [{\"permission_level\": \"CAN_VIEW\"}, "                           \
	"{\"permission_level\": \"" level "\"}]}]}"

static enum lb_databricks_right right_of(const char *me, const char *acl)
{
	json_t *one = parse(me);
	json_t *other = parse(acl);
	enum lb_databricks_right right = lb_databricks_right_of(one, other);
	json_decref(one);
	json_decref(other);
	return right;
}

static void whoever_is_named_with_the_right_to_start_may_start(void **state)
{
	(void)state;
	static const struct {
		const char *me;
		const char *acl;
	} granted[] = {
		{ADA, ACL("\"user_name\": \"ada\"", "CAN_MANAGE_RUN")},
		{ADA, ACL("\"user_name\": \"ada\"", "CAN_MANAGE")},
		{ADA, ACL("\"user_name\": \"ada\"", "IS_OWNER")},
		{ADA, ACL("\"group_name\": \"all\"", "CAN_MANAGE_RUN")},
		{ROBOT, ACL("\"service_principal_name\": \"5c0b\"", "CAN_MANAGE_RUN")},
	};
	for (size_t i = 0; i < sizeof(granted) / sizeof(granted[0]); i++) {
		assert_int_equal(right_of(granted[i].me, granted[i].acl),
				 LB_DATABRICKS_RIGHT_GRANTED);
	}
}

static void whoever_is_not_named_or_may_only_look_lacks_the_right(void **state)
{
	(void)state;
	assert_int_equal(right_of(ADA, ACL("\"user_name\": \"ada\"", "CAN_VIEW")),
			 LB_DATABRICKS_RIGHT_LACKING);
	assert_int_equal(right_of(ADA, ACL("\"user_name\": \"bob\"", "IS_OWNER")),
			 LB_DATABRICKS_RIGHT_LACKING);
	assert_int_equal(right_of(ADA, ACL("\"service_principal_name\": \"5c0b\"", "IS_OWNER")),
			 LB_DATABRICKS_RIGHT_LACKING);
	assert_int_equal(right_of(ROBOT, ACL("\"group_name\": \"all\"", "IS_OWNER")),
			 LB_DATABRICKS_RIGHT_LACKING);
	assert_int_equal(right_of(ADA, "{\"access_control_list\": []}"),
			 LB_DATABRICKS_RIGHT_LACKING);
}

static void where_nothing_is_said_the_right_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(right_of(ADA, "{}"), LB_DATABRICKS_RIGHT_UNKNOWN);
	assert_int_equal(right_of("[]", "{\"access_control_list\": []}"),
			 LB_DATABRICKS_RIGHT_UNKNOWN);
	assert_int_equal(lb_databricks_right_of(NULL, NULL), LB_DATABRICKS_RIGHT_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_says_its_name_and_how_many_runs_it_may_have),
		cmocka_unit_test(a_job_is_continuous_unless_it_is_paused),
		cmocka_unit_test(what_describes_no_job_is_corrupt),
		cmocka_unit_test(a_user_and_a_service_principal_have_a_name),
		cmocka_unit_test(whoever_is_named_with_the_right_to_start_may_start),
		cmocka_unit_test(whoever_is_not_named_or_may_only_look_lacks_the_right),
		cmocka_unit_test(where_nothing_is_said_the_right_is_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
