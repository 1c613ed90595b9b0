"""Trigger files in a real S3 server start jobs."""
import itertools
import json
import math
import socket
import threading

import pytest

from boto import Boto
from bucket import SETTINGS, Bucket
from rgw import Rgw
from s3 import put_all, sensor_keys

numbers = itertools.count(1)


class Counter:
    """Forwards bytes to a server, and counts the requests among them."""

    def __init__(self, endpoint):
        host, port = endpoint.split("//")[1].split(":")
        self.server = (host, int(port))
        self.requests = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.endpoint = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.server)
            for source, sink, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.forward, args=(source, sink, counts),
                                 daemon=True).start()

    def forward(self, source, sink, counts):
        try:
            while data := source.recv(65536):
                if counts:
                    with self.lock:
                        self.requests += data.count(b" HTTP/1.1\r\n")
                sink.sendall(data)
        except OSError:
            pass  # the other side has gone
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def of(self, deed):
        before = self.requests
        deed()
        return self.requests - before


@pytest.fixture
def lake(tmp_path, rgw):
    return Bucket(tmp_path, rgw)


def test_a_file_that_another_client_put_starts_its_job_once(lake):
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    with Boto("s3", lake.server.endpoint, lake.client.credentials) as boto:
        boto.call("put_object", Bucket=lake.bucket,
                  Key="triggers/orders/orders_20251123_060000.txt", Body="Success")
    assert lake.once()["runs_accepted"] == 1
    assert lake.once()["runs_planned"] == 0
    lake.wait_for(lambda: lake.once() and lake.statuses()[("orders", "555")] == "COMPLETED")


def test_the_daemon_finds_what_comes(lake):
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    daemon = lake.daemon()
    for hour in range(3):
        lake.deliver("orders", "20251123_0%d0000" % hour)
        lake.wait_for(lambda: lake.runs(555) == hour + 1)
    daemon.terminate()
    assert daemon.wait(10) == 0


def test_the_job_is_told_where_its_files_lie(lake):
    lake.job(555, 'cp "$LAKEBEAT_EVENTS_FILE" told.json')
    lake.feed(["orders,555,TRUE"])
    lake.deliver("orders")
    lake.once()
    lake.wait_for(lambda: (lake.path / "told.json").exists()
                  and (lake.path / "told.json").read_text().strip().endswith("]"))
    told = json.loads((lake.path / "told.json").read_text())
    assert told[0]["file_path"] == (
        "s3://%s/triggers/orders/orders_20251123_060000.txt" % lake.bucket)
    assert told[0]["file_size"] == 7


@pytest.mark.parametrize("name", ["a b+c&d=e.txt", "%41.txt", "é\u20ac\U0001f642.txt", "a'(b)*!.txt",
                                  "<x>&amp;\".txt", "\\.txt", "~.-", "x" * 200])
def test_names_come_through_as_they_are(lake, name):
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    lake.client.put(lake.bucket, "triggers/orders/" + name, b"")
    lake.once()
    assert lake.query("select file_name from lakebeat_event") == [(name,)]


def test_neither_folders_nor_what_lies_deeper_counts(lake):
    lake.feed(["orders,555,TRUE"])
    for key in ("triggers/orders/", "triggers/orders/sub/x.txt", "triggers/orders/_tmp",
                "triggers/orders/.hidden", "triggers/ordersx/a.txt", "triggers/orders"):
        lake.client.put(lake.bucket, key, b"")
    assert lake.once()["new_events"] == 0


def test_a_thousand_sensors_are_listed_page_by_page(lake):
    keys = list(sensor_keys(300, 7))
    put_all(lake.client, lake.bucket, keys)
    sensors = sorted({key.split("/")[1] for key in keys})
    lake.feed(["%s,555,FALSE" % sensor for sensor in sensors])
    lake.job(555)
    assert lake.once()["new_events"] == len(keys)
    assert lake.once()["new_events"] == 0


def test_short_pages_are_not_taken_for_the_end(tmp_path):
    with Rgw(shards=11) as server:
        lake = Bucket(tmp_path, server)
        keys = list(sensor_keys(20, 110))
        put_all(lake.client, lake.bucket, keys)
        lake.feed(["%s,555,FALSE" % sensor for sensor in sorted({k.split("/")[1] for k in keys})])
        assert lake.once()["new_events"] == len(keys)


