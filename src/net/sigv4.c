#include "net/sigv4.h"

#include "base/text.h"
#include "base/time.h"
#include "net/sigv4_canonical.h"
#include "net/url.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

const struct lb_sigv4_service lb_sigv4_s3 = {
	.name = "s3", .raw_path = true, .payload_header = true};
const struct lb_sigv4_service lb_sigv4_sqs = {.name = "sqs"};
const struct lb_sigv4_service lb_sigv4_sts = {.name = "sts"};

#define DATE_LENGTH 8                         /* 20150830 */
#define STAMP_SIZE sizeof("20150830T123600Z") /* with its NUL */

static bool hash(const void *bytes, size_t length, unsigned char digest[static EVP_MAX_MD_SIZE])
{
	return EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) == 1;
}

static bool keyed_hash(const unsigned char *key, size_t key_length, const char *text,
		       unsigned char digest[static EVP_MAX_MD_SIZE])
{
	return HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text, strlen(text),
		    digest, NULL) != NULL;
}

static char *hex_of(struct lb_arena *arena, const unsigned char *digest)
{
	static const char digits[] = "0123456789abcdef";
	char *hex = lb_arena_alloc(arena, LB_SIGV4_HASH_LENGTH + 1);
	for (size_t i = 0; i < LB_SIGV4_DIGEST_BYTES && hex != NULL; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	return hex;
}

static char *hash_text(struct lb_arena *arena, const void *bytes, size_t length)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	return hash(bytes != NULL ? bytes : "", length, digest) ? hex_of(arena, digest) : NULL;
}

void lb_sigv4_key_finish(struct lb_sigv4_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

/* The secret, then the scope's parts, each hashed with what the one before gave. */
static bool derive(const char *secret, const char *const *parts,
		   unsigned char key[static EVP_MAX_MD_SIZE])
{
	size_t length = strlen(secret) + 4;
	unsigned char *seed = lb_alloc(length);
	if (seed == NULL) {
		return false;
	}
	memcpy(seed, "AWS4", 4);
	memcpy(seed + 4, secret, length - 4);
	bool ok = keyed_hash(seed, length, parts[0], key);
	for (size_t i = 1; ok && parts[i] != NULL; i++) {
		unsigned char next[EVP_MAX_MD_SIZE];
		ok = keyed_hash(key, LB_SIGV4_DIGEST_BYTES, parts[i], next);
		memcpy(key, next, LB_SIGV4_DIGEST_BYTES);
		explicit_bzero(next, sizeof(next));
	}
	explicit_bzero(seed, length);
	lb_free(seed);
	return ok;
}

/* Fills *key unless it was made of this very scope and secret. */
static bool refresh_key(const struct lb_aws_keys *keys, const char *const *parts, const char *scope,
			struct lb_sigv4_key *key)
{
	unsigned char made_of[EVP_MAX_MD_SIZE];
	unsigned char made[EVP_MAX_MD_SIZE];
	const char *secret = keys->secret_access_key;
	if (!keyed_hash((const unsigned char *)secret, strlen(secret), scope, made_of)) {
		return false;
	}
	if (key->valid && memcmp(key->made_of, made_of, LB_SIGV4_DIGEST_BYTES) == 0) {
		return true;
	}
	key->valid = derive(secret, parts, made);
	if (key->valid) {
		memcpy(key->key, made, LB_SIGV4_DIGEST_BYTES);
		memcpy(key->made_of, made_of, LB_SIGV4_DIGEST_BYTES);
	}
	explicit_bzero(made, sizeof(made));
	return key->valid;
}

/* Cannot end a header line, nor as one word what stands around it in one. */
static bool is_printable(const char *text, bool one_word)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		if ((byte < 0x20 && byte != '\t') || byte == 0x7F ||
		    (one_word && (byte <= 0x20 || byte == ','))) {
			return false;
		}
	}
	return true;
}

static bool is_word(const char *text)
{
	return text != NULL && *text != '\0' && is_printable(text, true);
}

static bool is_added(const char *name)
{
	static const char *const added[] = {"host", "authorization", "x-amz-date",
					    "x-amz-security-token"};
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
		if (lb_text_same_word(name, added[i])) {
			return true;
		}
	}
	return false;
}

