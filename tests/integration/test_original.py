"""People who come from the original find their ACON, their tables and their habits again.

Known faults of the original that lakebeat does not have are shown by tests that begin with
known_fault.
"""
import json
from pathlib import Path

import pytest

from lakebeat import HEADER, House

SEED = Path(__file__).parents[1] / "support" / "data" / "seed_acon.json"

CONTROL = ["sensor_source", "sensor_id", "sensor_read_type", "asset_description", "upstream_key",
           "preprocess_query", "latest_event_fetched_timestamp", "trigger_job_id",
           "trigger_job_name", "status", "status_change_timestamp", "job_start_timestamp",
           "job_end_timestamp", "job_state", "dependency_flag"]
SENSOR = ["sensor_id", "assets", "status", "status_change_timestamp", "checkpoint_location",
          "upstream_key", "upstream_value"]

FEED = HEADER + """
trigger_file,orders_landed,streaming,Orders from the shop,,,555555555,orders-consumer_job,UNPAUSED,TRUE
trigger_file,orders_landed,streaming,Orders from the shop,,,666666666,revenue_job,UNPAUSED,TRUE
trigger_file,fx_rates_landed,streaming,Currency rates of the day,,,666666666,revenue_job,UNPAUSED,TRUE
trigger_file,weather_landed,streaming,Weather (nice to have),,,666666666,revenue_job,UNPAUSED,FALSE
"""

ACON = ["--acon", "trigger_file_acon.json"]
RUNNER = ["--runner-argv", "./jobs/{trigger_job_id}"]


@pytest.fixture
def house(tmp_path):
    """The original's ACON with its two locations changed, its feed, and no other file."""
    house = House(tmp_path)
    (tmp_path / "lakebeat.yaml").unlink()
    (tmp_path / "acon.json").unlink()
    acon = SEED.read_text()
    for folder in ("triggers", "checkpoints"):
        location = "s3://my_data_product_bucket/" + folder
        assert location in acon
        acon = acon.replace(location, str(tmp_path / folder))
    (tmp_path / "trigger_file_acon.json").write_text(acon)
    (tmp_path / "feed.csv").write_text(FEED)
    house.run("feed", "feed.csv", *ACON)
    for job in ("555555555", "666666666"):
        house.job(job, "echo %s >>starts" % job)
    return house


def upstream(house, sensor_id, name):
    """What the upstream pipeline of the original writes."""
    folder = house.path / "triggers" / sensor_id
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("Success")


def sense(house):
    return house.run("sense", *ACON)


def trigger(house):
    return house.run("trigger", *ACON, *RUNNER)


def starts(house):
    path = house.path / "starts"
    return sorted(path.read_text().split()) if path.exists() else []


def statuses(house, job):
    return sorted(status or "" for (_, at), status in house.statuses().items() if at == job)


def test_the_two_tables_have_exactly_the_original_s_columns(house):
    assert [row[1] for row in house.query("pragma table_info(heartbeat_sensor)")] == CONTROL
    assert [row[1] for row in house.query("pragma table_info(lakehouse_engine_sensors)")] == SENSOR


