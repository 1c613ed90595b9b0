"""The stand-in for a Databricks workspace does what the Jobs API is documented to do, and refuses the rest."""
import base64
import json

import pytest

from workspace import API, CLIENT_ID, CLIENT_SECRET, TOKEN, Workspace

FIRST, SECOND = 555555555, 666666666
RUN_NOW = "/api/2.2/jobs/run-now"
HOUR = 3600


@pytest.fixture(scope="module")
def server():
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def workspace(server):
    """With one job of two seconds and half a second of preparation, and a clock that stands."""
    server.reset()
    server.set_clock(runs=False)
    server.make_job(FIRST, name="orders-consumer_job", max_concurrent_runs=1000)
    return server


def refused(answer):
    """The status and code, with all that the API's errors have."""
    assert answer.headers["Content-Type"] == "application/json"
    status, code, message = answer.refusal
    assert message and answer.json["details"][0]["@type"].endswith("google.rpc.RequestInfo")
    return status, code


INVALID = (400, "INVALID_PARAMETER_VALUE")
MALFORMED = (400, "MALFORMED_REQUEST")


# Starting runs


@pytest.mark.parametrize("body", [
    {"job_id": FIRST},
    {"job_id": FIRST, "idempotency_token": "t" * 64},
    {"job_id": FIRST, "idempotency_token": "ü" * 64},
    {"job_id": FIRST, "job_parameters": {"a-b_c.d": "x", "e": "ü"}, "queue": {"enabled": False}},
    {"job_id": FIRST, "only": ["main", "+main", "main+"], "performance_target": "STANDARD"},
    {"job_id": FIRST, "python_params": ["a"], "notebook_params": {"a": "b"}, "dbt_commands": []},
    {"job_id": FIRST, "job_parameters": {"p": "x" * (10000 - len('{"job_parameters":{"p":""}}'))}},
])
def test_what_is_documented_starts_a_run(workspace, body):
    answer = workspace.post("jobs/run-now", **body)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.json["run_id"] > 2 ** 53 and answer.json["number_in_job"] == answer.json["run_id"]
    assert [run["run_id"] for run in workspace.runs()] == [answer.json["run_id"]]


@pytest.mark.parametrize("body, error", [
    ({}, INVALID),
    ({"job_id": FIRST, "idempotency_token": "t" * 65}, INVALID),
    ({"job_id": FIRST, "idempotency_tokens": "t"}, INVALID),
    ({"job_id": str(FIRST)}, MALFORMED),
    ({"job_id": float(FIRST)}, MALFORMED),
    ({"job_id": None}, MALFORMED),
    ({"job_id": FIRST, "idempotency_token": 7}, MALFORMED),
    ({"job_id": FIRST, "job_parameters": {"a": 1}}, MALFORMED),
    ({"job_id": FIRST, "job_parameters": ["a"]}, MALFORMED),
    ({"job_id": FIRST, "job_parameters": {"a b": "c"}}, INVALID),
    ({"job_id": FIRST, "job_parameters": {"": "c"}}, INVALID),
    ({"job_id": FIRST, "job_parameters": {"p": "x" * (10001 - len('{"job_parameters":{"p":""}}'))}},
     INVALID),
    ({"job_id": FIRST, "notebook_params": {}, "jar_params": []}, INVALID),
    ({"job_id": FIRST, "python_params": ["ü"]}, INVALID),
    ({"job_id": FIRST, "spark_submit_params": ["ü"]}, INVALID),
    ({"job_id": FIRST, "queue": True}, MALFORMED),
    ({"job_id": FIRST, "queue": {}}, INVALID),
    ({"job_id": FIRST, "queue": {"enabled": "yes"}}, INVALID),
    ({"job_id": FIRST, "queue": {"enabled": True, "more": 1}}, INVALID),
    ({"job_id": FIRST, "only": ["other"]}, INVALID),
    ({"job_id": FIRST, "performance_target": "FAST"}, INVALID),
    ({"job_id": 404}, INVALID),
])
def test_anything_else_starts_none(workspace, body, error):
    assert refused(workspace.post("jobs/run-now", **body)) == error
    assert workspace.runs() == []


