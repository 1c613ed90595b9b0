"""Bad input and a bad machine: what goes wrong is said clearly, nothing is lost, and work goes on
as soon as it can."""
import base64
import json
import os
import resource
import signal
import sqlite3
import subprocess
import time

import pytest

from lakebeat import LAKEBEAT, SETTINGS, House

# root may read and write everything; without these rights, permissions count for root too.
AS_ANYBODY = [] if os.getuid() else ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


@pytest.fixture
def house(tmp_path):
    """Two bases: orders below triggers, rates below other; a job for each."""
    house = House(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other.json").write_text(
        (tmp_path / "acon.json").read_text().replace('"triggers"', '"other"'))
    settings(house)
    for job in (555, 666):
        house.job(job, "echo %d >>starts; cp $LAKEBEAT_EVENTS_FILE events-%d.json" % (job, job))
    house.feed(["orders,555,TRUE", "rates,666,TRUE"])
    return house


def settings(house, more="busy_timeout: 200ms\n"):
    (house.path / "lakebeat.yaml").write_text(
        SETTINGS.replace("[acon.json]", "[acon.json, other.json]") + more)


def starts(house):
    path = house.path / "starts"
    return sorted(path.read_text().split()) if path.exists() else []


def emit_to_both(house):
    house.emit("orders", "--base", "triggers")
    house.emit("rates", "--base", "other")


def limited(house, *arguments, prefix=AS_ANYBODY, **options):
    return subprocess.run([*prefix, LAKEBEAT, *arguments], cwd=house.path, timeout=60,
                          capture_output=True, text=True, errors="replace", **options)


def stop(daemon):
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0


# Base folders


def test_a_missing_base_folder_is_shown_and_the_others_go_on(house):
    emit_to_both(house)
    (house.path / "triggers").rename(house.path / "away")
    result = house.run("once")
    assert result.returncode == 1
    assert str(house.path / "triggers") in result.stderr
    house.wait_for(lambda: starts(house) == ["666"])
    for verb in (["status"], ["explain", "555"]):
        shown = house.run(*verb).stdout
        assert str(house.path / "triggers") in shown and "No such file or directory" in shown
    (house.path / "away").rename(house.path / "triggers")
    assert house.run("once").returncode == 0
    house.wait_for(lambda: starts(house) == ["555", "666"])
    assert "No such file or directory" not in house.run("status").stdout


def test_an_unreadable_base_folder_is_shown_and_the_others_go_on(house):
    emit_to_both(house)
    (house.path / "triggers").chmod(0)
    result = limited(house, "once")
    assert result.returncode == 1
    house.wait_for(lambda: starts(house) == ["666"])
    for verb in (["status"], ["explain", "555"]):
        assert "Permission denied" in house.run(*verb).stdout
    (house.path / "triggers").chmod(0o755)
    assert limited(house, "once").returncode == 0
    house.wait_for(lambda: starts(house) == ["555", "666"])


def test_an_unreadable_sensor_folder_is_shown_and_the_others_go_on(house):
    house.feed(["orders,555,TRUE", "weather,666,TRUE"])
    house.emit("orders", "--base", "triggers")
    house.emit("weather", "--base", "triggers")
    folder = house.path / "triggers" / "orders"
    folder.chmod(0)
    assert limited(house, "once").returncode == 1
    house.wait_for(lambda: starts(house) == ["666"])
    assert "Permission denied" in house.run("explain", "555").stdout
    folder.chmod(0o755)
    assert limited(house, "once").returncode == 0
    house.wait_for(lambda: starts(house) == ["555", "666"])


def test_a_sensor_without_a_folder_yet_is_no_error(house):
    assert house.run("once").returncode == 0


def test_the_daemon_goes_on_when_a_missing_base_folder_appears(house):
    (house.path / "triggers").rmdir()
    daemon = house.start("run")
    house.wait_for(lambda: "No such file or directory" in house.log())
    house.emit("rates", "--base", "other")
    house.wait_for(lambda: starts(house) == ["666"])
    (house.path / "triggers").mkdir()
    house.emit("orders", "--base", "triggers")
    house.wait_for(lambda: starts(house) == ["555", "666"])
    stop(daemon)


# The store


def test_a_locked_store_is_a_clear_error_and_the_next_pass_goes_on(house):
    emit_to_both(house)
    other = sqlite3.connect(house.path / "my_database.db", isolation_level=None)
    other.execute("begin exclusive")
    result = house.run("once")
    assert result.returncode == 1
    assert "my_database.db" in result.stderr and "lock" in result.stderr
    assert starts(house) == []
    other.execute("rollback")
    other.close()
    assert house.run("once").returncode == 0
    house.wait_for(lambda: starts(house) == ["555", "666"])


def test_the_daemon_waits_for_a_locked_store_and_loses_nothing(house):
    daemon = house.start("run")
    house.wait_for(lambda: "ready" in house.log())
    other = sqlite3.connect(house.path / "my_database.db", isolation_level=None, timeout=30)
    other.execute("begin exclusive")
    emit_to_both(house)
    house.wait_for(lambda: "lock" in house.log())
    assert starts(house) == []
    other.execute("rollback")
    other.close()
    house.wait_for(lambda: starts(house) == ["555", "666"])
    stop(daemon)


