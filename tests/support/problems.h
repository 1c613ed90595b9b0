/* problems.h: what a reading reported, for tests. */
#ifndef LB_TESTS_PROBLEMS_H
#define LB_TESTS_PROBLEMS_H

#include "config/problem.h"

/* One of the problems has this kind and place, and text and remedy hold these
 * words (NULL: any). Fails with the whole list when there is none. */
#define assert_problem(problems, kind, place, text, remedy)                                        \
	expect_problem((problems), (kind), (place), (text), (remedy), __FILE__, __LINE__)
void expect_problem(const struct lb_problem_list *problems, enum lb_problem_kind kind,
		    const char *place, const char *text, const char *remedy, const char *file,
		    int line);

/* There are exactly so many of that kind. */
#define assert_problem_count(problems, kind, count)                                                \
	expect_problem_count((problems), (kind), (count), __FILE__, __LINE__)
void expect_problem_count(const struct lb_problem_list *problems, enum lb_problem_kind kind,
			  size_t count, const char *file, int line);

/* No place, text or remedy holds the word. */
void assert_not_told(const struct lb_problem_list *problems, const char *word);

#endif
