"""Jobs of a workspace start once, whatever gets lost, and their ends are seen."""
import json
import os
import signal
import time

import pytest

from jobs_api import Workspace
from lakebeat import House

SETTINGS = """acons: [acon.json]
runners:
  lake: {kind: databricks, status_interval: 100ms}
poll_interval: 200ms
settle_time: 50ms
retry_delay: 0s
"""


@pytest.fixture
def workspace():
    workspace = Workspace()
    yield workspace
    workspace.close()


@pytest.fixture
def house(tmp_path, workspace):
    """A job of the workspace that waits for one sensor; the ACON says where and as whom."""
    house = House(tmp_path)
    (house.path / "lakebeat.yaml").write_text(SETTINGS)
    acon = json.loads((house.path / "acon.json").read_text())
    acon["domain"] = workspace.url + "/?o=42"
    acon["token"] = workspace.token
    (house.path / "acon.json").write_text(json.dumps(acon))
    (house.path / "acon.json").chmod(0o600)
    house.feed(["orders,555,TRUE"])
    return house


def states(house):
    return [state for (state,) in house.query("select state from lakebeat_run order by id")]


def until_over(house):
    """Lets cron'd lakebeats pass by until the run is over."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        house.run("once")
        if states(house) and states(house)[-1] not in ("PLANNED", "SUBMITTED"):
            return states(house)[-1]
        time.sleep(0.05)
    raise AssertionError("the run did not end: %s" % house.run("history", "--json").stdout)


def test_a_trigger_file_starts_the_job_and_its_end_is_seen(house, workspace):
    house.emit("orders")
    assert until_over(house) == "SUCCEEDED"
    assert house.statuses() == {("orders", "555"): "COMPLETED"}
    assert len(workspace.bodies) == 1
    body = workspace.bodies[0]
    assert body["job_id"] == 555
    assert len(body["idempotency_token"]) == 64
    events = json.loads(body["job_parameters"]["lakebeat_events"])
    assert [event["sensor_id"] for event in events] == ["orders"]
    assert events[0]["file_name"] == body["job_parameters"]["file_name"]
    explained = house.run("explain", "555").stdout
    assert workspace.url + "/jobs/555/runs/9007199254740993?o=42" in explained


@pytest.mark.parametrize("point", ["run-now-before-request", "run-now-answered",
                                   "answer-received", "beat-before-commit:2", "news-received"])
def test_a_job_starts_once_wherever_lakebeat_is_killed(house, workspace, point):
    house.emit("orders")
    environment = dict(os.environ,
                       LAKEBEAT_CRASH_AT=point if ":" in point else point + ":1")
    result = None
    for _ in range(20):
        result = house.run("once", env=environment, check=False)
        if result.returncode == -signal.SIGKILL:
            break
    assert result.returncode == -signal.SIGKILL, "the point was not passed"
    assert until_over(house) == "SUCCEEDED"
    assert len(workspace.runs) == 1
    assert len(states(house)) == 1


@pytest.mark.parametrize("answer", [
    lambda handler, run_id: handler.hang_up(),
    lambda handler, run_id: handler.say(503, {"error_code": "TEMPORARILY_UNAVAILABLE"}),
    lambda handler, run_id: handler.say(200, b"<html>Sign in</html>", "text/html"),
    lambda handler, run_id: handler.say(200, b'{"run_id": 90071'),
    lambda handler, run_id: handler.say(429, {"error_code": "REQUEST_LIMIT_EXCEEDED"},
                                        Retry_After="1"),
], ids=["lost", "503", "login", "cut", "429"])
def test_an_answer_that_says_nothing_starts_no_second_run(house, workspace, answer):
    workspace.answers = [answer, answer]
    house.emit("orders")
    daemon = house.daemon()
    house.wait_for(lambda: states(house) == ["SUCCEEDED"])
    daemon.terminate()
    assert daemon.wait() == 0
    assert len(workspace.runs) == 1
    assert len(workspace.bodies) == 3


def test_two_lakebeats_start_nothing_twice(house, workspace):
    daemons = [house.daemon() for _ in range(2)]
    for _ in range(5):
        house.emit("orders")
        time.sleep(0.1)
    house.wait_for(lambda: house.statuses() == {("orders", "555"): "COMPLETED"})
    for daemon in daemons:
        daemon.terminate()
        assert daemon.wait() == 0
    events = [event["file_name"] for token, event in {
        (body["idempotency_token"], event["file_name"]): (body["idempotency_token"], event)
        for body in workspace.bodies
        for event in json.loads(body["job_parameters"]["lakebeat_events"])}.values()]
    assert len(events) == len(set(events)) == 5, "an event was handed to two runs, or to none"


def test_a_run_that_was_skipped_is_a_failure(house, workspace):
    workspace.ending = {"life_cycle_state": "SKIPPED",
                        "result_state": "MAXIMUM_CONCURRENT_RUNS_REACHED"}
    house.emit("orders")
    assert until_over(house) == "FAILED"
    assert house.statuses() == {("orders", "555"): "FAILED"}
    assert "max_concurrent_runs" in house.run("history").stdout


def test_a_definite_no_is_shown_with_its_reason(house, workspace):
    workspace.answers = [lambda handler, run_id: handler.say(
        403, {"error_code": "PERMISSION_DENIED", "message": "you may not run job 555"})]
    house.emit("orders")
    house.run("once")
    assert states(house) == ["PLANNED"]
    assert "you may not run job 555" in house.run("explain", "555").stdout


def test_the_token_is_never_shown(house, workspace):
    workspace.token = "another-secret"
    house.emit("orders")
    daemon = house.daemon()
    house.wait_for(lambda: "Invalid access token" in house.log())
    daemon.terminate()
    assert daemon.wait() == 0
    shown = house.log()
    for verb in (["explain", "555"], ["history", "--json"], ["config"], ["check"], ["status"]):
        result = house.run(*verb, check=False)
        shown += result.stdout + result.stderr
    assert "dapi-very-secret" not in shown
    for path in house.path.glob("my_database.db*"):
        assert b"dapi-very-secret" not in path.read_bytes()


def test_a_job_without_a_number_is_refused_where_it_is_declared(house):
    result = house.feed(["orders,daily,TRUE"], check=False)
    assert result.returncode == 2
    assert "feed.csv:2:7: trigger_job_id: is not a number" in result.stderr
    assert list(house.statuses()) == [("orders", "555")]


def test_two_kinds_of_credentials_are_refused_with_both_places(house):
    environment = dict(os.environ, DATABRICKS_CLIENT_ID="id", DATABRICKS_CLIENT_SECRET="s")
    for verb in ("check", "once"):
        result = house.run(verb, env=environment, check=False)
        assert result.returncode == 2
        assert "token from acon.json" in result.stderr
        assert "client_id from DATABRICKS_CLIENT_ID" in result.stderr
