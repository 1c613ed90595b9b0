"""Whatever goes wrong at whichever request to a workspace, and wherever lakebeat is killed
meanwhile: every event is consumed once, and every job starts once.

A cell of the matrix is a fault, the request that it happens to, and a place where lakebeat is
killed; a row of it may have two cells in one place, with the kill before and behind the fault. Each
lives through one delivery with a stand-in of its own, and then all is counted.
"""
import json
import os
import shutil
import signal
import subprocess
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from lakebeat import LAKEBEAT, House
from workspace import CLIENT_ID, CLIENT_SECRET, Workspace

SIDE_BY_SIDE = 16  # cells mostly wait: for a backoff of a second, or for a status_interval
SECONDS_MAX = 60  # for bugs, not for slow machines
HELD_MS = 60000

SETTINGS = """acons: [acon.json]
runners:
  lake:
    kind: databricks
    domain: %s
    client_id: %s
    client_secret: ${env:LAKE_SECRET}
    status_interval: 100ms
    starts_per_second: 0
poll_interval: 500ms
settle_time: 0ms
"""

FAULTS = {
    "refused": {"do": "down"},
    "429": {"do": "answer", "status": 429},
    "429, Retry-After": {"do": "answer", "status": 429, "headers": {"Retry-After": "1"}},
    "500": {"do": "answer", "status": 500},
    "503 after the effect": {"do": "answer", "status": 503, "when": "after"},
    "reset": {"do": "reset"},
    "reset after the effect": {"do": "reset", "when": "after"},
    "closed after the effect": {"do": "close", "when": "after"},
    "JSON that breaks off": {"do": "truncate", "when": "after"},
    "login page": {"do": "login"},
    "late": {"do": "pass", "when": "after", "delay_ms": 300},
    "401": {"do": "answer", "status": 401},
}

# The requests, in the order in which lakebeat comes to them.
STEPS = {
    "token": "/oidc/v1/token",
    "run-now": "/jobs/run-now",
    "runs/get": "/jobs/runs/get",
    "runs/list": "/jobs/runs/list",
}

# Where lakebeat is killed, likewise: at a point of a build with injection points, or, from
# outside, while a request is on its way whose answer the stand-in holds back.
KILLS = {
    "-": "not at all",
    "plan": "the run's token is made and not yet durable",
    "ask": "the token is durable, nothing was asked",
    "out": "run-now took effect, its answer is on the way",
    "bad": "the faulty answer of run-now was received and not yet saved",
    "good": "the acceptance was received and not yet saved",
    "track": "the run is tracked, the answer about it on the way",
    "end": "the run's end was received and not yet saved",
}

# Pages are asked for only if they may save requests.
JOBS = {step: ["555", "666", "777"] if step == "runs/list" else ["555"] for step in STEPS}

Cell = namedtuple("Cell", "fault step kill fault_first")


def ends_a_submission(fault, step):
    """Whether the fault becomes the answer to a submission."""
    if step == "run-now":
        return fault not in ("late", "401")
    return step == "token" and fault != "late"


def why_not(fault, step, kill):
    """What rules this out, by its letter in the table's legend; None: nothing does."""
    if step.startswith("runs/") and "after the effect" in fault:
        return "r"
    if kill == "bad" and step.startswith("runs/"):
        return "s"
    if kill == "bad" and not ends_a_submission(fault, step):
        return "u"
    return None


LEGEND = {
    "r": "what only reads has no effect",
    "s": "the submission meets no fault",
    "u": "the runner deals with it before it answers: it waits, or gets a new access token",
}


def held(kill, step):
    """The request whose answer is held back until lakebeat is killed."""
    if kill == "out":
        return "run-now"
    return ("runs/list" if step == "runs/list" else "runs/get") if kill == "track" else None


def cells_of(fault, step, kill):
    """Where the fault's own request is held, the kill may come before it or behind it; but
    behind an answer that is late and good there is no second request."""
    if why_not(fault, step, kill):
        return []
    twice = held(kill, step) == step
    enough = fault == "late" and step != "runs/list"
    orders = [True] * (not twice or not enough) + [False] * twice
    return [Cell(fault, step, kill, fault_first) for fault_first in orders]


def crash_point(cell):
    return {"plan": "token-not-durable", "ask": "run-now-before-request",
            "bad": "run-now-answered", "good": "run-now-accepted",
            "end": "end-received"}.get(cell.kill)


