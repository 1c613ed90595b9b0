#include "cli/pass_costs.h"

#include "base/text.h"
#include "base/time.h"
#include "cli/words.h"
#include "config/settings.h"

#define MONTH_US (30 * LB_DAY)
#define PRICED_REQUESTS 1000.0

/* NULL: what was measured there is history. */
static const struct lb_acon *acon_of(const struct lb_config *config,
				     const struct lb_pass_cost *pass)
{
	for (size_t i = 0; i < config->acons.count; i++) {
		const struct lb_acon *acon = &config->acons.items[i];
		if (lb_text_equal(acon->base_trigger_file_location, pass->base_location) &&
		    lb_text_same_word(acon->sensor_source, pass->sensor_source)) {
			return acon;
		}
	}
	return NULL;
}

/* Between two such passes. With notifications the ordinary ones are rare too. */
static int64_t interval_us(const struct lb_config *config, const struct lb_acon *acon,
			   const struct lb_pass_cost *pass)
{
	const struct lb_trigger_file_options *options = &acon->trigger_file;
	if (pass->is_full) {
		return options->backfill_interval_us;
	}
	if (!acon->use_notifications) {
		return config->poll_interval_us;
	}
	return options->notified_interval_us > 0 ? options->notified_interval_us
						 : options->backfill_interval_us;
}

static double price_of(const struct lb_config *config, double requests)
{
	return requests / PRICED_REQUESTS * (double)config->list_price / LB_PRICE_UNIT;
}

enum lb_err lb_month_costs_reckon(const struct lb_config *config,
				  const struct lb_pass_cost_list *passes, struct lb_arena *arena,
				  struct lb_month_cost_list *ret_costs, struct lb_error *error)
{
	*ret_costs = (struct lb_month_cost_list){0};
	for (size_t i = 0; i < passes->count; i++) {
		const struct lb_pass_cost *pass = &passes->items[i];
		const struct lb_acon *acon = acon_of(config, pass);
		if (acon == NULL) {
			continue;
		}
		struct lb_month_cost *cost = lb_list_add(arena, ret_costs);
		if (cost == NULL) {
			return lb_fail_nomem(error);
		}
		cost->pass = pass;
		cost->passes = (double)MONTH_US / (double)interval_us(config, acon, pass);
		cost->price = price_of(config, cost->passes * (double)pass->cost.requests);
	}
	return LB_OK;
}

static double sum_of(const struct lb_month_cost_list *costs)
{
	double sum = 0;
	for (size_t i = 0; i < costs->count; i++) {
		sum += costs->items[i].price;
	}
	return sum;
}

static void add_number(struct lb_table *table, uint64_t number)
{
	lb_table_add(table, LB_STYLE_PLAIN,
		     lb_arena_printf(table->arena, "%llu", (unsigned long long)number));
}

static void add_cost(struct lb_table *table, const struct lb_month_cost *cost, int64_t now_us)
{
	const struct lb_pass_cost *pass = cost->pass;
	struct lb_arena *arena = table->arena;
	lb_table_add(table, LB_STYLE_PLAIN, pass->base_location);
	lb_table_add(table, LB_STYLE_PLAIN, pass->is_full ? "full" : "ordinary");
	add_number(table, pass->cost.requests);
	add_number(table, pass->cost.keys);
	add_number(table, pass->cost.bytes);
	lb_table_add(table, LB_STYLE_DIM, lb_words_distance(arena, pass->ended_at_us, now_us));
	lb_table_add(table, LB_STYLE_PLAIN, lb_arena_printf(arena, "%.0f", cost->passes));
	lb_table_add(table, LB_STYLE_PLAIN, lb_arena_printf(arena, "%.2f", cost->price));
}

bool lb_month_costs_print(const struct lb_cli *cli, const struct lb_month_cost_list *costs,
			  struct lb_arena *arena, int64_t now_us)
{
	static const char *const heads[] = {"LOCATION", "PASS",     "REQUESTS",       "KEYS",
					    "BYTES",    "MEASURED", "PASSES A MONTH", "PRICE"};
	struct lb_table table = {.arena = arena, .columns = sizeof(heads) / sizeof(heads[0])};
	if (costs->count == 0) {
		(void)printf("No pass has taken a request. Folders take none; what buckets take is "
			     "known when they have been listed.\n");
		return true;
	}
	for (size_t i = 0; i < table.columns; i++) {
		lb_table_add(&table, LB_STYLE_DIM, heads[i]);
	}
	for (size_t i = 0; i < costs->count; i++) {
		add_cost(&table, &costs->items[i], now_us);
	}
	if (!lb_table_print(&table, stdout, cli->color)) {
		return false;
	}
	(void)printf("\n%.2f in 30 days, at %g for 1,000 requests (list_price).\n", sum_of(costs),
		     price_of(cli->config, PRICED_REQUESTS));
	return true;
}

static json_t *cost_json(const struct lb_month_cost *cost)
{
	const struct lb_pass_cost *pass = cost->pass;
	return json_pack("{s:o, s:o, s:s, s:I, s:I, s:I, s:o, s:f, s:f}", "sensor_source",
			 lb_json_text(pass->sensor_source), "base_location",
			 lb_json_text(pass->base_location), "pass",
			 pass->is_full ? "full" : "ordinary", "requests",
			 (json_int_t)pass->cost.requests, "keys", (json_int_t)pass->cost.keys,
			 "bytes", (json_int_t)pass->cost.bytes, "measured_at",
			 lb_json_time(pass->ended_at_us), "passes_per_month", cost->passes,
			 "price_per_month", cost->price);
}

json_t *lb_json_month_costs(const struct lb_config *config, const struct lb_month_cost_list *costs)
{
	json_t *passes = json_array();
	for (size_t i = 0; i < costs->count; i++) {
		(void)json_array_append_new(passes, cost_json(&costs->items[i]));
	}
	return json_pack("{s:f, s:f, s:o}", "list_price", price_of(config, PRICED_REQUESTS),
			 "price_per_month", sum_of(costs), "passes", passes);
}
