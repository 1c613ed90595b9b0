#include "sim/ledger.h"

#include "base/time.h"
#include "sim/memory.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

/* What one commit is checked with. runs: the newest ones, with inputs. */
struct commit {
	struct sim_world *world;
	struct sim_store *store;
	const struct sim_view *old;
	const struct sim_view *new;
	struct lb_arena arena;
	struct lb_run_list runs;
	struct lb_event_list events;
	struct lb_run_input_list wanted;
	struct lb_audit_list audits;
};

/* --- the event log ----------------------------------------------------------- */

static int64_t last_seq(const struct sim_view *view, size_t sensor)
{
	int64_t last = 0;
	for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
		const struct sim_row_view *row = &view->rows[job][sensor];
		last = row->exists && row->last_seq > last ? row->last_seq : last;
	}
	return last;
}

static void check_event(struct sim_world *world, const struct lb_event *event)
{
	size_t sensor = sim_bucket_sensor(&world->bucket, event->sensor_id);
	struct sim_file *file = sim_bucket_find(&world->bucket, sensor, event->file.file_name);
	if (file == NULL || !file->delivered) {
		sim_fail(world, "whole-files", "event %s/%s is no delivery", event->sensor_id,
			 event->file.file_name);
		return;
	}
	if (event->file.modified_at_us < file->whole_at_us) {
		sim_fail(world, "whole-files", "%s/%s was taken while it was being written",
			 event->sensor_id, file->name);
	}
	bool counts = !world->plan.options.allow_overwrites || atoi(event->file.etag) == file->etag;
	if (counts && ++file->recorded > 1) {
		sim_fail(world, "nothing-twice", "%s/%s is in the event log %d times",
			 event->sensor_id, file->name, file->recorded);
	}
}

static void check_events(struct commit *commit)
{
	struct sim_world *world = commit->world;
	for (size_t i = 0; i < commit->events.count; i++) {
		check_event(world, &commit->events.items[i]);
	}
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		int64_t last = last_seq(commit->new, i); /* 0 while nobody waits for it */
		int64_t *known = &world->ledger.last_seq[i];
		*known = last > *known ? last : *known;
	}
}

/* --- runs -------------------------------------------------------------------- */

static void take(struct sim_world *world, size_t job, const struct lb_run *run,
		 const struct lb_run_input *input)
{
	struct sim_ledger *ledger = &world->ledger;
	struct sim_run_entry *latest = &ledger->latest[job];
	size_t sensor = sim_bucket_sensor(&world->bucket, input->sensor_id);
	int64_t expected =
		latest->took[sensor] ? latest->from_seq[sensor] : ledger->upto[job][sensor];
	int64_t least = latest->took[sensor] ? latest->to_seq[sensor] : expected + 1;
	if (input->from_seq != expected || input->to_seq < least ||
	    input->to_seq < ledger->upto[job][sensor]) {
		sim_fail(world, "consumed-by-runs",
			 "job %zu run %lld.%d takes events %lld to %lld of %s, after those up to "
			 "%lld",
			 job, (long long)run->run_no, run->attempt, (long long)input->from_seq + 1,
			 (long long)input->to_seq, input->sensor_id,
			 (long long)ledger->upto[job][sensor]);
	}
	latest->took[sensor] = true;
	latest->from_seq[sensor] = input->from_seq;
	latest->to_seq[sensor] = input->to_seq;
	ledger->upto[job][sensor] = input->to_seq;
}

/* A hard row's event is a real one, unless a person said that there is one. */
static void check_start(const struct commit *commit, size_t job)
{
	struct sim_world *world = commit->world;
	struct sim_ledger *ledger = &world->ledger;
	const struct lb_policy *policy = &world->plan.policies[job];
	if (sim_view_is_silenced(commit->new, job)) {
		sim_fail(world, "paused-is-silent", "job %zu run %lld is planned while paused", job,
			 (long long)ledger->latest[job].run_no);
	}
	if (!sim_view_is_ready(commit->new, job, policy->max_event_gap_us)) {
		sim_fail(world, "never-too-early", "job %zu run %lld is planned but not ready", job,
			 (long long)ledger->latest[job].run_no);
	}
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		const struct sim_row_view *row = &commit->new->rows[job][i];
		bool real = ledger->latest[job].took[i] || ledger->forged[job][i];
		if (row->exists && row->hard && !real) {
			sim_fail(world, "never-too-early", "job %zu run %lld has no event of %s",
				 job, (long long)ledger->latest[job].run_no,
				 world->bucket.folders[i].sensor_id);
		}
		ledger->forged[job][i] = false;
	}
}

