"""Databricks' own client takes the stand-in for a workspace, and understands what it says."""
import pytest

from databricks import Databricks, DatabricksRefused
from workspace import CLIENT_ID, CLIENT_SECRET, TOKEN, Workspace

FIRST = 555555555


@pytest.fixture(scope="module")
def server():
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def workspace(server):
    server.reset()
    server.set_clock(runs=False)
    server.make_job(FIRST, name="orders-consumer_job", max_concurrent_runs=1000)
    return server


@pytest.fixture(scope="module")
def sdk(server):
    with Databricks(server.domain, token=TOKEN, retry_timeout_seconds=30) as client:
        yield client


def refusal(sdk, operation, **parameters):
    with pytest.raises(DatabricksRefused) as caught:
        sdk.call(operation, **parameters)
    return caught.value.refusal


def state(sdk, run_id):
    return sdk.call("jobs.get_run", run_id=run_id)["state"]


def test_it_finds_jobs_by_id_by_name_and_page_by_page(workspace, sdk):
    for number in range(45):
        workspace.make_job(1000 + number, name="job %d" % number)
    jobs = sdk.call("jobs.list", limit=20)
    assert {job["job_id"] for job in jobs} == {FIRST, *range(1000, 1045)}
    assert len(workspace.requests("/api/2.2/jobs/list")) == 3
    assert [job["job_id"] for job in sdk.call("jobs.list", name="JOB 7")] == [1007]
    job = sdk.call("jobs.get", job_id=1007)
    assert (job["settings"]["name"], job["settings"]["max_concurrent_runs"]) == ("job 7", 1)


@pytest.mark.parametrize("status", [400, 404])
def test_it_understands_what_is_not_there_either_way(workspace, sdk, status):
    workspace.configure(missing_status=status)
    for operation, parameters in (("jobs.get", {"job_id": 404}), ("jobs.get_run", {"run_id": 404})):
        assert refusal(sdk, operation, **parameters).kind == "ResourceDoesNotExist"


@pytest.mark.parametrize("outcome, life, result, code", [
    ("SUCCESS", "TERMINATED", "SUCCESS", "SUCCESS"),
    ("SUCCESS_WITH_FAILURES", "TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES"),
    ("FAILED", "INTERNAL_ERROR", "FAILED", "RUN_EXECUTION_ERROR"),
    ("TIMEDOUT", "TERMINATED", "TIMEDOUT", None),
    ("CANCELED", "TERMINATED", "CANCELED", "USER_CANCELED"),
    ("INTERNAL_ERROR", "INTERNAL_ERROR", None, "INTERNAL_ERROR"),
    ("SKIPPED", "SKIPPED", None, "SKIPPED"),
    ("EXCLUDED", "SKIPPED", "EXCLUDED", None),
    ("UPSTREAM_FAILED", "SKIPPED", "UPSTREAM_FAILED", None),
    ("UPSTREAM_CANCELED", "SKIPPED", "UPSTREAM_CANCELED", None),
    ("DISABLED", "SKIPPED", "DISABLED", "DISABLED"),
])
def test_it_reads_how_a_run_ended(workspace, sdk, outcome, life, result, code):
    workspace.make_job(FIRST, outcomes=[outcome], duration_ms=60000)
    run_id = sdk.call("jobs.run_now", job_id=FIRST)["run_id"]
    workspace.advance(61)
    run = sdk.call("jobs.get_run", run_id=run_id)
    assert (run["state"]["life_cycle_state"], run["state"].get("result_state")) == (life, result)
    assert run["status"]["state"] == "TERMINATED"
    assert code is None or run["status"]["termination_details"]["code"] == code
    assert run["status"]["termination_details"].keys() >= {"code", "type"}  # words that it knows
    assert run["end_time"] >= run["start_time"]


def test_it_follows_a_run_through_its_life(workspace, sdk):
    workspace.make_job(FIRST, setup_ms=10000, duration_ms=50000, cancel_ms=5000)
    first = sdk.call("jobs.run_now", job_id=FIRST, job_parameters={"file_name": "ü"})["run_id"]
    assert state(sdk, first)["life_cycle_state"] == "PENDING"
    workspace.advance(10)
    assert state(sdk, first)["life_cycle_state"] == "RUNNING"
    sdk.call("jobs.cancel_run", run_id=first)
    assert state(sdk, first)["life_cycle_state"] == "TERMINATING"
    assert refusal(sdk, "jobs.delete_run", run_id=first).kind in ("InvalidState", "BadRequest")
    workspace.advance(5)
    assert state(sdk, first)["result_state"] == "CANCELED"
    run = sdk.call("jobs.get_run", run_id=first)
    assert run["job_parameters"] == [{"name": "file_name", "value": "ü"}]
    sdk.call("jobs.delete_run", run_id=first)
    assert refusal(sdk, "jobs.get_run", run_id=first).kind == "ResourceDoesNotExist"


