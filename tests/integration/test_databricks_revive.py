"""A job that is FAILED by a run in a workspace goes on when that was made good there: somebody
ran the job by hand, or repaired the run."""
import os
import signal

import pytest

from lakebeat import House
from workspace import TOKEN, Workspace

SETTINGS = """acons: [acon.json]
runners:
  lake: {kind: databricks, status_interval: 100ms, revive_interval: 100ms}
poll_interval: 200ms
settle_time: 0ms
"""

JOB = 555


@pytest.fixture(scope="module")
def server():
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def workspace(server):
    """Its clock stands, so that what began before what is certain. Runs take no time."""
    server.reset()
    server.set_clock(runs=False)
    server.make_job(JOB, setup_ms=0, duration_ms=0, max_concurrent_runs=10, outcomes=["FAILED"])
    return server


def make_house(path, workspace, jobs):
    house = House(path)
    (house.path / "lakebeat.yaml").write_text(SETTINGS)
    acon = (house.path / "acon.json").read_text()
    acon = acon.replace("DATABRICKS_WORKFLOWS_DOMAIN", workspace.domain)
    (house.path / "acon.json").write_text(acon.replace("DATABRICKS_WORKFLOWS_TOKEN", TOKEN))
    (house.path / "acon.json").chmod(0o600)
    house.feed(["orders,%d,TRUE" % job for job in jobs])
    house.emit("orders")
    return house


@pytest.fixture
def house(tmp_path, workspace):
    """The job failed; an hour has passed since."""
    house = make_house(tmp_path, workspace, [JOB])
    until(house, "FAILED")
    workspace.advance(3600)
    return house


def until(house, status, env=None):
    """Lets cron'd lakebeats pass by."""
    def reached():
        house.run("once", env=env)
        return set(house.statuses().values()) == {status}
    house.wait_for(reached)


def stays_failed(house):
    for _ in range(3):
        house.run("once")
    assert set(house.statuses().values()) == {"FAILED"}


def states(house):
    return [state for (state,) in house.query("select state from lakebeat_run order by id")]


def outcomes_next(workspace, *outcomes):
    workspace.make_job(JOB, outcomes=list(outcomes))


def test_a_run_by_hand_that_succeeds_revives_the_job(house, workspace):
    stays_failed(house)
    outcomes_next(workspace, "SUCCESS")
    (by_hand,) = workspace.others_start(JOB)
    until(house, "COMPLETED")
    assert states(house) == ["SUCCEEDED"] and len(workspace.runs()) == 2
    url = "%s/jobs/%d/runs/%d" % (workspace.domain, JOB, by_hand)
    assert "a later run of the job succeeded: " + url in house.run("history", str(JOB)).stdout
    assert house.query("select status from lakehouse_engine_sensors") == [("PROCESSED_NEW_DATA",)]
    house.emit("orders")
    until(house, "COMPLETED")
    assert states(house) == ["SUCCEEDED", "SUCCEEDED"]
    assert house.query("select from_seq, to_seq from lakebeat_run_input") == [(0, 1), (1, 2)]


def test_a_repair_that_succeeds_revives_the_job(house, workspace):
    (failed,) = workspace.runs()
    outcomes_next(workspace, "FAILED", "SUCCESS")
    body = {"run_id": failed["run_id"], "rerun_all_failed_tasks": True}
    assert workspace.post("jobs/runs/repair", **body).status == 200
    stays_failed(house)
    workspace.advance(60)
    assert workspace.post("jobs/runs/repair", latest_repair_id=1, **body).status == 200
    until(house, "COMPLETED")
    assert states(house) == ["SUCCEEDED"]
    url = "%s/jobs/%d/runs/%d" % (workspace.domain, JOB, failed["run_id"])
    assert "the failed run was repaired: " + url in house.run("history", str(JOB)).stdout


def test_a_run_by_hand_that_fails_or_goes_on_revives_nothing(house, workspace):
    outcomes_next(workspace, "FAILED", "CANCELED", "SKIPPED")
    workspace.others_start(JOB, count=3)
    workspace.make_job(JOB, duration_ms=3600000)
    workspace.others_start(JOB)
    stays_failed(house)


