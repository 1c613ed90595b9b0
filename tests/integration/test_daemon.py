"""`lakebeat run`: it goes on until told to stop, and takes a new configuration while it runs."""
import json
import signal

import pytest

from lakebeat import HEADER, SETTINGS, House


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    for job in (555, 666):
        house.job(job, "echo %d >>starts" % job)
    house.feed(["orders,555,TRUE"])
    return house


def starts(house):
    path = house.path / "starts"
    return sorted(path.read_text().split()) if path.exists() else []


def start(house, *options):
    """A daemon that is ready: signals that come now are heard."""
    before = house.log().count("ready") if (house.path / "run.log").exists() else 0
    daemon = house.start("run", *options)
    house.wait_for(lambda: house.log().count("ready") > before)
    return daemon


def stop(daemon, number=signal.SIGTERM):
    daemon.send_signal(number)
    assert daemon.wait(30) == 0


def settings(house, text):
    (house.path / "lakebeat.new").write_text(text)
    (house.path / "lakebeat.new").rename(house.path / "lakebeat.yaml")


def feed_file(house, rows):
    lines = [HEADER] + ["trigger_file,%s,streaming,,,,%s,job,UNPAUSED,TRUE" % row for row in rows]
    (house.path / "declared.new").write_text("\n".join(lines) + "\n")
    (house.path / "declared.new").rename(house.path / "declared.csv")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_ends_it_with_success(house, number):
    stop(start(house), number)
    assert "stopping" in house.log()


def test_stopping_leaves_jobs_alone_and_the_next_lakebeat_sees_them_end(house):
    house.job(555, "echo 555 >>starts; while [ ! -e go ]; do sleep 0.02; done; echo end >>starts")
    daemon = start(house)
    house.emit("orders")
    house.wait_for(lambda: starts(house) == ["555"])
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "IN_PROGRESS")
    stop(daemon)
    (house.path / "go").touch()
    house.wait_for(lambda: starts(house) == ["555", "end"])
    daemon = start(house)
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "COMPLETED")
    stop(daemon)
    assert starts(house) == ["555", "end"]


def test_stopping_in_the_middle_of_work_keeps_every_promise(house):
    for _ in range(5):
        daemon = start(house)
        house.emit("orders")
        stop(daemon)
    daemon = start(house)
    house.wait_for(lambda: house.query(
        "select max(to_seq) from lakebeat_run_input")[0][0] == 5)
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "COMPLETED")
    stop(daemon)
    assert len(starts(house)) == house.query("select count(*) from lakebeat_run")[0][0]


def test_a_new_file_starts_its_job_without_any_pass(house):
    settings(house, SETTINGS.replace("poll_interval: 1s", "poll_interval: 1h"))
    daemon = start(house)
    house.emit("orders")
    house.wait_for(lambda: starts(house) == ["555"])
    stop(daemon)


def test_without_watching_files_are_found_by_passes(house):
    settings(house, SETTINGS + "watch: false\n")
    daemon = start(house)
    house.emit("orders")
    house.wait_for(lambda: starts(house) == ["555"])
    stop(daemon)


def test_a_sensor_folder_that_appears_later_is_watched(house):
    settings(house, SETTINGS.replace("poll_interval: 1s", "poll_interval: 1h"))
    daemon = start(house)
    assert not (house.path / "triggers" / "orders").exists()
    for count in (1, 2):
        house.emit("orders")
        house.wait_for(lambda: house.query(
            "select count(*) from lakebeat_run where state = 'SUCCEEDED'") == [(count,)])
    stop(daemon)


def test_the_feed_is_applied_at_start_and_when_it_changes(house):
    settings(house, SETTINGS + "feed: declared.csv\n")
    feed_file(house, [("orders", "555")])
    daemon = start(house)
    assert set(house.statuses()) == {("orders", "555")}
    feed_file(house, [("orders", "555"), ("rates", "666")])
    house.wait_for(lambda: ("rates", "666") in house.statuses())
    house.emit("rates")
    house.wait_for(lambda: starts(house) == ["666"])
    stop(daemon)
    assert house.log().count("data feed applied") >= 1


def test_a_bad_feed_is_refused_and_the_old_rows_stay(house):
    settings(house, SETTINGS + "feed: declared.csv\n")
    feed_file(house, [("orders", "555")])
    daemon = start(house)
    feed_file(house, [("../orders", "555")])
    house.wait_for(lambda: "declared.csv:2:2" in house.log())
    house.wait_for(lambda: "data feed not applied" in house.log())
    assert set(house.statuses()) == {("orders", "555")}
    house.emit("orders")
    house.wait_for(lambda: starts(house) == ["555"])
    stop(daemon)


def test_a_feed_that_is_missing_at_start_is_said_and_found_later(house):
    settings(house, SETTINGS + "feed: declared.csv\n")
    daemon = start(house)
    house.wait_for(lambda: "No such file or directory" in house.log())
    assert "data feed not applied" in house.log() and "declared.csv" in house.log()
    feed_file(house, [("orders", "555"), ("rates", "666")])
    house.wait_for(lambda: ("rates", "666") in house.statuses())
    stop(daemon)
    assert house.log().count("No such file or directory") == 1


def test_rows_that_somebody_else_feeds_are_taken_up(house):
    daemon = start(house)
    house.feed(["orders,555,TRUE", "rates,666,TRUE"])
    house.emit("rates")
    house.wait_for(lambda: starts(house) == ["666"])
    stop(daemon)