@pytest.mark.parametrize("text, headers, error", [
    ("", {}, MALFORMED),
    ('{"job_id": 555555555', {}, MALFORMED),
    ('[{"job_id": 555555555}]', {}, MALFORMED),
    ('{"job_id": 555555555, "job_id": 555555555}', {}, MALFORMED),
    ('{"job_id": 555555555}x', {}, MALFORMED),
    (b'{"job_id": 555555555, "idempotency_token": "\xff"}', {}, MALFORMED),
    ('{"job_id": 555555555}', {"Content_Type": None}, (415, "MALFORMED_REQUEST")),
    ('{"job_id": 555555555}', {"Content_Type": "text/plain"}, (415, "MALFORMED_REQUEST")),
    ('{"job_id": 555555555}', {"Content_Type": "application/jsonx"}, (415, "MALFORMED_REQUEST")),
    ('{"job_id": 555555555}', {"X_Databricks_Workspace_Id": "1"}, INVALID),
    ('{"job_id": 555555555, "python_params": ["%s"]}' % ("x" * 10485760), {},
     (413, "MALFORMED_REQUEST")),
], ids=["empty", "cut", "array", "same name twice", "more behind it", "not UTF-8", "no type", "text",
        "another type", "another workspace", "too long"])
def test_a_body_that_is_no_request_is_refused(workspace, text, headers, error):
    assert refused(workspace.request("POST", RUN_NOW, text, **headers)) == error
    assert workspace.runs() == []


def test_json_with_a_character_set_and_the_right_workspace_is_fine(workspace):
    answer = workspace.request("POST", RUN_NOW, '{"job_id": 555555555}',
                               Content_Type="application/json; charset=utf-8",
                               X_Databricks_Workspace_Id="1234567890123456")
    assert answer.status == 200 and answer.headers["X-Databricks-Org-Id"] == "1234567890123456"


@pytest.mark.parametrize("method, path", [
    ("GET", RUN_NOW),
    ("PUT", RUN_NOW),
    ("POST", "/api/2.1/jobs/run-now"),
    ("POST", "/api/2.0/jobs/run-now"),
    ("POST", "/api/2.2/jobs/run-now/"),
    ("POST", "//api/2.2/jobs/run-now"),
    ("POST", "/api/2.2/jobs/runs/get"),
    ("GET", "/api/2.0/permissions/jobs/abc"),
    ("GET", "/"),
])
def test_a_wrong_method_path_or_version_is_a_bad_target(workspace, method, path):
    body = '{"job_id": 555555555}' if method != "GET" else None
    answer = workspace.request(method, path, body)
    assert (answer.status, answer.json) == (404, {"error": "Bad Target: " + path})
    assert workspace.runs() == []


def test_a_query_does_not_belong_to_a_post(workspace):
    assert refused(workspace.request("POST", RUN_NOW + "?job_id=555555555",
                                     '{"job_id": 555555555}')) == INVALID


# Tokens


def test_a_token_starts_one_run_while_it_runs_and_when_it_is_over(workspace):
    runs = {workspace.run_now(FIRST, "t")}
    workspace.advance(HOUR)
    runs.add(workspace.run_now(FIRST, "t"))
    assert len(runs) == 1 and len(workspace.runs()) == 1
    assert workspace.counts()["deduplicated"] == 1
    assert workspace.run_now(FIRST, "u") not in runs
    workspace.others_start(FIRST)
    assert workspace.tokens() == workspace.tokens(FIRST) == {"t": 2, "u": 1}


def test_a_token_with_other_parameters_gives_the_first_run_and_is_counted(workspace):
    first = workspace.run_now(FIRST, "t", job_parameters={"a": "1"})
    assert workspace.run_now(FIRST, "t", job_parameters={"a": "2"}) == first
    assert workspace.runs()[0]["job_parameters"] == {"a": "1"}
    assert workspace.counts()["bodies_changed"] == 1


def test_a_token_of_a_deleted_run_or_of_another_job_is_refused(workspace):
    workspace.make_job(SECOND)
    run_id = workspace.run_now(FIRST, "t")
    assert refused(workspace.post("jobs/run-now", job_id=SECOND, idempotency_token="t")) == INVALID
    workspace.delete_run(run_id)
    assert refused(workspace.post("jobs/run-now", job_id=FIRST, idempotency_token="t")) == INVALID
    assert len(workspace.runs()) == 1


