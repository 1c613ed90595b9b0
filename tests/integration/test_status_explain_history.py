"""What people look at: status, explain and history say the same as the store and the decisions."""
import json
import os
import signal
import subprocess

import pytest

from lakebeat import LAKEBEAT, House


@pytest.fixture
def house(tmp_path):
    """Two jobs: 555 waits for orders; 666 for orders and rates, and would like weather."""
    house = House(tmp_path)
    house.job(555)
    house.job(666, "echo the disk of the warehouse is full; exit 3")
    house.feed(["orders,555,TRUE", "orders,666,TRUE", "rates,666,TRUE", "weather,666,FALSE"])
    return house


def pass_until(house, job, state):
    def reached():
        house.run("once")
        runs = house.query("select state from lakebeat_run where trigger_job_id = ? "
                           "order by id desc", job)
        return bool(runs) and runs[0][0] == state
    house.wait_for(reached)


def explain(house, job):
    return json.loads(house.run("explain", job, "--json").stdout)


def test_status_shows_every_row_in_aligned_columns(house):
    lines = house.run("status").stdout.splitlines()
    assert lines[0].split("  ")[0] == "JOB" and len(lines) == 5
    column = lines[0].index("WAITS FOR")
    assert [line[column:].split()[0] for line in lines[1:]] == \
        ["orders", "orders", "rates", "weather"]
    assert [line.rstrip() == line for line in lines]


def test_status_of_an_empty_control_table_says_how_to_fill_it(tmp_path):
    house = House(tmp_path)
    house.run("once")
    assert "lakebeat feed FILE" in house.run("status").stdout


def test_status_without_a_store_says_how_to_make_one(tmp_path):
    result = House(tmp_path).run("status", check=False)
    assert result.returncode == 1 and "lakebeat feed makes it" in result.stderr
    assert not (tmp_path / "my_database.db").exists()


def test_status_in_json_has_the_columns_of_the_control_table(house):
    columns = [name for _, name, *_ in house.query("pragma table_info(heartbeat_sensor)")]
    row = json.loads(house.run("status", "--json").stdout)["rows"][0]
    assert sorted(row) == sorted(columns + ["waiting_events"])


def test_status_shows_runs_in_flight(house):
    house.job(555, "while [ ! -e go ]; do sleep 0.05; done")
    house.emit("orders")
    house.run("once")
    shown = house.run("status").stdout
    assert "Runs in flight" in shown and "SUBMITTED" in shown
    runs = json.loads(house.run("status", "--json").stdout)["runs_in_flight"]
    assert [run["trigger_job_id"] for run in runs] == ["555"]
    (house.path / "go").touch()


def test_status_counts_the_events_that_wait_for_the_next_run(house):
    house.run("pause", "555")
    house.emit("orders")
    house.emit("orders")
    house.run("sense")
    rows = json.loads(house.run("status", "--json").stdout)["rows"]
    assert [row["waiting_events"] for row in rows if row["trigger_job_id"] == "555"] == [2]


