/* What credentials' services answer: JSON and XML, good and refusing. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "net/aws_reply.h"

#include <string.h>

/* Whole keys, or none at all. */
static void check(enum lb_err err, struct lb_aws_session *session, const struct lb_error *error)
{
	assert((err == LB_OK) == (session->access_key_id != NULL));
	assert((err == LB_OK) == (session->secret_access_key != NULL));
	assert(err != LB_OK || *session->secret_access_key != '\0');
	assert(err == LB_OK || lb_utf8_valid(error->message));
	lb_aws_session_finish(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *body = (const char *)data;
	struct lb_aws_session session;
	struct lb_error error = {0};
	check(lb_aws_reply_xml(body, size, &session, &error), &session, &error);
	check(lb_aws_reply_json(body, size, false, &session, &error), &session, &error);
	check(lb_aws_reply_json(body, size, true, &session, &error), &session, &error);
	struct lb_aws_refusal refusal;
	lb_aws_reply_refusal(body, size, &refusal);
	assert(strpbrk(refusal.code, "\r\n\x1b") == NULL);
	assert(strpbrk(refusal.message, "\r\n\x1b") == NULL);
	return 0;
}
