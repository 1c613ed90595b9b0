/* fake_workspace.h: a Databricks workspace that starts nothing, for http_peer.h.
 *
 * It knows the job 555, the calls that the databricks runner makes of
 * Jobs API 2.2, and /oidc/v1/token for the client "id" with "secret-client"; what is sent
 * to it otherwise is refused. Runs go on until the test ends them. */
#ifndef LB_TESTS_FAKE_WORKSPACE_H
#define LB_TESTS_FAKE_WORKSPACE_H

#include "core/run.h"
#include "support/http_peer.h"

#include <pthread.h>

#define FAKE_RUNS_MAX 1000
#define FAKE_TOKENS_MAX 1000
#define FAKE_FIRST_RUN_ID INT64_C(9007199254740993) /* more than a double can tell apart */
#define JSON "Content-Type: application/json\r\n"

/* What the next run-now gets instead of an acceptance. after: the run is started
 * all the same. headers: NULL: JSON. */
struct fake_script {
	int status;
	const char *headers;
	const char *body;
	bool after;
	bool cut;
};

/* Its fields belong to the peer's threads while requests are on their way, else
 * to the test; the functions below may be called at any time.
 * states:      result states; NULL: running; "": deleted.
 * others:      active runs that somebody else started.
 * bad_get_status: what runs/get answers, if not 0.
 * valid_token: the access token that is accepted.
 * token_ends_us: when the access tokens expire, from the first on, by now_us.
 * last_token_used: the number of the one that came with the latest request.
 * expired_tokens_seen: requests that came with one that had expired. */
struct fake_workspace {
	pthread_mutex_t lock;
	char tokens[FAKE_RUNS_MAX][LB_TOKEN_LENGTH + 1];
	const char *states[FAKE_RUNS_MAX];
	const char *messages[FAKE_RUNS_MAX];
	int starts;
	int run_nows;
	int gets;
	int pages;
	int oauth_requests;
	int others;
	int bad_get_status;
	const char *expires_in;
	const char *oauth_error;
	char valid_token[32];
	int64_t now_us;
	int64_t token_ends_us[FAKE_TOKENS_MAX];
	int last_token_used;
	int expired_tokens_seen;
	struct fake_script scripts[32];
	int script_count;
	int script_at;
	char last_body[20000];
	char last_head[2048];
};

/* Accepts the token "secret-pat". */
void fake_workspace_init(struct fake_workspace *workspace);
void fake_workspace_finish(struct fake_workspace *workspace);

/* For http_peer_serve. */
void fake_workspace_serve(void *workspace, const char *request, struct http_peer_answer *answer);

/* Access tokens expire by it; it stands still. */
void fake_workspace_set_clock(struct fake_workspace *workspace, int64_t now_us);

int fake_workspace_starts(struct fake_workspace *workspace);

/* Ends the run of a token. result, message: outlive the workspace. */
void fake_workspace_end(struct fake_workspace *workspace, const char *token, const char *result,
			const char *message);

#endif