static enum lb_err check_headers(const struct lb_sigv4_request *request, struct lb_error *error)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const struct lb_sigv4_field *header = &request->headers[i];
		if (!is_word(header->name) || strchr(header->name, ':') != NULL) {
			return lb_fail(error, LB_INVALID, "a header to sign has no proper name");
		}
		if (!is_printable(header->value, false)) {
			return lb_fail(error, LB_INVALID,
				       "the header %s has a control character in it", header->name);
		}
		if (is_added(header->name)) {
			return lb_fail(error, LB_INVALID, "the header %s is the signature's to add",
				       header->name);
		}
	}
	return LB_OK;
}

static enum lb_err check(const struct lb_sigv4_request *request, const struct lb_aws_keys *keys,
			 struct lb_error *error)
{
	if (request->parameter_count > LB_SIGV4_FIELDS_MAX ||
	    request->header_count > LB_SIGV4_FIELDS_MAX) {
		return lb_fail(error, LB_INVALID,
			       "a request has more than %d parameters or headers",
			       LB_SIGV4_FIELDS_MAX);
	}
	if (request->path == NULL || *request->path != '/') {
		return lb_fail(error, LB_INVALID, "the path of a request does not start with '/'");
	}
	if (!is_word(request->host) || strpbrk(request->host, "/?#@\\") != NULL) {
		return lb_fail(error, LB_INVALID, "a request has no proper host");
	}
	if (!is_word(request->region) || strchr(request->region, '/') != NULL) {
		return lb_fail(error, LB_INVALID, "a request has no proper region");
	}
	if (!is_word(keys->access_key_id)) {
		return lb_fail(error, LB_INVALID,
			       "the access key id has a blank, a comma or a "
			       "control character in it, or is empty");
	}
	if (keys->secret_access_key == NULL || *keys->secret_access_key == '\0') {
		return lb_fail(error, LB_INVALID, "the secret access key is empty");
	}
	if (keys->session_token != NULL && !is_word(keys->session_token)) {
		return lb_fail(error, LB_INVALID,
			       "the session token has a blank, a comma or a "
			       "control character in it, or is empty");
	}
	return check_headers(request, error);
}

/* "20150830T123600Z". False: not within the years that have four digits. */
static bool stamp_of(int64_t now_us, char stamp[static STAMP_SIZE])
{
	char text[LB_TIME_TEXT_MAX];
	if (now_us < 0 ||
	    strlen(lb_time_format(now_us, text)) != strlen("2015-08-30T12:36:00.000Z")) {
		return false;
	}
	char *out = stamp;
	for (const char *in = text; *in != '.'; in++) {
		if (*in != '-' && *in != ':') {
			*out++ = *in;
		}
	}
	*out++ = 'Z';
	*out = '\0';
	return true;
}

/* Clients leave the scheme's own port out of Host; so must what is signed. */
static char *host_header(struct lb_arena *arena, const struct lb_sigv4_request *request)
{
	const char *port = strcmp(request->scheme, "https") == 0 ? ":443" : ":80";
	size_t length = strlen(request->host);
	bool own = lb_text_ends_with(request->host, port);
	return lb_arena_strndup(arena, request->host, own ? length - strlen(port) : length);
}

struct signing {
	const struct lb_sigv4_request *request;
	const struct lb_aws_keys *keys;
	struct lb_arena *arena;
	struct lb_sigv4_signed *out;
	char stamp[STAMP_SIZE];
	char date[DATE_LENGTH + 1];
	char *scope;
	char *payload;
	char *signed_names;
};

static bool add_header(struct signing *signing, const char *name, const char *value)
{
	struct lb_sigv4_field *header = lb_list_add(signing->arena, &signing->out->headers);
	if (header == NULL || value == NULL) {
		return false;
	}
	*header = (struct lb_sigv4_field){name, value};
	return true;
}

static bool add_headers(struct signing *signing)
{
	const struct lb_sigv4_request *request = signing->request;
	signing->payload = hash_text(signing->arena, request->body, request->body_length);
	char *stamp = lb_arena_strdup(signing->arena, signing->stamp);
	char *token = lb_arena_strdup(signing->arena, signing->keys->session_token);
	return signing->payload != NULL &&
	       add_header(signing, "Host", host_header(signing->arena, request)) &&
	       add_header(signing, "X-Amz-Date", stamp) &&
	       (signing->keys->session_token == NULL ||
		add_header(signing, "X-Amz-Security-Token", token)) &&
	       (!request->service->payload_header ||
		add_header(signing, "X-Amz-Content-Sha256", signing->payload));
}

