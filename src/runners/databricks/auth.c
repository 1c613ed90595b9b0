#include "runners/databricks/auth.h"

#include "base/text.h"
#include "base/time.h"
#include "net/secret.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_MAX_US (20 * LB_MINUTE)
#define WAY_MAX_US (30 * LB_SECOND)
#define LIFE_DEFAULT_US LB_HOUR
#define TIMEOUT_US LB_MINUTE
#define REPLY_BYTES_MAX ((size_t)256 * 1024)

/* header:        NULL: none yet, or not any more.
 * renew_at_us, expires_at_us: by the monotonic clock; INT64_MAX: never.
 * asked_at_us:   when the latest request for one began.
 * told:          those who are not told yet, of those who are being told.
 * gone:          of the function that tells them; NULL: none does.
 * request:       for a new one; pending while it is on its way. */
struct lb_databricks_auth {
	struct lb_clock *clock;
	struct lb_http *http;
	const struct lb_databricks_credentials *credentials;
	char *header;
	int64_t renew_at_us;
	int64_t expires_at_us;
	int64_t asked_at_us;
	struct lb_databricks_waiter *waiting;
	struct lb_databricks_waiter **waiting_end;
	struct lb_databricks_waiter *told;
	bool *gone;
	struct lb_http_request request;
	struct lb_http_field fields[2];
	char *url;
	char *basic;
};

static int64_t monotonic_us(const struct lb_databricks_auth *auth)
{
	return auth->clock->impl->monotonic(auth->clock);
}

static char *join(const char *one, const char *between, const char *other)
{
	char *text = lb_alloc(strlen(one) + strlen(between) + strlen(other) + 1);
	if (text != NULL) {
		(void)stpcpy(stpcpy(stpcpy(text, one), between), other);
	}
	return text;
}

/* RFC 7617. */
static char *make_basic(const struct lb_databricks_credentials *credentials)
{
	char *plain = join(credentials->client_id, ":", credentials->client_secret);
	size_t length = plain != NULL ? strlen(plain) : 0;
	char *basic = plain != NULL ? lb_alloc(length / 3 * 4 + 16) : NULL;
	if (basic != NULL) {
		(void)EVP_EncodeBlock((unsigned char *)stpcpy(basic, "Basic "),
				      (const unsigned char *)plain, (int)length);
	}
	lb_secret_free(plain);
	return basic;
}

static enum lb_err prepare(struct lb_databricks_auth *auth, struct lb_error *error)
{
	const struct lb_databricks_credentials *credentials = auth->credentials;
	if (credentials->kind == LB_DATABRICKS_PAT) {
		auth->header = join("Bearer ", "", credentials->token);
		auth->renew_at_us = INT64_MAX;
		auth->expires_at_us = INT64_MAX;
		return auth->header != NULL ? LB_OK : lb_fail_nomem(error);
	}
	auth->url = join(credentials->domain.origin, "", "/oidc/v1/token");
	auth->basic = make_basic(credentials);
	return auth->url != NULL && auth->basic != NULL ? LB_OK : lb_fail_nomem(error);
}

enum lb_err lb_databricks_auth_create(struct lb_clock *clock, struct lb_http *http,
				      const struct lb_databricks_credentials *credentials,
				      struct lb_databricks_auth **ret_auth, struct lb_error *error)
{
	struct lb_databricks_auth *auth = lb_alloc(sizeof(*auth));
	if (auth == NULL) {
		return lb_fail_nomem(error);
	}
	auth->clock = clock;
	auth->http = http;
	auth->credentials = credentials;
	auth->waiting_end = &auth->waiting;
	enum lb_err err = prepare(auth, error);
	if (err != LB_OK) {
		lb_databricks_auth_destroy(auth);
		return err;
	}
	*ret_auth = auth;
	return LB_OK;
}

void lb_databricks_auth_destroy(struct lb_databricks_auth *auth)
{
	if (auth != NULL) {
		if (auth->gone != NULL) {
			*auth->gone = true;
		}
		lb_secret_free(auth->header);
		lb_secret_free(auth->basic);
		lb_free(auth->url);
		lb_free(auth);
	}
}

/* Those who wait now; who comes while they are told waits for the next one. One of them
 * may be the end of auth. */
static void tell_all(struct lb_databricks_auth *auth, const char *header,
		     const struct lb_databricks_reply *failure)
{
	bool gone = false;
	auth->gone = &gone;
	auth->told = auth->waiting;
	auth->waiting = NULL;
	auth->waiting_end = &auth->waiting;
	while (!gone && auth->told != NULL) {
		struct lb_databricks_waiter *waiter = auth->told;
		auth->told = waiter->next;
		waiter->waiting = false;
		waiter->ready(waiter, header, failure);
	}
	if (!gone) {
		auth->gone = NULL;
	}
}

