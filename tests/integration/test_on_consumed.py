"""What becomes of trigger files when every job is done with them: `on_consumed`."""
import json
import os
import time

import pytest

from bucket import Bucket
from lakebeat import House


def set_option(house, key, value):
    path = house.path / "acon.json"
    text = path.read_text()
    at = text.index('"options": {') + len('"options": {')
    path.write_text('%s"%s": "%s", %s' % (text[:at], key, value, text[at:]))


def settle(house):
    """Passes until nothing is left to do."""
    for _ in range(50):
        done = json.loads(house.run("once", "--json").stdout)
        states = {state for (state,) in house.query("select state from lakebeat_run")}
        if not done["new_events"] and not done["files_cleaned"] and \
                not states & {"PLANNED", "SUBMITTED"}:
            return
        time.sleep(0.1)
    raise AssertionError("it goes on and on")


class Folder(House):
    """The same over a local folder."""

    def __init__(self, path):
        super().__init__(path)
        self.away = str(path / "archive")

    def deliver(self, sensor_id, name="20251123_060000"):
        folder = self.path / "triggers" / sensor_id
        folder.mkdir(exist_ok=True)
        fresh = folder / ".fresh"
        fresh.write_text("Success")
        fresh.rename(folder / ("%s_%s.txt" % (sensor_id, name)))

    def files(self, place="triggers"):
        """Below the place; of the archive with the place's own name left out."""
        root = self.path / place
        return sorted(str(path.relative_to(root)) for path in root.glob("*/*"))


class Lake(Bucket):
    away = "archive"

    def files(self, place="triggers"):
        keys = self.client.list_all(self.bucket, prefix=place + "/")
        return sorted(getattr(key, "key", key)[len(place) + 1:] for key in keys)


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    if request.param == "folder":
        return Folder(tmp_path)
    return Lake(tmp_path, request.getfixturevalue("rgw"))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def lake(tmp_path, rgw):
    return Lake(tmp_path, rgw)


FILE = "orders/orders_20251123_060000.txt"
LATER = "orders/orders_20251123_070000.txt"


def test_files_stay_unless_it_is_said_otherwise(place):
    place.job(555)
    place.feed(["orders,555,TRUE"])
    place.deliver("orders")
    settle(place)
    assert place.files() == [FILE]


def test_a_file_is_deleted_when_its_job_has_completed(place):
    set_option(place, "on_consumed", "delete")
    place.job(555)
    place.feed(["orders,555,TRUE"])
    place.deliver("orders")
    settle(place)
    assert place.statuses() == {("orders", "555"): "COMPLETED"}
    assert place.files() == []
    place.deliver("orders", "20251123_070000")
    settle(place)
    assert place.files() == []
    assert place.query("select count(*) from lakebeat_run") == [(2,)]


def test_a_file_is_moved_when_its_job_has_completed(place):
    set_option(place, "on_consumed", "move:" + place.away)
    place.job(555)
    place.feed(["orders,555,TRUE"])
    place.deliver("orders")
    settle(place)
    assert (place.files(), place.files("archive")) == ([], [FILE])
    place.deliver("orders", "20251123_070000")
    settle(place)
    assert (place.files(), place.files("archive")) == ([], [FILE, LATER])


def test_a_file_stays_as_long_as_some_job_is_not_done_with_it(place):
    set_option(place, "on_consumed", "delete")
    place.job(555)
    place.job(666, "test -e %s/mended" % place.path)
    place.job(777)
    place.feed(["orders,555,TRUE", "orders,666,TRUE", "orders,777,FALSE,PAUSED"])
    place.deliver("orders")
    settle(place)
    assert place.statuses()[("orders", "555")] == "COMPLETED"
    assert place.statuses()[("orders", "666")] == "FAILED"
    assert place.files() == [FILE]
    (place.path / "mended").touch()
    place.run("retry", "666")
    settle(place)
    assert place.statuses()[("orders", "666")] == "COMPLETED"
    assert place.files() == [FILE]  # 777 is paused, and waits
    place.feed(["orders,555,TRUE", "orders,666,TRUE"], options=("--force",))
    settle(place)
    assert place.files() == []


