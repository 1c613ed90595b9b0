/* What a bucket answers, in two pieces. */
#include "base/text.h"
#include "base/time.h"
#include "fuzz/fuzz.h"
#include "sources/trigger_file/s3_listing.h"

#include <string.h>

static enum lb_err on_key(void *data, const struct lb_listed *listed, struct lb_error *error)
{
	size_t *keys = data;
	(void)error;
	(*keys)++;
	assert(*listed->key != '\0' && !lb_text_ends_with(listed->key, "/"));
	assert(listed->etag != NULL && listed->size_bytes >= 0);
	assert(listed->modified_at_us != LB_TIME_NONE);
	return LB_OK;
}

/* However it is cut, the same comes of it. */
static enum lb_err read_in_two(const uint8_t *data, size_t size, size_t cut, size_t *ret_keys)
{
	static struct lb_s3_listing listing;
	struct lb_error error = {0};
	*ret_keys = 0;
	assert(lb_s3_listing_init(&listing, on_key, ret_keys, &error) == LB_OK);
	enum lb_err err = lb_s3_listing_feed(&listing, (const char *)data, cut, &error);
	if (err == LB_OK) {
		err = lb_s3_listing_feed(&listing, (const char *)data + cut, size - cut, &error);
	}
	if (err == LB_OK) {
		err = lb_s3_listing_end(&listing, &error);
	}
	if (err != LB_OK) {
		fuzz_check_error(&error);
	}
	assert(lb_utf8_valid(listing.code) && lb_utf8_valid(listing.message));
	lb_s3_listing_finish(&listing);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t whole;
	size_t cut;
	enum lb_err err = read_in_two(data, size, size, &whole);
	enum lb_err again = read_in_two(data, size, size / 2, &cut);
	assert((err == LB_OK) == (again == LB_OK));
	assert(err != LB_OK || whole == cut);
	return 0;
}
