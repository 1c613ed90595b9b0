"""The servers of Amazon's kind that tests run against are what the tests take them for."""
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from boto import Boto, BotoError
from rgw import DOMAIN, Rgw, reading_policy
from s3 import Credentials, S3Error, put_all, sensor_keys
from servers import Group, free_ports
from swift_server import Swift

HERE = Path(__file__).parent
HARD_KEY = "triggers/a b/ü+~=&%2F'(1)*.txt"


KEYS = [HARD_KEY, "triggers//", "triggers/../up", "triggers/%41?x=1#y", "triggers/=&;:@$,!~-._",
        "triggers/\u20ac\U0001f642", "triggers/\\\"<>^`{|}", " lead and trail "]

numbers = itertools.count(1)


@pytest.fixture
def lake(rgw):
    """A bucket of the test's own, and the client that owns it."""
    bucket = "lake-%d" % next(numbers)
    client = rgw.client()
    client.create_bucket(bucket)
    return client, bucket


def refused(call):
    """(status, code) of what the server must refuse."""
    with pytest.raises(S3Error) as caught:
        call()
    return caught.value.status, caught.value.code


@pytest.fixture(scope="module")
def swift():
    with Swift() as server:
        yield server


@pytest.fixture(params=["rgw", "swift"])
def server(request):
    """Either S3 server; the two share no code."""
    return request.getfixturevalue(request.param)


def test_an_object_is_what_was_put(lake):
    client, bucket = lake
    client.put(bucket, HARD_KEY, b"twelve bytes")
    assert client.get(bucket, HARD_KEY) == b"twelve bytes"
    assert client.head(bucket, HARD_KEY)["Content-Length"] == "12"
    assert client.list(bucket, prefix="triggers/a b/").keys == [HARD_KEY]
    client.delete(bucket, HARD_KEY)
    assert refused(lambda: client.get(bucket, HARD_KEY)) == (404, "NoSuchKey")


def test_two_clients_and_two_servers_agree_about_every_key(server):
    bucket = "lake-%d" % next(numbers)
    client = server.client()
    client.create_bucket(bucket)
    with Boto("s3", server.endpoint, client.credentials) as amazons:
        for number, key in enumerate(KEYS):
            writer = str(number).encode()
            if number % 2:
                client.put(bucket, key, writer)
            else:
                amazons.call("put_object", Bucket=bucket, Key=key, Body=writer.decode())
        for number, key in enumerate(KEYS):
            assert client.get(bucket, key) == str(number).encode()
            assert amazons.call("get_object", Bucket=bucket, Key=key)["Body"] == str(number)
        ordered = sorted(KEYS, key=str.encode)
        assert client.list_all(bucket, max_keys=3) == ordered
        assert client.list(bucket, start_after=ordered[2]).keys == ordered[3:]
        theirs = amazons.call("list_objects_v2", Bucket=bucket, StartAfter=ordered[2])
        assert [item["Key"] for item in theirs["Contents"]] == ordered[3:]


def test_a_wrong_secret_is_refused_by_both_servers(server):
    wrong = server.client().credentials._replace(secret_key="wrong")
    assert refused(lambda: server.client(wrong).list("lake")) == (403, "SignatureDoesNotMatch")
    with Boto("s3", server.endpoint, wrong) as amazons, pytest.raises(BotoError) as caught:
        amazons.call("list_objects_v2", Bucket="lake")
    assert caught.value.refusal[:2] == (403, "SignatureDoesNotMatch")


def test_swift_is_strict_about_the_region(swift):
    elsewhere = swift.client(region="eu-central-1")
    assert refused(lambda: elsewhere.list("lake")) == (400, "AuthorizationHeaderMalformed")


def test_a_large_listing_is_seeded_and_listed(server):
    client = server.client()
    client.create_bucket("large")
    keys = [*sensor_keys(50, 100), "triggers/ü+%41"]
    server.seed("large", keys)
    assert client.list_all("large") == keys
    assert client.list("large", start_after=keys[-2]).keys == keys[-1:]
    client.put("large", keys[7], b"in its place")
    assert client.get("large", keys[7]) == b"in its place"
    assert client.list("large", start_after=keys[6], max_keys=2).keys == keys[7:9]


def test_a_wrong_signature_is_refused(rgw, lake):
    _, bucket = lake
    right = rgw.owner

    def listing(credentials, **options):
        return refused(lambda: rgw.client(credentials, **options).list(bucket))

    assert listing(right._replace(secret_key="wrong")) == (403, "SignatureDoesNotMatch")
    assert listing(Credentials("AKNOBODY", right.secret_key)) == (403, "InvalidAccessKeyId")
    assert listing(right, now=time.time() - 3600) == (403, "RequestTimeTooSkewed")


def test_a_listing_goes_on_where_its_page_ended(lake):
    client, bucket = lake
    keys = list(sensor_keys(3, 7))
    put_all(client, bucket, keys)
    assert client.list_all(bucket, max_keys=4) == keys
    assert client.list(bucket, start_after=keys[17]).keys == keys[18:]
    assert client.list(bucket, prefix="triggers/", delimiter="/").prefixes == [
        "triggers/sensor_%06d/" % number for number in range(3)]


def test_a_bucket_in_the_hosts_name_and_tls_are_served():
    with Rgw(tls=True) as rgw:
        rgw.client().create_bucket("lake")
        rgw.client().put("lake", HARD_KEY)
        virtual = rgw.client(host=DOMAIN, virtual=True)
        assert virtual.list("lake").keys == [HARD_KEY]
        secure = rgw.client(endpoint=rgw.tls_endpoint, virtual=True)
        assert secure.list("lake").keys == [HARD_KEY]
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            secure.another(ca=None).list("lake")


