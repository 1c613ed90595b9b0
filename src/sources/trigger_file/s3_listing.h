/* s3_listing.h: one answer of ListObjectsV2, read as it arrives, or the error that came
 * in its place.
 *
 * Defined in the Amazon S3 API Reference, ListObjectsV2 (with encoding-type=url) and "Error
 * responses". libxml2's SAX parser in push mode; nothing is gathered but the text of one
 * element. Entities, and documents that declare any, are refused.
 *
 * Threads: one at a time. */
#ifndef LB_SOURCES_TRIGGER_FILE_S3_LISTING_H
#define LB_SOURCES_TRIGGER_FILE_S3_LISTING_H

#include "base/error.h"
#include "base/mem.h"
#include "sources/trigger_file/listed.h"

#include <libxml/parser.h>
#include <stdbool.h>

/* More than any text that a listing may have: a key of 1024 bytes, each as %XX; tokens are
 * not bounded by their definition. */
#define LB_S3_TEXT_MAX 8192

enum lb_s3_element {
	LB_S3_ELEMENT_OTHER,
	LB_S3_ELEMENT_KEY,
	LB_S3_ELEMENT_LAST_MODIFIED,
	LB_S3_ELEMENT_ETAG,
	LB_S3_ELEMENT_SIZE,
	LB_S3_ELEMENT_IS_TRUNCATED,
	LB_S3_ELEMENT_NEXT_TOKEN,
	LB_S3_ELEMENT_ENCODING,
	LB_S3_ELEMENT_CODE,
	LB_S3_ELEMENT_MESSAGE,
	LB_S3_ELEMENT_REGION,
};

/* on_key: called for each file, its key as it is in the bucket; keys that end in '/', the
 * folders of some tools, are left out. Its error ends the listing.
 * Filled while it goes on: truncated, next_token ("": none); of an error document: code,
 * message, region ("": not given). The rest is its own. */
struct lb_s3_listing {
	enum lb_err (*on_key)(void *data, const struct lb_listed *listed, struct lb_error *error);
	void *data;
	bool truncated;
	char next_token[LB_S3_TEXT_MAX];
	char code[64];
	char message[256];
	char region[64];

	xmlParserCtxtPtr parser;
	struct lb_error error;
	enum lb_s3_element element;
	unsigned depth;
	bool is_listing;
	bool in_contents;
	bool is_encoded;
	size_t length;
	char text[LB_S3_TEXT_MAX];
	char key[LB_KEY_MAX * 3];
	char etag[256];
	struct lb_listed listed;
};

/* Errors: NOMEM. */
enum lb_err lb_s3_listing_init(struct lb_s3_listing *listing,
			       enum lb_err (*on_key)(void *data, const struct lb_listed *listed,
						     struct lb_error *error),
			       void *data, struct lb_error *error) LB_MUST_CHECK;

/* Some bytes. Errors: CORRUPT (not such a document, an element that is too long);
 * those of on_key; NOMEM. */
enum lb_err lb_s3_listing_feed(struct lb_s3_listing *listing, const char *bytes, size_t length,
			       struct lb_error *error) LB_MUST_CHECK;

/* All bytes were there. Errors: CORRUPT: the document is cut off, or no listing. */
enum lb_err lb_s3_listing_end(struct lb_s3_listing *listing, struct lb_error *error) LB_MUST_CHECK;

/* Zeroed is fine. */
void lb_s3_listing_finish(struct lb_s3_listing *listing);

#endif
