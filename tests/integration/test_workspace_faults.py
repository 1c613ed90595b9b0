"""The stand-in for a Databricks workspace does wrong what it is told to do wrong, and tells what it was asked."""
import http.client
import json
import socket
import struct

import pytest

from workspace import API, TOKEN, Workspace

FIRST = 555555555
RUN_NOW = "/api/2.2/jobs/run-now"


@pytest.fixture(scope="module")
def server():
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def workspace(server):
    """With one job, and a clock that stands."""
    server.reset()
    server.set_clock(runs=False)
    server.make_job(FIRST, max_concurrent_runs=1000)
    return server


def outcome_of(workspace, **body):
    """The status, or what became of the connection."""
    try:
        answer = workspace.post("jobs/run-now", job_id=FIRST, **body)
        return answer.status if answer.json is not None else "no JSON"
    except (ConnectionError, http.client.HTTPException) as error:
        return type(error)


@pytest.mark.parametrize("when, started", [("before", 0), ("after", 1)])
@pytest.mark.parametrize("do, options, seen", [
    ("close", {}, http.client.RemoteDisconnected),
    ("reset", {}, ConnectionResetError),
    ("login", {}, "no JSON"),
    ("answer", {}, 500),
    ("answer", {"status": 503}, 503),
    ("answer", {"status": 200, "body": '{"run_', "content_type": "text/plain"}, "no JSON"),
    ("pass", {"delay_ms": 20}, 200),
])
def test_a_fault_comes_before_or_after_the_effect(workspace, do, options, seen, when, started):
    workspace.fault("jobs/run-now", do, when=when, **options)
    assert outcome_of(workspace, idempotency_token="t") == seen
    started = 1 if do == "pass" else started
    assert len(workspace.runs()) == started
    (request,) = workspace.requests()
    assert request["effect"] == bool(started)
    assert request["status"] == (seen if isinstance(seen, int) else 0 if do in ("close", "reset") else 200)
    assert outcome_of(workspace, idempotency_token="t") == 200
    assert len(workspace.runs()) == 1


def test_an_answer_may_end_halfway(workspace):
    workspace.fault("jobs/run-now", "truncate", when="after")
    workspace.fault("jobs/run-now", "cut", when="after", skip=1)
    assert outcome_of(workspace, idempotency_token="t") == "no JSON"
    assert outcome_of(workspace, idempotency_token="t") == http.client.IncompleteRead
    assert len(workspace.runs()) == 1
    assert outcome_of(workspace, idempotency_token="t") == 200


