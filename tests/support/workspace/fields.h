/* fields.h: what a request may carry, as tables; anything else is refused.
 *
 * The wording for a field of another type, and for a body that is not JSON, was seen at a
 * real workspace (MALFORMED_REQUEST, "Could not parse request object: …"). That the
 * service ignores unknown fields and parameters is likely; this refuses them, for they
 * are mistakes. */
#ifndef LB_TESTS_WORKSPACE_FIELDS_H
#define LB_TESTS_WORKSPACE_FIELDS_H

#include "support/workspace/exchange.h"

enum field_type {
	FIELD_INTEGER,
	FIELD_BOOLEAN,
	FIELD_TEXT,
	FIELD_TEXTS,    /* an array of texts */
	FIELD_TEXT_MAP, /* an object of texts */
	FIELD_OBJECT,
	FIELD_ANY,
};

struct field {
	const char *name;
	enum field_type type;
	bool required;
};

/* An object of the body's, or the query's, values by name, which the caller owns; in a
 * query integers and booleans are read. NULL: refused, and the answer says why. */
json_t *fields_of_body(const struct request *request, const struct field *fields,
		       struct answer *answer);
json_t *fields_of_query(const struct request *request, const struct field *fields,
			struct answer *answer);

/* The value, or what stands for a missing one. */
int64_t field_integer(const json_t *fields, const char *name, int64_t otherwise);
bool field_boolean(const json_t *fields, const char *name, bool otherwise);

#endif
