"""What `lakebeat check` finds out in a workspace, before a run is planned."""
import json
import os

import pytest

from lakebeat import House
from workspace import CLIENT_ID, CLIENT_SECRET, Workspace

SETTINGS = """acons: [acon.json]
runners:
  lake: {kind: databricks, domain: "%s"%s}
"""
FEED = ("sensor_source,sensor_id,sensor_read_type,asset_description,upstream_key,preprocess_query,"
        "trigger_job_id,trigger_job_name,job_state,dependency_flag\n")


@pytest.fixture(name="workspace")
def a_workspace():
    with Workspace() as workspace:
        yield workspace


@pytest.fixture(name="house")
def a_house(tmp_path, workspace, monkeypatch):
    for name in list(os.environ):
        if name.startswith("DATABRICKS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token)
    monkeypatch.setenv("HOME", str(tmp_path))
    house = House(tmp_path)
    (house.path / "lakebeat.yaml").write_text(SETTINGS % (workspace.domain, ""))
    return house


def declare(house, jobs):
    """jobs: {id: name}, each waiting for a sensor of its own."""
    rows = ("trigger_file,sensor_%s,streaming,,,,%s,%s,UNPAUSED,TRUE\n" % (job_id, job_id, name)
            for job_id, name in jobs.items())
    (house.path / "feed.csv").write_text(FEED + "".join(rows))
    house.run("feed", "feed.csv")


def findings(house, code=0):
    """{place: [(kind, text)]} of what concerns the workspace."""
    result = house.run("check", "--json", check=False)
    assert result.returncode == code, result.stdout + result.stderr
    found = {}
    for problem in json.loads(result.stdout)["problems"]:
        if problem["place"].startswith(("job ", "runners.")):
            found.setdefault(problem["place"], []).append((problem["kind"], problem["text"]))
    return found


def test_jobs_that_are_as_declared_have_nothing_said_of_them(house, workspace):
    workspace.make_job(501, name="orders_job")
    declare(house, {501: "orders_job"})
    assert findings(house) == {"runners.lake": [
        ("notice", "%s accepts the credentials of %s, token from DATABRICKS_TOKEN"
         % (workspace.domain, workspace.user))]}


def test_a_job_that_does_not_exist_is_an_error_for_itself(house, workspace):
    for status in (400, 404):
        workspace.configure(missing_status=status)
        workspace.make_job(501, name="orders_job")
        declare(house, {501: "orders_job", 502: "gone"})
        found = findings(house, code=2)
        assert "job 501" not in found
        (kind, text), = found["job 502"]
        assert kind == "error" and "runner lake cannot start it" in text
        assert "Job 502 does not exist" in text


def test_a_job_that_may_not_be_seen_or_started_is_named(house, workspace):
    workspace.make_job(501, permission="NONE")
    workspace.make_job(502, permission="CAN_VIEW")
    workspace.make_job(503, permission="CAN_MANAGE_RUN")
    declare(house, {501: "", 502: "", 503: ""})
    found = findings(house, code=2)
    (kind, text), = found["job 501"]
    assert kind == "error" and "PERMISSION_DENIED" in text
    (kind, text), = found["job 502"]
    assert kind == "warning" and "neither %s nor a group" % workspace.user in text
    assert "job 503" not in found


def test_where_permissions_are_not_told_that_is_said_once(house, workspace):
    for job_id in (501, 502):
        workspace.make_job(job_id)
    declare(house, {501: "", 502: ""})
    for job_id in (501, 502):
        workspace.fault("/api/2.0/permissions/jobs/%d" % job_id, "answer", status=403, count=0)
    found = findings(house)
    assert [kind for kind, _ in found["runners.lake"]] == ["notice", "notice"]
    assert "of 2 of 2 jobs" in found["runners.lake"][1][1]


def test_another_name_is_noticed(house, workspace):
    workspace.make_job(501, name="nightly orders")
    declare(house, {501: "orders_job"})
    (kind, text), = findings(house)["job 501"]
    assert kind == "notice"
    assert "'orders_job'" in text and "'nightly orders'" in text


def test_settings_that_would_skip_runs_are_warned_of(house, workspace):
    workspace.make_job(501, max_concurrent_runs=0)
    workspace.make_job(502, max_concurrent_runs=1)
    workspace.make_job(503, max_concurrent_runs=5)
    declare(house, {501: "", 502: "", 503: ""})
    found = findings(house)
    assert [kind for kind, _ in found["job 501"]] == ["warning"]
    assert "job 502" not in found  # it queues
    (house.path / "lakebeat.yaml").write_text(SETTINGS % (workspace.domain, ", queue: false"))
    found = findings(house)
    assert "skips every run" in found["job 501"][0][1]
    assert "skips ours" in found["job 502"][0][1]
    assert "job 503" not in found


def test_a_continuous_job_is_warned_of_unless_it_is_paused(house, workspace):
    workspace.make_job(501, continuous="UNPAUSED")
    workspace.make_job(502, continuous="PAUSED")
    declare(house, {501: "", 502: ""})
    found = findings(house)
    (kind, text), = found["job 501"]
    assert kind == "warning" and "continuous" in text
    assert "job 502" not in found


def test_a_token_that_is_not_accepted_ends_the_questions(house, workspace, monkeypatch):
    workspace.make_job(501)
    declare(house, {501: ""})
    monkeypatch.setenv("DATABRICKS_TOKEN", "dapi0000")
    found = findings(house, code=2)
    assert list(found) == ["runners.lake"]
    (kind, text), = found["runners.lake"]
    assert kind == "error" and "Invalid access token" in text and "renew the token" in text
    assert "token from DATABRICKS_TOKEN" in text
    assert "dapi0000" not in house.run("check", check=False).stderr
    assert not workspace.requests("/api/2.2/jobs/get")


def test_a_service_principal_is_asked_for_a_token_and_known(house, workspace, monkeypatch):
    workspace.make_job(501)
    declare(house, {501: ""})
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", CLIENT_SECRET)
    (kind, text), = findings(house)["runners.lake"]
    assert kind == "notice" and "client_id from DATABRICKS_CLIENT_ID" in text
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "dose0000")
    (kind, text), = findings(house, code=2)["runners.lake"]
    assert kind == "error" and "dose0000" not in text