def test_a_read_only_store_is_a_clear_error_and_works_again_when_it_is_writable(house):
    emit_to_both(house)
    (house.path / "my_database.db").chmod(0o400)
    result = limited(house, "once")
    assert result.returncode == 1
    assert "my_database.db" in result.stderr
    assert "read-only" in result.stderr
    assert "-wal and -shm" in result.stderr  # which got the file's mode just now
    for file in house.path.glob("my_database.db*"):
        if file.is_file():
            file.chmod(0o600)
    assert limited(house, "once").returncode == 0
    house.wait_for(lambda: starts(house) == ["555", "666"])


def test_a_truncated_store_is_a_clear_error_and_is_not_written_to(house):
    emit_to_both(house)
    path = house.path / "my_database.db"
    path.write_bytes(path.read_bytes()[:5000])
    before = path.read_bytes()
    for verb in (["once"], ["status"], ["explain", "555"], ["feed", "feed.csv"]):
        result = house.run(*verb, check=False)
        assert result.returncode == 1, verb
        assert "my_database.db" in result.stderr and "damaged" in result.stderr, result.stderr
    assert path.read_bytes() == before
    assert starts(house) == []


def test_a_file_that_is_no_database_is_a_clear_error_and_is_not_written_to(house):
    path = house.path / "notes.txt"
    path.write_text("these are my notes, not a database\n" * 100)
    result = house.run("once", "--store", "sqlite:notes.txt", check=False)
    assert result.returncode == 1 and "notes.txt" in result.stderr
    assert path.read_text().startswith("these are my notes")


def test_a_store_of_a_newer_lakebeat_is_refused_and_not_touched(house):
    house.execute("pragma user_version = 99")
    emit_to_both(house)
    for verb in (["once"], ["status"], ["run"], ["feed", "feed.csv"], ["complete", "555"]):
        result = house.run(*verb, check=False)
        assert result.returncode == 1, verb
        assert "99" in result.stderr and "newer" in result.stderr
    assert house.query("pragma user_version") == [(99,)]
    assert house.query("select count(*) from lakebeat_event") == [(0,)]