/* Some servers send the number as a text. */
static int64_t life_us(const json_t *json)
{
	const json_t *member = json_object_get(json, "expires_in");
	int64_t seconds = json_integer_value(member);
	if (json_is_string(member)) {
		seconds = strtoll(json_string_value(member), NULL, 10);
	}
	if (seconds <= 0 || seconds > 10 * LB_DAY / LB_SECOND) {
		return LIFE_DEFAULT_US;
	}
	return seconds * LB_SECOND;
}

/* A token's life began after it was asked for, and what is sent with it is on its way for a
 * while. */
static bool take_token(struct lb_databricks_auth *auth, const json_t *json)
{
	const char *token = json_string_value(json_object_get(json, "access_token"));
	if (token == NULL || token[0] == '\0') {
		return false;
	}
	char *header = join("Bearer ", "", token);
	if (header == NULL) {
		return false;
	}
	lb_secret_free(auth->header);
	auth->header = header;
	int64_t life = life_us(json);
	int64_t end_us = auth->asked_at_us + life;
	auth->expires_at_us = end_us - (life / 10 < WAY_MAX_US ? life / 10 : WAY_MAX_US);
	auth->renew_at_us = end_us - (life / 2 < AHEAD_MAX_US ? life / 2 : AHEAD_MAX_US);
	return true;
}

/* A header that is still good serves on when no new one can be had; the next to
 * want it tries again, but not at once. */
static void on_fetched(struct lb_http_request *request)
{
	struct lb_databricks_auth *auth = request->data;
	struct lb_databricks_reply reply;
	lb_databricks_reply_of(request, auth->clock->impl->now(auth->clock), &reply);
	if (reply.meaning == LB_DATABRICKS_DONE && !take_token(auth, reply.json)) {
		reply.meaning = LB_DATABRICKS_LATER;
		(void)lb_fail(&reply.error, LB_CORRUPT, "there is no access token in the answer");
	}
	if (reply.meaning == LB_DATABRICKS_DONE) {
		tell_all(auth, auth->header, NULL);
	} else {
		auth->renew_at_us = monotonic_us(auth) + LB_MINUTE;
		(void)lb_wrap(&reply.error, "no access token from /oidc/v1/token");
		tell_all(auth, NULL, &reply);
	}
	lb_databricks_reply_finish(&reply);
}

static void fetch(struct lb_databricks_auth *auth)
{
	static const char body[] = "grant_type=client_credentials&scope=all-apis";
	auth->asked_at_us = monotonic_us(auth);
	auth->fields[0] = (struct lb_http_field){"Authorization", auth->basic};
	auth->fields[1] =
		(struct lb_http_field){"Content-Type", "application/x-www-form-urlencoded"};
	auth->request = (struct lb_http_request){
		.method = "POST",
		.url = auth->url,
		.headers = auth->fields,
		.header_count = 2,
		.body = body,
		.body_length = sizeof(body) - 1,
		.timeout_us = TIMEOUT_US,
		.response_bytes_max = REPLY_BYTES_MAX,
		.done = on_fetched,
		.data = auth,
	};
	lb_http_submit(auth->http, &auth->request);
}

void lb_databricks_auth_want(struct lb_databricks_auth *auth, struct lb_databricks_waiter *waiter)
{
	int64_t now_us = monotonic_us(auth);
	bool usable = auth->header != NULL && now_us < auth->expires_at_us;
	if (!auth->request.pending && (!usable || now_us >= auth->renew_at_us)) {
		fetch(auth);
	}
	if (usable) {
		waiter->ready(waiter, auth->header, NULL);
		return;
	}
	waiter->next = NULL;
	waiter->waiting = true;
	*auth->waiting_end = waiter;
	auth->waiting_end = &waiter->next;
}

static bool take_out(struct lb_databricks_waiter **place, const struct lb_databricks_waiter *waiter)
{
	while (*place != NULL && *place != waiter) {
		place = &(*place)->next;
	}
	if (*place == NULL) {
		return false;
	}
	*place = waiter->next;
	return true;
}

void lb_databricks_auth_cancel(struct lb_databricks_auth *auth, struct lb_databricks_waiter *waiter)
{
	if (waiter->waiting && !take_out(&auth->told, waiter)) {
		(void)take_out(&auth->waiting, waiter);
		auth->waiting_end = &auth->waiting;
		while (*auth->waiting_end != NULL) {
			auth->waiting_end = &(*auth->waiting_end)->next;
		}
	}
	waiter->waiting = false;
}

void lb_databricks_auth_stop(struct lb_databricks_auth *auth)
{
	lb_http_cancel(auth->http, &auth->request);
}

bool lb_databricks_auth_reject(struct lb_databricks_auth *auth, const char *header)
{
	if (auth->credentials->kind == LB_DATABRICKS_PAT) {
		return false;
	}
	if (lb_text_equal(auth->header, header)) {
		lb_secret_free(auth->header);
		auth->header = NULL;
	}
	return true;
}
