"""Lakebeat and a strict workspace: nothing that it asks is refused, and what goes wrong starts nothing twice."""
import json
import os

import pytest

from lakebeat import House
from workspace import Workspace

SETTINGS = """acons: [acon.json]
runners:
  lake: {kind: databricks, domain: "%s", status_interval: 100ms, starts_per_second: 1000}
poll_interval: 200ms
settle_time: 50ms
"""
JOBS = range(501, 507)


@pytest.fixture
def workspace():
    with Workspace() as workspace:
        for job_id in JOBS:
            workspace.make_job(job_id, setup_ms=0, duration_ms=20)
        yield workspace


@pytest.fixture
def house(tmp_path, workspace, monkeypatch):
    """Jobs that wait for one sensor each; the environment says as whom."""
    for name in list(os.environ):
        if name.startswith("DATABRICKS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token)
    house = House(tmp_path)
    (house.path / "lakebeat.yaml").write_text(SETTINGS % workspace.domain)
    house.feed(["sensor_%d,%d,TRUE" % (job_id, job_id) for job_id in JOBS])
    return house


def emit_to_all(house, names, rounds=1):
    """Trigger files for each job, named after seconds of their own, and added to {job: names}."""
    for _ in range(rounds):
        for job_id in JOBS:
            mine = names.setdefault(job_id, [])
            name = "sensor_%d_20251123_%02d%02d%02d.txt" % (
                job_id, len(mine) // 3600, len(mine) // 60 % 60, len(mine) % 60)
            folder = house.path / "triggers" / ("sensor_%d" % job_id)
            folder.mkdir(exist_ok=True)
            (folder / name).touch()
            mine.append(name)
    return names


def handed_on(workspace, job_id):
    """The events that the job's runs were given, in their order."""
    return [event["file_name"] for run in workspace.runs(job_id)
            for event in json.loads(run["job_parameters"]["lakebeat_events"])]


def until_all_is_done(house, workspace, names):
    house.wait_for(lambda: all(len(handed_on(workspace, job_id)) >= len(names[job_id])
                               for job_id in JOBS), seconds=120)
    house.wait_for(lambda: set(house.statuses().values()) == {"COMPLETED"}, seconds=120)
    for job_id in JOBS:
        assert sorted(handed_on(workspace, job_id)) == sorted(names[job_id])
        assert len(workspace.tokens(job_id)) == len(workspace.runs(job_id))


def stop(daemon):
    daemon.terminate()
    assert daemon.wait(timeout=60) == 0


def test_whatever_goes_wrong_every_event_is_handed_on_once(house, workspace):
    wrongs = [{"do": do, "when": when} for do in ("close", "reset", "login", "answer")
              for when in ("before", "after")]
    wrongs += [{"do": "truncate", "when": "after"}, {"do": "cut", "when": "after"},
               {"do": "answer", "status": 429, "headers": {"Retry-After": "0"}},
               {"do": "answer", "status": 503, "when": "after"},
               {"do": "pass", "when": "after", "delay_ms": 50}]
    for seed, wrong in enumerate(wrongs):
        workspace.fault("jobs/run-now", count=0, probability=0.05, seed=seed, **wrong)
        workspace.fault("jobs/runs/get", count=0, probability=0.03, seed=seed, **wrong)
        workspace.fault("jobs/runs/list", count=0, probability=0.03, seed=seed, **wrong)
    daemon = house.daemon()
    names = emit_to_all(house, {})

    def enough():
        if set(house.statuses().values()) == {"COMPLETED"}:  # no more than a run can be told
            emit_to_all(house, names, rounds=3)
        return sum(fault["met"] for fault in workspace.faults()) >= 20

    house.wait_for(enough, seconds=120)
    workspace.clear_faults()
    until_all_is_done(house, workspace, names)
    stop(daemon)
    assert {request["said"] for request in workspace.requests()} <= {0, 200}
    assert workspace.counts()["bodies_changed"] == 0


def test_a_workspace_that_is_down_gets_everything_when_it_is_back(house, workspace):
    workspace.listen(False)
    daemon = house.daemon()
    names = emit_to_all(house, {}, rounds=3)
    house.wait_for(lambda: house.log().count("not accepted yet") >= len(JOBS))
    workspace.listen(True)
    until_all_is_done(house, workspace, names)
    stop(daemon)


def test_a_service_principal_gets_new_tokens_when_the_old_ones_are_no_good(
        house, workspace, monkeypatch):
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", workspace.client_id)
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", workspace.client_secret)
    workspace.fault("oidc/v1/token", "answer", status=503)
    daemon = house.daemon()
    names = emit_to_all(house, {})
    until_all_is_done(house, workspace, names)
    workspace.revoke_tokens()
    emit_to_all(house, names)
    until_all_is_done(house, workspace, names)
    stop(daemon)
    assert workspace.counts()["access_tokens_made"] == 2
    assert {request["authentication"] for request in workspace.requests()
            if request["said"] == 200} == {"basic", "oauth"}


def test_runs_that_have_to_wait_in_the_workspaces_queue_are_followed(house, workspace):
    workspace.set_clock(runs=False)
    for job_id in JOBS:
        workspace.make_job(job_id, max_concurrent_runs=1)
        workspace.others_start(job_id)
    daemon = house.daemon()
    emit_to_all(house, {})
    house.wait_for(lambda: set(house.statuses().values()) == {"IN_PROGRESS"})
    assert all(workspace.runs(job_id)[-1]["life_cycle_state"] == "QUEUED" for job_id in JOBS)
    workspace.set_clock(runs=True)
    house.wait_for(lambda: set(house.statuses().values()) == {"COMPLETED"})
    stop(daemon)


def test_a_run_that_was_deleted_before_its_answer_came_failed_and_can_be_retried(house, workspace):
    """The workspace refuses the token of such a run for ever."""
    job_id = JOBS[0]
    workspace.fault("jobs/run-now", "close", when="after", count=1)
    workspace.fault("jobs/run-now", "answer", status=503, count=0)
    daemon = house.daemon()
    house.emit("sensor_%d" % job_id)
    house.wait_for(lambda: [run["life_cycle_state"] for run in workspace.runs(job_id)]
                   == ["TERMINATED"])
    workspace.delete_run(workspace.runs(job_id)[0]["run_id"])
    workspace.clear_faults()
    house.wait_for(lambda: house.query("select state from lakebeat_run") == [("FAILED",)])
    assert "it was deleted there" in house.run("explain", str(job_id)).stdout
    house.run("retry", str(job_id))
    house.wait_for(lambda: house.query("select state from lakebeat_run order by id")
                   == [("FAILED",), ("SUCCEEDED",)])
    stop(daemon)
    first, second = workspace.runs(job_id)
    assert first["deleted"] and not second["deleted"] and first["token"] != second["token"]
    assert handed_on(workspace, job_id)[:1] == handed_on(workspace, job_id)[1:]
