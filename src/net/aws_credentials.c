#include "net/aws_credentials.h"

#include "base/text.h"
#include "base/time.h"
#include "net/aws_process.h"
#include "net/secret.h"

#include <string.h>

#define RENEW_AHEAD (5 * LB_MINUTE)
#define RENEW_AGAIN (30 * LB_SECOND)

/* waiting: in the order in which they asked. delivering: those of them that are
 * being called just now. rejected: session is not to be given out any more.
 * failed: what the last fetch failed with is to be told to those who wait. */
struct lb_aws_credentials {
	struct lb_aws_credentials_options options;
	struct lb_aws_clock clock;
	struct lb_aws_session session;
	int64_t renew_at_us;
	bool found;
	bool rejected;
	char description[LB_AWS_DESCRIPTION_MAX];
	struct lb_aws_fetch fetch;
	struct lb_aws_exchange exchange;
	bool fetching;
	bool failed;
	struct lb_error error;
	struct lb_aws_waiter *waiting;
	struct lb_aws_waiter *delivering;
	uv_timer_t timer;
	struct lb_arena arena; /* the settings' copy */
};

static bool copy_setting(struct lb_arena *arena, const char **text)
{
	const char *copy = lb_arena_strdup(arena, *text);
	bool ok = copy != NULL || *text == NULL;
	*text = copy;
	return ok;
}

static bool copy_settings(struct lb_arena *arena, struct lb_aws_settings *settings)
{
	const char **const texts[] = {
		&settings->access_key_id,
		&settings->secret_access_key,
		&settings->session_token,
		&settings->profile,
		&settings->region,
		&settings->role_arn,
		&settings->role_session_name,
		&settings->external_id,
		&settings->sts_endpoint,
	};
	bool ok = true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ok = copy_setting(arena, texts[i]) && ok;
	}
	return ok;
}

enum lb_err lb_aws_credentials_create(const struct lb_aws_credentials_options *options,
				      struct lb_aws_credentials **ret_credentials,
				      struct lb_error *error)
{
	struct lb_aws_credentials *credentials = lb_alloc(sizeof(*credentials));
	if (credentials == NULL) {
		return lb_fail_nomem(error);
	}
	credentials->options = *options;
	if (!copy_settings(&credentials->arena, &credentials->options.settings)) {
		lb_arena_wipe(&credentials->arena);
		lb_free(credentials);
		return lb_fail_nomem(error);
	}
	credentials->timer.data = credentials;
	(void)uv_timer_init(options->loop, &credentials->timer); /* cannot fail */
	*ret_credentials = credentials;
	return LB_OK;
}

static void on_close(uv_handle_t *handle)
{
	lb_free(handle->data);
}

static enum lb_err send_call(struct lb_aws_credentials *credentials, struct lb_error *error)
{
	const struct lb_aws_call *call = &credentials->fetch.call;
	struct lb_aws_transport *transport = credentials->options.transport;
	return call->argv != NULL
		       ? lb_aws_process_start(credentials->options.loop, call->argv,
					      call->timeout_us, &credentials->exchange, error)
		       : transport->impl->send(transport, call, &credentials->exchange, error);
}

static void cancel_call(struct lb_aws_credentials *credentials)
{
	struct lb_aws_transport *transport = credentials->options.transport;
	if (credentials->fetch.call.argv != NULL) {
		lb_aws_process_cancel(&credentials->exchange);
	} else {
		transport->impl->cancel(transport, &credentials->exchange);
	}
}

void lb_aws_credentials_destroy(struct lb_aws_credentials *credentials)
{
	if (credentials == NULL) {
		return;
	}
	if (credentials->fetching) {
		cancel_call(credentials);
	}
	lb_aws_fetch_finish(&credentials->fetch);
	lb_aws_session_finish(&credentials->session);
	lb_arena_wipe(&credentials->arena);
	credentials->waiting = NULL;
	credentials->delivering = NULL;
	uv_close((uv_handle_t *)&credentials->timer, on_close);
}

static int64_t machine_now(const struct lb_aws_credentials *credentials)
{
	return credentials->options.now(credentials->options.now_data);
}

int64_t lb_aws_credentials_now(const struct lb_aws_credentials *credentials)
{
	return lb_aws_clock_now(&credentials->clock, machine_now(credentials));
}

bool lb_aws_credentials_note_date(struct lb_aws_credentials *credentials, const char *date_header)
{
	return lb_aws_clock_note(&credentials->clock, date_header, machine_now(credentials));
}

static bool is_valid(const struct lb_aws_credentials *credentials)
{
	int64_t expires_at_us = credentials->session.expires_at_us;
	return credentials->found && !credentials->rejected &&
	       (expires_at_us == LB_TIME_NONE ||
		expires_at_us > lb_aws_credentials_now(credentials));
}

static bool is_renewal_due(const struct lb_aws_credentials *credentials)
{
	return credentials->session.expires_at_us != LB_TIME_NONE &&
	       credentials->renew_at_us <= lb_aws_credentials_now(credentials);
}

static void start_fetch(struct lb_aws_credentials *credentials);

/* Nobody is called twice: who asks again from within done is put into the other
 * list, and waits for the next turn of the loop. */
static void on_timer(uv_timer_t *timer)
{
	struct lb_aws_credentials *credentials = timer->data;
	bool valid = is_valid(credentials);
	if (!valid && !credentials->failed) { /* rejected, or expired, since they asked */
		if (credentials->waiting != NULL && !credentials->fetching) {
			start_fetch(credentials);
		}
		return;
	}
	struct lb_aws_keys keys = lb_aws_session_keys(&credentials->session);
	credentials->failed = false;
	credentials->delivering = credentials->waiting;
	credentials->waiting = NULL;
	while (credentials->delivering != NULL) {
		struct lb_aws_waiter *waiter = credentials->delivering;
		credentials->delivering = waiter->next;
		waiter->next = NULL;
		waiter->done(waiter, valid ? &keys : NULL, valid ? NULL : &credentials->error);
	}
}

