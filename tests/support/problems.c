#include "support/problems.h"

#include "support/cmocka.h"

#include <string.h>

static void print_problems(const struct lb_problem_list *problems)
{
	static const char *const kinds[] = {"error", "warning", "notice"};
	for (size_t i = 0; i < problems->count; i++) {
		const struct lb_problem *problem = &problems->items[i];
		print_error("%s: %s: %s; %s\n", kinds[problem->kind], problem->place, problem->text,
			    problem->remedy != NULL ? problem->remedy : "-");
	}
}

static int holds(const char *text, const char *words)
{
	return words == NULL || (text != NULL && strstr(text, words) != NULL);
}

void expect_problem(const struct lb_problem_list *problems, enum lb_problem_kind kind,
		    const char *place, const char *text, const char *remedy, const char *file,
		    int line)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct lb_problem *problem = &problems->items[i];
		assert_non_null(problem->place);
		if (problem->kind == kind && strcmp(problem->place, place) == 0 &&
		    holds(problem->text, text) && holds(problem->remedy, remedy)) {
			return;
		}
	}
	print_error("no such problem at %s: %s; %s\n", place, text, remedy != NULL ? remedy : "-");
	print_problems(problems);
	_fail(file, line);
}

void expect_problem_count(const struct lb_problem_list *problems, enum lb_problem_kind kind,
			  size_t count, const char *file, int line)
{
	size_t found = 0;
	for (size_t i = 0; i < problems->count; i++) {
		found += problems->items[i].kind == kind;
	}
	if (found != count) {
		print_error("%zu problems of this kind, not %zu\n", found, count);
		print_problems(problems);
		_fail(file, line);
	}
}

void assert_not_told(const struct lb_problem_list *problems, const char *word)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct lb_problem *problem = &problems->items[i];
		assert_non_null(problem->place);
		assert_non_null(problem->text);
		assert_null(strstr(problem->place, word));
		assert_null(strstr(problem->text, word));
		assert_true(problem->remedy == NULL || strstr(problem->remedy, word) == NULL);
	}
}
