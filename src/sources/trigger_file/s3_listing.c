#include "sources/trigger_file/s3_listing.h"

#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct lb_s3_listing *listing_of(void *context)
{
	return context;
}

/* The first problem counts; the parser is told to stop. */
static void stop(struct lb_s3_listing *listing)
{
	if (listing->parser != NULL) {
		xmlStopParser(listing->parser);
	}
}

static void refuse(struct lb_s3_listing *listing, const char *problem)
{
	if (listing->error.code == LB_OK) {
		(void)lb_fail(&listing->error, LB_CORRUPT, "the listing %s", problem);
	}
	stop(listing);
}

static const struct {
	const char *name;
	enum lb_s3_element element;
	bool in_contents;
} elements[] = {
	{"Key", LB_S3_ELEMENT_KEY, true},
	{"LastModified", LB_S3_ELEMENT_LAST_MODIFIED, true},
	{"ETag", LB_S3_ELEMENT_ETAG, true},
	{"Size", LB_S3_ELEMENT_SIZE, true},
	{"IsTruncated", LB_S3_ELEMENT_IS_TRUNCATED, false},
	{"NextContinuationToken", LB_S3_ELEMENT_NEXT_TOKEN, false},
	{"EncodingType", LB_S3_ELEMENT_ENCODING, false},
	{"Code", LB_S3_ELEMENT_CODE, false},
	{"Message", LB_S3_ELEMENT_MESSAGE, false},
	{"Region", LB_S3_ELEMENT_REGION, false},
};

static enum lb_s3_element find_element(const struct lb_s3_listing *listing, const char *name)
{
	unsigned wanted = listing->in_contents ? 3 : 2;
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		if (listing->depth == wanted && elements[i].in_contents == listing->in_contents &&
		    strcmp(elements[i].name, name) == 0) {
			return elements[i].element;
		}
	}
	return LB_S3_ELEMENT_OTHER;
}

static void begin_contents(struct lb_s3_listing *listing)
{
	listing->in_contents = true;
	listing->listed = (struct lb_listed){.modified_at_us = LB_TIME_NONE, .size_bytes = -1};
	listing->key[0] = '\0';
	listing->etag[0] = '\0';
}

static void on_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
	struct lb_s3_listing *listing = listing_of(context);
	(void)attributes;
	listing->depth++;
	listing->length = 0;
	if (listing->depth == 1) {
		listing->is_listing = strcmp((const char *)name, "ListBucketResult") == 0;
	} else if (listing->depth == 2 && strcmp((const char *)name, "Contents") == 0) {
		begin_contents(listing);
	}
	listing->element = find_element(listing, (const char *)name);
}

static void on_text(void *context, const xmlChar *text, int length)
{
	struct lb_s3_listing *listing = listing_of(context);
	if (listing->element == LB_S3_ELEMENT_OTHER) {
		return;
	}
	if ((size_t)length >= sizeof(listing->text) - listing->length) {
		refuse(listing, "has an element that is too long");
		return;
	}
	memcpy(listing->text + listing->length, text, (size_t)length);
	listing->length += (size_t)length;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at =
		c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* In place; false: not such an encoding, or a NUL. */
static bool decode(char *text)
{
	char *out = text;
	for (const char *in = text; *in != '\0'; in++) {
		int byte = (unsigned char)*in;
		if (*in == '+') {
			byte = ' ';
		} else if (*in == '%') {
			int high = hex(in[1]);
			int low = high >= 0 ? hex(in[2]) : -1;
			byte = low >= 0 ? high * 16 + low : 0;
			in += 2;
		}
		if (byte == 0) {
			return false;
		}
		*out++ = (char)byte;
	}
	*out = '\0';
	return true;
}

static void keep(struct lb_s3_listing *listing, char *place, size_t size)
{
	if (listing->length >= size) {
		refuse(listing, "has an element that is too long");
		return;
	}
	memcpy(place, listing->text, listing->length + 1);
}

/* Notifications tell the same etag without them. */
static void drop_quotes(char *etag)
{
	size_t length = strlen(etag);
	if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"') {
		memmove(etag, etag + 1, length - 2);
		etag[length - 2] = '\0';
	}
}

static void keep_cut(const struct lb_s3_listing *listing, char *place, size_t size)
{
	lb_text_printable_cut(listing->text, place, size);
}

static void keep_size(struct lb_s3_listing *listing)
{
	char *end;
	errno = 0;
	listing->listed.size_bytes = strtoll(listing->text, &end, 10);
	if (end == listing->text || *end != '\0' || errno != 0 || listing->listed.size_bytes < 0) {
		refuse(listing, "has a size that is no number");
	}
}