static void check_new_run(struct commit *commit, const struct lb_run *run)
{
	struct sim_world *world = commit->world;
	size_t job = sim_job_number(run->trigger_job_id);
	struct sim_run_entry *latest = &world->ledger.latest[job];
	bool first = run->attempt == 1;
	if (first ? run->run_no != latest->run_no + 1
		  : run->run_no != latest->run_no || run->attempt != latest->attempt + 1) {
		sim_fail(world, "run-numbers", "job %zu run %lld.%d follows run %lld.%d", job,
			 (long long)run->run_no, run->attempt, (long long)latest->run_no,
			 latest->attempt);
	}
	struct sim_run_entry before = *latest;
	if (first) {
		*latest = (struct sim_run_entry){0};
		world->totals.runs++;
	}
	latest->run_no = run->run_no;
	latest->attempt = run->attempt;
	for (size_t i = 0; i < run->inputs.count; i++) {
		take(world, job, run, &run->inputs.items[i]);
	}
	for (size_t i = 0; i < SIM_SENSORS_MAX && !first; i++) {
		if (before.took[i] && latest->to_seq[i] < before.to_seq[i]) {
			sim_fail(world, "consumed-by-runs", "job %zu: attempt %d lost events", job,
				 run->attempt);
		}
	}
	if (first) {
		check_start(commit, job);
	}
}

/* An attempt that lost an input of the one before takes less than that did. */
static bool kept_inputs(const struct sim_run_entry *before, const struct lb_run *run,
			const struct sim_world *world)
{
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		bool found = !before->took[i] || run->attempt == 1;
		for (size_t j = 0; j < run->inputs.count && !found; j++) {
			found = sim_bucket_sensor(&world->bucket, run->inputs.items[j].sensor_id) ==
				i;
		}
		if (!found) {
			return false;
		}
	}
	return true;
}

static void check_runs(struct commit *commit)
{
	struct sim_world *world = commit->world;
	for (size_t i = commit->runs.count; i > 0; i--) {
		const struct lb_run *run = &commit->runs.items[i - 1];
		if (run->id <= world->ledger.last_run_id) {
			continue;
		}
		size_t job = sim_job_number(run->trigger_job_id);
		if (!kept_inputs(&world->ledger.latest[job], run, world)) {
			sim_fail(world, "consumed-by-runs", "job %zu run %lld.%d lost an input",
				 job, (long long)run->run_no, run->attempt);
		}
		check_new_run(commit, run);
		world->ledger.last_run_id = run->id;
	}
}

/* --- rows -------------------------------------------------------------------- */

static void check_consumed(struct commit *commit, size_t job, size_t sensor)
{
	struct sim_world *world = commit->world;
	const struct sim_row_view *old = &commit->old->rows[job][sensor];
	const struct sim_row_view *new = &commit->new->rows[job][sensor];
	int64_t *upto = &world->ledger.upto[job][sensor];
	if (!new->exists) {
		return;
	}
	if (!old->exists) {
		world->ledger.joined[job][sensor] = new->last_seq;
	}
	if (!old->exists || commit->store->by_hand == (int)job) {
		*upto = new->consumed_seq;
		return;
	}
	if (new->consumed_seq < old->consumed_seq) {
		sim_fail(world, "consumed-moves-back", "job %zu, %s: from %lld to %lld", job,
			 world->bucket.folders[sensor].sensor_id, (long long)old->consumed_seq,
			 (long long)new->consumed_seq);
	}
	if (new->consumed_seq != *upto) {
		sim_fail(world, "consumed-by-runs", "job %zu, %s: consumed %lld, runs took %lld",
			 job, world->bucket.folders[sensor].sensor_id, (long long)new->consumed_seq,
			 (long long)*upto);
	}
}