def test_a_workspace_that_is_not_there_is_an_error_and_no_wait_without_end(house, workspace):
    workspace.make_job(501)
    declare(house, {501: ""})
    workspace.listen(False)
    (kind, text), = findings(house, code=2)["runners.lake"]
    assert kind == "error" and workspace.domain in text
    assert "correct domain, or check again" in house.run("check", check=False).stderr


def test_what_passes_is_asked_again(house, workspace):
    workspace.make_job(501, name="orders_job")
    declare(house, {501: "orders_job"})
    for path in ("jobs/get", "/api/2.0/preview/scim/v2/Me", "/api/2.0/permissions/jobs/501"):
        workspace.fault(path, "answer", status=429, headers={"Retry-After": "0"}, count=1)
        workspace.fault(path, "close", count=1)
    assert list(findings(house)) == ["runners.lake"]
    assert len(workspace.requests("/api/2.2/jobs/get")) == 3


def test_many_jobs_are_asked_about_each_once(house, workspace):
    jobs = {job_id: "job_%d" % job_id for job_id in range(1000, 1100)}
    for job_id, name in jobs.items():
        workspace.make_job(job_id, name=name)
    declare(house, jobs)
    assert list(findings(house)) == ["runners.lake"]
    assert len(workspace.requests("/api/2.2/jobs/get")) == 100


def test_nothing_is_started_and_nothing_changed(house, workspace):
    workspace.make_job(501)
    declare(house, {501: ""})
    findings(house)
    assert not workspace.runs()
    assert {request["method"] for request in workspace.requests()} == {"GET"}
