"""What becomes of trigger files when every job is done with them: `on_consumed`."""
import json
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


def forget_job(house, job):
    house.execute("delete from heartbeat_sensor where trigger_job_id = ?", job)


def write_again(place, text="Success again"):
    if isinstance(place, Lake):
        place.client.put(place.bucket, "triggers/" + FILE, text.encode())
    else:
        (place.path / "triggers" / FILE).write_text(text)


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
    forget_job(place, "777")
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
    forget_job(place, "666")
    settle(place)
    assert place.run("once").returncode == 0
    assert place.query("select gone_at_us is not null from lakebeat_event") == [(1,)]


def test_a_file_that_was_written_again_is_cleaned_as_its_own_event_only(place):
    set_option(place, "on_consumed", "delete")
    set_option(place, "cloudFiles.allowOverwrites", "true")
    place.job(555)
    place.feed(["orders,555,TRUE", "orders,666,FALSE,PAUSED"])
    place.deliver("orders")
    settle(place)
    write_again(place)
    place.job(555, "exit 1")
    settle(place)
    forget_job(place, "666")
    settle(place)
    assert place.statuses() == {("orders", "555"): "FAILED"}
    assert place.files() == [FILE]
    place.job(555)
    place.run("retry", "555")
    settle(place)
    assert place.files() == []


@pytest.mark.parametrize("deed", ["delete", "move"])
def test_a_file_that_is_not_the_consumed_one_any_more_is_left_alone(place, deed):
    set_option(place, "on_consumed", "delete" if deed == "delete" else "move:" + place.away)
    place.job(555)
    place.feed(["orders,555,TRUE", "orders,666,FALSE,PAUSED"])
    place.deliver("orders")
    settle(place)
    write_again(place)
    forget_job(place, "666")
    settle(place)
    assert place.files() == [FILE]
    place.deliver("orders", "20251123_070000")
    settle(place)
    assert place.files() == [FILE]
    assert place.query("select count(*) from lakebeat_run") == [(2,)]
    assert place.run("once").returncode == 0


def test_files_that_existed_before_the_first_look_stay(place):
    set_option(place, "on_consumed", "delete")
    set_option(place, "cloudFiles.includeExistingFiles", "false")
    place.job(555)
    place.feed(["orders,555,TRUE"])
    place.deliver("orders")
    settle(place)
    place.deliver("orders", "20251123_070000")
    settle(place)
    assert place.files() == [FILE]


def test_a_move_that_was_cut_short_is_finished(place):
    set_option(place, "on_consumed", "move:" + place.away)
    place.job(555)
    place.feed(["orders,555,TRUE", "orders,666,FALSE,PAUSED"])
    place.deliver("orders")
    settle(place)
    if isinstance(place, Lake):
        place.client.put(place.bucket, "archive/" + FILE, b"half")
    else:
        (place.path / "archive/orders").mkdir(parents=True)
    forget_job(place, "666")
    settle(place)
    assert (place.files(), place.files("archive")) == ([], [FILE])
    if isinstance(place, Lake):
        assert place.client.get(place.bucket, "archive/" + FILE) == b"Success"


def test_names_of_all_kinds_are_moved(lake):
    set_option(lake, "on_consumed", "move:archive")
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    names = ["a b+c&d=e.txt", "%41.txt", "\u00e9\u20ac\U0001f642.txt", "a'(b)*!.txt", "~.-"]
    for name in names:
        lake.client.put(lake.bucket, "triggers/orders/" + name, b"Success")
    settle(lake)
    assert lake.files() == []
    assert lake.files("archive") == sorted("orders/" + name for name in names)


def test_a_folder_that_cannot_be_moved_to_is_told_with_a_remedy_and_stops_no_job(folder):
    set_option(folder, "on_consumed", "move:%s/no/such/place" % folder.path)
    folder.job(555)
    folder.feed(["orders,555,TRUE"])
    folder.deliver("orders")
    folder.wait_for(lambda: folder.run("once") and
                    folder.statuses() == {("orders", "555"): "COMPLETED"})
    result = folder.run("once")
    assert result.returncode == 1
    assert "is there a folder to move to?" in result.stderr and FILE in result.stderr
    assert folder.files() == [FILE]
    (folder.path / "no/such").mkdir(parents=True)
    settle(folder)
    assert folder.files("no/such/place") == [FILE]