def without_space(bytes_left):
    """A disk that takes files up to that many bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, resource.RLIM_INFINITY))


@pytest.mark.parametrize("bytes_left", [0, 4096, 20000])
def test_a_full_disk_is_a_clear_error_and_nothing_is_lost(house, bytes_left):
    emit_to_both(house)
    result = limited(house, "once", prefix=[], preexec_fn=without_space(bytes_left))
    assert result.returncode == 1
    assert "my_database.db" in result.stderr, result.stderr
    assert house.run("once").returncode == 0
    house.wait_for(lambda: starts(house) == ["555", "666"])
    assert house.query("pragma integrity_check") == [("ok",)]


def test_the_daemon_goes_on_when_a_full_disk_has_space_again(house):
    log = open(house.path / "run.log", "ab")
    daemon = subprocess.Popen([LAKEBEAT, "run"], cwd=house.path, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # The log goes through a pipe, which has no size to be limited.
    subprocess.Popen(["cat"], stdin=daemon.stdout, stdout=log)
    house.wait_for(lambda: "ready" in house.log())
    pid = daemon.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    emit_to_both(house)
    house.wait_for(lambda: "error" in house.log())
    assert starts(house) == []
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    house.wait_for(lambda: starts(house) == ["555", "666"])
    stop(daemon)


# Jobs


def test_a_job_command_that_does_not_exist_is_failed_with_the_reason(house):
    (house.path / "jobs" / "555").unlink()
    emit_to_both(house)

    def failed():
        house.run("once")
        return house.statuses()[("orders", "555")] == "FAILED"
    house.wait_for(failed)
    text = house.run("explain", "555").stdout
    assert "jobs/555" in text and "No such file or directory" in text
    house.wait_for(lambda: starts(house) == ["666"])
    house.job(555, "echo 555 >>starts")
    house.run("retry", "555")
    house.run("once")
    house.wait_for(lambda: starts(house) == ["555", "666"])


def test_a_job_command_that_may_not_be_executed_is_failed_with_the_reason(house):
    (house.path / "jobs" / "555").chmod(0o644)
    house.emit("orders", "--base", "triggers")

    def failed():
        house.run("once")
        return house.statuses()[("orders", "555")] == "FAILED"
    house.wait_for(failed)
    assert "Permission denied" in house.run("explain", "555").stdout


def test_a_job_killed_by_a_signal_is_failed_with_the_reason(house):
    house.job(555, "kill -9 $$")
    house.emit("orders", "--base", "triggers")

    def failed():
        house.run("once")
        return house.statuses()[("orders", "555")] == "FAILED"
    house.wait_for(failed)
    assert "killed by signal 9" in house.run("explain", "555").stdout


# Clocks


def test_a_clock_that_jumps_back_starts_nothing_again(house):
    emit_to_both(house)

    def done():
        house.run("once")
        return set(house.statuses().values()) == {"COMPLETED"}
    house.wait_for(done)
    # All that was noted so far, and the files themselves, are of a day that is still to come.
    day = 24 * 3600
    for table, columns in {"lakebeat_sensor": ["last_event_at_us", "full_pass_at_us"],
                           "lakebeat_event": ["modified_at_us", "observed_at_us"],
                           "lakebeat_run": ["planned_at_us", "next_try_at_us", "submitted_at_us",
                                            "ended_at_us"],
                           "lakebeat_audit": ["at_us"]}.items():
        for column in columns:
            house.execute("update %s set %s = %s + %d" % (table, column, column, day * 1000000))
    house.execute("update lakebeat_sensor set folder_time_ns = folder_time_ns + %d" % (day * 10**9))
    for path in [*house.path.glob("triggers/*/*"), *house.path.glob("other/*/*"),
                 *house.path.glob("triggers/*"), *house.path.glob("other/*")]:
        os.utime(path, (time.time() + day, time.time() + day))
    for _ in range(3):
        assert house.run("once").returncode == 0
    assert starts(house) == ["555", "666"]
    # And what comes under the old clock is found and consumed all the same.
    emit_to_both(house)
    house.run("once")
    house.wait_for(lambda: starts(house) == ["555", "555", "666", "666"])


# Names


NAMES = [b"with space.txt", b"with\nnewline.txt", b"with\ttab.txt", "ünïcödé-数据.txt".encode(),
         b"invalid-\xff\xfe-utf8.txt", b"quote's \"and\" $(more) `x`; --.txt", b"-n", b"\\back.txt",
         b"%s%n.txt", b"x" * 255]


def deliver(house, names):
    """Files that have settled, so that one pass takes them all up."""
    folder = os.fsencode(house.path / "triggers" / "orders")
    os.mkdir(folder)
    for name in names:
        with open(os.path.join(folder, name), "wb") as file:
            os.utime(file.fileno(), (time.time() - 60, time.time() - 60))
    return folder


def test_file_names_reach_the_job_exactly(house):
    folder = deliver(house, NAMES)
    assert house.run("once").returncode == 0
    house.wait_for(lambda: starts(house) == ["555"])
    events = json.loads((house.path / "events-555.json").read_bytes().decode())
    paths = [base64.b64decode(event["file_path_base64"]) if "file_path_base64" in event
             else event["file_path"].encode() for event in events]
    assert sorted(paths) == sorted(os.path.join(folder, name) for name in NAMES)
    assert [os.path.exists(path) for path in paths] == [True] * len(NAMES)


def test_file_names_are_shown_without_harm(house):
    deliver(house, NAMES + [b"\x1b[2Jclear.txt"])
    house.run("once")
    shown = house.run("history", "--events").stdout
    assert "\x1b" not in shown and "ünïcödé-数据.txt" in shown
    assert len(shown.splitlines()) == len(NAMES) + 2
    events = json.loads(house.run("history", "--json").stdout)["runs"][0]["events"]
    assert len(events) == len(NAMES) + 1


def test_a_file_whose_name_is_not_utf8_is_consumed_once(house):
    folder = os.fsencode(house.path / "triggers" / "orders")
    os.mkdir(folder)
    with open(os.path.join(folder, b"\xff\xfe"), "wb"):
        pass

    def done():
        house.run("once")
        return house.statuses()[("orders", "555")] == "COMPLETED"
    house.wait_for(done)
    house.run("once")
    assert starts(house) == ["555"]


@pytest.mark.parametrize("sensor_id", ["with space", "ünïcödé", "it's", "a:b.c"])
def test_sensor_ids_of_any_text_work(house, sensor_id):
    house.feed(["%s,555,TRUE" % sensor_id])
    house.emit(sensor_id, "--base", "triggers")
    house.run("once")
    house.wait_for(lambda: starts(house) == ["555"])


def test_what_is_no_event_starts_nothing(house):
    folder = house.path / "triggers" / "orders"
    (folder / "folder.txt").mkdir(parents=True)
    (folder / ".hidden.txt").touch()
    (folder / "_underscore.txt").touch()
    assert house.run("once").stdout.startswith("0 new events")
    (folder / "empty.txt").touch()
    assert house.run("once").stdout.startswith("1 new event")


# Configuration


@pytest.mark.parametrize("text", ["", "{", "[]", "acons: [nowhere.json]", "acons: 5", "\x00\x01",
                                  "acons: [acon.json]\npoll_intervall: 1s\n", "a: &x [*x]",
                                  "acons: [acon.json]\npoll_interval: soon\n"])
def test_a_bad_configuration_is_refused_with_its_place_and_changes_nothing(house, text):
    (house.path / "lakebeat.yaml").write_text(text)
    before = (house.path / "my_database.db").read_bytes()
    emit_to_both(house)
    result = house.run("once", check=False)
    assert result.returncode == 2
    assert "lakebeat.yaml" in result.stderr
    assert (house.path / "my_database.db").read_bytes() == before
