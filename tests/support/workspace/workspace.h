/* workspace.h: a stand-in for a Databricks workspace: what is known to all of its
 * parts. The API is in api.c, jobs.c, runs.c and oauth.c, what tests tell it in
 * control.c, the network in door.c.
 *
 * Sources: the Jobs API 2.2's reference (docs.databricks.com/api/workspace/jobs), the
 * code of Databricks' own clients for Go and Python, and answers of real
 * workspaces that people quoted. Verified by such quotes are:
 *   - {"error_code": 403, "message": "Invalid access token."}, with the header
 *     X-Databricks-Reason-Phrase, for a token that is not known;
 *   - {"error": "Bad Target: PATH"} with 404 for a path that is none;
 *   - MALFORMED_REQUEST, "Could not parse request object: …";
 *   - "Invalid limit 27 - it has to be no more than 26." of runs/list (the reference says
 *     less than 25, and so does this);
 *   - REQUEST_LIMIT_EXCEEDED, "There are already N active runs (limit: N).", with 429;
 *   - 400 INVALID_PARAMETER_VALUE "Job N does not exist." and "Run N does not exist.";
 *     404 RESOURCE_DOES_NOT_EXIST occurs too (the setting missing_status);
 *   - PERMISSION_DENIED, "User X does not have … permissions on job N".
 * Not verified, and so chosen to be strict:
 *   - unknown fields and parameters, and other content types, are refused;
 *   - a missing credential gives 401 and the message that is quoted, without its status;
 *   - a token whose run was deleted gives 400 INVALID_PARAMETER_VALUE (documented: "an
 *     error"), a token of another job likewise; other parameters give the run of the
 *     first request, and are counted;
 *   - /.well-known/databricks-config says as much as clients need for OAuth;
 *   - errors of deleting active runs, and of repairing what cannot be repaired.
 * Left out: prev_page_token, more than one task a run, the run of a task by its own id. */
#ifndef LB_TESTS_WORKSPACE_WORKSPACE_H
#define LB_TESTS_WORKSPACE_WORKSPACE_H

#include "support/workspace/exchange.h"
#include "support/workspace/faults.h"
#include "support/workspace/fields.h"
#include "support/workspace/journal.h"
#include "support/workspace/world.h"

#define ACCESS_TOKEN "dapi00112233445566778899aabbccddeeff"
#define CLIENT_ID "5c0b2e9e-0d5c-4d31-9a55-0b7d1f0c2a11"
#define CLIENT_SECRET "dose00112233445566778899aabbccddeeff"
#define ACCESS_TOKENS_MAX 10000

/* token_seconds: how long OAuth's access tokens are good, on the workspace's clock.
 * expires_in_text: says that as a text, as some servers do.
 * active_runs_max: 0: any number. missing_status: 400 or 404, of what does not exist.
 * html: everything is answered with a login page. */
struct settings {
	int64_t token_seconds;
	bool expires_in_text;
	int64_t active_runs_max;
	int missing_status;
	bool html;
};

/* access_tokens: of OAuth → when they expire, in ms.
 * requests: per path → how many.
 * listening: whether the API is to be there; the doors follow it (door.h). */
struct workspace {
	struct world world;
	struct settings settings;
	struct faults faults;
	struct journal journal;
	json_t *access_tokens;
	int64_t access_tokens_made;
	json_t *requests;
	bool listening;
};

void workspace_init(struct workspace *workspace);
void workspace_finish(struct workspace *workspace);

/* Answers. Returns how the client authenticated itself, for the journal. */
const char *api_serve(struct workspace *workspace, const struct request *request,
		      struct answer *answer);
void control_serve(struct workspace *workspace, const struct request *request,
		   struct answer *answer);

/* One path of an API; fields: of its query, of a POST's body. */
struct route {
	const char *method;
	const char *path;
	const struct field *fields;
	void (*serve)(struct workspace *workspace, const struct request *request,
		      const json_t *fields, struct answer *answer);
};

/* Those of the Jobs API; each ends with an empty one. */
extern const struct route jobs_routes[];
extern const struct route runs_routes[];

/* Finds the route and has it serve; false: there is none of this path. */
bool routes_serve(const struct route *routes, struct workspace *workspace,
		  const struct request *request, struct answer *answer);

/* POST /oidc/v1/token and what clients read before. */
void oauth_serve(struct workspace *workspace, const struct request *request, struct answer *answer);
bool oauth_knows(struct workspace *workspace, const char *access_token);

/* Says that there is none. kind: "Job" or "Run". */
void answer_missing(const struct workspace *workspace, struct answer *answer, const char *kind,
		    int64_t id);

/* The job of `job_id`, if it is there and may be used so; NULL: answered. */
struct job *job_for(const struct workspace *workspace, int64_t id, enum permission permission,
		    struct answer *answer);

/* Page tokens: opaque, and good for the list alone that gave them. */
char *page_token(struct lb_arena *arena, const char *list, int64_t position);
/* False: answered. Without one, *ret_position stays. */
bool page_position(const json_t *fields, const char *list, int64_t *ret_position,
		   struct answer *answer);

#endif