@pytest.mark.parametrize("status, code", [
    (400, "BAD_REQUEST"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"),
    (404, "NOT_FOUND"), (429, "REQUEST_LIMIT_EXCEEDED"), (500, "INTERNAL_ERROR"),
    (503, "TEMPORARILY_UNAVAILABLE"), (504, "DEADLINE_EXCEEDED")])
def test_a_fault_speaks_as_the_api_does(workspace, status, code):
    workspace.fault("jobs/run-now", "answer", status=status, headers={"Retry-After": "7"})
    answer = workspace.post("jobs/run-now", job_id=FIRST)
    assert answer.refusal[:2] == (status, code) and answer.headers["Retry-After"] == "7"
    assert answer.json["details"][0]["@type"].endswith("google.rpc.RequestInfo")
    workspace.fault("jobs/run-now", "answer", status=status, body={"error_code": "OWN"})
    answer = workspace.post("jobs/run-now", job_id=FIRST)
    assert answer.json == {"error_code": "OWN"} and answer.headers["Retry-After"] is None


def test_a_fault_meets_the_requests_it_is_for(workspace):
    workspace.fault("jobs/runs/list", "answer")
    number = workspace.fault("jobs/run-now", "answer", skip=2, count=2, status=503)
    assert [outcome_of(workspace) for _ in range(6)] == [200, 200, 503, 503, 200, 200]
    assert [request["fault"] for request in workspace.requests()] == [0, 0, number, number, 0, 0]
    assert [(fault["seen"], fault["met"]) for fault in workspace.faults()] == [(0, 0), (6, 2)]
    workspace.fault("", "answer", count=0)
    assert {outcome_of(workspace) for _ in range(3)} == {500}
    workspace.clear_faults()
    assert outcome_of(workspace) == 200


def test_chance_is_the_same_for_the_same_seed(workspace):
    def story(seed):
        workspace.clear_faults()
        workspace.fault("jobs/run-now", "answer", count=0, probability=0.5, seed=seed)
        return [outcome_of(workspace) for _ in range(64)]

    first = story(1)
    assert story(1) == first and story(2) != first
    assert 16 <= first.count(500) <= 48


def test_a_slow_answer_holds_up_nobody_else(workspace):
    workspace.fault("jobs/run-now", "pass", when="after", delay_ms=60000)
    slow = workspace.connect()
    body = json.dumps({"job_id": FIRST, "idempotency_token": "t"})
    slow.request("POST", RUN_NOW, body, {"Authorization": "Bearer " + TOKEN,
                                         "Content-Type": "application/json"})
    while not workspace.runs():
        pass
    assert workspace.run_now(FIRST, "t") == workspace.runs()[0]["run_id"]
    workspace.listen(False)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        slow.getresponse()
    slow.close()
    workspace.listen(True)


def test_a_workspace_that_is_down_refuses_connections_and_keeps_what_it_knows(workspace):
    run_id = workspace.run_now(FIRST, "t")
    kept = workspace.connect()
    assert workspace.request("GET", API + "jobs/list", connection=kept).status == 200
    workspace.listen(False)
    with pytest.raises(ConnectionRefusedError):
        workspace.run_now(FIRST, "t")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        kept.auto_open = False
        workspace.request("GET", API + "jobs/list", connection=kept)
    kept.close()
    workspace.listen(True)
    assert workspace.run_now(FIRST, "t") == run_id


def test_a_workspace_may_go_down_at_a_request(workspace):
    workspace.fault("jobs/run-now", "down", when="after", skip=1)
    assert outcome_of(workspace, idempotency_token="t") == 200
    assert outcome_of(workspace, idempotency_token="u") == http.client.RemoteDisconnected
    assert not workspace.counts()["listening"]
    with pytest.raises(ConnectionRefusedError):
        workspace.run_now(FIRST, "u")
    workspace.listen(True)
    assert workspace.run_now(FIRST, "u") == workspace.runs()[1]["run_id"]


def test_a_workspace_behind_a_login_shows_a_page(workspace):
    workspace.configure(html=True)
    answer = workspace.get("jobs/list")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    workspace.configure(html=False)
    assert workspace.get("jobs/list").status == 200


@pytest.mark.parametrize("fault", [
    {}, {"do": "explode"}, {"do": "close", "when": "during"}, {"do": "close", "count": -1},
    {"do": "answer", "status": 99}, {"do": "cut"}, {"do": "close", "probability": 2},
    {"do": "close", "unknown": 1}, {"do": "answer", "headers": {"a": 1}},
    {"do": "answer", "headers": [1]}, {"do": "close", "skip": "1"}])
def test_a_fault_that_cannot_be_is_refused(workspace, fault):
    with pytest.raises(AssertionError, match="faults: "):
        workspace.control("faults", fault)
    assert workspace.faults() == []


@pytest.mark.parametrize("what, body", [
    ("jobs", {"name": "x"}), ("jobs", {"job_id": 1, "duration_ms": -1}),
    ("jobs", {"job_id": 1, "outcomes": [{"outcome": "FAILED", "duration_ms": 2 ** 62}]}),
    ("jobs", {"job_id": 1, "outcomes": ["WON"]}), ("jobs", {"job_id": 1, "outcomes": "SUCCESS"}),
    ("jobs", {"job_id": 1, "outcomes": [{"outcome": "FAILED", "what": 1}]}),
    ("jobs", {"job_id": 1, "permission": "ALL"}), ("jobs", {"job_id": 1, "parameters": {"a": 1}}),
    ("settings", {"missing_status": 401}), ("settings", {"unknown": 1}),
    ("clock", {"advance_ms": -1}), ("runs", {"job_id": 1}), ("runs/end", {"run_id": 1, "outcome": "FAILED"}),
    ("nothing", {})])
def test_tests_that_tell_nonsense_are_told_so(workspace, what, body):
    with pytest.raises(AssertionError, match=what):
        workspace.control(what, body)
    assert workspace.get("jobs/get", job_id=1).status == 400


# The log, and the network


def test_the_log_tells_each_request_and_only_the_newest_are_kept(workspace):
    workspace.run_now(FIRST, "t", job_parameters={"a": "ü"})
    workspace.request("GET", API + "jobs/list?name=a%26b&limit=3", Authorization=None)
    first, second = workspace.requests()
    assert (first["method"], first["path"], first["query"]) == ("POST", RUN_NOW, "")
    assert json.loads(first["body"])["job_parameters"] == {"a": "ü"}
    assert (first["status"], first["effect"], first["authentication"]) == (200, True, "pat")
    assert (second["query"], second["status"], second["authentication"]) == ("name=a&b&limit=3", 401, "none")
    assert not second["effect"] and second["number"] == first["number"] + 1
    assert first["at_ms"] == workspace.advance(0)
    connection = workspace.connect()
    for _ in range(20000):
        workspace.request("GET", API + "jobs/x", connection=connection)
    connection.close()
    page = workspace.control("requests", limit=1)
    assert (page["lost"], page["requests"][0]["number"], page["next"]) == (2, 2, 3)
    assert workspace.counts()["requests"] == {RUN_NOW: 1, "/api/2.2/jobs/list": 1,
                                              "/api/2.2/jobs/x": 20000}


def test_a_reset_forgets_everything(workspace):
    workspace.run_now(FIRST, "t")
    workspace.fault("", "close", count=0)
    workspace.configure(html=True)
    workspace.reset()
    assert workspace.requests() == [] and workspace.runs() == [] and workspace.faults() == []
    assert workspace.get("jobs/list").json == {"has_more": False}
    assert workspace.counts()["clock_runs"]


def test_a_client_that_goes_away_in_the_middle_harms_nobody(workspace):
    for part in (b"POST ", b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" % RUN_NOW.encode(),
                 b"\x16\x03\x01 garbage\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", workspace.port)) as rude:
            rude.sendall(part)
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert workspace.run_now(FIRST)
    assert len(workspace.runs()) == 1