def test_a_disk_that_is_not_mounted_is_not_taken_for_one_that_is_clean(folder):
    set_option(folder, "on_consumed", "delete")
    folder.job(555)
    folder.feed(["orders,555,TRUE", "orders,666,FALSE,PAUSED"])
    folder.deliver("orders")
    settle(folder)
    (folder.path / "triggers").rename(folder.path / "elsewhere")
    (folder.path / "triggers").mkdir()
    forget_job(folder, "666")
    assert "is its file system mounted?" in folder.run("once").stderr
    (folder.path / "triggers").rmdir()
    (folder.path / "elsewhere").rename(folder.path / "triggers")
    settle(folder)
    assert folder.files() == []


@pytest.mark.parametrize("deed", ["delete", "move:archive"])
def test_a_right_that_is_missing_is_named_and_stops_no_job(lake, rgw, deed):
    set_option(lake, "on_consumed", deed)
    name = "cleaner-" + deed.split(":")[0]
    cleaner = rgw.user(name)

    def allow(*actions):
        arn = "arn:aws:s3:::" + lake.bucket
        lake.client.put_policy(lake.bucket, {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/" + name]},
            "Action": list(actions), "Resource": [arn, arn + "/*"]}]})

    allow("s3:ListBucket", "s3:GetObject")
    lake.env.update(AWS_ACCESS_KEY_ID=cleaner.access_key, AWS_SECRET_ACCESS_KEY=cleaner.secret_key)
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    lake.deliver("orders")
    lake.wait_for(lambda: lake.run("once") and
                  lake.statuses() == {("orders", "555"): "COMPLETED"})
    rights = ["s3:PutObject", "s3:DeleteObject"] if deed != "delete" else ["s3:DeleteObject"]
    allowed = ["s3:ListBucket", "s3:GetObject"]
    for right in rights:
        result = lake.run("once")
        assert result.returncode == 1
        for word in (lake.bucket, FILE, right):
            assert word in result.stderr
        assert lake.files() == [FILE]
        allowed.append(right)
        allow(*allowed)
    settle(lake)
    assert lake.files() == []


def test_the_daemon_says_a_failure_once_and_goes_on_with_other_sensors(folder):
    archive = folder.path / "archive"
    archive.mkdir()
    (archive / "orders").write_text("in the way")
    set_option(folder, "on_consumed", "move:%s" % archive)
    folder.job(555)
    folder.feed(["orders,555,FALSE", "stock,555,FALSE"])
    daemon = folder.daemon()
    folder.deliver("orders")
    folder.deliver("stock")
    folder.wait_for(lambda: folder.files("archive") == ["stock/stock_20251123_060000.txt"])
    folder.wait_for(lambda: "consumed files stay" in folder.log())
    daemon.terminate()
    assert daemon.wait(10) == 0
    assert folder.log().count("consumed files stay") == 1
    assert folder.files() == [FILE]


def test_check_tells_that_files_are_deleted_or_moved(place):
    assert "trigger files are" not in place.run("check", check=False).stderr
    set_option(place, "on_consumed", "delete")
    assert "trigger files are deleted when every job" in place.run("check", check=False).stderr


@pytest.mark.parametrize("value, complaint", [
    ("erase", "none of keep, delete and move"),
    ("move:", "does not say where"),
    ("move:relative", "not an absolute path"),
    ("move:{base}", "below the base location"),
    ("move:{base}/done/", "below the base location"),
    ("move:{base}/../triggers/x", "has a '.' or '..' in it"),
])
def test_a_bad_choice_is_refused_with_its_place(folder, value, complaint):
    set_option(folder, "on_consumed", value.format(base=folder.path / "triggers"))
    result = folder.run("check", check=False)
    assert result.returncode == 2
    assert complaint in result.stderr and "options.on_consumed" in result.stderr


def test_a_bad_prefix_is_refused(lake):
    for value in ("move:/archive", "move:triggers/done", "move:triggers", "move:s3://x/archive"):
        acon = (lake.path / "acon.json").read_text()
        set_option(lake, "on_consumed", value)
        assert lake.run("check", check=False).returncode == 2
        (lake.path / "acon.json").write_text(acon)