def test_sense_sets_new_event_available_and_starts_nothing(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    assert sense(house).returncode == 0
    assert statuses(house, "555555555") == ["NEW_EVENT_AVAILABLE"]
    assert statuses(house, "666666666") == ["", "", "NEW_EVENT_AVAILABLE"]
    assert starts(house) == []


def test_sense_writes_the_sensor_table_as_the_original_does(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    sense(house)
    rows = {row[0]: row for row in house.query("select * from lakehouse_engine_sensors")}
    row = rows["orders_landed_555555555"]
    assert json.loads(row[1]) == ["Orders_from_the_shop_555555555"]
    assert row[2] == "ACQUIRED_NEW_DATA" and row[3]
    assert row[4] == str(house.path / "checkpoints") + \
        "/lakehouse_engine/sensors/orders_landed_555555555"


def test_trigger_starts_the_jobs_whose_dependencies_are_met_and_no_other(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    sense(house)
    assert trigger(house).returncode == 0
    house.wait_for(lambda: starts(house) == ["555555555"])
    assert statuses(house, "666666666") == ["", "", "NEW_EVENT_AVAILABLE"]
    upstream(house, "fx_rates_landed", "fx_rates_landed_20251123_060500.txt")
    sense(house)
    trigger(house)
    house.wait_for(lambda: starts(house) == ["555555555", "666666666"])


def test_trigger_alone_looks_for_no_events(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    trigger(house)
    assert statuses(house, "555555555") == [""]
    assert starts(house) == []


def test_all_rows_of_a_started_job_are_in_progress_until_its_last_task_completes_it(house):
    house.job("666666666", "echo 666666666 >>starts; while [ ! -e go ]; do sleep 0.02; done")
    for sensor in ("orders_landed", "fx_rates_landed"):
        upstream(house, sensor, sensor + "_20251123_060000.txt")
    sense(house)
    trigger(house)
    house.wait_for(lambda: "666666666" in starts(house))
    assert statuses(house, "666666666") == ["IN_PROGRESS"] * 3
    assert house.query("select count(*) from heartbeat_sensor where trigger_job_id = '666666666' "
                       "and job_start_timestamp is not null and job_end_timestamp is null") == [(3,)]
    house.run("complete", "666666666", *ACON)
    (house.path / "go").touch()
    assert statuses(house, "666666666") == ["COMPLETED"] * 3
    assert house.query("select distinct status from lakehouse_engine_sensors "
                       "where sensor_id like '%666666666' and upstream_value is null "
                       "and sensor_id not like 'weather%'") == [("PROCESSED_NEW_DATA",)]


def test_both_forms_of_trigger_file_names_are_events(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    upstream(house, "orders_landed", "orders_landed_20251123070000.txt")
    assert "2 new events" in sense(house).stdout


def test_sense_and_trigger_again_without_new_files_start_nothing(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    for _ in range(3):
        sense(house)
        trigger(house)
    house.wait_for(lambda: starts(house) == ["555555555"])
    sense(house)
    trigger(house)
    assert starts(house) == ["555555555"]


def test_the_token_of_the_acon_never_shows(house):
    path = house.path / "trigger_file_acon.json"
    path.write_text(path.read_text().replace("DATABRICKS_WORKFLOWS_TOKEN", "dapi-very-secret"))
    for verb in (["config"], ["config", "--json"], ["check"], ["sense", "--log-level", "debug"],
                 ["status", "--json"], ["explain", "555555555"]):
        result = house.run(*verb, *ACON)
        assert "dapi-very-secret" not in result.stdout + result.stderr
    for file in house.path.glob("my_database.db*"):
        if file.is_file():
            assert b"dapi-very-secret" not in file.read_bytes()


def test_known_fault_a_soft_event_does_not_start_a_job_whose_hard_rows_merely_agree(house):
    for sensor in ("orders_landed", "fx_rates_landed"):
        upstream(house, sensor, sensor + "_20251123_060000.txt")

    def completed():
        sense(house)
        trigger(house)
        return statuses(house, "666666666") == ["COMPLETED"] * 3
    house.wait_for(completed)
    before = starts(house)
    upstream(house, "weather_landed", "weather_landed_20251123_070000.txt")
    sense(house)
    trigger(house)
    assert starts(house) == before
    assert statuses(house, "666666666") == ["COMPLETED", "COMPLETED", "NEW_EVENT_AVAILABLE"]


def test_known_fault_a_job_of_soft_rows_alone_starts_on_any_of_them(house):
    (house.path / "feed.csv").write_text(HEADER + """
trigger_file,a,streaming,A,,,555555555,job,UNPAUSED,FALSE
trigger_file,b,streaming,B,,,555555555,job,UNPAUSED,FALSE
""")
    house.run("feed", "feed.csv", *ACON)
    upstream(house, "b", "b_20251123_060000.txt")
    sense(house)
    trigger(house)
    house.wait_for(lambda: starts(house) == ["555555555"])


def test_known_fault_two_sensors_of_one_asset_name_are_both_served(house):
    (house.path / "feed.csv").write_text(HEADER + "\n" + "\n".join(
        "trigger_file,%s,streaming,The same asset,,,555555555,job,UNPAUSED,TRUE" % sensor
        for sensor in ("a", "b")) + "\n")
    house.run("feed", "feed.csv", *ACON)
    upstream(house, "a", "a_20251123_060000.txt")
    upstream(house, "b", "b_20251123_060000.txt")
    assert sense(house).returncode == 0
    trigger(house)
    house.wait_for(lambda: starts(house) == ["555555555"])
    assert house.query("select count(*) from lakehouse_engine_sensors") == [(2,)]


def test_known_fault_one_sensor_that_cannot_be_read_does_not_end_the_pass_for_all(house):
    (house.path / "triggers" / "fx_rates_landed").write_text("a file in a folder's place")
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    assert sense(house).returncode == 1
    trigger(house)
    house.wait_for(lambda: starts(house) == ["555555555"])


def test_known_fault_data_that_arrives_during_a_run_is_not_forgotten(house):
    house.job("555555555", "echo 555555555 >>starts; while [ ! -e go ]; do sleep 0.02; done")
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    sense(house)
    trigger(house)
    house.wait_for(lambda: len(starts(house)) == 1)
    upstream(house, "orders_landed", "orders_landed_20251123_070000.txt")
    sense(house)
    (house.path / "go").touch()
    house.run("complete", "555555555", *ACON)
    assert statuses(house, "555555555") == ["NEW_EVENT_AVAILABLE"]
    assert house.query("select status from lakehouse_engine_sensors where sensor_id = "
                       "'orders_landed_555555555'") == [("ACQUIRED_NEW_DATA",)]
    trigger(house)
    house.wait_for(lambda: len(starts(house)) == 2)


def test_known_fault_one_job_that_cannot_be_started_does_not_start_the_others_again(house):
    (house.path / "jobs" / "666666666").unlink()
    for sensor in ("orders_landed", "fx_rates_landed"):
        upstream(house, sensor, sensor + "_20251123_060000.txt")
    for _ in range(3):
        sense(house)
        trigger(house)
    house.wait_for(lambda: starts(house) == ["555555555"])
    assert statuses(house, "666666666") == ["FAILED"] * 3


@pytest.mark.parametrize("name", ["it's", '"; --', "'); drop table heartbeat_sensor; --", "%s{}$(x)"])
def test_known_fault_values_with_quotes_in_them_are_harmless(house, name):
    quoted = '"%s"' % name.replace('"', '""')
    (house.path / "feed.csv").write_text(HEADER + "\n" + ",".join(
        ["trigger_file", quoted, "streaming", quoted, quoted, quoted, "555555555", quoted,
         "UNPAUSED", "TRUE"]) + "\n")
    assert house.run("feed", "feed.csv", *ACON).returncode == 0
    upstream(house, name, name + "_20251123_060000.txt")
    sense(house)
    trigger(house)
    house.wait_for(lambda: starts(house) == ["555555555"])
    house.run("pause", "555555555", "--sensor", name, *ACON)
    assert house.query("select sensor_id, asset_description, trigger_job_name, job_state "
                       "from heartbeat_sensor") == [(name, name, name, "PAUSED")]


def test_known_fault_no_status_is_in_progress_before_its_run_has_a_durable_token(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    sense(house)
    trigger(house)
    token, state = house.query("select token, state from lakebeat_run")[0]
    assert len(token) == 64 and state in ("SUBMITTED", "SUCCEEDED")
    assert (house.path / "my_database.db.runs" / token).is_dir()


def test_sense_and_trigger_alone_follow_runs_to_their_end(house):
    upstream(house, "orders_landed", "orders_landed_20251123_060000.txt")
    sense(house)

    def completed():
        trigger(house)
        return statuses(house, "555555555") == ["COMPLETED"]
    house.wait_for(completed)