def test_without_a_token_or_with_an_empty_one_every_request_starts_a_run(workspace):
    assert len({workspace.run_now(FIRST), workspace.run_now(FIRST), workspace.run_now(FIRST, ""),
                workspace.run_now(FIRST, "")}) == 4


def test_a_refused_request_leaves_its_token_free(workspace):
    workspace.configure(active_runs_max=1)
    workspace.run_now(FIRST, "a")
    answer = workspace.post("jobs/run-now", job_id=FIRST, idempotency_token="b")
    assert answer.refusal == (429, "REQUEST_LIMIT_EXCEEDED",
                              "There are already 1 active runs (limit: 1).")
    assert workspace.run_now(FIRST, "a")  # that one is there already
    workspace.advance(HOUR)
    assert workspace.run_now(FIRST, "b")


# Who asks


@pytest.mark.parametrize("authorization", [None, "", TOKEN, "Basic " + TOKEN, "Bearer"])
def test_without_a_bearer_token_the_credential_was_not_sent(workspace, authorization):
    answer = workspace.request("GET", API + "jobs/list", Authorization=authorization)
    assert answer.refusal[:2] == (401, 401)
    assert answer.refusal[2].startswith("Credential was not sent")


def test_a_wrong_token_is_an_invalid_access_token(workspace):
    answer = workspace.request("GET", API + "jobs/list", Authorization="Bearer dapi0")
    assert answer.refusal == (403, 403, "Invalid access token.")
    assert answer.headers["X-Databricks-Reason-Phrase"] == "Invalid access token."
    assert answer.headers["Server"] == "databricks"


def ask_for_token(workspace, form="grant_type=client_credentials&scope=all-apis",
                  user=CLIENT_ID, password=CLIENT_SECRET, **headers):
    basic = base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
    return workspace.request("POST", "/oidc/v1/token", form, **{
        "Authorization": "Basic " + basic, "Content_Type": "application/x-www-form-urlencoded",
        **headers})


def test_a_service_principal_gets_a_token_that_expires(workspace):
    answer = ask_for_token(workspace)
    assert answer.status == 200
    assert (answer.json["token_type"], answer.json["scope"]) == ("Bearer", "all-apis")
    assert answer.json["expires_in"] == 3600

    def allowed():
        bearer = "Bearer " + answer.json["access_token"]
        return workspace.request("GET", API + "jobs/list", Authorization=bearer).status

    assert allowed() == 200
    workspace.advance(HOUR - 1)
    assert allowed() == 200
    workspace.advance(1)
    assert allowed() == 403
    workspace.configure(expires_in_text=True, token_seconds=60)
    answer = ask_for_token(workspace)
    assert answer.json["expires_in"] == "60" and allowed() == 200
    workspace.revoke_tokens()
    assert allowed() == 403
    assert [request["authentication"] for request in workspace.requests("/api/2.2/jobs/list")] == [
        "oauth", "oauth", "refused", "oauth", "refused"]


@pytest.mark.parametrize("options, status, error", [
    ({"password": "x"}, 401, "invalid_client"),
    ({"user": "x"}, 401, "invalid_client"),
    ({"Authorization": None}, 401, "invalid_client"),
    ({"form": "scope=all-apis"}, 400, "invalid_request"),
    ({"form": "grant_type=password&scope=all-apis"}, 400, "unsupported_grant_type"),
    ({"form": "grant_type=client_credentials"}, 400, "invalid_scope"),
    ({"form": "grant_type=client_credentials&scope=all"}, 400, "invalid_scope"),
    ({"form": "grant_type=client_credentials&grant_type=client_credentials&scope=all-apis"}, 400,
     "invalid_request"),
    ({"Content_Type": "application/json"}, 400, "invalid_request"),
])
def test_a_request_for_a_token_that_is_not_right_is_refused(workspace, options, status, error):
    answer = ask_for_token(workspace, **options)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert workspace.counts()["access_tokens_made"] == 0