static void deliver_soon(struct lb_aws_credentials *credentials)
{
	(void)uv_timer_start(&credentials->timer, on_timer, 0, 0);
}

/* Until shortly before the new keys expire. */
static void put_off_renewal(struct lb_aws_credentials *credentials)
{
	int64_t expires_at_us = credentials->session.expires_at_us;
	if (expires_at_us != LB_TIME_NONE &&
	    expires_at_us - RENEW_AHEAD > credentials->renew_at_us) {
		credentials->renew_at_us = expires_at_us - RENEW_AHEAD;
	}
}

static void end_fetch(struct lb_aws_credentials *credentials, enum lb_err err)
{
	int64_t now_us = lb_aws_credentials_now(credentials);
	struct lb_aws_fetch *fetch = &credentials->fetch;
	credentials->fetching = false;
	credentials->failed = err != LB_OK;
	credentials->renew_at_us = now_us + RENEW_AGAIN;
	if (err == LB_OK) {
		lb_aws_session_finish(&credentials->session);
		credentials->session = fetch->session;
		fetch->session = (struct lb_aws_session){.expires_at_us = LB_TIME_NONE};
		memcpy(credentials->description, fetch->description,
		       sizeof(credentials->description));
		credentials->found = true;
		credentials->rejected = false;
		credentials->error = (struct lb_error){0};
		put_off_renewal(credentials);
	}
	lb_aws_fetch_finish(fetch);
	deliver_soon(credentials);
}

/* Makes the next call, or ends. */
static void go_on(struct lb_aws_credentials *credentials)
{
	struct lb_aws_fetch *fetch = &credentials->fetch;
	enum lb_err err = lb_aws_fetch_next(fetch, machine_now(credentials), &credentials->error);
	if (err == LB_OK && fetch->step != LB_AWS_STEP_DONE) {
		err = send_call(credentials, &credentials->error);
		if (err == LB_OK) {
			return;
		}
		err = lb_wrap(&credentials->error, "%s", fetch->call.what);
	}
	end_fetch(credentials, err);
}

static void on_exchange(struct lb_aws_exchange *exchange, const struct lb_aws_answer *answer,
			const struct lb_error *error)
{
	struct lb_aws_credentials *credentials =
		(void *)((char *)exchange - offsetof(struct lb_aws_credentials, exchange));
	enum lb_err err =
		answer != NULL ? lb_aws_fetch_take(&credentials->fetch, answer,
						   machine_now(credentials), &credentials->error)
			       : lb_aws_fetch_lost(&credentials->fetch, error, &credentials->error);
	if (err != LB_OK) {
		end_fetch(credentials, err);
	} else {
		go_on(credentials);
	}
}

static void start_fetch(struct lb_aws_credentials *credentials)
{
	const struct lb_aws_credentials_options *options = &credentials->options;
	credentials->exchange = (struct lb_aws_exchange){.done = on_exchange};
	enum lb_err err =
		lb_aws_fetch_start(&options->settings, &options->environment, &credentials->clock,
				   &credentials->fetch, &credentials->error);
	if (err != LB_OK) {
		end_fetch(credentials, err);
		return;
	}
	credentials->fetching = true;
	go_on(credentials);
}

void lb_aws_credentials_get(struct lb_aws_credentials *credentials, struct lb_aws_waiter *waiter)
{
	struct lb_aws_waiter **end = &credentials->waiting;
	while (*end != NULL && *end != waiter) {
		end = &(*end)->next;
	}
	if (*end == waiter) {
		return;
	}
	waiter->next = NULL;
	*end = waiter;
	bool valid = is_valid(credentials);
	if (valid || credentials->failed) {
		deliver_soon(credentials);
	}
	if (!credentials->fetching && !credentials->failed &&
	    (!valid || is_renewal_due(credentials))) {
		start_fetch(credentials);
	}
}

static void drop(struct lb_aws_waiter **list, const struct lb_aws_waiter *waiter)
{
	while (*list != NULL && *list != waiter) {
		list = &(*list)->next;
	}
	if (*list != NULL) {
		*list = waiter->next;
	}
}

void lb_aws_credentials_cancel(struct lb_aws_credentials *credentials, struct lb_aws_waiter *waiter)
{
	drop(&credentials->waiting, waiter);
	drop(&credentials->delivering, waiter);
}

void lb_aws_credentials_reject(struct lb_aws_credentials *credentials, const char *access_key_id)
{
	if (lb_text_equal(credentials->session.access_key_id, access_key_id)) {
		credentials->rejected = true;
	}
}

const char *lb_aws_credentials_description(const struct lb_aws_credentials *credentials)
{
	return credentials->description;
}

const struct lb_error *lb_aws_credentials_problem(const struct lb_aws_credentials *credentials)
{
	return credentials->error.code != LB_OK ? &credentials->error : NULL;
}

enum lb_err lb_aws_credentials_find(const struct lb_aws_settings *settings,
				    const struct lb_aws_environment *environment,
				    char ret_description[static LB_AWS_DESCRIPTION_MAX],
				    struct lb_error *error)
{
	struct lb_aws_clock clock = {0};
	struct lb_aws_fetch fetch;
	enum lb_err err = lb_aws_fetch_start(settings, environment, &clock, &fetch, error);
	if (err == LB_OK) {
		memcpy(ret_description, fetch.description, LB_AWS_DESCRIPTION_MAX);
		lb_aws_fetch_finish(&fetch);
	}
	return err;
}