def test_a_wrong_secret_is_an_error_with_a_remedy(lake):
    lake.feed(["orders,555,TRUE"])
    lake.env["AWS_SECRET_ACCESS_KEY"] = "wrong-secret-of-the-test"
    result = lake.run("once")
    assert result.returncode == 1
    assert "check the secret access key" in result.stderr
    assert "wrong-secret-of-the-test" not in result.stderr + result.stdout
    assert lake.bucket in lake.run("status").stdout


def test_a_bucket_that_does_not_exist_is_an_error_with_a_remedy(lake):
    lake.put_acon("no-such-bucket")
    lake.feed(["orders,555,TRUE"])
    result = lake.run("once")
    assert result.returncode == 1
    assert "no-such-bucket" in result.stderr and "NoSuchBucket" in result.stderr


def test_only_the_sensors_whose_prefix_is_denied_suffer(tmp_path, rgw):
    lake = Bucket(tmp_path, rgw)
    name = "reader%d" % next(numbers)
    reader = rgw.user(name)
    lake.client.put_policy(lake.bucket, {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/" + name]},
        "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::" + lake.bucket],
        "Condition": {"StringLike": {"s3:prefix": "triggers/orders/*"}}}]})
    lake.job(555)
    lake.job(666)
    lake.feed(["orders,555,TRUE", "secret,666,TRUE"])
    lake.deliver("orders")
    lake.deliver("secret")
    lake.env.update(AWS_ACCESS_KEY_ID=reader.access_key, AWS_SECRET_ACCESS_KEY=reader.secret_key)
    lake.run("once")
    assert (lake.runs(555), lake.runs(666)) == (1, 0)
    assert "s3:ListBucket" in lake.run("explain", "666").stdout


def test_slow_down_is_obeyed_and_nothing_is_lost(tmp_path, rgw):
    lake = Bucket(tmp_path, rgw)
    keys = list(sensor_keys(200, 12))
    put_all(lake.client, lake.bucket, keys)
    lake.feed(["%s,555,FALSE" % sensor for sensor in sorted({k.split("/")[1] for k in keys})])
    lake.env["AWS_ENDPOINT_URL"] = rgw.slow_down()
    lake.wait_for(lambda: lake.once() and lake.query(
        "select count(*) from lakebeat_event")[0][0] == len(keys), seconds=120)


def test_check_says_whose_credentials_are_used_and_never_shows_them(lake):
    result = lake.run("check")
    assert "can be listed, with credentials from environment variables" in result.stderr
    assert lake.client.credentials.secret_key not in result.stdout + result.stderr
    lake.env["AWS_SECRET_ACCESS_KEY"] = "wrong-secret-of-the-test"
    result = lake.run("check", check=False)
    assert result.returncode == 2
    assert "cannot be listed" in result.stdout + result.stderr
    assert "wrong-secret-of-the-test" not in result.stdout + result.stderr


def test_keys_may_stand_in_the_settings(lake):
    credentials = lake.client.credentials
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        del lake.env[name]
    lake.env["LAKE_KEY"] = credentials.secret_key
    (lake.path / "lakebeat.yaml").write_text(SETTINGS + """
s3_endpoint: %s
s3_access_key_id: %s
s3_secret_access_key: "${env:LAKE_KEY}"
""" % (lake.server.endpoint, credentials.access_key))
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    lake.deliver("orders")
    assert lake.once()["runs_accepted"] == 1
    assert credentials.secret_key not in lake.run("config").stdout


def test_emit_never_overwrites(lake):
    lake.feed(["orders,555,TRUE"])
    paths = [lake.run("emit", "orders", "--at", "2025-11-23T06:00:00Z").stdout.strip()
             for _ in range(3)]
    base = "s3://%s/triggers/orders/orders_20251123_060000" % lake.bucket
    assert paths == [base + ".txt", base + "_001.txt", base + "_002.txt"]
    assert lake.client.get(lake.bucket, "triggers/orders/orders_20251123_060000.txt") == b"Success"
    assert lake.once()["new_events"] == 3


