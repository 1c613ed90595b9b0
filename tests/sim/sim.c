/* sim.c: lives through simulated worlds, one a seed, and says which promise was
 * broken in the first that breaks one, with the line that shows it again.
 *
 *     sim [--first SEED] [--seeds N] [--hours H] [--store memory|sqlite]
 *     sim --seed SEED --trace          the story of one world, line by line
 *     sim --hashes                     seed and hash of each story
 *     sim --soak --first SEED          seed after seed until it is stopped */
#include "base/time.h"
#include "sim/memory.h"
#include "sim/world.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_HOURS 1000

struct request {
	uint64_t first;
	uint64_t seeds;
	int64_t hours;
	enum sim_store_kind kind;
	bool trace;
	bool hashes;
	bool soak;
};

static volatile sig_atomic_t stopped;
static struct {
	uint64_t seed;
	const struct request *request;
} running; /* for the message of an abort */

static void on_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void print_replay(FILE *out, uint64_t seed, const struct request *request)
{
	(void)fprintf(out, "# replay: sim --seed %llu --hours %lld --store %s --trace\n",
		      (unsigned long long)seed, (long long)request->hours,
		      request->kind == SIM_STORE_SQLITE ? "sqlite" : "memory");
}

/* An assertion of lakebeat's own broke: that, too, is a find. */
static void on_abort(int signal)
{
	(void)signal;
	print_replay(stdout, running.seed, running.request);
	(void)printf("# broken: assertion\n");
	(void)fflush(stdout);
	_exit(1);
}

static void add_totals(struct sim_totals *sum, const struct sim_totals *totals)
{
	sum->events += totals->events;
	sum->files += totals->files;
	sum->crashes += totals->crashes;
	sum->faults += totals->faults;
	sum->commits += totals->commits;
	sum->runs += totals->runs;
	sum->deeds += totals->deeds;
	sum->time_us += totals->time_us;
}

static void print_failure(const struct sim_world *world, const struct request *request)
{
	if (!request->trace) {
		sim_trace_print_tail(&world->trace, stdout, "#   ");
	}
	print_replay(stdout, world->seed, request);
	(void)printf("# broken: %s: %s\n", world->failed_check, world->failure);
}

static bool live_through(uint64_t seed, const struct request *request, struct sim_totals *sum)
{
	running.seed = seed;
	struct sim_world *world =
		sim_world_create(seed, request->kind, request->trace ? stdout : NULL);
	bool kept = sim_world_run(world, request->hours * LB_HOUR);
	add_totals(sum, &world->totals);
	if (!kept) {
		print_failure(world, request);
	} else if (request->hashes) {
		(void)printf("%llu %016llx\n", (unsigned long long)seed,
			     (unsigned long long)world->trace.hash);
	}
	sim_world_destroy(world);
	return kept;
}

static void print_totals(const struct sim_totals *sum, uint64_t seeds, double seconds)
{
	(void)printf(
		"# %llu seeds, %.1f simulated years in %.1f s: %llu events, %llu files, %llu "
		"runs, %llu commits checked, %llu crashes, %llu faults, %llu deeds of people\n",
		(unsigned long long)seeds, (double)sum->time_us / (double)LB_DAY / 365.25, seconds,
		(unsigned long long)sum->events, (unsigned long long)sum->files,
		(unsigned long long)sum->runs, (unsigned long long)sum->commits,
		(unsigned long long)sum->crashes, (unsigned long long)sum->faults,
		(unsigned long long)sum->deeds);
	(void)fflush(stdout);
}

static double seconds_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool live_through_all(const struct request *request)
{
	struct sim_totals sum = {0};
	double begin = seconds_now();
	double told = begin;
	uint64_t lived = 0;
	bool kept = true;
	while (kept && !stopped && (request->soak || lived < request->seeds)) {
		kept = live_through(request->first + lived, request, &sum);
		lived++;
		if (request->soak && seconds_now() - told > 10) {
			told = seconds_now();
			print_totals(&sum, lived, told - begin);
		}
	}
	if (!request->hashes) {
		print_totals(&sum, lived, seconds_now() - begin);
	}
	return kept;
}

static bool parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{"first", required_argument, NULL, 'f'},
		{"seed", required_argument, NULL, 's'},
		{"seeds", required_argument, NULL, 'n'},
		{"hours", required_argument, NULL, 'h'},
		{"store", required_argument, NULL, 'd'},
		{"trace", no_argument, NULL, 't'},
		{"hashes", no_argument, NULL, 'x'},
		{"soak", no_argument, NULL, 'k'},
		{NULL, 0, NULL, 0},
	};
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 's':
			request->seeds = 1;
			request->first = strtoull(optarg, NULL, 10);
			break;
		case 'f':
			request->first = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			request->seeds = strtoull(optarg, NULL, 10);
			break;
		case 'h':
			request->hours = strtoll(optarg, NULL, 10);
			break;
		case 'd':
			request->kind =
				strcmp(optarg, "sqlite") == 0 ? SIM_STORE_SQLITE : SIM_STORE_MEMORY;
			break;
		case 't':
			request->trace = true;
			break;
		case 'x':
			request->hashes = true;
			break;
		case 'k':
			request->soak = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct request request = {.first = 1, .seeds = 100, .hours = DEFAULT_HOURS};
	if (!parse(argc, argv, &request)) {
		(void)fprintf(stderr, "usage: sim [--first SEED] [--seeds N] [--seed SEED] "
				      "[--hours H] [--store memory|sqlite] [--trace] [--hashes] "
				      "[--soak]\n");
		return 2;
	}
	running.request = &request;
	(void)signal(SIGABRT, on_abort);
	(void)signal(SIGINT, on_stop);
	(void)signal(SIGTERM, on_stop);
	sim_memory_install();
	return live_through_all(&request) ? 0 : 1;
}
