"""Databricks' own client for Python, as a client that nobody here wrote.

    with Databricks(workspace.domain, token=TOKEN) as client:
        run = client.call("jobs.run_now", job_id=555)
        client.call("jobs.get_run", run_id=run["run_id"])["state"]["life_cycle_state"]

The package lives in tests/venv and never in the Python of the tests. So it runs in a process of its
own, which reads one call a line, as JSON, and answers likewise. It retries as it always does.
"""
import json
import os
import subprocess
from collections import namedtuple

import tests_venv

WORKER = """
import json, sys
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.jobs import QueueSettings

def plain(value):
    value = getattr(value, "response", value)  # of something that can be waited for
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if hasattr(value, "__next__"):
        return [plain(item) for item in value]
    return value

client = WorkspaceClient(config=Config(**json.loads(sys.stdin.readline())))
for line in sys.stdin:
    operation, parameters = json.loads(line)
    group, _, name = operation.partition(".")
    if "queue" in parameters:
        parameters["queue"] = QueueSettings(parameters["queue"])
    try:
        answer = {"result": plain(getattr(getattr(client, group), name)(**parameters))}
    except (DatabricksError, TimeoutError, ValueError) as error:
        answer = {"error": [type(error).__name__, getattr(error, "error_code", None), str(error)]}
    print(json.dumps(answer), flush=True)
"""

Refusal = namedtuple("Refusal", "kind code message")


class DatabricksRefused(Exception):
    """What the client was refused, as it understood it; refusal: its class, code and message."""

    def __init__(self, words):
        self.refusal = Refusal(*words)
        super().__init__(*self.refusal)


class Databricks:
    """credentials: token, or client_id and client_secret. environment: further variables."""

    def __init__(self, domain, environment=None, **credentials):
        plain = {name: value for name, value in os.environ.items()
                 if not name.startswith(("DATABRICKS_", "ARM_", "GOOGLE_"))}
        self.process = subprocess.Popen(
            [tests_venv.program("python3"), "-P", "-c", WORKER], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env={**plain, "HOME": "/nonexistent", **(environment or {})})
        self.write({"host": domain, **credentials})

    def write(self, value):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def call(self, operation, **parameters):
        """The operation's answer, with the fields that the client knows."""
        self.write([operation, parameters])
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("Databricks' client died in %s" % operation)
        answer = json.loads(line)
        if "error" in answer:
            raise DatabricksRefused(answer["error"])
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
