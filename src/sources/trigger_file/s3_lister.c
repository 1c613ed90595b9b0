#include "sources/trigger_file/s3_lister.h"

#include "base/text.h"
#include "base/time.h"
#include "sources/trigger_file/s3_answer.h"
#include "sources/trigger_file/s3_listing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_KEYS 1000
#define TRIES_MAX 6
#define PAUSE_FIRST_US (200 * LB_MS)
#define PAUSE_MAX_US (10 * LB_SECOND)
/* So many answers without a complaint allow one request more at a time. */
#define RECOVERY 16

enum stage { STAGE_PAUSED, STAGE_KEYS, STAGE_SENT, STAGE_YIELDED };

struct s3_lister;

/* One page on its way. request: whose it is. after: behind which key the next request
 * begins, in the bucket's words. token: goes before it. tries: since the last progress.
 * renewed, clock_set, moved: what is done once. due_at_ms: of PAUSED and YIELDED. */
struct page {
	struct s3_lister *lister;
	struct lb_object_request *request; /* NULL: the page is free */
	enum stage stage;
	struct lb_aws_waiter waiter;
	struct lb_http_request http;
	struct lb_arena arena;
	struct lb_s3_listing listing;
	struct lb_error key_error;
	bool begun;
	bool any_key;
	bool renewed;
	bool clock_set;
	bool moved;
	int tries;
	uint64_t due_at_ms;
	char key_id[160];
	char after[LB_KEY_MAX + 1024];
	char token[LB_S3_TEXT_MAX];
	char prefix[LB_KEY_MAX + 1024];
	char shown_to[LB_KEY_MAX];
};

/* allowed: requests that may be sent at once. sent: that are. calm: answers since the last
 * complaint. arena: what place points into. timer: begins what waits, at the loop's next
 * turn or when its pause is over. */
struct s3_lister {
	struct lb_object_lister base;
	uv_loop_t *loop;
	struct lb_http *http;
	struct lb_aws_credentials *credentials;
	struct lb_arena arena;
	struct lb_s3_place place;
	struct lb_sigv4_key key;
	uv_timer_t timer;
	struct page *pages; /* parallel_max of them */
	size_t allowed;
	size_t sent;
	unsigned calm;
	uint64_t jitter;
};

static struct s3_lister *lister_of(struct lb_object_lister *lister)
{
	return (struct s3_lister *)lister;
}

/* --- pages ------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void wake(struct s3_lister *lister)
{
	(void)uv_timer_start(&lister->timer, on_timer, 0, 0);
}

static void forget_attempt(struct page *page)
{
	if (page->begun) {
		lb_s3_listing_finish(&page->listing);
	}
	page->begun = false;
	lb_arena_finish(&page->arena);
}

static void release(struct page *page)
{
	forget_attempt(page);
	page->request->lister_data = NULL;
	page->request = NULL;
	wake(page->lister);
}

/* Last of all: done may list again, cancel others, or destroy the lister. */
static void finish_page(struct page *page)
{
	char shown_to[LB_KEY_MAX];
	struct lb_object_request *request = page->request;
	memcpy(shown_to, page->shown_to, sizeof(shown_to));
	release(page);
	request->shown_to = shown_to[0] != '\0' ? shown_to : NULL;
	request->done(request);
}

static void fail_page(struct page *page, const struct lb_error *error)
{
	page->shown_to[0] = '\0';
	page->request->error = *error;
	finish_page(page);
}

/* Between half of it and all of it; it doubles with each try. */
static void pause_page(struct page *page)
{
	struct s3_lister *lister = page->lister;
	int64_t pause_us = PAUSE_FIRST_US << page->tries;
	pause_us = pause_us < PAUSE_MAX_US ? pause_us : PAUSE_MAX_US;
	lister->jitter = lister->jitter * 6364136223846793005ULL + 1442695040888963407ULL;
	uint64_t pause_ms = (uint64_t)pause_us / 1000;
	page->stage = STAGE_PAUSED;
	page->due_at_ms =
		uv_now(lister->loop) + pause_ms / 2 + (lister->jitter >> 33) % (pause_ms / 2 + 1);
	wake(lister);
}