def test_secrets_are_not_in_the_log_of_requests(workspace):
    ask_for_token(workspace, "grant_type=client_credentials&scope=all-apis&client_secret=" + CLIENT_SECRET)
    workspace.run_now(FIRST)
    log = json.dumps(workspace.requests())
    assert CLIENT_SECRET not in log and TOKEN not in log


def test_clients_find_the_token_endpoint(workspace):
    answer = workspace.request("GET", "/oidc/.well-known/oauth-authorization-server",
                               Authorization=None)
    assert answer.json["token_endpoint"] == workspace.domain + "/oidc/v1/token"
    answer = workspace.request("GET", "/.well-known/databricks-config", Authorization=None)
    assert answer.json["oidc_endpoint"] == workspace.domain + "/oidc"


def test_the_workspace_says_who_one_is(workspace):
    answer = workspace.request("GET", "/api/2.0/preview/scim/v2/Me")
    assert (answer.json["userName"], answer.json["active"]) == (workspace.user, True)


@pytest.mark.parametrize("permission, view, start", [
    ("NONE", 403, 403), ("CAN_VIEW", 200, 403), ("CAN_MANAGE_RUN", 200, 200), ("IS_OWNER", 200, 200)])
def test_a_job_is_for_those_who_may(workspace, permission, view, start):
    workspace.make_job(FIRST, permission=permission)
    got = workspace.get("jobs/get", job_id=FIRST)
    started = workspace.post("jobs/run-now", job_id=FIRST)
    rights = workspace.request("GET", "/api/2.0/permissions/jobs/%d" % FIRST)
    assert (got.status, started.status, rights.status) == (view, start, view)
    if view == 403:
        assert refused(got) == (403, "PERMISSION_DENIED")
        assert workspace.get("jobs/list").json == {"has_more": False}
    else:
        (entry,) = rights.json["access_control_list"]
        assert entry["all_permissions"][0]["permission_level"] == permission


# Looking


@pytest.mark.parametrize("status, code", [(400, "INVALID_PARAMETER_VALUE"),
                                          (404, "RESOURCE_DOES_NOT_EXIST")])
def test_what_does_not_exist_is_said_in_either_of_two_ways(workspace, status, code):
    workspace.configure(missing_status=status)
    for path, name, kind in (("jobs/get", "job_id", "Job"), ("jobs/runs/get", "run_id", "Run")):
        answer = workspace.get(path, **{name: 404})
        assert answer.refusal == (status, code, "%s 404 does not exist." % kind)
    first = workspace.run_now(FIRST)
    for run_id in (-2 ** 63, -1, 0, 2 ** 53, first - 2, first + 1, first + 2, 2 ** 63 - 1):
        assert refused(workspace.get("jobs/runs/get", run_id=run_id)) == (status, code)
        assert refused(workspace.get("jobs/get", job_id=run_id)) == (status, code)
    for path in ("cancel", "delete", "repair"):
        assert refused(workspace.post("jobs/runs/" + path, run_id=404)) == (status, code)
    assert refused(workspace.post("jobs/run-now", job_id=404)) == (status, code)


@pytest.mark.parametrize("path, query, error", [
    ("jobs/get", "", INVALID),
    ("jobs/get", "job_id=x", MALFORMED),
    ("jobs/get", "job_id=", MALFORMED),
    ("jobs/get", "job_id=%2B555555555", MALFORMED),
    ("jobs/get", "job_id=99999999999999999999", MALFORMED),
    ("jobs/get", "job_id=555555555&job_id=555555555", INVALID),
    ("jobs/get", "job_id=555555555&id=1", INVALID),
    ("jobs/list", "limit=0", INVALID),
    ("jobs/list", "limit=101", INVALID),
    ("jobs/list", "expand_tasks=yes", MALFORMED),
    ("jobs/list", "page_token=x", INVALID),
    ("jobs/list", "offset=1", INVALID),
    ("jobs/runs/get", "", INVALID),
    ("jobs/runs/list", "limit=25", INVALID),
    ("jobs/runs/list", "limit=-1", INVALID),
    ("jobs/runs/list", "active_only=True", MALFORMED),
    ("jobs/runs/list", "active_only=true&completed_only=true", INVALID),
    ("jobs/runs/list", "run_type=ANY", INVALID),
    ("jobs/runs/list", "offset=-1", INVALID),
    ("jobs/runs/list", "page_token=", INVALID),
    ("jobs/runs/list", "state=RUNNING", INVALID),
])
def test_a_query_that_is_not_documented_is_refused(workspace, path, query, error):
    assert refused(workspace.request("GET", API + path + "?" + query)) == error