def test_a_sharded_index_has_short_pages():
    with Rgw(shards=11) as rgw:
        client = rgw.client()
        client.create_bucket("lake")
        put_all(client, "lake", sensor_keys(100, 20))
        pages = [client.list("lake", max_keys=100)]
        while pages[-1].truncated:
            pages.append(client.list("lake", max_keys=100, continuation_token=pages[-1].token))
        assert sum(len(page.keys) for page in pages) == 2000
        assert any(len(page.keys) < 100 for page in pages[:-1])


def test_a_gateway_with_too_many_requests_says_slow_down(rgw, lake):
    _, bucket = lake
    client = rgw.client(endpoint=rgw.slow_down())
    replies = []

    def work():
        mine = client.another()
        while not any(reply.status == 503 for reply in replies):
            replies.append(mine.request("GET", bucket))
        mine.close()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slow = next(reply for reply in replies if reply.status == 503)
    assert b"<Code>SlowDown</Code>" in slow.body
    assert client.request("GET", bucket).status == 200


def test_a_server_comes_back_with_what_it_had():
    with Rgw() as rgw:
        client = rgw.client()
        client.create_bucket("lake")
        client.put("lake", "a")
        with rgw.outage():
            with pytest.raises(ConnectionError):
                client.another().list("lake")
        assert client.another().list("lake").keys == ["a"]


def test_a_role_gives_credentials_that_end(rgw, lake):
    client, bucket = lake
    client.put(bucket, "a")
    arn = rgw.role("reader", actions=["s3:ListBucket"])
    sts = rgw.client(endpoint=rgw.sts())
    temporary = sts.assume_role(arn)
    reader = rgw.client(temporary, endpoint=rgw.sts())
    assert reader.list(bucket).keys == ["a"]
    assert refused(lambda: reader.put(bucket, "b")) == (403, "AccessDenied")
    with Boto("s3", rgw.sts(), temporary) as amazons:
        assert amazons.call("list_objects_v2", Bucket=bucket)["KeyCount"] == 1
    with Boto("sts", rgw.sts(), rgw.owner) as amazons:
        role = amazons.call("assume_role", RoleArn=arn, RoleSessionName="theirs")["Credentials"]
    theirs = Credentials(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])
    assert rgw.client(theirs, endpoint=rgw.sts()).list(bucket).keys == ["a"]
    bare = rgw.client(temporary._replace(token=None), endpoint=rgw.sts())
    assert refused(lambda: bare.list(bucket))[0] == 403

    short = rgw.client(sts.assume_role(arn, seconds=1), endpoint=rgw.sts())
    deadline = time.monotonic() + 30
    while short.request("GET", bucket).status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert refused(lambda: short.list(bucket)) == (403, "AccessDenied")


def test_who_is_denied_a_prefix_reads_the_others(rgw, lake):
    client, bucket = lake
    keys = list(sensor_keys(2, 2))
    put_all(client, bucket, keys)
    guest = rgw.client(rgw.user("guest"))
    assert refused(lambda: guest.list(bucket)) == (403, "AccessDenied")
    client.put_policy(bucket, reading_policy(bucket, "guest", "triggers/sensor_000001/"))
    assert guest.list(bucket, prefix="triggers/sensor_000000/").keys == keys[:2]
    assert guest.get(bucket, keys[0]) == b""
    assert refused(lambda: guest.get(bucket, keys[2])) == (403, "AccessDenied")
    assert refused(lambda: guest.list(bucket, prefix="triggers/sensor_000001/")) == (
        403, "AccessDenied")
    rgw.suspend("guest")
    assert refused(lambda: guest.get(bucket, keys[0])) == (403, "UserSuspended")


def test_two_servers_work_side_by_side_as_anybody(rgw, lake):
    _, bucket = lake
    with Rgw(user="nobody" if os.geteuid() == 0 else None) as other:
        other.client().create_bucket("theirs")
        assert refused(lambda: other.client().list(bucket)) == (404, "NoSuchBucket")
        assert refused(lambda: rgw.client().list("theirs")) == (404, "NoSuchBucket")


def test_a_port_that_somebody_took_is_given_up_for_another(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        tries = []

        def with_a_taken_one(count):
            ports = free_ports(count)
            if not tries:
                ports[2] = somebody.getsockname()[1]
            tries.append(ports)
            return ports

        monkeypatch.setattr("rgw.free_ports", with_a_taken_one)
        with Rgw() as rgw:
            assert len(tries) == 2
            rgw.client().create_bucket("lake")


def test_servers_end_with_the_python_that_started_them():
    script = ("from rgw import Rgw\n"
              "rgw = Rgw()\n"
              "print(rgw.group.folder, *[one.pid for one in rgw.group.processes], flush=True)\n"
              "input()\n")
    with subprocess.Popen([sys.executable, "-c", script], cwd=HERE, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as python:
        folder, *pids = python.stdout.readline().split()
        assert len(pids) == 3
        python.kill()
    deadline = time.monotonic() + 30
    while any(Path("/proc", pid).exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # What is left of it goes when the next servers start.
    assert Path(folder).exists()
    os.utime(folder, (0, 0))
    with Group("next") as following:
        assert following.folder.exists() and not Path(folder).exists()