def test_emit_takes_its_content_from_stdin(lake):
    path = lake.run("emit", "orders", "--stdin", stdin="forty-two").stdout.strip()
    key = path.split("/", 3)[3]
    assert lake.client.get(lake.bucket, key) == b"forty-two"


@pytest.mark.parametrize("sensors, files", [(40, 10), (40, 60), (3, 1500)])
def test_a_pass_costs_what_the_page_on_discovery_says(lake, sensors, files):
    keys = list(sensor_keys(sensors, files))
    put_all(lake.client, lake.bucket, keys)
    names = sorted({key.split("/")[1] for key in keys})
    lake.feed(["%s,555,FALSE" % name for name in names])
    lake.job(555)
    lake.once()
    counter = Counter(lake.server.endpoint)
    lake.env["AWS_ENDPOINT_URL"] = counter.endpoint
    limit = min(math.ceil(sensors * files / 1000), sensors) + 8
    assert 1 <= counter.of(lake.once) <= limit
    for name in names:
        lake.deliver(name, "20991231_000000")
    assert 1 <= counter.of(lake.once) <= limit + 1
    assert lake.query("select count(*) from lakebeat_event")[0][0] == len(keys) + len(names)


def cost(lake):
    return json.loads(lake.run("status", "--cost", "--json").stdout)


def test_status_tells_the_requests_of_a_pass_and_what_they_cost_in_a_month(lake):
    keys = list(sensor_keys(30, 100))
    put_all(lake.client, lake.bucket, keys)
    lake.feed(["%s,555,FALSE" % name for name in sorted({key.split("/")[1] for key in keys})])
    lake.job(555)
    (lake.path / "lakebeat.yaml").write_text(
        SETTINGS.replace("200ms", "1min") + "list_price: 5\n")
    assert "No pass has taken a request" in lake.run("status", "--cost").stdout
    counter = Counter(lake.server.endpoint)
    lake.env["AWS_ENDPOINT_URL"] = counter.endpoint
    taken = {"full": counter.of(lake.once), "ordinary": counter.of(lake.once)}
    told = cost(lake)
    assert {line["pass"]: line["requests"] for line in told["passes"]} == taken
    for line in told["passes"]:
        assert line["base_location"] == "s3://%s/triggers" % lake.bucket
        assert line["keys"] >= len(keys) and line["bytes"] > 100 * len(keys)
        passes = 30 if line["pass"] == "full" else 30 * 24 * 60
        assert line["passes_per_month"] == pytest.approx(passes)
        assert line["price_per_month"] == pytest.approx(passes * line["requests"] * 5 / 1000)
    total = sum(line["price_per_month"] for line in told["passes"])
    assert told["price_per_month"] == pytest.approx(total)
    shown = lake.run("status", "--cost").stdout
    assert "%.2f in 30 days, at 5 for 1,000 requests" % total in shown
    assert [line.split()[1:3] for line in shown.splitlines()[1:3]] == \
        [[name, str(taken[name])] for name in ("ordinary", "full")]


def test_a_pass_without_news_writes_nothing_though_its_cost_is_known(lake):
    lake.feed(["orders,555,TRUE"])
    lake.job(555)
    lake.deliver("orders")
    lake.once()
    lake.wait_for(lambda: lake.once() and lake.statuses()[("orders", "555")] == "COMPLETED")
    lake.once()
    told = cost(lake)
    log = lake.path / "my_database.db-wal"
    sizes = [log.exists() and log.stat().st_size, (lake.path / "my_database.db").stat().st_mtime_ns]
    lake.once()
    assert cost(lake) == told
    assert [log.exists() and log.stat().st_size,
            (lake.path / "my_database.db").stat().st_mtime_ns] == sizes


def test_what_was_measured_in_a_location_of_old_is_not_reckoned(lake):
    lake.feed(["orders,555,TRUE"])
    lake.job(555)
    lake.once()
    assert cost(lake)["passes"]
    lake.client.create_bucket("moved-" + lake.bucket)
    lake.put_acon("moved-" + lake.bucket)
    assert cost(lake) == {"list_price": 0.005, "price_per_month": 0, "passes": []}