/* The request's headers and those that were added, as one list. */
static bool join_headers(struct signing *signing, struct lb_sigv4_field_list *ret_all)
{
	const struct lb_sigv4_field_list *added = &signing->out->headers;
	const struct lb_sigv4_request *request = signing->request;
	*ret_all = (struct lb_sigv4_field_list){0};
	for (size_t i = 0; i < request->header_count + added->count; i++) {
		struct lb_sigv4_field *header = lb_list_add(signing->arena, ret_all);
		if (header == NULL) {
			return false;
		}
		*header = i < request->header_count ? request->headers[i]
						    : added->items[i - request->header_count];
	}
	return true;
}

static bool build_canonical_request(struct signing *signing)
{
	struct lb_arena *arena = signing->arena;
	const struct lb_sigv4_request *request = signing->request;
	char *path = lb_url_encode(arena, request->path, true);
	char *query = lb_sigv4_query(arena, request->parameters, request->parameter_count);
	struct lb_sigv4_field_list headers;
	char *lines;
	if (path == NULL || query == NULL || !join_headers(signing, &headers) ||
	    !lb_sigv4_headers(arena, headers.items, headers.count, &lines,
			      &signing->signed_names)) {
		return false;
	}
	signing->out->url = lb_arena_printf(arena, "%s://%s%s%s%s", request->scheme, request->host,
					    path, *query != '\0' ? "?" : "", query);
	if (!request->service->raw_path) {
		char *normal = lb_sigv4_normalize(arena, path);
		path = normal != NULL ? lb_url_encode(arena, normal, true) : NULL;
	}
	if (path == NULL || signing->out->url == NULL) {
		return false;
	}
	signing->out->canonical_request =
		lb_arena_printf(arena, "%s\n%s\n%s\n%s\n%s\n%s", request->method, path, query,
				lines, signing->signed_names, signing->payload);
	return signing->out->canonical_request != NULL;
}

static bool build_string_to_sign(struct signing *signing)
{
	const char *canonical = signing->out->canonical_request;
	char *hashed = hash_text(signing->arena, canonical, strlen(canonical));
	signing->scope = lb_arena_printf(signing->arena, "%s/%s/%s/aws4_request", signing->date,
					 signing->request->region, signing->request->service->name);
	if (hashed == NULL || signing->scope == NULL) {
		return false;
	}
	signing->out->string_to_sign =
		lb_arena_printf(signing->arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", signing->stamp,
				signing->scope, hashed);
	return signing->out->string_to_sign != NULL;
}

static bool add_authorization(struct signing *signing, struct lb_sigv4_key *key)
{
	const char *const parts[] = {signing->date, signing->request->region,
				     signing->request->service->name, "aws4_request", NULL};
	unsigned char digest[EVP_MAX_MD_SIZE];
	if (!refresh_key(signing->keys, parts, signing->scope, key) ||
	    !keyed_hash(key->key, LB_SIGV4_DIGEST_BYTES, signing->out->string_to_sign, digest)) {
		return false;
	}
	char *signature = hex_of(signing->arena, digest);
	if (signature == NULL) {
		return false;
	}
	return add_header(signing, "Authorization",
			  lb_arena_printf(signing->arena,
					  "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
					  "Signature=%s",
					  signing->keys->access_key_id, signing->scope,
					  signing->signed_names, signature));
}

enum lb_err lb_sigv4_sign(const struct lb_sigv4_request *request, const struct lb_aws_keys *keys,
			  int64_t now_us, struct lb_sigv4_key *key, struct lb_arena *arena,
			  struct lb_sigv4_signed *ret_signed, struct lb_error *error)
{
	*ret_signed = (struct lb_sigv4_signed){0};
	struct signing signing = {
		.request = request, .keys = keys, .arena = arena, .out = ret_signed};
	enum lb_err err = check(request, keys, error);
	if (err != LB_OK) {
		return err;
	}
	if (!stamp_of(now_us, signing.stamp)) {
		return lb_fail(error, LB_INVALID, "the clock is not within the years 1970 to 9999");
	}
	memcpy(signing.date, signing.stamp, DATE_LENGTH);
	bool ok = add_headers(&signing) && build_canonical_request(&signing) &&
		  build_string_to_sign(&signing) && add_authorization(&signing, key);
	return ok ? LB_OK : lb_fail_nomem(error);
}
