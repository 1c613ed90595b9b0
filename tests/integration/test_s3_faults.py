"""What goes wrong between lakebeat and a bucket loses nothing, and says why nothing happens."""
import datetime
import json
import time

import pytest

from boto import Boto
from bucket import SETTINGS, Bucket
from faulty_proxy import FaultyProxy, answer, change, cut, reset
from rgw import Rgw
from s3 import put_all

def is_listing(request):
    return "list-type=2" in request.path


def history(sensors, files):
    """Keys of so many sensors with an hourly file each; the older ones are below their floors."""
    hours = [datetime.datetime(2025, 1, 1) + datetime.timedelta(hours=hour) for hour in range(files)]
    return ["triggers/s%03d/s%03d_%s.txt" % (sensor, sensor, hour.strftime("%Y%m%d_%H%M%S"))
            for sensor in range(sensors) for hour in hours]


class Lake(Bucket):
    """A bucket behind a proxy, with a job that waits for orders."""

    def __init__(self, path, server):
        self.proxy = FaultyProxy(server.endpoint)
        super().__init__(path, server, self.proxy.endpoint)
        self.job(555)
        self.feed(["orders,555,TRUE"])

    def fault(self, deed, count=1, when=is_listing):
        return self.proxy.fault(deed, count, when)

    def until_done(self, runs=1):
        self.wait_for(lambda: self.run("once") and self.runs(555) == runs and
                      self.statuses()[("orders", "555")] == "COMPLETED")


@pytest.fixture
def lake(tmp_path, rgw):
    lake = Lake(tmp_path, rgw)
    with lake.proxy:
        yield lake


