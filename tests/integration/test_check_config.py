"""`check` says everything that is wrong at once; `config` shows what is in effect, and from where."""
import json
import os

import pytest

from lakebeat import ACON, SETTINGS, House


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.job(555)
    return house


def settings(house, text):
    (house.path / "lakebeat.yaml").write_text(text)


def check(house, *options, env=None):
    result = house.run("check", "--json", *options, check=False, env=env)
    return result.returncode, json.loads(result.stdout)


def test_a_good_configuration_is_ready_to_run(house):
    house.feed(["orders,555,TRUE"])
    result = house.run("check", check=False)
    assert result.returncode == 0 and "ready to run" in result.stdout
    assert result.stderr == ""


def test_everything_wrong_is_said_at_once_each_with_its_place(house):
    (house.path / "acon.json").write_text(ACON.replace('"data_format"', '"data_formt"')
                                          .replace('"csv"', '"cvs"'))
    settings(house, SETTINGS + "poll_intervall: 5s\nlog_level: loud\n")
    result = house.run("check", check=False)
    assert result.returncode == 2
    for place in ("acon.json:3: data_formt", "did you mean data_format?",
                  "acon.json:6: options.cloudFiles.format",
                  "lakebeat.yaml:7: poll_intervall", "did you mean poll_interval?",
                  "lakebeat.yaml:8: log_level"):
        assert place in result.stderr, place


def test_check_changes_nothing(house):
    before = sorted(os.listdir(house.path))
    house.run("check")
    assert sorted(os.listdir(house.path)) == before


def test_an_unknown_cloudfiles_option_is_an_error_unless_validation_is_off(house):
    acon = ACON.replace('"cloudFiles.format": "csv"', '"cloudFiles.fromat": "csv"')
    (house.path / "acon.json").write_text(acon)
    code, found = check(house)
    assert code == 2
    assert any("cloudFiles.format" in (problem["remedy"] or "") for problem in found["problems"])
    (house.path / "acon.json").write_text(
        acon.replace('"options": {', '"options": {"cloudFiles.validateOptions": "false", '))
    code, found = check(house)
    assert code == 0
    assert any("cloudFiles.fromat" in problem["place"] and problem["kind"] == "warning"
               for problem in found["problems"])


def test_a_feed_with_bad_rows_is_an_error_of_check_too(house):
    settings(house, SETTINGS + "feed: feed.csv\n")
    house.feed(["orders,555,TRUE"])
    text = (house.path / "feed.csv").read_text()
    (house.path / "feed.csv").write_text(text.replace("UNPAUSED", "SLEEPING"))
    code, found = check(house)
    assert code == 2
    assert any(problem["place"].startswith("feed.csv:2:9") or "/feed.csv:2:9" in problem["place"]
               for problem in found["problems"])


def test_a_job_without_a_program_is_a_warning(house):
    house.feed(["orders,555,TRUE", "orders,666,TRUE"])
    code, found = check(house)
    assert code == 0
    assert [problem["place"] for problem in found["problems"]] == ["job 666"]
    assert "jobs/666" in found["problems"][0]["text"]


def test_a_missing_base_folder_is_a_warning(house):
    (house.path / "triggers").rmdir()
    code, found = check(house)
    assert code == 0
    assert any(str(house.path / "triggers") in problem["text"] for problem in found["problems"])


def test_two_acons_that_name_different_tables_are_refused_naming_both(house):
    (house.path / "second.json").write_text(ACON.replace("my_database.heartbeat_sensor",
                                                         "my_database.another"))
    settings(house, SETTINGS.replace("[acon.json]", "[acon.json, second.json]"))
    result = house.run("check", check=False)
    assert result.returncode == 2
    assert "my_database.heartbeat_sensor" in result.stderr
    assert "my_database.another" in result.stderr


def test_a_missing_secret_is_named_and_a_present_one_never_shown(house):
    (house.path / "acon.json").write_text(
        ACON.replace("DATABRICKS_WORKFLOWS_TOKEN", "${env:MY_TOKEN}"))
    without = {key: value for key, value in os.environ.items() if key != "MY_TOKEN"}
    result = house.run("check", check=False, env=without)
    assert result.returncode == 2 and "MY_TOKEN" in result.stderr
    present = dict(os.environ, MY_TOKEN="dapi-very-secret")
    for verb in (["check"], ["config"], ["config", "--json"], ["once", "--log-level=debug"]):
        result = house.run(*verb, env=present)
        assert "dapi-very-secret" not in result.stdout + result.stderr, verb


def test_a_secret_may_be_in_a_file(house):
    (house.path / "token").write_text("dapi-very-secret\n")
    (house.path / "acon.json").write_text(
        ACON.replace("DATABRICKS_WORKFLOWS_TOKEN", "${file:%s}" % (house.path / "token")))
    result = house.run("config")
    assert "dapi-very-secret" not in result.stdout and "***" in result.stdout


def test_config_shows_every_setting_with_its_value_and_where_it_comes_from(house):
    lines = [line.split() for line in house.run("config").stdout.splitlines()]
    shown = {line[0]: line for line in lines}
    assert shown["poll_interval"][-1] == "lakebeat.yaml:5"
    assert shown["max_retries"][-1] == "default"
    assert shown["acons[0].base_trigger_file_location"][-1] == "acon.json:11"


def test_the_command_line_goes_before_the_file(house):
    found = json.loads(house.run("config", "--json", "--log-level", "debug",
                                 "--store", "sqlite:another.db").stdout)
    values = {setting["name"]: setting for setting in found["settings"]}
    assert values["log_level"]["value"] == "debug"
    assert values["store"]["value"].endswith("another.db")


def test_the_acon_may_stand_in_the_daemon_s_file(house):
    (house.path / "acon.json").unlink()
    settings(house, SETTINGS.replace("[acon.json]", """
  - sensor_source: trigger_file
    data_format: cloudfiles
    heartbeat_sensor_db_table: my_database.heartbeat_sensor
    lakehouse_engine_sensor_db_table: my_database.lakehouse_engine_sensors
    base_trigger_file_location: triggers"""))
    house.feed(["orders,555,TRUE"])
    house.emit("orders")
    assert house.run("sense").stdout.startswith("1 new event")


def test_an_acon_in_yaml_reads_too(house):
    (house.path / "acon.yaml").write_text("""
sensor_source: trigger_file
data_format: cloudfiles
heartbeat_sensor_db_table: my_database.heartbeat_sensor
lakehouse_engine_sensor_db_table: my_database.lakehouse_engine_sensors
base_trigger_file_location: triggers
""")
    assert house.run("check", "--acon", "acon.yaml", check=False).returncode == 0


def test_a_configuration_may_be_in_another_folder(house, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    result = house.run("check", "--config", "lakebeat.yaml", check=False)
    assert result.returncode == 0
    house.path = tmp_path / "elsewhere"
    result = house.run("config", "--config", "../lakebeat.yaml")
    assert str(tmp_path / "triggers") in result.stdout


def test_without_any_configuration_the_message_says_what_to_give(house):
    (house.path / "lakebeat.yaml").unlink()
    result = house.run("status", check=False)
    assert result.returncode == 2
    assert "lakebeat.yaml" in result.stderr and "--acon" in result.stderr
