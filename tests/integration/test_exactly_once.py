"""Every event is consumed once and every job starts once, wherever lakebeat is killed.

A build with injection points kills itself, as by kill -9, where LAKEBEAT_CRASH_AT says. Whatever
that leaves behind, lakebeat started again brings the job to its end, and the job ran once.
"""
import os
import signal
import time

import pytest

from lakebeat import House

# name of the point, and how often it is passed on the way of one file to the end of its run
POINTS = [
    ("beat-after-record", 2),
    ("beat-before-commit", 2),
    ("beat-after-commit", 2),
    ("submit-before-fork", 1),
    ("submit-after-fork", 1),
    ("supervisor-before-claim", 1),
    ("supervisor-after-claim", 1),
    ("supervisor-after-fork", 1),
    ("supervisor-before-exit-record", 1),
    ("supervisor-after-exit-record", 1),
    ("answer-received", 1),
    ("news-received", 1),
]

# The job may have begun when its supervisor dies here, and nobody can know how it ended: lakebeat
# must not start it again by itself, and must say so.
UNKNOWN = {"supervisor-after-claim", "supervisor-after-fork", "supervisor-before-exit-record"}


@pytest.fixture
def house(tmp_path):
    """A job that waits for one sensor, and notes each of its starts in a file."""
    house = House(tmp_path)
    house.job("555", 'echo "$LAKEBEAT_RUN_TOKEN" >>starts; cp "$LAKEBEAT_EVENTS_FILE" events.json')
    house.feed(["orders,555,TRUE"])
    return house


def starts(house):
    path = house.path / "starts"
    return path.read_text().split() if path.exists() else []


def runs_are_over(house):
    """The state of the latest run, once every run has ended; None before."""
    states = house.query("select state from lakebeat_run order by id")
    if states and all(state in ("SUCCEEDED", "FAILED") for (state,) in states):
        return states[-1][0]
    return None


def until_over(house, seconds=20):
    """Lets cron'd lakebeats pass by until the run is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        house.run("once")
        state = runs_are_over(house)
        if state:
            return state
        time.sleep(0.05)
    raise AssertionError("the run did not end: %s" % house.run("history", "--json").stdout)


def crash_at(house, point, passage):
    """Runs `once` until it was killed at the point; True if it was. A supervisor that is killed
    does not take its lakebeat along: then what it left behind tells."""
    environment = dict(os.environ, LAKEBEAT_CRASH_AT="%s:%d" % (point, passage))
    for _ in range(20):
        result = house.run("once", env=environment, check=False)
        if result.returncode == -signal.SIGKILL:
            return True
        if runs_are_over(house):
            return False
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("point,passage",
                         [(point, n + 1) for point, times in POINTS for n in range(times)])
def test_a_job_starts_once_wherever_lakebeat_is_killed(house, point, passage):
    house.emit("orders")
    crashed = crash_at(house, point, passage)
    assert crashed or point.startswith("supervisor-"), "the point was not passed"
    state = until_over(house)
    events = house.query("select count(*) from lakebeat_event")[0][0]
    assert events == 1
    assert len(starts(house)) == len(set(starts(house))), "one token was started twice"
    if point in UNKNOWN:
        assert len(starts(house)) <= 1
        assert state == "FAILED"
        assert "supervisor" in house.query("select message from lakebeat_run")[0][0]
    else:
        assert state == "SUCCEEDED"
        assert len(starts(house)) == 1
    # Nothing is started again by lakebeats that come by later.
    before = starts(house)
    for _ in range(3):
        house.run("once")
    assert starts(house) == before


def test_two_lakebeats_on_one_store_start_nothing_twice(house):
    house.feed(["orders,555,TRUE", "orders,777,TRUE"])
    house.job("777", 'echo "$LAKEBEAT_RUN_TOKEN" >>starts')
    daemons = [house.daemon() for _ in range(2)]
    try:
        for _ in range(10):
            house.emit("orders")
        house.wait_for(lambda: house.query(
            "select count(*) from lakebeat_consumed c join lakebeat_sensor s on s.id = c.sensor "
            "where c.seq = s.last_seq and s.last_seq = 10")[0][0] == 2)
        house.wait_for(lambda: runs_are_over(house) == "SUCCEEDED")
    finally:
        for daemon in daemons:
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(20) == 0
    tokens = starts(house)
    assert len(tokens) == len(set(tokens))
    recorded = house.query("select count(*), sum(state = 'SUCCEEDED') from lakebeat_run")[0]
    assert recorded == (len(tokens), len(tokens))


def test_kill_9_of_the_daemon_does_not_touch_the_job_and_its_end_is_seen(house):
    house.job("555", 'echo "$LAKEBEAT_RUN_TOKEN" >>starts; while [ ! -e go ]; do sleep 0.05; done')
    daemon = house.start("run")
    house.emit("orders")
    house.wait_for(lambda: len(starts(house)) == 1)
    daemon.kill()
    daemon.wait()
    (house.path / "go").touch()
    assert until_over(house) == "SUCCEEDED"
    assert len(starts(house)) == 1


def test_every_file_is_consumed_once_while_the_daemon_is_killed_again_and_again(house):
    for round_number in range(8):
        daemon = house.start("run")
        for _ in range(5):
            house.emit("orders")
        time.sleep(0.02 * round_number)
        daemon.kill()
        daemon.wait()
    daemon = house.daemon()
    house.wait_for(lambda: house.query(
        "select count(*) from lakebeat_consumed c join lakebeat_sensor s on s.id = c.sensor "
        "where c.seq = s.last_seq and s.last_seq = 40")[0][0] == 1)
    house.wait_for(lambda: runs_are_over(house) == "SUCCEEDED")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(20) == 0
    # The ledger covers 1..40 without gap or overlap.
    ranges = house.query("select from_seq, to_seq from lakebeat_run_input order by from_seq")
    assert ranges[0][0] == 0 and ranges[-1][1] == 40
    assert all(a[1] == b[0] for a, b in zip(ranges, ranges[1:]))
    tokens = starts(house)
    assert len(tokens) == len(set(tokens)) == len(ranges)


def test_what_was_planned_before_a_crash_starts_under_its_own_token(house):
    house.emit("orders")
    assert crash_at(house, "beat-after-commit", 1)
    planned = house.query("select state, token from lakebeat_run")
    assert planned[0][0] == "PLANNED"
    assert until_over(house) == "SUCCEEDED"
    assert starts(house) == [planned[0][1]]