static void take_element(struct lb_s3_listing *listing)
{
	switch (listing->element) {
	case LB_S3_ELEMENT_KEY:
		keep(listing, listing->key, sizeof(listing->key));
		break;
	case LB_S3_ELEMENT_LAST_MODIFIED:
		if (!lb_time_parse(listing->text, &listing->listed.modified_at_us)) {
			refuse(listing, "has a LastModified that is no time");
		}
		break;
	case LB_S3_ELEMENT_ETAG:
		keep(listing, listing->etag, sizeof(listing->etag));
		drop_quotes(listing->etag);
		break;
	case LB_S3_ELEMENT_SIZE:
		keep_size(listing);
		break;
	case LB_S3_ELEMENT_IS_TRUNCATED:
		listing->truncated = strcmp(listing->text, "true") == 0;
		break;
	case LB_S3_ELEMENT_NEXT_TOKEN:
		keep(listing, listing->next_token, sizeof(listing->next_token));
		break;
	case LB_S3_ELEMENT_ENCODING:
		listing->is_encoded = strcmp(listing->text, "url") == 0;
		break;
	case LB_S3_ELEMENT_CODE:
		keep_cut(listing, listing->code, sizeof(listing->code));
		break;
	case LB_S3_ELEMENT_MESSAGE:
		keep_cut(listing, listing->message, sizeof(listing->message));
		break;
	case LB_S3_ELEMENT_REGION:
		keep_cut(listing, listing->region, sizeof(listing->region));
		break;
	case LB_S3_ELEMENT_OTHER:
		break;
	}
}

static void end_contents(struct lb_s3_listing *listing)
{
	struct lb_listed *listed = &listing->listed;
	listing->in_contents = false;
	if (listing->is_encoded && !decode(listing->key)) {
		refuse(listing, "has a key that is not encoded as it should be");
		return;
	}
	if (listing->key[0] == '\0' || listed->modified_at_us == LB_TIME_NONE ||
	    listed->size_bytes < 0) {
		refuse(listing, "has a file without key, time or size");
		return;
	}
	if (lb_text_ends_with(listing->key, "/")) {
		return;
	}
	listed->key = listing->key;
	listed->etag = listing->etag;
	if (listing->on_key(listing->data, listed, &listing->error) != LB_OK) {
		stop(listing);
	}
}

static void on_end(void *context, const xmlChar *name)
{
	struct lb_s3_listing *listing = listing_of(context);
	(void)name;
	listing->text[listing->length] = '\0';
	if (listing->error.code == LB_OK) {
		take_element(listing);
	}
	if (listing->depth == 2 && listing->in_contents && listing->error.code == LB_OK) {
		end_contents(listing);
	}
	listing->element = LB_S3_ELEMENT_OTHER;
	listing->length = 0;
	listing->depth--;
}

/* Nobody needs a document type here but to do harm with entities. */
static void on_doctype(void *context, const xmlChar *name, const xmlChar *external,
		       const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	refuse(listing_of(context), "declares a document type");
}

static void on_problem(void *context, const char *format, ...)
{
	(void)context; /* the parser's state tells */
	(void)format;
}

static const xmlSAXHandler handler = {
	.startElement = on_start,
	.endElement = on_end,
	.characters = on_text,
	.cdataBlock = on_text,
	.internalSubset = on_doctype,
	.warning = on_problem,
	.error = on_problem,
	.fatalError = on_problem,
};

enum lb_err lb_s3_listing_init(struct lb_s3_listing *listing,
			       enum lb_err (*on_key)(void *data, const struct lb_listed *listed,
						     struct lb_error *error),
			       void *data, struct lb_error *error)
{
	memset(listing, 0, sizeof(*listing));
	listing->on_key = on_key;
	listing->data = data;
	xmlSAXHandler sax = handler;
	listing->parser = xmlCreatePushParserCtxt(&sax, listing, NULL, 0, NULL);
	if (listing->parser == NULL) {
		return lb_fail_nomem(error);
	}
	(void)xmlCtxtUseOptions(listing->parser, XML_PARSE_NONET);
	return LB_OK;
}

static enum lb_err parse(struct lb_s3_listing *listing, const char *bytes, size_t length, int last,
			 struct lb_error *error)
{
	if (listing->error.code == LB_OK) {
		int code = xmlParseChunk(listing->parser, bytes, (int)length, last);
		if (code == XML_ERR_NO_MEMORY) {
			(void)lb_fail_nomem(&listing->error);
		} else if (code != XML_ERR_OK) {
			refuse(listing, "is not XML, or cut off");
		}
	}
	if (listing->error.code != LB_OK) {
		*error = listing->error;
	}
	return listing->error.code;
}

enum lb_err lb_s3_listing_feed(struct lb_s3_listing *listing, const char *bytes, size_t length,
			       struct lb_error *error)
{
	return length > 0 ? parse(listing, bytes, length, 0, error) : LB_OK;
}

enum lb_err lb_s3_listing_end(struct lb_s3_listing *listing, struct lb_error *error)
{
	enum lb_err err = parse(listing, "", 0, 1, error);
	if (err == LB_OK && !listing->is_listing && listing->code[0] == '\0') {
		return lb_fail(error, LB_CORRUPT, "the answer is no listing");
	}
	return err;
}

void lb_s3_listing_finish(struct lb_s3_listing *listing)
{
	if (listing->parser != NULL) {
		xmlFreeParserCtxt(listing->parser);
		listing->parser = NULL;
	}
}