static void check_rows(struct commit *commit)
{
	for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
		for (size_t sensor = 0; sensor < SIM_SENSORS_MAX; sensor++) {
			check_consumed(commit, job, sensor);
		}
	}
}

static void check_live_runs(struct commit *commit)
{
	for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
		if (commit->new->live_count[job] > 1) {
			sim_fail(commit->world, "one-live-run", "job %zu has %zu live runs", job,
				 commit->new->live_count[job]);
		}
	}
}

/* How the tables say that a run ended; PLANNED: it is not among the newest. */
static enum lb_run_state recorded_state(const struct commit *commit, const char *token)
{
	for (size_t i = 0; i < commit->runs.count; i++) {
		if (strcmp(commit->runs.items[i].token, token) == 0) {
			return commit->runs.items[i].state;
		}
	}
	return LB_RUN_PLANNED;
}

/* As the job service has it, unless it has lost what it knew. */
static void check_outcome(const struct commit *commit, const struct sim_run_view *old,
			  const struct sim_service_run *run)
{
	enum lb_run_state state = recorded_state(commit, old->token);
	enum lb_run_state outcome = run->deleted ? LB_RUN_FAILED : run->outcome;
	if (commit->store->node != NULL && state != LB_RUN_PLANNED && state != outcome) {
		sim_fail(commit->world, "true-endings", "job %zu run %lld.%d is %s, and was %s",
			 run->job, (long long)run->run_no, run->attempt, lb_run_state_text(state),
			 lb_run_state_text(outcome));
	}
}

/* A run that was live is not any more. Only its job, by `complete`, may say so
 * while it goes on. */
static void check_endings(struct commit *commit)
{
	struct sim_world *world = commit->world;
	for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
		const struct sim_run_view *old = &commit->old->live[job];
		bool ended = commit->old->live_count[job] > 0 &&
			     (commit->new->live_count[job] == 0 ||
			      strcmp(old->token, commit->new->live[job].token) != 0);
		struct sim_service_run *run =
			ended ? sim_service_find(&world->service, old->token) : NULL;
		if (run == NULL) {
			continue;
		}
		if (run->over) {
			check_outcome(commit, old, run);
			continue;
		}
		run->released = true;
		if (commit->store->node != NULL) {
			sim_fail(world, "true-endings", "job %zu run %lld.%d is still running", job,
				 (long long)old->run_no, old->attempt);
		}
	}
}

/* --- the audit log ----------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_stored_audits(struct commit *commit)
{
	const struct lb_audit_list *asked = &commit->store->written.audits;
	bool same = commit->audits.count == asked->count;
	for (size_t i = 0; i < asked->count && same; i++) {
		const struct lb_audit *a = &asked->items[asked->count - 1 - i];
		const struct lb_audit *b = &commit->audits.items[i];
		same = same_text(a->trigger_job_id, b->trigger_job_id) &&
		       same_text(a->sensor_id, b->sensor_id) && same_text(a->to, b->to) &&
		       same_text(a->cause, b->cause);
	}
	if (!same) {
		sim_fail(commit->world, "true-audit", "the store lost entries of the audit log");
	}
}

static bool is_status(const char *text)
{
	static const char *const statuses[] = {"NEW_EVENT_AVAILABLE", "IN_PROGRESS", "COMPLETED",
					       "FAILED"};
	for (size_t i = 0; text != NULL && i < 4; i++) {
		if (strcmp(text, statuses[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* Follows the entries of one row from the status that it had. */
static void replay_audits(struct commit *commit, size_t job, size_t sensor)
{
	const struct sim_row_view *old = &commit->old->rows[job][sensor];
	const struct sim_row_view *new = &commit->new->rows[job][sensor];
	if (!old->exists || !new->exists || commit->store->by_hand == (int)job) {
		return;
	}
	const char *status = old->status;
	const struct lb_audit_list *audits = &commit->store->written.audits;
	for (size_t i = 0; i < audits->count; i++) {
		const struct lb_audit *audit = &audits->items[i];
		if (audit->sensor_id != NULL && is_status(audit->to) &&
		    sim_job_number(audit->trigger_job_id) == job &&
		    strcmp(audit->sensor_id, commit->world->bucket.folders[sensor].sensor_id) ==
			    0) {
			status = audit->to;
		}
	}
	if (strcmp(status, new->status) != 0) {
		sim_fail(commit->world, "true-audit",
			 "job %zu, %s: '%s' by the log, '%s' in the row", job,
			 commit->world->bucket.folders[sensor].sensor_id, status, new->status);
	}
}