def test_many_files_are_cleaned_in_several_rounds(folder):
    set_option(folder, "on_consumed", "delete")
    folder.job(555)
    folder.feed(["orders,555,TRUE"])
    for second in range(600):
        folder.deliver("orders", "20251123_06%02d%02d" % (second // 60, second % 60))
    settle(folder)
    assert folder.files() == []


def test_the_daemon_cleans_while_it_runs(place):
    set_option(place, "on_consumed", "delete")
    place.job(555)
    place.feed(["orders,555,TRUE"])
    daemon = place.daemon()
    place.deliver("orders")
    place.wait_for(lambda: place.files() == [])
    daemon.terminate()
    assert daemon.wait(10) == 0


def test_what_is_gone_already_is_no_problem(place):
    set_option(place, "on_consumed", "delete")
    place.job(555)
    place.feed(["orders,555,TRUE", "orders,666,FALSE,PAUSED"])
    place.deliver("orders")
    settle(place)
    if isinstance(place, Lake):
        place.client.delete(place.bucket, "triggers/" + FILE)
    else:
        (place.path / "triggers" / FILE).unlink()
    place.feed(["orders,555,TRUE"], options=("--force",))
    settle(place)
    assert place.run("once").returncode == 0


def test_a_file_that_was_written_again_is_cleaned_as_its_own_event_only(place):
    set_option(place, "on_consumed", "delete")
    set_option(place, "cloudFiles.allowOverwrites", "true")
    place.job(555)
    place.feed(["orders,555,TRUE", "orders,666,FALSE,PAUSED"])
    place.deliver("orders")
    settle(place)
    if isinstance(place, Lake):
        place.client.put(place.bucket, "triggers/" + FILE, b"Success again")
    else:
        (place.path / "triggers" / FILE).write_text("Success again")
    place.job(555, "exit 1")
    settle(place)
    place.feed(["orders,555,TRUE"], options=("--force",))
    settle(place)
    assert place.statuses() == {("orders", "555"): "FAILED"}
    assert place.files() == [FILE]


def test_a_folder_that_may_not_be_changed_is_told_with_a_remedy_and_stops_no_job(folder):
    if os.geteuid() == 0:
        pytest.skip("root may change any folder")
    set_option(folder, "on_consumed", "delete")
    folder.job(555)
    folder.feed(["orders,555,TRUE"])
    folder.deliver("orders")
    (folder.path / "triggers" / "orders").chmod(0o555)
    settle(folder)
    result = folder.run("once")
    assert result.returncode == 1
    assert "leave on_consumed out" in result.stderr


def test_a_right_that_is_missing_is_named_and_stops_no_job(lake, rgw):
    set_option(lake, "on_consumed", "delete")
    reader = rgw.user("on-consumed")
    lake.client.put_policy(lake.bucket, {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/on-consumed"]},
        "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::" + lake.bucket]}]})
    lake.env.update(AWS_ACCESS_KEY_ID=reader.access_key, AWS_SECRET_ACCESS_KEY=reader.secret_key)
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    lake.deliver("orders")
    lake.wait_for(lambda: lake.run("once") and
                  lake.statuses() == {("orders", "555"): "COMPLETED"})
    result = lake.run("once")
    assert result.returncode == 1
    for word in (lake.bucket, "triggers/" + FILE, "s3:DeleteObject"):
        assert word in result.stderr
    assert lake.files() == [FILE]


@pytest.mark.parametrize("value, complaint", [
    ("erase", "none of keep, delete and move"),
    ("move:", "does not say where"),
    ("move:relative", "not an absolute path"),
    ("move:{base}", "below the base location"),
    ("move:{base}/done/", "below the base location"),
])
def test_a_bad_choice_is_refused_with_its_place(folder, value, complaint):
    set_option(folder, "on_consumed", value.format(base=folder.path / "triggers"))
    result = folder.run("check", check=False)
    assert result.returncode == 2
    assert complaint in result.stderr and "options.on_consumed" in result.stderr


def test_a_bad_prefix_is_refused(lake):
    for value in ("move:/archive", "move:triggers/done", "move:triggers"):
        acon = (lake.path / "acon.json").read_text()
        set_option(lake, "on_consumed", value)
        assert lake.run("check", check=False).returncode == 2
        (lake.path / "acon.json").write_text(acon)
