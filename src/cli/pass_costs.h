/* pass_costs.h: what passes over object stores cost: the requests of the last ones,
 * and what they come to in a month at the intervals that are configured. */
#ifndef LB_CLI_PASS_COSTS_H
#define LB_CLI_PASS_COSTS_H

#include "cli/app.h"

/* pass: borrowed. passes, price: in a month of 30 days; the price in the unit that
 * list_price is in. */
struct lb_month_cost {
	const struct lb_pass_cost *pass;
	double passes;
	double price;
};

struct lb_month_cost_list LB_LIST_OF(struct lb_month_cost);

/* Of those passes whose location an ACON of config names, in their order; in arena.
 * Error: NOMEM. */
enum lb_err lb_month_costs_reckon(const struct lb_config *config,
				  const struct lb_pass_cost_list *passes, struct lb_arena *arena,
				  struct lb_month_cost_list *ret_costs,
				  struct lb_error *error) LB_MUST_CHECK;

/* For people; false: no memory. now_us: wall clock. */
bool lb_month_costs_print(const struct lb_cli *cli, const struct lb_month_cost_list *costs,
			  struct lb_arena *arena, int64_t now_us);

/* A new reference; NULL: no memory. */
json_t *lb_json_month_costs(const struct lb_config *config, const struct lb_month_cost_list *costs);

#endif