def test_a_job_is_shown_with_its_settings(workspace):
    workspace.make_job(FIRST, parameters={"p": "1"}, queue=False, max_concurrent_runs=3)
    job = workspace.get("jobs/get", job_id=FIRST).json
    assert (job["job_id"], job["run_as_user_name"]) == (FIRST, workspace.user)
    settings = job["settings"]
    assert (settings["name"], settings["max_concurrent_runs"]) == ("orders-consumer_job", 3)
    assert settings["queue"] == {"enabled": False}
    assert settings["parameters"] == [{"name": "p", "default": "1"}]
    assert [task["task_key"] for task in settings["tasks"]] == ["main"]
    run = workspace.get("jobs/runs/get", run_id=workspace.run_now(
        FIRST, job_parameters={"p": "2", "q": "3"})).json
    assert run["job_parameters"] == [{"name": "p", "default": "1", "value": "2"},
                                     {"name": "q", "value": "3"}]


def pages(workspace, path, key, **options):
    found = []
    while True:
        page = workspace.get(path, **options).json
        found.append([item[key] for item in page.get(path.split("/")[-2], [])])
        assert page["has_more"] == ("next_page_token" in page)
        if not page["has_more"]:
            return found
        options["page_token"] = page["next_page_token"]


def test_jobs_are_listed_page_by_page_and_found_by_name(workspace):
    for number in range(1, 45):
        workspace.make_job(number, name="Job %d" % number)
    everything = pages(workspace, "jobs/list", "job_id")
    assert [len(page) for page in everything] == [20, 20, 5]
    assert sorted(sum(everything, [])) == [*range(1, 45), FIRST]
    assert [len(page) for page in pages(workspace, "jobs/list", "job_id", limit=45)] == [45]
    assert pages(workspace, "jobs/list", "job_id", name="JOB 7") == [[7]]
    assert pages(workspace, "jobs/list", "job_id", name="Job") == [[]]
    (job,) = workspace.get("jobs/list", name="Job 7", expand_tasks="true").json["jobs"]
    assert "tasks" in job["settings"]


def test_runs_are_listed_active_ones_first_then_by_their_ends(workspace):
    workspace.make_job(SECOND, max_concurrent_runs=1000)
    over = [workspace.run_now(FIRST) for _ in range(30)]
    workspace.advance(HOUR)
    active = [workspace.run_now(SECOND) for _ in range(30)]

    def listed(**options):
        return pages(workspace, "jobs/runs/list", "run_id", **options)

    assert [len(page) for page in listed()] == [20, 20, 20]
    assert sum(listed(), []) == active[::-1] + over[::-1]
    assert [len(page) for page in listed(limit=0)] == [24, 24, 12]
    assert sum(listed(limit=7, active_only="true"), []) == active[::-1]
    assert sum(listed(limit=7, completed_only="true"), []) == over[::-1]
    assert sum(listed(job_id=FIRST), []) == over[::-1]
    assert listed(job_id=1) == [[]] and listed(run_type="SUBMIT_RUN") == [[]]
    assert sum(listed(offset=29, active_only="true"), []) == active[:1]
    assert sum(listed(start_time_from=workspace.advance(0)), []) == active[::-1]
    assert sum(listed(start_time_to=workspace.advance(0) - 1), []) == over[::-1]


def test_a_page_token_is_good_for_its_own_list_only(workspace):
    workspace.others_start(FIRST, 30)
    token = workspace.get("jobs/runs/list").json["next_page_token"]
    assert workspace.get("jobs/runs/list", page_token=token).status == 200
    assert set("+/=") & set(token)  # so that clients who do not encode it are found out
    for options in ({"active_only": "true"}, {"job_id": FIRST}):
        answer = workspace.get("jobs/runs/list", page_token=token, **options)
        assert refused(answer) == INVALID
    assert refused(workspace.get("jobs/list", page_token=token)) == INVALID