static void check_audits(struct commit *commit)
{
	check_stored_audits(commit);
	for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
		for (size_t sensor = 0; sensor < SIM_SENSORS_MAX; sensor++) {
			replay_audits(commit, job, sensor);
		}
	}
}

/* --- a commit ---------------------------------------------------------------- */

static void want_new_events(struct commit *commit)
{
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		int64_t from = commit->world->ledger.last_seq[i];
		int64_t to = last_seq(commit->new, i);
		if (to > from) {
			*(struct lb_run_input *)sim_must(lb_list_add(
				&commit->arena, &commit->wanted)) = (struct lb_run_input){
				.sensor = commit->new->sensors[i], .from_seq = from, .to_seq = to};
		}
	}
}

static enum lb_err load_body(struct lb_store *store, void *data, struct lb_error *error)
{
	struct commit *commit = data;
	struct lb_arena *arena = &commit->arena;
	struct lb_run_query newest = {
		.with_inputs = true, .order = LB_RUN_NEWEST_FIRST, .limit = 2 * SIM_JOBS_MAX};
	enum lb_err err = store->impl->load_runs(store, &newest, arena, &commit->runs, error);
	if (err == LB_OK && commit->wanted.count > 0) {
		err = store->impl->load_events(store, &commit->wanted, arena, &commit->events,
					       error);
	}
	struct lb_audit_query audits = {.limit = commit->store->written.audits.count};
	if (err == LB_OK && audits.limit > 0) {
		err = store->impl->load_audit(store, &audits, arena, &commit->audits, error);
	}
	return err;
}

static void tell(const struct commit *commit)
{
	struct sim_world *world = commit->world;
	const struct sim_node *node = commit->store->node;
	const struct lb_audit_list *audits = &commit->store->written.audits;
	for (size_t i = 0; i < audits->count; i++) {
		const struct lb_audit *audit = &audits->items[i];
		sim_tell(world, "%s%c: job %s %s run %lld.%d: %s -> %s, %s",
			 node != NULL ? "lakebeat " : "person",
			 node != NULL ? (char)('0' + (int)node->index) : ' ', audit->trigger_job_id,
			 audit->sensor_id != NULL ? audit->sensor_id : "", (long long)audit->run_no,
			 audit->attempt, audit->from != NULL ? audit->from : "NULL",
			 audit->to != NULL ? audit->to : "NULL",
			 audit->cause != NULL ? audit->cause : "");
	}
	for (size_t i = 0; i < commit->events.count; i++) {
		sim_tell(world, "event %lld of %s: %s", (long long)commit->events.items[i].seq,
			 commit->events.items[i].sensor_id, commit->events.items[i].file.file_name);
	}
}

void sim_ledger_commit(struct sim_world *world, struct sim_store *store)
{
	struct sim_view old = world->view;
	world->totals.commits++;
	sim_view_read(world, &world->view);
	sim_arrivals_look(world);
	struct commit commit = {.world = world, .store = store, .old = &old, .new = &world->view};
	want_new_events(&commit);
	sim_tables_read(world, load_body, &commit);
	tell(&commit);
	check_events(&commit);
	check_live_runs(&commit);
	check_runs(&commit);
	check_rows(&commit);
	check_endings(&commit);
	check_audits(&commit);
	lb_arena_finish(&commit.arena);
}

/* --- a request --------------------------------------------------------------- */

/* Of one sensor, without those that came before the job waited for it, or were given
 * up when a person took the job from the sensor by force. */
static int64_t count_told(const struct lb_submission *submission, const char *sensor_id,
			  int64_t joined_seq)
{
	int64_t told = 0;
	for (size_t i = 0; i < submission->events->count; i++) {
		const struct lb_event *event = &submission->events->items[i];
		told += event->seq > joined_seq && strcmp(event->sensor_id, sensor_id) == 0;
	}
	return told;
}