def test_a_run_that_began_before_the_failure_revives_nothing(tmp_path, workspace):
    workspace.make_job(JOB, duration_ms=3600000, outcomes=["SUCCESS"])
    (before,) = workspace.others_start(JOB)
    workspace.advance(60)
    workspace.make_job(JOB, duration_ms=0, outcomes=["FAILED"])
    house = make_house(tmp_path, workspace, [JOB])
    until(house, "FAILED")
    workspace.advance(7200)
    assert workspace.state(before) == ("TERMINATED", "SUCCESS")
    stays_failed(house)


def test_runs_of_other_jobs_revive_nothing(house, workspace):
    workspace.make_job(777, setup_ms=0, duration_ms=0, outcomes=["SUCCESS"])
    workspace.others_start(777, count=30)
    stays_failed(house)


def test_a_retry_is_not_ended_by_a_run_of_somebody_else(house, workspace):
    outcomes_next(workspace, "SUCCESS")
    workspace.make_job(JOB, duration_ms=3600000)
    assert house.run("retry", str(JOB)).returncode == 0
    until(house, "IN_PROGRESS")
    workspace.make_job(JOB, duration_ms=0)
    workspace.others_start(JOB)
    for _ in range(3):
        house.run("once")
    assert states(house) == ["FAILED", "SUBMITTED"]
    workspace.advance(3600)
    until(house, "COMPLETED")
    assert states(house) == ["FAILED", "SUCCEEDED"]


def test_a_complete_and_a_run_by_hand_at_once_are_harmless(house, workspace):
    outcomes_next(workspace, "SUCCESS")
    workspace.others_start(JOB)
    assert "is completed" in house.run("complete", str(JOB)).stdout
    for _ in range(3):
        house.run("once")
    assert set(house.statuses().values()) == {"COMPLETED"}
    assert states(house) == ["FAILED"], "who came first has revived it"
    outcomes_next(workspace, "FAILED")
    house.emit("orders")
    until(house, "FAILED")
    workspace.advance(60)
    outcomes_next(workspace, "SUCCESS")
    workspace.others_start(JOB)
    until(house, "COMPLETED")
    assert "nothing changed" in house.run("complete", str(JOB)).stdout
    assert states(house) == ["FAILED", "SUCCEEDED"]


@pytest.mark.parametrize("point", ["end-received", "beat-before-commit", "beat-after-commit"])
def test_a_kill_loses_no_revival(house, workspace, point):
    outcomes_next(workspace, "SUCCESS")
    workspace.others_start(JOB)
    crash = dict(os.environ, LAKEBEAT_CRASH_AT=point)
    assert house.run("once", env=crash, check=False).returncode == -signal.SIGKILL
    until(house, "COMPLETED")
    assert states(house) == ["SUCCEEDED"]


def test_many_failed_jobs_cost_a_request_for_each_twenty(tmp_path, workspace):
    jobs = list(range(1001, 1031))
    for job in jobs:
        workspace.make_job(job, setup_ms=0, duration_ms=0, outcomes=["FAILED"])
    house = make_house(tmp_path, workspace, jobs)
    until(house, "FAILED")
    workspace.advance(60)
    path = "/api/2.2/jobs/runs/list"

    def asked():
        return len(workspace.requests(path))

    before = asked()
    house.run("once")
    assert asked() - before == 1 + 2
    for job in jobs:
        workspace.make_job(job, outcomes=["SUCCESS"])
        workspace.others_start(job)
    workspace.make_job(777, setup_ms=0, duration_ms=0)
    workspace.others_start(777, count=100)
    # Others' runs hide all of them; each is asked about when it is its turn.
    daemon = house.daemon()
    house.wait_for(lambda: set(house.statuses().values()) == {"COMPLETED"}, seconds=60)
    daemon.terminate()
    assert daemon.wait(60) == 0


def test_it_may_be_left_alone(house, workspace):
    (house.path / "lakebeat.yaml").write_text(
        SETTINGS.replace("revive_interval: 100ms", "revive_interval: 0s"))
    outcomes_next(workspace, "SUCCESS")
    workspace.others_start(JOB)
    before = len(workspace.requests())
    stays_failed(house)
    assert len(workspace.requests()) == before


def test_a_workspace_that_does_not_say_is_asked_again(house, workspace):
    outcomes_next(workspace, "SUCCESS")
    workspace.others_start(JOB)
    for status in (500, 403):
        workspace.fault("runs/list", "answer", status=status)
        result = house.run("once")
        assert result.returncode == 1 and "could not be found out" in result.stderr
        assert set(house.statuses().values()) == {"FAILED"}
    until(house, "COMPLETED")
