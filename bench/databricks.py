"""databricks.py, part f: jobs of a workspace that all become ready at once, beside the stand-in for
a workspace answering the very same requests; and the requests it takes to follow their runs."""
import time

import workspace as stand_in

from bench.harness import (SETTLE_S, BenchError, Figure, Lakebeat, interleave, make_tree, median, say,
                           sensor_name)

CONNECTIONS = 64  # as many as lakebeat has
TARGET_STARTS_PER_S = 2000
TARGET_RUNS_PER_REQUEST = 20
STATUS_INTERVAL_S = 1
FIRST_JOB = 555000000
RUN_NOW = "/api/2.2/jobs/run-now"
LIST = "/api/2.2/jobs/runs/list"


def job_of(sensor):
    return FIRST_JOB + int(sensor.rpartition("_")[2])


def prepare(bench, workspace, jobs):
    """A store that has never seen its sensors' files, one for each job."""
    directory = bench.directory("databricks")
    lakebeat = Lakebeat(bench, directory, [])
    lakebeat.run_by({"kind": "databricks", "domain": workspace.domain, "token": workspace.token,
                     "starts_per_second": 0, "status_interval": f"{STATUS_INTERVAL_S}s"})
    make_tree(lakebeat.base, jobs, 1)
    time.sleep(SETTLE_S)
    lakebeat.feed([sensor_name(number) for number in range(jobs)], job_of)
    lakebeat.keep_store()
    return lakebeat


def make_jobs(workspace, jobs):
    """Each of their runs goes on for longer than the bench."""
    workspace.reset()
    for number in range(jobs):
        workspace.make_job(FIRST_JOB + number, duration_ms=3600000)


def check(workspace, jobs):
    asked = workspace.tokens().values()
    if len(asked) != jobs or set(asked) != {1}:
        raise BenchError(f"{len(asked)} runs of {jobs} started, by {sum(asked)} requests")


def time_starts(lakebeat, workspace, jobs):
    """Seconds from the first request to the last, and of all of `lakebeat once`."""
    make_jobs(workspace, jobs)
    lakebeat.restore_store()
    once_s = lakebeat.time("once")
    check(workspace, jobs)
    at_ms = [request["at_ms"] for request in workspace.requests(RUN_NOW)]
    return (max(at_ms) - min(at_ms) + 1) / 1e3, once_s  # its clock counts whole milliseconds


def recorded(workspace):
    """The requests of the latest `once`, to be sent again."""
    headers = {"Authorization": f"Bearer {workspace.token}", "Content-Type": "application/json",
               "Accept": "application/json"}
    return [("POST", workspace.domain + RUN_NOW, request["body"], headers)
            for request in workspace.requests(RUN_NOW)]


def time_floor(bench, workspace, jobs, requests):
    make_jobs(workspace, jobs)
    measured = bench.load(CONNECTIONS, requests)
    check(workspace, jobs)
    return measured["seconds"]


def measure_starts(bench, lakebeat, workspace, jobs):
    time_starts(lakebeat, workspace, jobs)
    requests = recorded(workspace)
    times, floors_s = interleave(bench.size(11, 1),
                                 lambda: time_starts(lakebeat, workspace, jobs),
                                 lambda: time_floor(bench, workspace, jobs, requests))
    return median([starts_s for starts_s, _ in times]), median([once_s for _, once_s in times]), \
        median(floors_s)


def measure_tracking(bench, lakebeat, workspace, jobs):
    """How many requests one look at all runs takes."""
    time_starts(lakebeat, workspace, jobs)
    looks = bench.size(5, 2)
    before = len(workspace.requests())
    with lakebeat.daemon() as daemon:
        daemon.wait_for("ready")
        while True:
            time.sleep(STATUS_INTERVAL_S / 10)
            asked = workspace.requests()[before:]
            first = [number for number, request in enumerate(asked)
                     if request["path"] == LIST and "page_token" not in request["query"]]
            if len(first) > looks:
                return first[looks] / looks


def run(bench):
    jobs = bench.size(1000, 60)
    stand_in.PROGRAM = str(bench.build / "tests" / "support" / "workspace" / "workspace")
    say(f"f: {jobs:,} jobs of a workspace")
    with stand_in.Workspace() as workspace:
        lakebeat = prepare(bench, workspace, jobs)
        starts_s, once_s, floor_s = measure_starts(bench, lakebeat, workspace, jobs)
        requests = measure_tracking(bench, lakebeat, workspace, jobs)
    rate, floor = jobs / starts_s, jobs / floor_s
    limit = min(TARGET_STARTS_PER_S, floor)
    most = jobs / TARGET_RUNS_PER_REQUEST
    return [
        Figure("f", f"run-now requests a second, {jobs:,} jobs", rate, "/s", floor,
               "the stand-in's floor", rate / floor, f"> {limit:,.0f}", bench.verdict(rate > limit)),
        Figure("f", f"once: {jobs:,} files seen, jobs started, answers recorded", once_s, "s"),
        Figure("f", f"requests a look at {jobs:,} active runs", requests, "", jobs,
               "one a run", requests / jobs, f"<= {most:.0f}", bench.verdict(requests <= most)),
    ], {"starts_s": starts_s, "once_s": once_s, "floor_s": floor_s}