/* --- answers ----------------------------------------------------------------- */

static void note_calm(struct s3_lister *lister)
{
	if (++lister->calm >= RECOVERY && lister->allowed < lister->base.parallel_max) {
		lister->calm = 0;
		lister->allowed++;
	}
}

static void note_complaint(struct s3_lister *lister)
{
	lister->calm = 0;
	lister->allowed = lister->allowed > 1 ? lister->allowed / 2 : 1;
}

/* The same again, later, if that may help. */
static void try_again(struct page *page, const struct lb_error *error)
{
	if (++page->tries >= TRIES_MAX) {
		fail_page(page, error);
	} else {
		pause_page(page);
	}
}

static void at_once(struct page *page)
{
	page->stage = STAGE_PAUSED;
	page->due_at_ms = 0;
	wake(page->lister);
}

static void follow(struct page *page, const struct lb_error *error)
{
	struct s3_lister *lister = page->lister;
	const char *region = lb_http_header(&page->http, "x-amz-bucket-region");
	if (region == NULL && page->listing.region[0] != '\0') {
		region = page->listing.region;
	}
	struct lb_error problem = *error;
	bool known = region != NULL && strlen(region) < 64 && !page->moved;
	if (!known || lb_s3_place_move(&lister->place, region, &lister->arena, &problem) != LB_OK) {
		fail_page(page, &problem);
		return;
	}
	page->moved = true;
	at_once(page);
}

static void obey(struct page *page, enum lb_s3_remedy remedy, const struct lb_error *error)
{
	struct s3_lister *lister = page->lister;
	switch (remedy) {
	case LB_S3_SLOWER:
		note_complaint(lister);
		try_again(page, error);
		return;
	case LB_S3_LATER:
		try_again(page, error);
		return;
	case LB_S3_MOVED:
		follow(page, error);
		return;
	case LB_S3_RENEW:
		lb_aws_credentials_reject(lister->credentials, page->key_id);
		if (!page->renewed) {
			page->renewed = true;
			at_once(page);
			return;
		}
		break;
	case LB_S3_CLOCK:
		if (lb_aws_credentials_note_date(lister->credentials,
						 lb_http_header(&page->http, "Date")) &&
		    !page->clock_set) {
			page->clock_set = true;
			at_once(page);
			return;
		}
		break;
	case LB_S3_FINAL:
		break;
	}
	fail_page(page, error);
}

/* A whole page. One that shows nothing although more follows leads on by its token. */
static void take_page(struct page *page)
{
	const struct lb_s3_listing *listing = &page->listing;
	note_calm(page->lister);
	if (!listing->truncated || page->any_key) {
		page->shown_to[0] = listing->truncated ? page->shown_to[0] : '\0';
		finish_page(page);
	} else if (listing->next_token[0] != '\0') {
		memcpy(page->token, listing->next_token, sizeof(page->token));
		page->tries = 0;
		at_once(page);
	} else {
		struct lb_error error;
		(void)lb_fail(&error, LB_CORRUPT,
			      "bucket %s: a page shows nothing and leads nowhere",
			      page->lister->place.bucket);
		fail_page(page, &error);
	}
}

static void judge(struct page *page)
{
	struct lb_error error;
	struct lb_error ended = {0};
	(void)!lb_s3_listing_end(&page->listing, &ended);
	const struct lb_s3_asked asked = {"prefix", page->prefix, "s3:ListBucket"};
	obey(page,
	     lb_s3_answer_judge(&page->lister->place, &asked, page->http.status, page->listing.code,
				page->listing.message, &error),
	     &error);
}

