"""complete, pause, resume and retry: what people and last tasks of jobs ask for."""
import json
import os

import pytest

from lakebeat import House


@pytest.fixture
def house(tmp_path):
    """A job that goes on until there is a file `go`, and fails while there is a file `fail`."""
    house = House(tmp_path)
    house.job(555, "echo $LAKEBEAT_RUN_TOKEN >>starts; cp $LAKEBEAT_EVENTS_FILE events.json\n"
                   "while [ ! -e go ]; do sleep 0.02; done; [ ! -e fail ]")
    house.feed(["orders,555,TRUE"])
    yield house
    (house.path / "go").touch()


def starts(house):
    path = house.path / "starts"
    return path.read_text().split() if path.exists() else []


def start_one(house):
    house.emit("orders")
    house.run("once")
    house.wait_for(lambda: starts(house))


def finish(house, fail=False):
    """Lets the job end, and a pass see it."""
    if fail:
        (house.path / "fail").touch()
    (house.path / "go").touch()

    def over():
        house.run("once")
        return house.query("select count(*) from lakebeat_run "
                           "where state in ('PLANNED', 'SUBMITTED')") == [(0,)]
    house.wait_for(over)


def status(house):
    return house.statuses()[("orders", "555")]


def sensor_status(house):
    return house.query("select status from lakehouse_engine_sensors")[0][0]


def test_complete_ends_the_run_in_flight(house):
    start_one(house)
    assert status(house) == "IN_PROGRESS" and sensor_status(house) == "ACQUIRED_NEW_DATA"
    assert house.run("complete", "555").returncode == 0
    assert status(house) == "COMPLETED" and sensor_status(house) == "PROCESSED_NEW_DATA"
    assert house.query("select job_end_timestamp from heartbeat_sensor")[0][0]


def test_complete_twice_is_harmless(house):
    start_one(house)
    house.run("complete", "555")
    again = house.run("complete", "555")
    assert again.returncode == 0 and "nothing changed" in again.stdout
    assert status(house) == "COMPLETED"


def test_complete_and_following_the_run_to_its_end_agree(house):
    start_one(house)
    house.run("complete", "555")
    finish(house)
    assert status(house) == "COMPLETED"
    assert len(starts(house)) == 1


def test_events_that_came_during_the_run_make_the_job_ready_again_on_complete(house):
    start_one(house)
    house.emit("orders")
    house.run("sense")
    assert status(house) == "IN_PROGRESS"
    house.run("complete", "555")
    assert status(house) == "NEW_EVENT_AVAILABLE" and sensor_status(house) == "ACQUIRED_NEW_DATA"
    house.run("once")
    house.wait_for(lambda: len(starts(house)) == 2)


def test_complete_with_events_waiting_and_no_run_changes_nothing_and_says_so(house):
    house.emit("orders")
    house.run("sense")
    house.execute("delete from lakebeat_run")  # as if only sensed, by a lakebeat without runner
    result = house.run("complete", "555")
    assert "--consume-all" in result.stdout + result.stderr
    assert status(house) == "NEW_EVENT_AVAILABLE"


def test_consume_all_marks_what_waits_as_done_by_hand(house):
    house.emit("orders")
    house.run("pause", "555")
    house.run("sense")
    house.run("complete", "555", "--consume-all")
    house.run("resume", "555")
    house.run("once")
    assert starts(house) == []
    assert json.loads(house.run("status", "--json").stdout)["rows"][0]["waiting_events"] == 0


def test_complete_with_the_token_of_an_older_run_does_not_end_the_one_in_flight(house):
    start_one(house)
    old = starts(house)[0]
    finish(house)
    (house.path / "go").unlink()
    house.emit("orders")
    house.run("once")
    house.wait_for(lambda: len(starts(house)) == 2)
    house.run("complete", "555", "--token", old)
    assert status(house) == "IN_PROGRESS"
    house.run("complete", "555", env=dict(os.environ, LAKEBEAT_RUN_TOKEN=starts(house)[1]))
    assert status(house) == "COMPLETED"