def test_no_run_is_missed_when_runs_end_between_two_pages(workspace):
    ids = set(workspace.others_start(FIRST, 30))
    first = workspace.get("jobs/runs/list").json
    workspace.advance(HOUR)
    second = pages(workspace, "jobs/runs/list", "run_id", page_token=first["next_page_token"])
    assert ids == {run["run_id"] for run in first["runs"]} | set(sum(second, []))


def test_lists_show_tasks_only_when_asked(workspace):
    run_id = workspace.run_now(FIRST)
    (plain,) = workspace.get("jobs/runs/list").json["runs"]
    (full,) = workspace.get("jobs/runs/list", expand_tasks="true").json["runs"]
    assert "tasks" not in plain and full["tasks"][0]["run_id"] not in (None, run_id)


# The life of a run


def test_a_run_lives_on_the_workspaces_clock(workspace):
    began = workspace.advance(0)
    run_id = workspace.run_now(FIRST)
    assert workspace.state(run_id) == ("PENDING", None)
    workspace.advance(0.5)
    assert workspace.state(run_id) == ("RUNNING", None)
    workspace.advance(1.999)
    assert workspace.state(run_id) == ("RUNNING", None)
    run = workspace.get("jobs/runs/get", run_id=run_id).json
    assert (run["end_time"], run["status"]) == (0, {"state": "RUNNING"})
    workspace.advance(HOUR)
    run = workspace.get("jobs/runs/get", run_id=run_id).json
    assert workspace.state(run_id) == ("TERMINATED", "SUCCESS")
    assert (run["start_time"], run["end_time"]) == (began, began + 2500)
    assert (run["setup_duration"], run["execution_duration"]) == (500, 2000)
    assert run["status"]["termination_details"]["type"] == "SUCCESS"


def test_real_time_passes_by_itself(workspace):
    workspace.set_clock(runs=True)
    workspace.make_job(FIRST, setup_ms=0, duration_ms=1)
    run_id = workspace.run_now(FIRST)
    while workspace.state(run_id) != ("TERMINATED", "SUCCESS"):
        pass


@pytest.mark.parametrize("outcome, life, result, code", [
    ("SUCCESS", "TERMINATED", "SUCCESS", "SUCCESS"),
    ("SUCCESS_WITH_FAILURES", "TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES"),
    ("FAILED", "INTERNAL_ERROR", "FAILED", "RUN_EXECUTION_ERROR"),
    ("TIMEDOUT", "TERMINATED", "TIMEDOUT", "CANCELED"),
    ("CANCELED", "TERMINATED", "CANCELED", "USER_CANCELED"),
    ("INTERNAL_ERROR", "INTERNAL_ERROR", None, "INTERNAL_ERROR"),
    ("SKIPPED", "SKIPPED", None, "SKIPPED"),
    ("EXCLUDED", "SKIPPED", "EXCLUDED", "SKIPPED"),
    ("UPSTREAM_FAILED", "SKIPPED", "UPSTREAM_FAILED", "SKIPPED"),
    ("UPSTREAM_CANCELED", "SKIPPED", "UPSTREAM_CANCELED", "SKIPPED"),
    ("DISABLED", "SKIPPED", "DISABLED", "DISABLED"),
    ("MAXIMUM_CONCURRENT_RUNS_REACHED", "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED",
     "MAX_CONCURRENT_RUNS_EXCEEDED"),
])
def test_a_run_ends_as_it_was_told(workspace, outcome, life, result, code):
    workspace.make_job(FIRST, outcomes=[outcome])
    run_id = workspace.run_now(FIRST)
    workspace.advance(HOUR)
    run = workspace.get("jobs/runs/get", run_id=run_id).json
    assert workspace.state(run_id) == (life, result)
    assert run["status"]["state"] == "TERMINATED"
    assert run["status"]["termination_details"]["code"] == code
    skipped = life == "SKIPPED"
    assert (run["run_duration"] == 0) == skipped