def test_status_goes_on_with_watch_and_ends_with_success(house):
    process = subprocess.Popen([LAKEBEAT, "status", "--watch=1"], cwd=house.path,
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("JOB")
    while not process.stdout.readline().startswith("JOB"):
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_explain_names_the_hard_sensors_that_hold_a_job_up(house):
    house.emit("orders")
    house.run("sense")
    text = house.run("explain", "666").stdout
    assert text.startswith("job_666 (666) waits for rates.")
    lines = [line.split(None, 3) for line in text.splitlines()]
    assert ["+", "orders", "hard"] in [line[:3] for line in lines]
    assert ["-", "rates", "hard"] in [line[:3] for line in lines]
    assert ["+", "weather", "soft"] in [line[:3] for line in lines]
    assert "It has never run." in text


def test_explain_agrees_with_what_is_done(house):
    house.run("pause", "666")
    assert explain(house, "666")["verdict"] == "PAUSED"
    house.run("resume", "666")
    assert explain(house, "666")["verdict"] == "WAITS"
    house.emit("orders")
    house.emit("rates")
    house.run("sense")
    assert explain(house, "666")["verdict"] in ("READY", "RUN_IN_FLIGHT")
    pass_until(house, "666", "FAILED")
    assert explain(house, "666")["verdict"] == "FAILED"


def test_explain_says_the_reason_of_a_failure_and_the_ways_out(house):
    house.emit("orders")
    house.emit("rates")
    pass_until(house, "666", "FAILED")
    text = house.run("explain", "666").stdout
    assert "exit status 3: the disk of the warehouse is full" in text
    assert "lakebeat retry 666" in text and "lakebeat complete 666" in text


def test_explain_of_a_paused_sensor_tells_that_events_wait(house):
    house.run("pause", "555", "--sensor", "orders")
    house.emit("orders")
    house.run("sense")
    assert "1 event waits" in house.run("explain", "555").stdout


@pytest.mark.parametrize("verb", ["explain", "history"])
def test_an_unknown_job_is_an_error_with_the_nearest_one(house, verb):
    result = house.run(verb, "556", check=False)
    assert result.returncode == 1
    assert "did you mean 555?" in result.stderr and result.stdout == ""


def test_explain_of_a_job_that_left_the_control_table_shows_its_history(house):
    house.emit("orders")
    pass_until(house, "555", "SUCCEEDED")
    house.feed(["orders,666,TRUE"], options=["--force"])
    assert "not in the control table any more" in house.run("explain", "555").stdout
    assert "SUCCEEDED" in house.run("history", "555").stdout


def test_history_shows_the_newest_run_first_with_what_it_consumed(house):
    house.emit("orders")
    pass_until(house, "555", "SUCCEEDED")
    names = [house.emit("orders").name, house.emit("orders").name]
    house.run("once")
    house.wait_for(lambda: [house.run("once")] and house.query(
        "select count(*) from lakebeat_run where state = 'SUCCEEDED'") == [(2,)])
    runs = json.loads(house.run("history", "555", "--json").stdout)["runs"]
    assert [run["run_no"] for run in runs] == [2, 1]
    assert sorted(event["file_name"] for event in runs[0]["events"]) == sorted(names)
    text = house.run("history", "--events", "--limit", "1").stdout
    assert all(name in text for name in names) and "run 2" in text and "run 1" not in text


def test_history_is_limited_to_as_many_runs_as_asked_for(house):
    house.emit("orders")
    house.emit("rates")
    pass_until(house, "666", "FAILED")
    assert len(house.run("history").stdout.splitlines()) == 3
    assert len(house.run("history", "-n", "1").stdout.splitlines()) == 2


def test_history_before_any_run_says_so(house):
    result = house.run("history")
    assert result.returncode == 0 and "no run yet" in result.stdout


def test_the_audit_shows_every_transition_with_its_cause_and_who(house):
    house.emit("orders")
    pass_until(house, "555", "SUCCEEDED")
    entries = json.loads(house.run("history", "555", "--audit", "--json", "-n", "100").stdout)
    steps = [(entry["from"], entry["to"]) for entry in reversed(entries["audit"])
             if entry["sensor_id"] == "orders" and entry["to"]]
    assert steps == [(None, "NEW_EVENT_AVAILABLE"), ("NEW_EVENT_AVAILABLE", "IN_PROGRESS"),
                     ("IN_PROGRESS", "COMPLETED")]
    assert all(entry["cause"] and entry["who"] for entry in entries["audit"])


def test_text_from_outside_cannot_move_the_terminal_s_cursor(house):
    house.execute("update heartbeat_sensor set trigger_job_name = ?, status = ?",
                  "a\x1b[2Jb\nc", "\x1b]0;title\x07")
    for verb in (["status"], ["explain", "555"], ["history", "--audit"]):
        shown = house.run(*verb).stdout
        assert "\x1b" not in shown and "\x07" not in shown


def test_times_are_in_utc_whatever_the_time_zone(house):
    house.emit("orders")
    pass_until(house, "555", "SUCCEEDED")
    here = house.run("history").stdout
    there = house.run("history", env=dict(os.environ, TZ="XXX-9")).stdout
    assert here == there
