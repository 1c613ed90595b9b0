/* The values of HTTP headers, and URLs. Lines: Retry-After, Date, Content-Type, a URL;
 * then the answer's body. */
#include "base/text.h"
#include "base/time.h"
#include "fuzz/fuzz.h"
#include "net/aws_endpoint.h"
#include "net/http_value.h"
#include "net/url.h"

#include <stdlib.h>
#include <string.h>

#define NOW_US ((int64_t)1763877600 * LB_SECOND)

static void check_delay(const char *text, const char *date)
{
	int64_t delay_us;
	int64_t again_us;
	if (!lb_http_retry_after_parse(text, date, NOW_US, &delay_us)) {
		return;
	}
	assert(delay_us >= 0 && delay_us <= LB_HTTP_RETRY_AFTER_MAX_US);
	if (date == NULL || !lb_http_date_parse(date, NOW_US, &again_us)) {
		assert(lb_http_retry_after_parse(text, NULL, NOW_US, &again_us));
		assert(again_us == delay_us);
	}
}

static void check_date(const char *text)
{
	int64_t time_us;
	int64_t again_us;
	char formatted[LB_TIME_TEXT_MAX];
	if (lb_http_date_parse(text, NOW_US, &time_us)) {
		assert(lb_time_parse(lb_time_format(time_us, formatted), &again_us));
		assert(again_us == time_us && time_us % LB_SECOND == 0);
	}
}

/* %XX made bytes again is what was there before. */
static void check_encoded(struct lb_arena *arena, const char *text, bool keep_slashes)
{
	const char *encoded = lb_url_encode(arena, text, keep_slashes);
	assert(encoded != NULL);
	for (const char *at = encoded; *at != '\0'; at++, text++) {
		char byte = *at;
		if (byte == '%') {
			char digits[] = {at[1], at[2], '\0'};
			assert(strspn(digits, "0123456789ABCDEF") == 2);
			byte = (char)strtol(digits, NULL, 16);
			at += 2;
		} else {
			assert(byte > ' ' && byte < 0x7f && strchr("?#&=+@:;,", byte) == NULL);
			assert(byte != '/' || keep_slashes);
		}
		assert(byte == *text);
	}
	assert(*text == '\0');
}

static void check_url(const char *url)
{
	if (lb_aws_endpoint_valid(url)) {
		fuzz_check_line(url);
		assert(strchr(url, ' ') == NULL && strchr(url, '@') == NULL);
	}
	if (lb_aws_container_url_allowed(url)) {
		assert(lb_text_starts_with(url, "http://") || lb_text_starts_with(url, "https://"));
	}
	assert(*lb_aws_domain(url) != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	const char *retry_after = fuzz_line(&rest);
	const char *date = fuzz_line(&rest);
	const char *content_type = fuzz_line(&rest);
	const char *url = fuzz_line(&rest);
	check_delay(retry_after, date);
	check_date(retry_after);
	check_date(date);
	bool page = lb_http_is_page(content_type, rest != NULL ? rest : "");
	assert(!page || !lb_http_is_json(content_type));
	if (url != NULL) {
		check_url(url);
		check_encoded(&arena, url, true);
		check_encoded(&arena, url, false);
	}
	lb_arena_finish(&arena);
	return 0;
}
