#include "sources/trigger_file/s3_place.h"

#include "base/text.h"
#include "net/aws_endpoint.h"

#include <string.h>

/* What follows the scheme; NULL: it is none of them. */
static const char *skip_scheme(const char *location)
{
	static const char *const schemes[] = {"s3://", "s3a://", "s3n://"};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (lb_text_starts_with(location, schemes[i])) {
			return location + strlen(schemes[i]);
		}
	}
	return NULL;
}

bool lb_s3_is_location(const char *location)
{
	return skip_scheme(location) != NULL;
}

/* Names of buckets as the Amazon S3 User Guide has them; others' may have capitals and
 * '_' too. Nothing that means something in a URL. */
static bool is_bucket(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	size_t length = strspn(name, letters);
	return length >= 3 && length <= 255 && name[length] == '\0' && name[0] != '.' &&
	       strstr(name, "..") == NULL;
}

static enum lb_err split_location(const char *location, struct lb_arena *arena,
				  struct lb_s3_place *place, struct lb_error *error)
{
	const char *rest = skip_scheme(location);
	size_t length = rest != NULL ? strcspn(rest, "/") : 0;
	const char *prefix = rest != NULL ? rest + length : "";
	prefix += strspn(prefix, "/");
	place->bucket = lb_arena_strndup(arena, rest != NULL ? rest : "", length);
	size_t kept = strlen(prefix);
	while (kept > 0 && prefix[kept - 1] == '/') {
		kept--;
	}
	place->prefix = kept > 0 ? lb_arena_printf(arena, "%.*s/", (int)kept, prefix) : "";
	if (place->bucket == NULL || place->prefix == NULL) {
		return lb_fail_nomem(error);
	}
	if (!is_bucket(place->bucket)) {
		return lb_fail(error, LB_INVALID, "'%s' names no bucket; write s3://BUCKET/PREFIX",
			       location);
	}
	return LB_OK;
}

static bool wants_path(const struct lb_s3_place *place, enum lb_s3_style style)
{
	if (style == LB_S3_STYLE_AUTO) {
		return place->own_endpoint || strchr(place->bucket, '.') != NULL;
	}
	return style == LB_S3_STYLE_PATH;
}

static enum lb_err put_host(struct lb_s3_place *place, const char *server, struct lb_arena *arena,
			    struct lb_error *error)
{
	place->host = place->path_style ? lb_arena_strdup(arena, server)
					: lb_arena_printf(arena, "%s.%s", place->bucket, server);
	place->path = place->path_style ? lb_arena_printf(arena, "/%s", place->bucket) : "/";
	return place->host != NULL && place->path != NULL ? LB_OK : lb_fail_nomem(error);
}

static enum lb_err use_amazon(struct lb_s3_place *place, struct lb_arena *arena,
			      struct lb_error *error)
{
	const char *server =
		lb_arena_printf(arena, "s3.%s.%s", place->region, lb_aws_domain(place->region));
	place->scheme = "https";
	return server != NULL ? put_host(place, server, arena, error) : lb_fail_nomem(error);
}

static enum lb_err use_endpoint(struct lb_s3_place *place, const char *endpoint,
				struct lb_arena *arena, struct lb_error *error)
{
	const char *trimmed = lb_arena_strndup(arena, endpoint,
					       strlen(endpoint) - lb_text_ends_with(endpoint, "/"));
	if (trimmed == NULL) {
		return lb_fail_nomem(error);
	}
	if (!lb_aws_endpoint_valid(trimmed)) {
		return lb_fail(error, LB_INVALID,
			       "'%s' is not an endpoint; write http://HOST[:PORT] or https://…",
			       endpoint);
	}
	place->scheme = lb_text_starts_with(trimmed, "https://") ? "https" : "http";
	return put_host(place, trimmed + strlen(place->scheme) + strlen("://"), arena, error);
}

/* A region becomes a part of the host, and servers tell it too: what would end the host
 * there would have signed requests go elsewhere. */
static enum lb_err put_region(struct lb_s3_place *place, const char *region, struct lb_arena *arena,
			      struct lb_error *error)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	size_t length = strspn(region, letters);
	if (length == 0 || length > 63 || region[length] != '\0') {
		return lb_fail(error, LB_INVALID,
			       "'%.100s' is not a region; write one such as eu-central-1", region);
	}
	place->region = lb_arena_strdup(arena, region);
	return place->region != NULL ? LB_OK : lb_fail_nomem(error);
}

enum lb_err lb_s3_place_make(const char *location, const struct lb_s3_server *server,
			     struct lb_arena *arena, struct lb_s3_place *ret_place,
			     struct lb_error *error)
{
	struct lb_s3_place *place = ret_place;
	*place = (struct lb_s3_place){.own_endpoint = server->endpoint != NULL};
	enum lb_err err = put_region(place, server->region != NULL ? server->region : "us-east-1",
				     arena, error);
	if (err == LB_OK) {
		err = split_location(location, arena, place, error);
	}
	if (err != LB_OK) {
		return err;
	}
	place->path_style = wants_path(place, server->style);
	return server->endpoint != NULL ? use_endpoint(place, server->endpoint, arena, error)
					: use_amazon(place, arena, error);
}

enum lb_err lb_s3_place_copy(const struct lb_s3_place *place, struct lb_arena *arena,
			     struct lb_s3_place *ret_copy, struct lb_error *error)
{
	*ret_copy = (struct lb_s3_place){
		.bucket = lb_arena_strdup(arena, place->bucket),
		.prefix = lb_arena_strdup(arena, place->prefix),
		.scheme = lb_arena_strdup(arena, place->scheme),
		.host = lb_arena_strdup(arena, place->host),
		.region = lb_arena_strdup(arena, place->region),
		.path = lb_arena_strdup(arena, place->path),
		.path_style = place->path_style,
		.own_endpoint = place->own_endpoint,
	};
	bool whole = ret_copy->bucket != NULL && ret_copy->prefix != NULL &&
		     ret_copy->scheme != NULL && ret_copy->host != NULL &&
		     ret_copy->region != NULL && ret_copy->path != NULL;
	return whole ? LB_OK : lb_fail_nomem(error);
}

enum lb_err lb_s3_place_move(struct lb_s3_place *place, const char *region, struct lb_arena *arena,
			     struct lb_error *error)
{
	enum lb_err err = put_region(place, region, arena, error);
	return err != LB_OK || place->own_endpoint ? err : use_amazon(place, arena, error);
}