static void on_done(struct lb_http_request *http)
{
	struct page *page = http->data;
	struct s3_lister *lister = page->lister;
	struct lb_error error = {0};
	lister->sent--;
	if (page->key_error.code != LB_OK) {
		fail_page(page, &page->key_error);
	} else if (http->error.code != LB_OK) {
		error = http->error;
		(void)lb_wrap(&error, "bucket %s", lister->place.bucket);
		try_again(page, &error);
	} else if (http->status == 200 && lb_s3_listing_end(&page->listing, &error) != LB_OK) {
		(void)lb_wrap(&error, "bucket %s", lister->place.bucket);
		try_again(page, &error);
	} else if (http->status != 200 || page->listing.code[0] != '\0') {
		judge(page);
	} else {
		take_page(page);
	}
}

/* Keys become relative to the base location. They are taken at once, so what is asked
 * for again begins behind the last. */
static enum lb_err on_key(void *data, const struct lb_listed *listed, struct lb_error *error)
{
	struct page *page = data;
	const char *base = page->lister->place.prefix;
	if (page->http.status != 200 || !lb_text_starts_with(listed->key, base)) {
		return lb_fail(error, LB_CORRUPT, "the listing shows a key outside of the prefix");
	}
	struct lb_listed relative = *listed;
	relative.key = listed->key + strlen(base);
	if (strlen(listed->key) >= sizeof(page->after) ||
	    strlen(relative.key) >= sizeof(page->shown_to)) {
		return lb_fail(error, LB_CORRUPT, "the listing shows a key that is too long");
	}
	(void)snprintf(page->after, sizeof(page->after), "%s", listed->key);
	(void)snprintf(page->shown_to, sizeof(page->shown_to), "%s", relative.key);
	page->token[0] = '\0';
	page->any_key = true;
	page->tries = 0;
	page->request->cost.keys++;
	if (page->request->on_key(page->request, &relative, &page->key_error) != LB_OK) {
		*error = page->key_error;
	}
	return page->key_error.code;
}

static enum lb_err on_body(struct lb_http_request *http, const char *bytes, size_t length,
			   struct lb_error *error)
{
	struct page *page = http->data;
	page->request->cost.bytes += length;
	/* What a status other than 200 brings may be no XML at all; it is judged later. */
	struct lb_error ignored;
	if (http->status != 200) {
		(void)!lb_s3_listing_feed(&page->listing, bytes, length, &ignored);
		return LB_OK;
	}
	return lb_s3_listing_feed(&page->listing, bytes, length, error);
}

/* --- requests ---------------------------------------------------------------- */

static size_t choose_parameters(const struct page *page, struct lb_sigv4_field parameters[static 6])
{
	size_t count = 0;
	parameters[count++] = (struct lb_sigv4_field){"list-type", "2"};
	parameters[count++] = (struct lb_sigv4_field){"encoding-type", "url"};
	parameters[count++] = (struct lb_sigv4_field){"max-keys", "1000"};
	if (page->prefix[0] != '\0') {
		parameters[count++] = (struct lb_sigv4_field){"prefix", page->prefix};
	}
	parameters[count++] = page->token[0] != '\0'
				      ? (struct lb_sigv4_field){"continuation-token", page->token}
				      : (struct lb_sigv4_field){"start-after", page->after};
	return count;
}

