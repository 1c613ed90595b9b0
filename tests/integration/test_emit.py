"""`emit` writes a trigger file as an upstream pipeline does: whole, and never over another."""
import json
import os
import re
import time

import pytest

from lakebeat import House


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.feed(["orders,555,TRUE"])
    return house


def test_the_file_has_the_original_s_name_and_content(house):
    path = house.emit("orders")
    assert path.parent == house.path / "triggers" / "orders"
    assert re.fullmatch(r"orders_\d{8}_\d{6}\.txt", path.name)
    assert path.read_text() == "Success"


def test_the_name_has_the_time_that_is_given(house):
    assert house.emit("orders", "--at", "2025-11-23T06:00:00Z").name == "orders_20251123_060000.txt"


def test_a_time_with_an_offset_becomes_utc_in_the_name(house):
    path = house.emit("orders", "--at", "2025-11-23T06:00:00+01:00")
    assert path.name == "orders_20251123_050000.txt"


def test_local_time_is_written_on_request(house):
    result = house.run("emit", "orders", "--local", "--at", "2025-11-23T06:00:00Z",
                       env=dict(os.environ, TZ="XXX-3"))
    assert result.stdout.strip().endswith("orders_20251123_090000.txt")


def test_several_files_of_one_second_never_replace_each_other(house):
    at = ["--at", "2025-11-23T06:00:00Z"]
    names = [house.emit("orders", *at).name for _ in range(3)]
    assert names == ["orders_20251123_060000.txt", "orders_20251123_060000_001.txt",
                     "orders_20251123_060000_002.txt"]
    assert house.run("sense").stdout.startswith("3 new events")


def test_content_may_come_from_standard_input(house):
    result = house.run("emit", "orders", "--stdin", stdin="rows=5\n")
    assert open(result.stdout.strip()).read() == "rows=5\n"


def test_nothing_but_the_file_is_left_in_the_folder(house):
    path = house.emit("orders")
    assert os.listdir(path.parent) == [path.name]


def test_a_base_location_may_be_named_without_any_configuration(tmp_path):
    house = House(tmp_path)
    (tmp_path / "acon.json").unlink()
    (tmp_path / "lakebeat.yaml").unlink()
    (tmp_path / "elsewhere").mkdir()
    path = house.emit("orders", "--base", "elsewhere")
    assert (tmp_path / path).exists() and path.parts[0] == "elsewhere"


@pytest.mark.parametrize("sensor_id", ["../orders", "a/b", "..", ".", "", "/etc"])
def test_a_sensor_id_that_would_leave_the_base_is_refused(house, sensor_id):
    result = house.run("emit", sensor_id, check=False)
    assert result.returncode == 2
    assert "sensor_id" in result.stderr
    assert not (house.path / "orders").exists()
    assert os.listdir(house.path / "triggers") == []


def test_a_missing_base_location_is_an_error_that_names_it(house):
    (house.path / "triggers").rmdir()
    result = house.run("emit", "orders", check=False)
    assert result.returncode == 1 and str(house.path / "triggers") in result.stderr


def test_a_time_that_is_none_is_refused_with_an_example(house):
    result = house.run("emit", "orders", "--at", "yesterday", check=False)
    assert result.returncode == 2 and "2025-11-23T06:00:00Z" in result.stderr
    assert not (house.path / "triggers" / "orders").exists()


def test_json_names_the_path(house):
    printed = json.loads(house.run("emit", "orders", "--json").stdout)
    assert printed["sensor_id"] == "orders" and os.path.exists(printed["file_path"])


def test_what_is_emitted_is_seen_by_the_next_pass(house):
    house.emit("orders")
    house.run("sense")
    assert house.statuses() == {("orders", "555"): "NEW_EVENT_AVAILABLE"}