static void check_request_events(struct sim_world *world, const struct lb_submission *submission,
				 size_t job)
{
	const struct sim_run_entry *latest = &world->ledger.latest[job];
	const struct lb_run *run = submission->run;
	if (latest->run_no != run->run_no || latest->attempt != run->attempt) {
		return;
	}
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		const char *sensor_id = world->bucket.folders[i].sensor_id;
		int64_t joined = world->ledger.joined[job][i];
		int64_t from = latest->from_seq[i] > joined ? latest->from_seq[i] : joined;
		int64_t taken =
			latest->took[i] && latest->to_seq[i] > from ? latest->to_seq[i] - from : 0;
		int64_t told = count_told(submission, sensor_id, joined);
		if (told != taken && world->view.rows[job][i].exists) {
			sim_fail(world, "whole-requests",
				 "job %zu run %lld.%d tells %lld of %lld events of %s", job,
				 (long long)run->run_no, run->attempt, (long long)told,
				 (long long)taken, sensor_id);
		}
	}
}

void sim_ledger_request(struct sim_node *node, const struct lb_submission *submission)
{
	struct sim_world *world = node->world;
	const struct lb_run *run = submission->run;
	size_t job = sim_job_number(run->trigger_job_id);
	const struct sim_run_view *seen = &node->seen.live[job];
	if (node->seen.live_count[job] == 0 || strcmp(seen->token, run->token) != 0 ||
	    seen->state != LB_RUN_PLANNED) {
		sim_fail(world, "durable-token",
			 "job %zu run %lld.%d is asked for, and not PLANNED", job,
			 (long long)run->run_no, run->attempt);
	}
	if (sim_view_is_silenced(&node->seen, job)) {
		sim_fail(world, "paused-is-silent", "job %zu run %lld.%d is asked for", job,
			 (long long)run->run_no, run->attempt);
	}
	check_request_events(world, submission, job);
}

/* --- rest -------------------------------------------------------------------- */

static void check_job_at_rest(struct sim_world *world, size_t job)
{
	const struct sim_view *view = &world->view;
	bool any = false;
	for (size_t i = 0; i < SIM_SENSORS_MAX; i++) {
		const struct sim_row_view *row = &view->rows[job][i];
		if (!row->exists) {
			continue;
		}
		any = true;
		bool done = row->status[0] == '\0' || strcmp(row->status, "COMPLETED") == 0 ||
			    strcmp(row->status, "NEW_EVENT_AVAILABLE") == 0;
		if (!done || sim_row_should_take_up(row)) {
			sim_fail(world, "nothing-stuck", "job %zu, %s: '%s', %lld events wait", job,
				 world->bucket.folders[i].sensor_id, row->status,
				 (long long)(row->last_seq - row->consumed_seq));
		}
	}
	if (any && view->live_count[job] > 0) {
		sim_fail(world, "nothing-stuck", "job %zu run %lld.%d is not over", job,
			 (long long)view->live[job].run_no, view->live[job].attempt);
	}
	if (any && sim_view_is_ready(view, job, world->plan.policies[job].max_event_gap_us)) {
		sim_fail(world, "nothing-stuck", "job %zu is ready and does not start", job);
	}
}

static void check_file_at_rest(struct sim_world *world, const struct sim_file *file)
{
	const char *sensor_id = world->bucket.folders[file->sensor].sensor_id;
	bool waited_for = false;
	for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
		if (!world->view.rows[job][file->sensor].exists) {
			continue;
		}
		waited_for = true;
		if (file->run_no[job] == 0 && !world->ledger.by_hand[job]) {
			sim_fail(world, "nothing-lost", "%s/%s was never given to job %zu",
				 sensor_id, file->name, job);
		}
	}
	if (waited_for && file->recorded == 0) {
		sim_fail(world, "nothing-lost", "%s/%s is not in the event log", sensor_id,
			 file->name);
	}
}

void sim_ledger_rest(struct sim_world *world, int64_t since_us)
{
	for (size_t job = 0; job < SIM_JOBS_MAX; job++) {
		check_job_at_rest(world, job);
	}
	for (size_t i = 0; i < world->bucket.count; i++) {
		const struct sim_file *file = world->bucket.all[i];
		if (!file->deleted && file->delivered && file->modified_at_us < since_us) {
			check_file_at_rest(world, file);
		}
	}
}