def test_a_failed_task_is_terminated_in_a_run_with_an_internal_error(workspace):
    workspace.make_job(FIRST, outcomes=["FAILED"], duration_ms=0)
    run_id = workspace.run_now(FIRST)
    workspace.advance(1)
    (task,) = workspace.get("jobs/runs/get", run_id=run_id).json["tasks"]
    assert (task["state"]["life_cycle_state"], task["state"]["result_state"]) == (
        "TERMINATED", "FAILED")


def test_outcomes_are_for_one_run_each_and_the_last_for_all_others(workspace):
    workspace.make_job(FIRST, outcomes=[
        "FAILED", {"outcome": "FAILED", "message": "No disk.", "code": "CLUSTER_ERROR",
                   "type": "CLOUD_FAILURE", "setup_ms": 0, "duration_ms": 7}, "SUCCESS"])
    began = workspace.advance(0)
    ids = [workspace.run_now(FIRST) for _ in range(4)]
    workspace.advance(HOUR)
    runs = [workspace.get("jobs/runs/get", run_id=one).json for one in ids]
    assert [run["state"]["result_state"] for run in runs] == ["FAILED", "FAILED", "SUCCESS", "SUCCESS"]
    assert runs[1]["state"]["state_message"] == "No disk." and runs[1]["end_time"] == began + 7
    assert runs[1]["status"]["termination_details"] == {
        "code": "CLUSTER_ERROR", "type": "CLOUD_FAILURE", "message": "No disk."}


def test_runs_without_room_wait_in_their_order_or_are_skipped(workspace):
    workspace.make_job(FIRST, max_concurrent_runs=1, setup_ms=0, duration_ms=10000)
    began = workspace.advance(0)
    ids = [workspace.run_now(FIRST, queue={"enabled": True}) for _ in range(3)]
    skipped = workspace.run_now(FIRST, queue={"enabled": False})
    waiting = workspace.get("jobs/runs/get", run_id=ids[1]).json
    assert waiting["state"]["queue_reason"] == "MAX_CONCURRENT_RUNS_REACHED"
    assert waiting["status"]["queue_details"]["code"] == "MAX_CONCURRENT_RUNS_REACHED"
    assert workspace.state(skipped) == ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")
    workspace.advance(10)
    assert [workspace.state(one)[0] for one in ids] == ["TERMINATED", "RUNNING", "QUEUED"]
    workspace.advance(HOUR)
    ends = [workspace.get("jobs/runs/get", run_id=one).json["end_time"] for one in ids]
    assert ends == [began + 10000, began + 20000, began + 30000]


def test_a_job_that_gets_more_room_starts_what_waits(workspace):
    workspace.make_job(FIRST, max_concurrent_runs=1)
    ids = workspace.others_start(FIRST, 4)
    workspace.make_job(FIRST, max_concurrent_runs=3)
    assert [workspace.state(one)[0] for one in ids] == ["PENDING"] * 3 + ["QUEUED"]


def test_a_job_that_may_not_run_at_all_skips_everything(workspace):
    workspace.make_job(FIRST, max_concurrent_runs=0)
    assert workspace.state(workspace.run_now(FIRST, queue={"enabled": True}))[0] == "SKIPPED"


def test_canceling_takes_its_time_and_makes_room(workspace):
    workspace.make_job(FIRST, max_concurrent_runs=1, cancel_ms=3000)
    first, second, third = (workspace.run_now(FIRST) for _ in range(3))
    assert workspace.post("jobs/runs/cancel", run_id=first).json == {}
    assert workspace.post("jobs/runs/cancel", run_id=third).status == 200
    assert workspace.state(first) == ("TERMINATING", None)
    assert workspace.state(third) == ("TERMINATED", "CANCELED")
    workspace.advance(3)
    assert workspace.state(first) == ("TERMINATED", "CANCELED")
    assert workspace.state(second)[0] == "PENDING"
    workspace.advance(HOUR)
    assert workspace.post("jobs/runs/cancel", run_id=second).status == 200
    assert workspace.state(second) == ("TERMINATED", "SUCCESS")