static enum lb_err sign(struct page *page, const struct lb_aws_keys *keys, struct lb_error *error)
{
	struct s3_lister *lister = page->lister;
	struct lb_sigv4_field parameters[6];
	struct lb_sigv4_request request = {
		.service = &lb_sigv4_s3,
		.region = lister->place.region,
		.method = "GET",
		.scheme = lister->place.scheme,
		.host = lister->place.host,
		.path = lister->place.path,
		.parameters = parameters,
		.parameter_count = choose_parameters(page, parameters),
	};
	struct lb_sigv4_signed result;
	enum lb_err err = lb_sigv4_sign(&request, keys, lb_aws_credentials_now(lister->credentials),
					&lister->key, &page->arena, &result, error);
	struct lb_http_field *headers =
		err == LB_OK ? lb_arena_alloc(&page->arena, result.headers.count * sizeof(*headers))
			     : NULL;
	if (err == LB_OK && headers == NULL) {
		return lb_fail_nomem(error);
	}
	for (size_t i = 0; err == LB_OK && i < result.headers.count; i++) {
		headers[i] = (struct lb_http_field){result.headers.items[i].name,
						    result.headers.items[i].value};
	}
	if (err == LB_OK) {
		page->http = (struct lb_http_request){
			.method = "GET",
			.url = result.url,
			.headers = headers,
			.header_count = result.headers.count,
			.on_body = on_body,
			.done = on_done,
			.data = page,
		};
	}
	return err;
}

static enum lb_err begin_attempt(struct page *page, const struct lb_aws_keys *keys,
				 struct lb_error *error)
{
	(void)snprintf(page->key_id, sizeof(page->key_id), "%s", keys->access_key_id);
	enum lb_err err = sign(page, keys, error);
	if (err == LB_OK) {
		err = lb_s3_listing_init(&page->listing, on_key, page, error);
		page->begun = err == LB_OK;
	}
	return err;
}

static void on_keys(struct lb_aws_waiter *waiter, const struct lb_aws_keys *keys,
		    const struct lb_error *problem)
{
	struct page *page = waiter->data;
	struct s3_lister *lister = page->lister;
	struct lb_error error = {0};
	if (keys == NULL) {
		error = *problem;
	} else if (begin_attempt(page, keys, &error) == LB_OK) {
		page->stage = STAGE_SENT;
		page->request->cost.requests++;
		lb_http_submit(lister->http, &page->http);
		return;
	}
	lister->sent--;
	(void)lb_wrap(&error, "bucket %s", lister->place.bucket);
	fail_page(page, &error);
}

static void send_page(struct page *page)
{
	forget_attempt(page);
	page->lister->sent++;
	page->stage = STAGE_KEYS;
	page->waiter = (struct lb_aws_waiter){.done = on_keys, .data = page};
	lb_aws_credentials_get(page->lister->credentials, &page->waiter);
}

static struct page *find_due(const struct s3_lister *lister, enum stage stage)
{
	uint64_t now_ms = uv_now(lister->loop);
	for (size_t i = 0; i < lister->base.parallel_max; i++) {
		struct page *page = &lister->pages[i];
		if (page->request != NULL && page->stage == stage && page->due_at_ms <= now_ms) {
			return page;
		}
	}
	return NULL;
}

/* Paused pages that nothing keeps any more are sent as room comes. */
static void set_timer(struct s3_lister *lister)
{
	uint64_t now_ms = uv_now(lister->loop);
	uint64_t due_ms = UINT64_MAX;
	for (size_t i = 0; i < lister->base.parallel_max; i++) {
		const struct page *page = &lister->pages[i];
		bool waits = page->request != NULL &&
			     (page->stage == STAGE_YIELDED ||
			      (page->stage == STAGE_PAUSED && page->due_at_ms > now_ms));
		if (waits && page->due_at_ms < due_ms) {
			due_ms = page->due_at_ms;
		}
	}
	if (due_ms != UINT64_MAX) {
		(void)uv_timer_start(&lister->timer, on_timer,
				     due_ms > now_ms ? due_ms - now_ms : 0, 0);
	}
}

/* A page that yields comes last, as it may end the lister. */
static void on_timer(uv_timer_t *timer)
{
	struct s3_lister *lister = timer->data;
	for (struct page *page;
	     lister->sent < lister->allowed && (page = find_due(lister, STAGE_PAUSED)) != NULL;) {
		send_page(page);
	}
	set_timer(lister);
	struct page *yielded = find_due(lister, STAGE_YIELDED);
	if (yielded != NULL) {
		finish_page(yielded);
	}
}