class Life:
    """One cell: a house, the stand-in that it asks, and the lakebeats that live there."""

    def __init__(self, cell, house, workspace):
        self.cell, self.house, self.workspace = cell, house, workspace
        self.jobs = JOBS[cell.step]
        self.killed = False
        self.ended = cell.step != "runs/list"
        self.daemon = None

    def arrange(self):
        """Faults are met in the order in which they are told."""
        workspace, cell = self.workspace, self.cell
        workspace.reset()
        for job in self.jobs:
            workspace.make_job(int(job), setup_ms=0, duration_ms=0 if self.ended else 3600000)
        hold = held(cell.kill, cell.step)
        tellings = [(STEPS[cell.step], FAULTS[cell.fault])]
        if hold:
            tellings.append((STEPS[hold], {"do": "pass", "when": "after", "delay_ms": HELD_MS}))
        if not cell.fault_first:
            tellings.reverse()
        numbers = [workspace.fault(endpoint, **options) for endpoint, options in tellings]
        if not cell.fault_first:
            numbers.reverse()
        self.fault, self.hold = numbers[0], numbers[1] if hold else None
        (self.house.path / "lakebeat.yaml").write_text(
            SETTINGS % (workspace.domain, CLIENT_ID))

    def start(self, point=None):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("DATABRICKS_") and name != "LAKEBEAT_CRASH_AT"
                       and not name.lower().endswith("_proxy")}
        environment["LAKE_SECRET"] = CLIENT_SECRET
        if point:
            environment["LAKEBEAT_CRASH_AT"] = point
        return self.house.start("run", env=environment)

    def met(self):
        return {fault["fault"]: fault["met"] for fault in self.workspace.faults()}

    def tend(self):
        """What the world does meanwhile: the workspace comes back when it was missed; wrong
        credentials are a definite no, after which somebody asks to try again at once."""
        met = self.met()
        if self.hold and met[self.hold] and not self.killed:
            self.daemon.kill()
            self.daemon.wait()
        if self.cell.fault == "refused" and met[self.fault] and "cannot connect" in self.house.log():
            self.workspace.listen(True)
        if self.cell.fault == "401" and self.cell.step == "token" and self.is_refused():
            self.house.run("retry", "555", env=dict(os.environ, LAKE_SECRET=CLIENT_SECRET))
        if not self.ended and all(met.values()) and len(self.workspace.runs()) == len(self.jobs):
            for run in self.workspace.runs():
                self.workspace.end_run(run["run_id"], "SUCCESS")
            self.ended = True

    def is_refused(self):
        return self.house.query("select 1 from lakebeat_run where refused and state = 'PLANNED'")

    def is_over(self):
        return set(self.house.statuses().values()) == {"COMPLETED"}

    def go_on(self):
        """Another lakebeat comes when one was killed."""
        code = self.daemon.poll()
        if code is not None:
            assert code == -signal.SIGKILL, "lakebeat ended by itself: %d" % code
            assert not self.killed and self.cell.kill != "-", "killed by somebody else"
            self.killed = True
            self.daemon = self.start()

    def live(self):
        self.arrange()
        self.daemon = self.start(crash_point(self.cell))
        deadline = time.monotonic() + SECONDS_MAX
        try:
            while not self.is_over():
                assert time.monotonic() < deadline, "it did not come to its end"
                self.go_on()
                self.tend()
                time.sleep(0.05)
            self.go_on()
            self.daemon.terminate()
            assert self.daemon.wait(60) == 0
        finally:
            self.daemon.kill()
            self.daemon.wait()

    def judge(self):
        met = self.met()
        assert met[self.fault] == 1, "the fault did not happen"
        assert self.killed == (self.cell.kill != "-"), "the kill did not hit"
        assert not self.hold or met[self.hold] == 1
        runs = self.workspace.runs()
        ours = self.house.query("select trigger_job_id, token, state, attempt from lakebeat_run")
        assert sorted(ours) == sorted((str(run["job_id"]), run["token"], "SUCCEEDED", 1)
                                      for run in runs)
        assert sorted(job for job, *_ in ours) == self.jobs, "not one run for each job"
        assert self.workspace.counts()["bodies_changed"] == 0
        for run in runs:
            events = json.loads(run["job_parameters"]["lakebeat_events"])
            assert [event["file_name"] for event in events] == FILES
        inputs = self.house.query("select from_seq, to_seq from lakebeat_run_input")
        assert inputs == [(0, len(FILES))] * len(self.jobs)
        assert self.house.query("select seq from lakebeat_consumed") == [(len(FILES),)] * len(self.jobs)