@pytest.mark.parametrize("line, host", [
    (b"GET /api/2.2/jobs/runs/list", b"\xff"),
    (b"GET /oidc/.well-known/oauth-authorization-server", b"\xff"),
    (b"GET /api/2.2/jobs/list?%ff=1", b"x"),
    (b"GET /api/2.2/jobs/list?" + b"a" * 99 + b"%C3%BC=1", b"x"),
    (b"GET /%ff", b"x"),
    (b"\xff /api/2.2/jobs/list", b"x"),
])
def test_bytes_that_are_no_text_are_answered_and_logged(workspace, line, host):
    workspace.run_now(FIRST)
    with socket.create_connection(("127.0.0.1", workspace.port), timeout=60) as client:
        client.sendall(b"%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n" % (
            line, host, TOKEN.encode()))
        assert client.recv(1000).startswith(b"HTTP/1.1 ")
    assert len(workspace.requests()) == 2


def test_a_name_that_a_message_has_no_room_for_is_cut(workspace):
    answer = workspace.post("jobs/run-now", job_id=FIRST, **{"a" * 99 + "ü": 1})
    assert answer.refusal[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_it_speaks_tls_with_a_given_certificate():
    with Workspace(tls=True) as workspace:
        workspace.make_job(FIRST)
        assert workspace.domain.startswith("https://")
        assert workspace.run_now(FIRST, "t") == workspace.run_now(FIRST, "t")
        answer = workspace.request("GET", "/oidc/.well-known/oauth-authorization-server")
        assert answer.json["token_endpoint"].startswith(workspace.domain)
        workspace.fault("jobs/run-now", "close", when="after")
        with pytest.raises((OSError, http.client.HTTPException)):
            workspace.run_now(FIRST, "u")
        assert [run["token"] for run in workspace.runs()] == ["t", "u"]
        plain = http.client.HTTPConnection("127.0.0.1", workspace.port, timeout=10)
        plain.request("GET", "/")
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            plain.getresponse()
        plain.close()