def test_all_runs_of_a_job_or_all_that_wait_are_canceled_at_once(workspace):
    workspace.make_job(FIRST, max_concurrent_runs=1)
    first, second = workspace.others_start(FIRST, 2)
    assert refused(workspace.post("jobs/runs/cancel-all")) == INVALID
    assert workspace.post("jobs/runs/cancel-all", all_queued_runs=True).status == 200
    assert (workspace.state(first)[0], workspace.state(second)[1]) == ("PENDING", "CANCELED")
    assert workspace.post("jobs/runs/cancel-all", job_id=FIRST).status == 200
    assert workspace.state(first) == ("TERMINATED", "CANCELED")


def test_a_run_is_deleted_when_it_is_over(workspace):
    run_id = workspace.run_now(FIRST)
    assert refused(workspace.post("jobs/runs/delete", run_id=run_id)) == (400, "INVALID_STATE")
    workspace.advance(HOUR)
    assert workspace.post("jobs/runs/delete", run_id=run_id).json == {}
    assert workspace.get("jobs/runs/get", run_id=run_id).status == 400
    assert pages(workspace, "jobs/runs/list", "run_id") == [[]]


def test_runs_are_gone_sixty_days_after_their_end(workspace):
    run_id = workspace.run_now(FIRST, "t")
    workspace.advance(2.5 + 60 * 24 * HOUR - 0.001)
    assert workspace.state(run_id) == ("TERMINATED", "SUCCESS")
    workspace.advance(0.001)
    assert workspace.get("jobs/runs/get", run_id=run_id).status == 400
    assert refused(workspace.post("jobs/run-now", job_id=FIRST, idempotency_token="t")) == INVALID


def test_somebody_else_may_end_runs_delete_runs_and_delete_jobs(workspace):
    workspace.make_job(FIRST, max_concurrent_runs=1)
    first, second = workspace.run_now(FIRST), workspace.run_now(FIRST)
    workspace.end_run(first, "TIMEDOUT")
    assert workspace.state(first) == ("TERMINATED", "TIMEDOUT")
    assert workspace.state(second)[0] == "PENDING"
    workspace.delete_run(second)
    assert workspace.get("jobs/runs/get", run_id=second).status == 400
    workspace.delete_job(FIRST)
    assert workspace.get("jobs/get", job_id=FIRST).status == 400
    assert refused(workspace.post("jobs/run-now", job_id=FIRST)) == INVALID
    assert workspace.state(first) == ("TERMINATED", "TIMEDOUT")


def test_a_failed_run_is_repaired_and_lives_again(workspace):
    workspace.make_job(FIRST, outcomes=["FAILED", "FAILED", "SUCCESS"])
    run_id = workspace.run_now(FIRST)
    everything = {"run_id": run_id, "rerun_all_failed_tasks": True}
    assert refused(workspace.post("jobs/runs/repair", **everything)) == (400, "INVALID_STATE")
    workspace.advance(HOUR)
    assert refused(workspace.post("jobs/runs/repair", run_id=run_id)) == INVALID
    assert workspace.post("jobs/runs/repair", **everything).json == {"repair_id": 1}
    assert workspace.state(run_id) == ("PENDING", None)
    assert pages(workspace, "jobs/runs/list", "run_id", active_only="true") == [[run_id]]
    assert pages(workspace, "jobs/runs/list", "run_id", completed_only="true") == [[]]
    workspace.advance(HOUR)
    assert workspace.state(run_id) == ("INTERNAL_ERROR", "FAILED")
    assert refused(workspace.post("jobs/runs/repair", **everything)) == INVALID
    assert workspace.post("jobs/runs/repair", latest_repair_id=1, **everything).status == 200
    workspace.advance(HOUR)
    assert workspace.state(run_id) == ("TERMINATED", "SUCCESS")
    assert pages(workspace, "jobs/runs/list", "run_id") == [[run_id]]
    assert refused(workspace.post("jobs/runs/repair", latest_repair_id=2, **everything)) == (
        400, "INVALID_STATE")
    history = workspace.get("jobs/runs/get", run_id=run_id, include_history="true").json
    assert [one["type"] for one in history["repair_history"]] == ["ORIGINAL", "REPAIR", "REPAIR"]
