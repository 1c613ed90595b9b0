/* credentials.h: which workspace, and as whom, decided before anything is asked.
 *
 * As the Databricks SDKs do it ("Databricks unified authentication"), each by
 * itself for domain, token, client_id, client_secret and auth_type:
 *
 *     1. the settings of lakebeat
 *     2. DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_CLIENT_ID, DATABRICKS_CLIENT_SECRET,
 *        DATABRICKS_AUTH_TYPE, DATABRICKS_WORKSPACE_ID
 *     3. a profile in DATABRICKS_CONFIG_FILE or ~/.databrickscfg: the one that is named
 *        (in the settings, else DATABRICKS_CONFIG_PROFILE), which then must be there; or, if
 *        1. and 2. said nothing at all, that of [__settings__], or [DEFAULT].
 *
 * Two kinds of credentials at once are an error unless auth_type chooses.
 * Supported are personal access tokens (pat) and OAuth for service principals
 * (oauth-m2m).
 *
 * Threads: one at a time. Messages name places and never show a secret. */
#ifndef LB_RUNNERS_DATABRICKS_CREDENTIALS_H
#define LB_RUNNERS_DATABRICKS_CREDENTIALS_H

#include "runners/databricks/domain.h"

#define LB_DATABRICKS_FILE_BYTES_MAX ((size_t)256 * 1024)

/* A setting and where it stands, for messages. NULL, or an empty value: not given. */
struct lb_databricks_text {
	const char *value;
	const char *origin;
};

struct lb_databricks_settings {
	struct lb_databricks_text domain;
	struct lb_databricks_text token;
	struct lb_databricks_text client_id;
	struct lb_databricks_text client_secret;
	struct lb_databricks_text auth_type;
	struct lb_databricks_text profile;
};

enum lb_databricks_kind { LB_DATABRICKS_PAT, LB_DATABRICKS_OAUTH };

/* token: PAT only; client_id, client_secret: OAUTH only. Texts live in arena.
 * origin: where the token, or the client_id, stands; for people. */
struct lb_databricks_credentials {
	struct lb_arena arena;
	struct lb_databricks_domain domain;
	enum lb_databricks_kind kind;
	const char *token;
	const char *client_id;
	const char *client_secret;
	const char *origin;
};

/* Decides. get: an environment variable, NULL when it is not set. On error
 * *ret_credentials is finished. Errors: INVALID (nothing or too much is
 * configured, what is configured cannot be used), UNSUPPORTED (another kind of
 * authentication), NOT_FOUND (the profile that is named), IO, NOMEM. */
enum lb_err lb_databricks_credentials_find(const struct lb_databricks_settings *settings,
					   const char *(*get)(const char *name),
					   struct lb_databricks_credentials *ret_credentials,
					   struct lb_error *error) LB_MUST_CHECK;

/* Leaves no trace in memory. Zeroed is fine. */
void lb_databricks_credentials_finish(struct lb_databricks_credentials *credentials);

#endif
