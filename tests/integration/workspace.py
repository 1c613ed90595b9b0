"""The stand-in for a Databricks workspace (tests/support/workspace), told what to do by tests.

    with Workspace() as workspace:
        workspace.make_job(555, duration_ms=0, outcomes=["FAILED", "SUCCESS"])
        workspace.fault("jobs/run-now", "close", when="after")
        ...
        workspace.runs(555)[0]["token"]

What can be told is written in tests/support/workspace/: control.c, faults.h and outcome.h.
"""
import http.client
import json
import os
import signal
import ssl
from pathlib import Path
from urllib.parse import urlencode

from servers import Group, certificates, free_ports, start_anew

PROGRAM = os.environ.get("LAKEBEAT_WORKSPACE", str(
    Path(__file__).parents[2] / "build-gcc" / "tests" / "support" / "workspace" / "workspace"))

TOKEN = "dapi00112233445566778899aabbccddeeff"
CLIENT_ID = "5c0b2e9e-0d5c-4d31-9a55-0b7d1f0c2a11"
CLIENT_SECRET = "dose00112233445566778899aabbccddeeff"
USER = "lakebeat@example.com"
API = "/api/2.2/"


class Answer:
    """What came back: status, headers (as http.client has them), text, and json if it is."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()
        try:
            self.json = json.loads(self.text)
        except ValueError:
            self.json = None

    @property
    def refusal(self):
        """(status, error_code, message)"""
        return self.status, self.json["error_code"], self.json["message"]


class Workspace:
    """tls: the API is served by https; self.ca is then the certificate to trust."""

    token, client_id, client_secret, user = TOKEN, CLIENT_ID, CLIENT_SECRET, USER

    def __init__(self, tls=False):
        self.tls = tls
        self.ca = None
        self.group = start_anew(lambda: self.start(Group("workspace")))

    def start(self, group):
        try:
            self.port, self.control_port = free_ports(2)
            options = ["--port", self.port, "--control-port", self.control_port]
            if self.tls:
                self.ca, certificate, key = certificates(group, ["localhost"])
                options += ["--certificate", certificate, "--key", key]
            self.process = group.spawn(PROGRAM, *options)
            group.wait_for_port(self.process, self.control_port)
            self.domain = "%s://127.0.0.1:%d" % ("https" if self.tls else "http", self.port)
            return group
        except BaseException:
            group.stop()
            raise

    def stop(self):
        """Ends it in peace, so that sanitizers have their say."""
        if not self.group.processes:
            return
        try:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(timeout=60)
            assert code == 0, "workspace: exit code %d\n%s" % (code, self.group.log())
        finally:
            self.group.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # The API, as a client without manners asks it.

    def connect(self):
        """A connection, which is kept alive."""
        if self.tls:
            context = ssl.create_default_context(cafile=str(self.ca))
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def request(self, method, path, body=None, connection=None, **headers):
        """Headers: Content_Type="…"; None: not sent. path: from the root. body: bytes or text."""
        fields = {"Authorization": "Bearer " + TOKEN}
        if body is not None:
            fields["Content-Type"] = "application/json"
        for name, value in headers.items():
            fields[name.replace("_", "-")] = value
        fields = {name: value for name, value in fields.items() if value is not None}
        ours = connection or self.connect()
        try:
            ours.request(method, path, body=body, headers=fields)
            return Answer(ours.getresponse())
        finally:
            if connection is None:
                ours.close()

    def get(self, path, **parameters):
        """path: after /api/2.2/."""
        query = "?" + urlencode(parameters) if parameters else ""
        return self.request("GET", API + path + query)

    def post(self, path, **body):
        return self.request("POST", API + path, json.dumps(body))

    def run_now(self, job_id, token=None, **body):
        """The run's id."""
        if token is not None:
            body["idempotency_token"] = token
        answer = self.post("jobs/run-now", job_id=job_id, **body)
        assert answer.status == 200, answer.text
        return answer.json["run_id"]

    def state(self, run_id):
        """(life_cycle_state, result_state or None)"""
        state = self.get("jobs/runs/get", run_id=run_id).json["state"]
        return state["life_cycle_state"], state.get("result_state")

    # What it is told.

    def control(self, what, body=None, **parameters):
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=60)
        try:
            path = "/_control/" + what
            if body is None:
                connection.request("GET", path + ("?" + urlencode(parameters) if parameters else ""))
            else:
                connection.request("POST", path, body=json.dumps(body),
                                   headers={"Content-Type": "application/json"})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        assert answer.status == 200, "%s: %s" % (what, answer.text)
        return answer.json

    def reset(self):
        self.control("reset", {})

    def configure(self, **settings):
        self.control("settings", settings)

    def make_job(self, job_id, **options):
        """Makes a job, or changes it."""
        self.control("jobs", {"job_id": job_id, **options})
        return job_id

    def delete_job(self, job_id):
        self.control("jobs/delete", {"job_id": job_id})

    def others_start(self, job_id, count=1):
        """Runs of somebody else, without a token."""
        return self.control("runs", {"job_id": job_id, "count": count})["run_ids"]

    def end_run(self, run_id, outcome):
        self.control("runs/end", {"run_id": run_id, "outcome": outcome})

    def delete_run(self, run_id):
        self.control("runs/delete", {"run_id": run_id})

    def set_clock(self, runs):
        """Whether time passes by itself."""
        self.control("clock", {"runs": runs})

    def advance(self, seconds):
        """The workspace's new time, in milliseconds."""
        return self.control("clock", {"advance_ms": round(seconds * 1000)})["now_ms"]

    def fault(self, endpoint, do, **options):
        """Something that goes wrong from now on; its number, which requests show."""
        return self.control("faults", {"endpoint": endpoint, "do": do, **options})["fault"]

    def faults(self):
        return self.control("faults")["faults"]

    def clear_faults(self):
        self.control("faults/clear", {})

    def revoke_tokens(self):
        self.control("tokens/revoke", {})

    def listen(self, on):
        """False: connections are refused, and those that are there are closed."""
        self.control("listening", {"on": on})
        self.control("state")  # the program followed before it looks for further requests

    # What it saw.

    def all_of(self, what, key, **parameters):
        found = []
        at = 0
        while True:
            page = self.control(what, **{"from": at, **parameters})
            found += page[key]
            if page["next"] == at or not page[key]:
                return found
            at = page["next"]

    def runs(self, job_id=0):
        """All runs that ever were, with their tokens and parameters."""
        return self.all_of("runs", "runs", job_id=job_id)

    def tokens(self, job_id=0):
        """{token: how many requests its run was the answer to}; a token has one run at most."""
        return {run["token"]: run["asked"] for run in self.runs(job_id) if run["token"]}

    def requests(self, path=None):
        """The requests, in their order; those to one path."""
        return [request for request in self.all_of("requests", "requests")
                if path is None or request["path"] == path]

    def counts(self):
        return self.control("state")