FILES = ["orders_20251123_060000.txt", "orders_20251123_060100.txt"]


@pytest.fixture(autouse=True)
def no_process_is_left():
    """Instead of conftest.py's: cells go on while one test ends and the next begins, and each ends
    its own processes."""


def make_house(path, jobs):
    """Jobs that wait for one sensor, of which two files are there."""
    path.mkdir()
    house = House(path)
    acon = json.loads((path / "acon.json").read_text())
    del acon["domain"], acon["token"]
    (path / "acon.json").write_text(json.dumps(acon))
    house.feed(["orders,%s,TRUE" % job for job in jobs])
    folder = path / "triggers" / "orders"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text("Success")
    return house


class Matrix:
    """All cells, several side by side. workspaces: those that are free."""

    def __init__(self, folder):
        self.folder = folder
        self.models = {}
        for step, jobs in JOBS.items():
            self.models[step] = folder / ("model-" + step.replace("/", "-"))
            make_house(self.models[step], jobs)
        self.workspaces = SimpleQueue()
        self.stands = [Workspace() for _ in range(SIDE_BY_SIDE)]
        for workspace in self.stands:
            self.workspaces.put(workspace)
        self.results = {}
        self.pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        cells = [cell for fault in FAULTS for step in STEPS for kill in KILLS
                 for cell in cells_of(fault, step, kill)]
        self.futures = {cell: self.pool.submit(self.check, number, cell)
                        for number, cell in enumerate(cells)}

    def check(self, number, cell):
        """Whether the kill hit."""
        path = self.folder / str(number)
        shutil.copytree(self.models[cell.step], path)
        workspace = self.workspaces.get()
        life = Life(cell, House.at(path), workspace)
        try:
            life.live()
            life.judge()
        except AssertionError as error:
            raise AssertionError("%s: %s\n%s" % (cell, error, life.house.log()[-3000:])) from error
        finally:
            workspace.listen(True)
            self.workspaces.put(workspace)
        shutil.rmtree(path)
        return life.killed

    def entry(self, fault, step, kill):
        """Cells checked, and kills that hit; or why there is none."""
        done = [self.futures[cell] for cell in cells_of(fault, step, kill)]
        done = [one.result() for one in done if one.done() and one.exception() is None]
        return why_not(fault, step, kill) or "%d/%d" % (len(done), sum(done))

    def row(self, fault, step):
        reasons = {why_not(fault, step, kill) for kill in KILLS}
        if None not in reasons:
            return "cannot occur (%s)" % why_not(fault, step, "-")
        return " ".join("%5s" % self.entry(fault, step, kill) for kill in KILLS)

    def table(self):
        """Rows: a fault at a request. Columns: kills. Cells checked / kills that hit."""
        form = "%-24s %-9s %s"
        lines = [form % ("fault", "request", " ".join("%5s" % kill for kill in KILLS))]
        lines += [form % (fault, step, self.row(fault, step)) for fault in FAULTS for step in STEPS]
        lines += ["", "%d cells, kills that hit: %d" % (len(self.futures), sum(
            future.result() for future in self.futures.values() if future.exception() is None))]
        lines += ["%-5s killed: %s" % item for item in KILLS.items()]
        lines += ["%-5s cannot occur: %s" % item for item in LEGEND.items()]
        return lines

    def stop(self):
        self.pool.shutdown(cancel_futures=True)
        for workspace in self.stands:
            workspace.stop()


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    matrix = Matrix(tmp_path_factory.mktemp("matrix"))
    yield matrix
    matrix.stop()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_job_starts_once_at_each_request_and_kill(matrix, fault):
    failures = [str(future.exception()) for cell, future in matrix.futures.items()
                if cell.fault == fault and future.exception() is not None]
    assert not failures, "%d cells:\n%s" % (len(failures), "\n".join(failures[:3]))


def test_every_cell_of_the_matrix_was_lived_through(matrix, capfd):
    with capfd.disabled():
        print("\n".join("# " + line for line in matrix.table()), flush=True)
    hits = [future.result() for future in matrix.futures.values()]
    assert sum(hits) == len([cell for cell in matrix.futures if cell.kill != "-"])
    assert len(hits) - sum(hits) == sum(not why_not(fault, step, "-")
                                        for fault in FAULTS for step in STEPS)