/* --- the port ---------------------------------------------------------------- */

/* There is a free one: no more are asked for than parallel_max. */
static struct page *take_free_page(struct s3_lister *lister, struct lb_object_request *request)
{
	struct page *page = lister->pages;
	while (page->request != NULL) {
		page++;
		assert(page < lister->pages + lister->base.parallel_max);
	}
	page->lister = lister;
	page->request = request;
	page->any_key = page->renewed = page->clock_set = page->moved = false;
	page->key_error = (struct lb_error){0};
	page->tries = 0;
	page->due_at_ms = 0;
	page->token[0] = page->shown_to[0] = '\0';
	request->lister_data = page;
	wake(lister);
	return page;
}

static void list(struct lb_object_lister *base, struct lb_object_request *request)
{
	struct s3_lister *lister = lister_of(base);
	struct page *page = take_free_page(lister, request);
	page->stage = STAGE_PAUSED;
	/* What is too long is cut, and shows keys that are known already. */
	(void)snprintf(page->after, sizeof(page->after), "%s%s", lister->place.prefix,
		       request->start_after);
	(void)snprintf(page->prefix, sizeof(page->prefix), "%s%s", lister->place.prefix,
		       request->prefix != NULL ? request->prefix : "");
}

static void yield(struct lb_object_lister *base, struct lb_object_request *request)
{
	take_free_page(lister_of(base), request)->stage = STAGE_YIELDED;
}

static void cancel(struct lb_object_lister *base, struct lb_object_request *request)
{
	struct s3_lister *lister = lister_of(base);
	struct page *page = request->lister_data;
	if (page->stage == STAGE_KEYS) {
		lb_aws_credentials_cancel(lister->credentials, &page->waiter);
	}
	if (page->stage == STAGE_SENT) {
		lb_http_cancel(lister->http, &page->http);
	}
	lister->sent -= page->stage == STAGE_KEYS || page->stage == STAGE_SENT;
	release(page);
}

static void free_lister(uv_handle_t *timer)
{
	struct s3_lister *lister = timer->data;
	lb_sigv4_key_finish(&lister->key);
	lb_arena_finish(&lister->arena);
	lb_free(lister->pages);
	lb_free(lister);
}

static void destroy(struct lb_object_lister *base)
{
	uv_close((uv_handle_t *)&lister_of(base)->timer, free_lister);
}

static const struct lb_object_lister_impl impl = {
	.list = list,
	.yield = yield,
	.cancel = cancel,
	.destroy = destroy,
};

enum lb_err lb_s3_lister_create(const struct lb_s3_options *options,
				struct lb_object_lister **ret_lister, struct lb_error *error)
{
	struct s3_lister *lister = lb_alloc(sizeof(*lister));
	struct page *pages = lb_alloc(LB_OBJECT_REQUESTS_MAX * sizeof(*pages));
	if (lister == NULL || pages == NULL ||
	    lb_s3_place_copy(options->place, &lister->arena, &lister->place, error) != LB_OK) {
		if (lister != NULL) {
			lb_arena_finish(&lister->arena);
		}
		lb_free(pages);
		lb_free(lister);
		return lb_fail_nomem(error);
	}
	lister->base = (struct lb_object_lister){
		.impl = &impl,
		.page_keys = PAGE_KEYS,
		.parallel_max = LB_OBJECT_REQUESTS_MAX,
	};
	lister->loop = options->loop;
	lister->http = options->http;
	lister->credentials = options->credentials;
	lister->pages = pages;
	lister->allowed = LB_OBJECT_REQUESTS_MAX;
	lister->jitter = (uint64_t)uv_hrtime();
	(void)uv_timer_init(options->loop, &lister->timer);
	lister->timer.data = lister;
	*ret_lister = &lister->base;
	return LB_OK;
}