def test_a_hang_up_reloads_the_configuration(house):
    house.job(777, "echo 777 >>starts")
    daemon = start(house)
    settings(house, SETTINGS.replace('"./jobs/{trigger_job_id}"', '"./jobs/777"'))
    daemon.send_signal(signal.SIGHUP)
    house.wait_for(lambda: "configuration reloaded" in house.log())
    house.emit("orders")
    house.wait_for(lambda: starts(house) == ["777"])
    stop(daemon)


def test_a_bad_configuration_is_refused_on_a_hang_up_and_the_old_one_stays(house):
    daemon = start(house)
    settings(house, SETTINGS + "poll_intervall: 5s\n")
    daemon.send_signal(signal.SIGHUP)
    house.wait_for(lambda: "refused" in house.log())
    assert "poll_intervall" in house.log() and "did you mean poll_interval" in house.log()
    house.emit("orders", "--base", "triggers")
    house.wait_for(lambda: starts(house) == ["555"])
    settings(house, SETTINGS)
    daemon.send_signal(signal.SIGHUP)
    house.wait_for(lambda: "configuration reloaded" in house.log())
    stop(daemon)


def test_a_setting_that_takes_effect_at_start_only_keeps_the_reload_out(house):
    daemon = start(house)
    settings(house, SETTINGS + "store: sqlite:another.db\n")
    daemon.send_signal(signal.SIGHUP)
    house.wait_for(lambda: "takes effect at start only" in house.log())
    assert not (house.path / "another.db").exists()
    stop(daemon)


def test_many_hang_ups_lose_and_double_nothing(house):
    daemon = start(house)
    for count in range(1, 9):
        daemon.send_signal(signal.SIGHUP)
        house.emit("orders")
    house.wait_for(lambda: house.query(
        "select max(to_seq) from lakebeat_run_input")[0][0] == 8)
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "COMPLETED")
    stop(daemon)
    assert len(starts(house)) == house.query("select count(*) from lakebeat_run")[0][0]


def test_it_does_not_start_with_a_bad_configuration(house):
    settings(house, "acons: [nowhere.json]\n")
    result = house.run("run", check=False)
    assert result.returncode == 2 and "nowhere.json" in result.stderr


def test_it_does_not_start_without_a_runner_and_says_how_to_give_one(house):
    (house.path / "lakebeat.yaml").unlink()
    result = house.run("run", "--acon", "acon.json", check=False)
    assert result.returncode == 2 and "--runner-argv" in result.stderr


def test_pausing_and_retrying_reach_the_daemon_from_another_process(house):
    house.job(555, "echo 555 >>starts; [ -e mended ]")
    settings(house, SETTINGS)
    daemon = start(house)
    house.emit("orders")
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "FAILED")
    (house.path / "mended").touch()
    house.run("retry", "555")
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "COMPLETED")
    house.run("pause", "555")
    house.emit("orders")
    house.wait_for(lambda: house.query("select count(*) from lakebeat_event") == [(2,)])
    assert starts(house) == ["555", "555"]
    house.run("resume", "555")
    house.wait_for(lambda: starts(house) == ["555", "555", "555"])
    stop(daemon)


def test_failed_runs_are_tried_again_as_often_as_the_settings_say(house):
    house.job(555, "echo 555 >>starts; exit 1")
    settings(house, SETTINGS + 'retry_delay: 50ms\njobs:\n  "555": {max_retries: 2}\n')
    daemon = start(house)
    house.emit("orders")
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "FAILED")
    stop(daemon)
    assert house.query("select attempt, state from lakebeat_run order by id") == \
        [(1, "FAILED"), (2, "FAILED"), (3, "FAILED")]
    assert len(starts(house)) == 3


def test_the_log_is_one_line_per_thing_that_happens(house):
    daemon = start(house)
    house.emit("orders")
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "COMPLETED")
    stop(daemon)
    lines = house.log().splitlines()
    assert len(lines) >= 4 and all(" msg=" in line for line in lines), lines


def test_the_log_is_json_on_request(house):
    daemon = start(house, "--log-format", "json")
    house.emit("orders")
    house.wait_for(lambda: house.statuses()[("orders", "555")] == "COMPLETED")
    stop(daemon)
    assert all(isinstance(json.loads(line), dict) for line in house.log().splitlines())


def test_what_stays_broken_is_said_once_and_so_is_that_it_works_again(house):
    settings(house, SETTINGS.replace("poll_interval: 1s", "poll_interval: 100ms")
             + "feed: declared.csv\n")
    feed_file(house, [("orders", "555")])
    daemon = start(house)
    (house.path / "triggers").rename(house.path / "away")
    house.wait_for(lambda: "scan failed" in house.log())
    for sensor_id in ("rates", "weather", "stocks"):  # each is followed by a pass
        feed_file(house, [("orders", "555"), (sensor_id, "666")])
        house.wait_for(lambda: (sensor_id, "666") in house.statuses())
    (house.path / "away").rename(house.path / "triggers")
    house.wait_for(lambda: "scan works again" in house.log())
    stop(daemon)
    assert house.log().count("scan failed") == 1
    assert house.log().count("scan works again") == 1


def test_a_failed_run_is_a_warning_and_all_else_of_runs_is_not(house):
    house.job(555, "exit 3")
    daemon = house.start("run", "--log-level", "warning")
    house.emit("orders")
    house.wait_for(lambda: house.statuses().get(("orders", "555")) == "FAILED")
    stop(daemon)
    lines = house.log().splitlines()
    assert len(lines) == 1 and " warning " in lines[0] and "exit status 3" in lines[0], lines
