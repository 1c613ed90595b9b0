/* Where a bucket is, and what its server says when it has no listing to give. Lines:
 * location, endpoint, region, status, code; then the message. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "sources/trigger_file/s3_answer.h"

#include <stdlib.h>
#include <string.h>

/* It becomes the Host header, and a part of the URL that is signed. */
static void check_host(const struct lb_s3_place *place)
{
	fuzz_check_line(place->host);
	assert(strpbrk(place->host, " /?#@\\") == NULL);
	assert(lb_text_equal(place->scheme, "https") || lb_text_equal(place->scheme, "http"));
	assert(*place->path == '/' && *place->bucket != '\0');
	assert(*place->prefix == '\0' || lb_text_ends_with(place->prefix, "/"));
	assert(*place->prefix != '/');
}

static void check_answer(const struct lb_s3_place *place, char *rest)
{
	struct lb_error error = {0};
	const char *status = fuzz_line(&rest);
	const char *code = fuzz_line(&rest);
	const struct lb_s3_asked asked = {"prefix", place->prefix, "s3:ListBucket"};
	(void)lb_s3_answer_judge(place, &asked, status != NULL ? atoi(status) : 0,
				 code != NULL ? code : "", rest != NULL ? rest : "", &error);
	fuzz_check_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	char *rest = fuzz_text(&arena, data, size);
	const char *location = fuzz_line(&rest);
	const char *endpoint = fuzz_line(&rest);
	struct lb_s3_server server = {.region = fuzz_line(&rest)};
	server.endpoint = endpoint != NULL && *endpoint != '\0' ? endpoint : NULL;
	server.region = server.region != NULL && *server.region != '\0' ? server.region : NULL;
	for (int style = LB_S3_STYLE_AUTO; style <= LB_S3_STYLE_VIRTUAL; style++) {
		struct lb_s3_place place = {0};
		struct lb_error error = {0};
		server.style = (enum lb_s3_style)style;
		if (lb_s3_place_make(location, &server, &arena, &place, &error) == LB_OK) {
			assert(lb_s3_is_location(location));
			check_host(&place);
			if (lb_s3_place_move(&place, location, &arena, &error) == LB_OK) {
				check_host(&place);
			}
			check_answer(&place, rest);
			rest = NULL;
		} else {
			fuzz_check_error(&error);
		}
	}
	lb_arena_finish(&arena);
	return 0;
}