@pytest.mark.parametrize("deed", [
    answer(500, "InternalError"), answer(502, body="<html>bad gateway</html>"),
    answer(503, "SlowDown"), answer(503, body=""), answer(429, "TooManyRequests"), reset, cut(100),
    cut(0), change(lambda body: body[:len(body) // 2]), change(lambda body: b"<ListBucketResult"),
    change(lambda body: body.replace(b"<Contents>", b"<Contents><"))],
    ids=["500", "502", "503", "503-empty", "429", "reset", "cut", "cut-at-once", "truncated",
         "begun", "malformed"])
def test_what_passes_is_waited_for_and_the_file_starts_its_job(lake, deed):
    lake.deliver("orders")
    fault = lake.fault(deed, count=2)
    assert lake.once()["runs_accepted"] == 1
    assert fault.met == 2


@pytest.mark.parametrize("deed, words", [
    (answer(200, body="<html><body>Please log in</body></html>"), ["bucket"]),
    (answer(403, "AccessDenied"), ["s3:ListBucket", "triggers/"]),
    (answer(403, "SignatureDoesNotMatch"), ["secret access key"]),
    (answer(404, "NoSuchBucket"), ["create it, or correct base_trigger_file_location"]),
    (answer(418, body="teapot"), ["is that an S3 endpoint?"])],
    ids=["html", "denied", "signature", "no-bucket", "no-s3"])
def test_what_stays_is_told_with_bucket_and_remedy_and_nothing_is_forgotten(lake, deed, words):
    lake.deliver("orders")
    lake.fault(deed, count=None)
    result = lake.run("once")
    assert result.returncode == 1
    told = result.stderr + lake.run("status").stdout + lake.run("explain", "555").stdout
    for word in [lake.bucket, *words]:
        assert word in told
    lake.proxy.clear()
    lake.until_done()
    assert lake.bucket not in lake.run("status").stdout.replace("s3://" + lake.bucket, "")


def moved_to(region, status=301, code="PermanentRedirect", header=True):
    """A bucket that is elsewhere; those who sign for there are served."""
    return answer(status, code, "<Region>%s</Region>" % region,
                  [("x-amz-bucket-region", region)] if header else [])


@pytest.mark.parametrize("deed", [moved_to("eu-west-7"),
                                  moved_to("eu-west-7", 307, "TemporaryRedirect"),
                                  moved_to("eu-west-7", 400, "AuthorizationHeaderMalformed"),
                                  moved_to("eu-west-7", 400, "AuthorizationHeaderMalformed", False)],
                         ids=["301", "307", "400", "400-body-only"])
def test_a_bucket_in_another_region_is_followed_there_once_and_remembered(lake, deed):
    elsewhere = lake.fault(deed, None,
                           lambda request: is_listing(request) and request.region != "eu-west-7")
    daemon = lake.daemon()
    lake.deliver("orders")
    lake.wait_for(lambda: lake.runs(555) == 1)
    met = elsewhere.met
    assert met >= 1
    lake.deliver("orders", "20251123_070000")
    lake.wait_for(lambda: lake.runs(555) == 2)
    assert elsewhere.met == met
    daemon.terminate()
    assert daemon.wait(30) == 0


def test_a_bucket_that_is_nowhere_is_an_error_with_a_remedy(lake):
    fault = lake.fault(moved_to("eu-west-7"), None)
    result = lake.run("once")
    assert result.returncode == 1
    told = result.stderr + lake.run("status").stdout
    assert lake.bucket in told and "AWS_REGION" in told
    assert fault.met < 10


def test_a_bucket_that_goes_and_comes_again_loses_nothing(lake):
    lake.client.delete(lake.bucket)
    result = lake.run("once")
    assert result.returncode == 1 and "NoSuchBucket" in result.stderr
    lake.client.create_bucket(lake.bucket)
    lake.deliver("orders")
    lake.until_done()


def test_expired_credentials_are_fetched_anew_once(lake):
    """A profile's program counts how often it is asked for keys."""
    keys = lake.client.credentials
    program = lake.path / "keys.sh"
    program.write_text("#!/bin/sh\necho asked >>%s/asked\ncat %s/keys.json\n" % (
        lake.path, lake.path))
    program.chmod(0o755)
    (lake.path / "keys.json").write_text(json.dumps({
        "Version": 1, "AccessKeyId": keys.access_key, "SecretAccessKey": keys.secret_key}))
    (lake.path / "aws-config").write_text(
        "[default]\ncredential_process = %s\n" % program)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del lake.env[name]
    lake.env.update(AWS_CONFIG_FILE=str(lake.path / "aws-config"),
                    AWS_SHARED_CREDENTIALS_FILE="/nonexistent", AWS_REGION="us-east-1")
    lake.deliver("orders")
    lake.fault(answer(400, "ExpiredToken"), 1)
    assert lake.once()["runs_accepted"] == 1
    assert (lake.path / "asked").read_text().count("asked") == 2
    lake.fault(answer(400, "ExpiredToken"), None)
    result = lake.run("once")
    assert result.returncode == 1 and "renew the session's credentials" in result.stderr


def test_a_clock_that_is_wrong_is_set_right_by_the_servers(lake):
    """A server whose time is two hours ahead refuses ours, and takes its own."""
    ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT")

    def is_ours(request):
        return is_listing(request) and \
            request.headers["X-Amz-Date"] < (ahead - datetime.timedelta(hours=1)).strftime(
                "%Y%m%dT%H%M%SZ")

    key = "triggers/orders/orders_20251123_060000.txt"
    refused = lake.fault(answer(403, "RequestTimeTooSkewed", headers=[("Date", date)]), None, is_ours)
    lake.fault(answer(200, body='<?xml version="1.0"?><ListBucketResult><IsTruncated>false'
                      "</IsTruncated><Contents><Key>%s</Key><LastModified>2025-11-23T06:00:00.000Z"
                      "</LastModified><ETag>&quot;1&quot;</ETag><Size>7</Size></Contents>"
                      "</ListBucketResult>" % key), None)
    assert lake.once()["runs_accepted"] == 1
    assert refused.met == 1


def test_slow_down_halves_what_is_asked_at_once(lake):
    """Sensors that fill pages are asked for one by one, many at once, until the bucket complains."""
    keys = history(40, 1001)
    lake.server.seed(lake.bucket, keys)
    lake.feed(["s%03d,555,FALSE" % sensor for sensor in range(40)], options=("--force",))
    lake.once()
    slowly = change(lambda body: time.sleep(0.2) or body)
    lake.fault(slowly, None)
    lake.proxy.most = 0
    lake.once()
    at_ease = lake.proxy.most
    assert at_ease > 16

    def complain(request):
        request.server.proxy.most = 0  # what was under way by then has not heard of it
        answer(503, "SlowDown")(request)

    lake.proxy.clear()
    complaint = lake.fault(complain, 20)
    lake.fault(slowly, None)
    assert lake.once()["problems"] == 0
    assert complaint.met == 20
    assert lake.proxy.most <= at_ease // 2


def test_a_crash_in_the_middle_of_a_pass_loses_nothing_and_does_not_start_over(lake):
    """Each page takes a while, so that a part of the pass, of 5 seconds, ends before it is whole."""
    keys = history(8, 4000)
    lake.server.seed(lake.bucket, keys)
    lake.feed(["s%03d,555,FALSE" % sensor for sensor in range(8)], options=("--force",))
    lake.fault(change(lambda body: time.sleep(1.5) or body), None)
    daemon = lake.daemon()
    lake.wait_for(lambda: lake.query("select count(*) from lakebeat_event")[0][0] > 0, seconds=120)
    daemon.kill()
    daemon.wait()
    recorded = lake.query("select count(*) from lakebeat_event")[0][0]
    assert 0 < recorded < len(keys)
    lake.proxy.clear()
    before = len(lake.proxy.requests)
    lake.run("once")
    again = len(lake.proxy.requests) - before
    assert lake.query("select count(*) from lakebeat_event") == [(len(keys),)]
    assert lake.query("select count(distinct file_name) from lakebeat_event") == [(len(keys),)]
    # What was recorded has floors or is whole: it is not listed in full again.
    assert again < 32 + 8


def test_a_server_with_a_certificate_of_our_own_is_trusted_when_told_so(tmp_path):
    with Rgw(tls=True) as server:
        lake = Bucket(tmp_path, server, server.tls_endpoint)
        lake.job(555)
        lake.feed(["orders,555,TRUE"])
        lake.deliver("orders")
        result = lake.run("once")
        assert result.returncode == 1 and "certificate" in result.stderr
        assert lake.runs(555) == 0
        with open(lake.path / "lakebeat.yaml", "a") as file:
            file.write("ca_bundle: %s\n" % server.ca)
        assert lake.once()["runs_accepted"] == 1
        assert "can be listed" in lake.run("check").stderr


def test_a_role_is_assumed_and_its_keys_list_the_bucket(tmp_path, rgw):
    lake = Bucket(tmp_path, rgw, rgw.sts())
    role = rgw.role("lakebeat-reader", actions=("s3:ListBucket",))
    lake.job(555)
    lake.feed(["orders,555,TRUE"])
    with Boto("s3", rgw.endpoint, lake.client.credentials) as boto:
        boto.call("put_object", Bucket=lake.bucket,
                  Key="triggers/orders/orders_20251123_060000.txt", Body="Success")
    (lake.path / "lakebeat.yaml").write_text(SETTINGS + "s3_role_arn: %s\n" % role)
    lake.env["AWS_ENDPOINT_URL_STS"] = rgw.sts()
    assert lake.once()["runs_accepted"] == 1
    assert role in lake.run("check").stderr
    assert lake.run("emit", "orders", check=False).returncode == 1  # the role may read only


def test_one_prefix_that_is_denied_leaves_the_other_sensors_alone(lake):
    lake.job(666)
    lake.feed(["orders,555,TRUE", "secret,666,TRUE"])
    put_all(lake.client, lake.bucket, ["triggers/orders/orders_20251123_060000.txt",
                                       "triggers/secret/secret_20251123_060000.txt"])
    lake.fault(answer(403, "AccessDenied"), None, lambda request: is_listing(request) and
               "prefix=triggers%2Forders%2F" not in request.path)
    lake.run("once")
    assert (lake.runs(555), lake.runs(666)) == (1, 0)
    assert "s3:ListBucket" in lake.run("explain", "666").stdout
    assert "s3:ListBucket" not in lake.run("explain", "555").stdout
