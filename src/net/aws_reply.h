/* aws_reply.h: temporary credentials, as the services hand them out.
 *
 * JSON of instance metadata: Amazon EC2 User Guide, "Retrieve security
 * credentials from instance metadata"; of containers: AWS SDKs and Tools
 * Reference Guide, "Container credential provider", of programs
 * there, "Process credential provider". XML of STS: AWS Security
 * Token Service API Reference, AssumeRole and AssumeRoleWithWebIdentity.
 *
 * Pure; any thread. Bodies are outside bytes: anything may stand in them. A
 * message never shows a key or a token. */
#ifndef LB_NET_AWS_REPLY_H
#define LB_NET_AWS_REPLY_H

#include "base/error.h"
#include "net/sigv4.h"

#include <stdint.h>

#define LB_AWS_REPLY_BYTES_MAX ((size_t)64 * 1024)

/* Owned texts. session_token: NULL for long-term keys. expires_at_us:
 * LB_TIME_NONE when they do not expire. Zeroed is empty. */
struct lb_aws_session {
	char *access_key_id;
	char *secret_access_key;
	char *session_token;
	int64_t expires_at_us;
};

/* Leaves no trace in memory. Zeroed is fine. */
void lb_aws_session_finish(struct lb_aws_session *session);

/* Copies keys. On error *ret_session is empty. Errors: NOMEM. */
enum lb_err lb_aws_session_init(struct lb_aws_session *ret_session, const struct lb_aws_keys *keys,
				int64_t expires_at_us, struct lb_error *error) LB_MUST_CHECK;

/* The session's texts, borrowed. */
struct lb_aws_keys lb_aws_session_keys(const struct lb_aws_session *session);

/* Reads {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}. temporary:
 * Token and Expiration must be there. On error *ret_session is empty.
 * Errors: CORRUPT, REFUSED ("Code" is not "Success"; says why), NOMEM. */
enum lb_err lb_aws_reply_json(const char *body, size_t length, bool temporary,
			      struct lb_aws_session *ret_session,
			      struct lb_error *error) LB_MUST_CHECK;

/* Reads what a credential_process prints: {"Version": 1, "AccessKeyId",
 * "SecretAccessKey", "SessionToken", "Expiration"}, the last two optional.
 * Errors: CORRUPT, NOMEM. */
enum lb_err lb_aws_reply_process(const char *body, size_t length,
				 struct lb_aws_session *ret_session,
				 struct lb_error *error) LB_MUST_CHECK;

/* Reads the Credentials of STS. Errors: CORRUPT, NOMEM. */
enum lb_err lb_aws_reply_xml(const char *body, size_t length, struct lb_aws_session *ret_session,
			     struct lb_error *error) LB_MUST_CHECK;

#define LB_AWS_CODE_MAX 64
#define LB_AWS_MESSAGE_MAX 400

/* What a service refuses with. message: its first line, fit for a terminal
 * (STS puts what was signed, the session token in it, into the next ones).
 * Empty when the body has none. */
struct lb_aws_refusal {
	char code[LB_AWS_CODE_MAX];
	char message[LB_AWS_MESSAGE_MAX];
};

/* Reads <Error><Code/><Message/></Error>, wherever it stands, or JSON with code, or
 * __type without its namespace, and message. */
void lb_aws_reply_refusal(const char *body, size_t length, struct lb_aws_refusal *ret_refusal);

#endif