def test_it_queues_or_skips_what_the_job_has_no_room_for(workspace, sdk):
    workspace.make_job(FIRST, max_concurrent_runs=1)
    first, waits = (sdk.call("jobs.run_now", job_id=FIRST, queue=True)["run_id"] for _ in "ab")
    skipped = sdk.call("jobs.run_now", job_id=FIRST, queue=False)["run_id"]
    waiting = sdk.call("jobs.get_run", run_id=waits)
    assert waiting["state"]["life_cycle_state"] == "QUEUED"
    assert waiting["status"]["queue_details"]["code"] == "MAX_CONCURRENT_RUNS_REACHED"
    assert state(sdk, skipped)["result_state"] == "MAXIMUM_CONCURRENT_RUNS_REACHED"
    workspace.advance(3600)
    assert [state(sdk, run)["result_state"] for run in (first, waits)] == ["SUCCESS", "SUCCESS"]


def test_a_token_starts_one_run_whatever_comes_of_it(workspace, sdk):
    run_ids = {sdk.call("jobs.run_now", job_id=FIRST, idempotency_token="t" * 64)["run_id"]
               for _ in range(2)}
    workspace.advance(3600)
    run_ids.add(sdk.call("jobs.run_now", job_id=FIRST, idempotency_token="t" * 64)["run_id"])
    assert len(run_ids) == 1
    sdk.call("jobs.delete_run", run_id=run_ids.pop())
    assert refusal(sdk, "jobs.run_now", job_id=FIRST,
                   idempotency_token="t" * 64).code == "INVALID_PARAMETER_VALUE"
    assert len(workspace.runs()) == 1
    assert refusal(sdk, "jobs.run_now", job_id=FIRST,
                   idempotency_token="t" * 65).code == "INVALID_PARAMETER_VALUE"


def test_it_lists_runs_page_by_page_active_and_completed(workspace, sdk):
    over = [sdk.call("jobs.run_now", job_id=FIRST)["run_id"] for _ in range(30)]
    workspace.advance(3600)
    active = [sdk.call("jobs.run_now", job_id=FIRST)["run_id"] for _ in range(30)]

    def listed(**options):
        return [run["run_id"] for run in sdk.call("jobs.list_runs", **options)]

    assert set(listed(active_only=True)) == set(active)
    assert set(listed(completed_only=True, limit=7)) == set(over)
    assert sorted(listed()) == sorted(active + over) and set(listed()[:30]) == set(active)
    assert listed(job_id=1) == []
    assert refusal(sdk, "jobs.list_runs", limit=25).message.startswith("Invalid limit 25")


def test_its_retries_start_nothing_twice(workspace, sdk):
    workspace.fault("jobs/run-now", "answer", status=429, headers={"Retry-After": "0"})
    workspace.fault("jobs/run-now", "answer", when="after", status=503, headers={"Retry-After": "0"})
    workspace.fault("jobs/run-now", "close", when="after")
    run_id = sdk.call("jobs.run_now", job_id=FIRST, idempotency_token="once")["run_id"]
    assert [run["run_id"] for run in workspace.runs()] == [run_id]
    requests = workspace.requests("/api/2.2/jobs/run-now")
    assert [request["status"] for request in requests] == [429, 503, 0, 200]
    assert [request["effect"] for request in requests] == [False, True, True, True]


def test_it_gets_in_as_a_service_principal(workspace):
    with Databricks(workspace.domain, client_id=CLIENT_ID,
                    client_secret=CLIENT_SECRET) as client:
        assert client.call("current_user.me")["active"] is True
        assert client.call("jobs.get", job_id=FIRST)["job_id"] == FIRST
    assert {request["authentication"] for request in workspace.requests()
            if request["path"].startswith("/api/")} == {"oauth"}


def test_it_is_turned_away_with_a_wrong_token(workspace):
    with Databricks(workspace.domain, token="dapi-wrong") as client:
        assert refusal(client, "current_user.me").kind == "PermissionDenied"


def test_it_sees_permissions(workspace, sdk):
    workspace.make_job(FIRST, permission="CAN_VIEW")
    seen = sdk.call("permissions.get", request_object_type="jobs", request_object_id=str(FIRST))
    assert seen["access_control_list"][0]["all_permissions"][0]["permission_level"] == "CAN_VIEW"
    assert refusal(sdk, "jobs.run_now", job_id=FIRST).kind == "PermissionDenied"