def test_a_failed_job_shows_the_reason_and_stays_until_it_is_retried(house):
    start_one(house)
    finish(house, fail=True)
    assert status(house) == "FAILED"
    house.emit("orders")
    house.run("once")
    assert len(starts(house)) == 1
    assert "exit status 1" in house.run("explain", "555").stdout


def test_retry_starts_a_new_attempt_with_the_events_of_the_failed_run_and_what_is_new(house):
    start_one(house)
    finish(house, fail=True)
    house.emit("orders")
    (house.path / "fail").unlink()
    result = house.run("retry", "555")
    assert result.returncode == 0 and "planned" in result.stdout
    finish(house)
    assert status(house) == "COMPLETED"
    tokens = starts(house)
    assert len(tokens) == len(set(tokens))
    # The event that came after the failure is in the attempt, or in a run of its own behind it.
    ends = house.query("select from_seq, to_seq from lakebeat_run_input i join lakebeat_run r "
                       "on r.id = i.run where r.state = 'SUCCEEDED' order by r.id")
    assert ends[0][0] == 0 and ends[-1][1] == 2


def test_complete_revives_a_failed_job(house):
    start_one(house)
    finish(house, fail=True)
    house.run("complete", "555")
    assert status(house) == "COMPLETED"
    (house.path / "fail").unlink()
    house.emit("orders")
    house.run("once")
    house.wait_for(lambda: len(starts(house)) == 2)


def test_retry_of_a_job_that_did_not_fail_changes_nothing_and_says_so(house):
    result = house.run("retry", "555")
    assert "nothing changed" in result.stdout + result.stderr
    house.run("once")
    assert starts(house) == []


def test_a_paused_job_starts_when_it_is_resumed(house):
    house.run("pause", "555")
    house.emit("orders")
    house.run("once")
    assert starts(house) == []
    assert house.query("select job_state, status from heartbeat_sensor") == [("PAUSED", None)]
    house.run("resume", "555")
    house.run("once")
    house.wait_for(lambda: len(starts(house)) == 1)


def test_one_row_alone_can_be_paused(house):
    house.feed(["orders,555,TRUE", "rates,555,FALSE"])
    house.run("pause", "555", "--sensor", "rates")
    assert dict(house.query("select sensor_id, job_state from heartbeat_sensor")) == \
        {"orders": "UNPAUSED", "rates": "PAUSED"}
    start_one(house)


@pytest.mark.parametrize("verb", ["complete", "pause", "resume", "retry"])
def test_an_unknown_job_is_refused_with_the_nearest_one(house, verb):
    result = house.run(verb, "556", check=False)
    assert result.returncode == 1
    assert "did you mean 555?" in result.stderr


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_unknown_sensor_of_a_job_is_refused(house, verb):
    result = house.run(verb, "555", "--sensor", "nothing", check=False)
    assert result.returncode == 1 and "nothing" in result.stderr


@pytest.mark.parametrize("verb", ["complete", "pause", "resume", "retry"])
def test_the_answer_in_json_says_whether_something_changed(house, verb):
    answer = json.loads(house.run(verb, "555", "--json").stdout)
    assert answer["changed"] is (verb == "pause") and "555" in answer["answer"]


def test_who_asked_is_in_the_audit_log(house):
    house.run("pause", "555")
    who, = house.query("select who from lakebeat_audit where to_state = 'PAUSED' or cause like "
                       "'%pause%'")[0]
    assert "@" in who


def test_a_job_has_no_signal_ignored_or_blocked(house):
    house.job(555, "grep -E '^Sig(Ign|Blk)' /proc/self/status >signals.new; mv signals.new signals")
    house.emit("orders")
    house.run("once")
    house.wait_for((house.path / "signals").exists)
    lines = (house.path / "signals").read_text().splitlines()
    own = 1 << 31 | 1 << 32  # signals 32 and 33, which the C library keeps for itself
    assert [int(line.split()[1], 16) & ~own for line in lines] == [0, 0]
