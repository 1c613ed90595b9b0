"""The data feed declares who waits for what: it is shown as a plan, and applied whole or not at all."""
import json

import pytest

from lakebeat import HEADER, House

TWO_JOBS = ["orders,555,TRUE", "orders,666,TRUE", "rates,666,FALSE"]


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def rows(house):
    return house.query("select sensor_id, trigger_job_id, job_state, dependency_flag "
                       "from heartbeat_sensor order by trigger_job_id, sensor_id")


def feed_text(house, text, *options):
    (house.path / "feed.csv").write_bytes(text.encode())
    return house.run("feed", "feed.csv", *options, check=False)


def test_a_feed_fills_the_control_table(house):
    result = house.feed(TWO_JOBS)
    assert result.returncode == 0
    assert rows(house) == [("orders", "555", "UNPAUSED", "TRUE"),
                           ("orders", "666", "UNPAUSED", "TRUE"),
                           ("rates", "666", "UNPAUSED", "FALSE")]


def test_the_plan_shows_what_is_added_changed_and_removed(house):
    house.feed(TWO_JOBS)
    result = house.feed(["orders,555,FALSE", "orders,666,TRUE", "weather,666,TRUE,PAUSED"])
    lines = result.stdout.splitlines()
    assert "~ job 555 (job_555) waits for orders" in lines
    assert "    dependency_flag: TRUE -> FALSE" in lines
    assert "+ job 666 (job_666) waits for weather, hard, paused" in lines
    assert "- job 666 (job_666) waits for rates" in lines
    assert rows(house) == [("orders", "555", "UNPAUSED", "FALSE"),
                           ("orders", "666", "UNPAUSED", "TRUE"),
                           ("weather", "666", "PAUSED", "TRUE")]


def test_a_feed_applied_again_changes_nothing_and_says_so(house):
    house.feed(TWO_JOBS)
    before = house.query("select * from lakebeat_audit")
    assert "nothing to change" in house.feed(TWO_JOBS).stdout
    assert house.query("select * from lakebeat_audit") == before


def test_a_dry_run_shows_the_plan_and_changes_nothing(house):
    house.feed(["orders,555,TRUE"])
    result = house.feed(TWO_JOBS, options=["--dry-run"])
    assert "+ job 666 (job_666) waits for rates, soft" in result.stdout
    assert "dry run" in result.stdout
    assert len(rows(house)) == 1


def test_a_dry_run_makes_no_store(house):
    result = house.feed(TWO_JOBS, options=["--dry-run"])
    assert result.returncode == 0
    assert "+ job 555 (job_555) waits for orders, hard" in result.stdout
    assert not (house.path / "my_database.db").exists()


def test_the_state_of_rows_that_stay_is_kept(house):
    house.job(555)
    house.feed(["orders,555,TRUE"])
    house.emit("orders")
    house.run("sense")
    before = house.query("select status, latest_event_fetched_timestamp, status_change_timestamp "
                         "from heartbeat_sensor")
    house.feed(["orders,555,FALSE", "rates,555,TRUE"])
    after = house.query("select status, latest_event_fetched_timestamp, status_change_timestamp "
                        "from heartbeat_sensor where sensor_id = 'orders'")
    assert before == after and before[0][0] == "NEW_EVENT_AVAILABLE"


def test_every_bad_row_is_reported_with_line_and_column_and_nothing_changes(house):
    house.feed(["orders,555,TRUE"])
    result = feed_text(house, HEADER + """
trigger_fil,orders,streaming,,,,555,a,UNPAUSED,TRUE
trigger_file,rates,streaming,,,,555,a,RUNNING,TRUE
trigger_file,../etc,streaming,,,,555,a,UNPAUSED,TRUE
trigger_file,good,streaming,,,,555,a,UNPAUSED,perhaps
""")
    assert result.returncode == 2
    assert "feed.csv:2:1: sensor_source" in result.stderr
    assert "did you mean trigger_file?" in result.stderr
    assert "feed.csv:3:9: job_state" in result.stderr
    assert "feed.csv:4:2: sensor_id" in result.stderr
    assert "feed.csv:5:10: dependency_flag" in result.stderr
    assert rows(house) == [("orders", "555", "UNPAUSED", "TRUE")]


def test_a_bad_first_feed_leaves_no_store_behind(house):
    assert feed_text(house, "sensor_id,nonsense\n").returncode == 2
    assert not (house.path / "my_database.db").exists()


def test_a_row_whose_events_wait_is_removed_with_force_only(house):
    house.feed(TWO_JOBS)
    house.emit("rates")
    house.run("sense")
    refused = house.feed(TWO_JOBS[:2])
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert "- job 666 (job_666) waits for rates" in refused.stdout
    assert len(rows(house)) == 3
    assert house.feed(TWO_JOBS[:2], options=["--force"]).returncode == 0
    assert len(rows(house)) == 2


def test_a_row_whose_run_is_in_flight_is_removed_with_force_only(house):
    house.job(555, "while [ ! -e go ]; do sleep 0.05; done")
    house.feed(["orders,555,TRUE", "rates,777,TRUE"])
    house.emit("orders")
    house.run("once")
    refused = house.feed(["rates,777,TRUE"])
    assert refused.returncode == 1 and "in flight" in refused.stdout + refused.stderr
    assert len(rows(house)) == 2
    assert house.feed(["rates,777,TRUE"], options=["-f"]).returncode == 0
    assert len(rows(house)) == 1
    (house.path / "go").touch()


def test_quotes_newlines_byte_order_mark_and_carriage_returns_are_read_as_csv(house):
    text = "\ufeff" + HEADER + '\r\ntrigger_file,orders,streaming,"Orders, ""new""\nof today",,,' \
        + "555,job,unpaused,TRUE \r\n"
    assert feed_text(house, text).returncode == 0
    assert house.query("select asset_description, job_state, upstream_key from heartbeat_sensor") \
        == [('Orders, "new"\nof today', "UNPAUSED", None)]


def test_a_feed_may_come_from_standard_input(house):
    text = HEADER + "\ntrigger_file,orders,streaming,,,,555,job,UNPAUSED,TRUE\n"
    assert house.run("feed", "-", stdin=text).returncode == 0
    assert len(rows(house)) == 1


def test_a_job_of_soft_rows_alone_is_accepted_with_a_notice(house):
    result = house.feed(["orders,555,FALSE"])
    assert result.returncode == 0 and "555" in result.stdout and "notice:" in result.stdout


def test_a_feed_that_does_not_exist_is_wrong_input(house):
    result = house.run("feed", "nowhere.csv", check=False)
    assert result.returncode == 2 and "nowhere.csv" in result.stderr


def test_a_feed_in_json_is_the_plan(house):
    house.feed(["orders,555,TRUE"])
    plan = json.loads(house.feed(["orders,555,FALSE", "rates,555,TRUE"], options=["--json"]).stdout)
    assert plan["applied"] is True
    assert sorted(change["change"] for change in plan["changes"]) == ["add", "update"]
    update = next(change for change in plan["changes"] if change["change"] == "update")
    assert update["row"]["dependency_flag"] == "FALSE"
    assert update["old_row"]["dependency_flag"] == "TRUE"
