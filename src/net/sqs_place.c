/* sqs_place.c: what a queue's URL says. */
#include "base/text.h"
#include "net/aws_endpoint.h"
#include "net/sqs.h"

#include <string.h>

static const char *copy_part(struct lb_arena *arena, const char *from, const char *end)
{
	return lb_arena_strndup(arena, from, (size_t)(end - from));
}

/* The word of the host name that is the region:
 *     sqs.REGION.…, sqs-fips.REGION.…, VPCE.sqs.REGION.vpce.…, REGION.queue.…
 * Amazon SQS API Reference, and AWS General Reference, "Amazon SQS endpoints and
 * quotas". ret_region: NULL: it is no such host. */
static bool find_region(const char *host, struct lb_arena *arena, const char **ret_region)
{
	*ret_region = NULL;
	if (strstr(host, ".amazonaws.") == NULL && strstr(host, ".api.aws") == NULL) {
		return true;
	}
	const char *from = NULL;
	const char *service = strstr(host, "sqs");
	const char *legacy = strstr(host, ".queue.amazonaws.");
	if (legacy != NULL) {
		*ret_region = copy_part(arena, host, legacy);
		return *ret_region != NULL;
	}
	if (lb_text_starts_with(host, "queue.amazonaws.")) {
		*ret_region = "us-east-1";
		return true;
	}
	if (service != NULL && (service == host || service[-1] == '.')) {
		from = strchr(service, '.');
	}
	if (from == NULL) {
		return true;
	}
	from++;
	*ret_region = copy_part(arena, from, from + strcspn(from, ".:"));
	return *ret_region != NULL;
}

static enum lb_err refuse(const char *why, struct lb_error *error)
{
	return lb_fail(error, LB_INVALID, "the queue's URL %s", why);
}

/* The last part of an absolute path of at least two; NULL: it is none. */
static const char *find_name(const char *path)
{
	const char *name = path != NULL ? strrchr(path, '/') : NULL;
	bool good = name != NULL && name != path && name[1] != '\0' && strpbrk(path, "?#") == NULL;
	return good ? name + 1 : NULL;
}

enum lb_err lb_sqs_place_find(const char *url, const char *region, const char *fallback_region,
			      const char *endpoint, struct lb_arena *arena,
			      struct lb_sqs_place *ret_place, struct lb_error *error)
{
	const char *host = strstr(url, "://");
	const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
	const char *own = path != NULL ? copy_part(arena, url, path) : NULL;
	const char *name = find_name(path);
	if (path != NULL && own == NULL) {
		return lb_fail_nomem(error);
	}
	if (own == NULL || !lb_aws_endpoint_valid(own) || name == NULL) {
		return refuse("is not of the form https://HOST/ACCOUNT/NAME", error);
	}
	*ret_place = (struct lb_sqs_place){.region = region};
	if (region == NULL && !find_region(own + (host - url) + 3, arena, &ret_place->region)) {
		return lb_fail_nomem(error);
	}
	if (ret_place->region == NULL) {
		ret_place->region = lb_arena_strdup(arena, fallback_region);
	}
	if (ret_place->region == NULL) {
		return refuse("does not name a region; set cloudFiles.region or AWS_REGION", error);
	}
	if (endpoint != NULL && *endpoint != '\0') {
		char *other = lb_text_without_trailing(endpoint, '/');
		own = lb_arena_strdup(arena, other);
		lb_free(other);
		if (own != NULL && !lb_aws_endpoint_valid(own)) {
			return lb_fail(error, LB_INVALID,
				       "AWS_ENDPOINT_URL_SQS is not of the form https://HOST");
		}
	}
	ret_place->url = lb_arena_strdup(arena, url);
	ret_place->endpoint = own;
	ret_place->name = lb_arena_strdup(arena, name);
	bool whole = own != NULL && ret_place->url != NULL && ret_place->name != NULL;
	return whole ? LB_OK : lb_fail_nomem(error);
}
