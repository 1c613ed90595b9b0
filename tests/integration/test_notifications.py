"""New objects that a queue or the store itself tells of start jobs without a listing."""
import json
import random
import re
import signal
import socket
import urllib.error
import urllib.request

import pytest

from boto import Boto
from moto_server import Moto
from servers import free_ports
from sqs import REGION, Sqs, object_created, switched_on
from bucket import SETTINGS, Bucket

# So that nothing but a notification can be the reason for what is found.
RARELY = SETTINGS.replace("poll_interval: 200ms", "poll_interval: 1h")


class Lake(Bucket):
    """A bucket that is notified by a queue of the stand-in for SQS, which knows the same keys."""

    def __init__(self, path, server, sqs, **options):
        super().__init__(path, server, **options)
        self.sqs = sqs
        self.queue = sqs.create("arrivals")
        self.env["AWS_REGION"] = REGION
        self.set_options({"cloudFiles.useNotifications": True,
                          "cloudFiles.queueUrl": sqs.url("arrivals")})
        (self.path / "lakebeat.yaml").write_text(RARELY)
        self.job(555, "echo 555 >>starts")
        self.feed(["orders,555,TRUE"])

    def set_options(self, options, file="acon.json"):
        acon = json.loads(re.sub(r",(\s*[}\]])", r"\1", (self.path / file).read_text()))
        acon["options"].update(options)
        (self.path / file).write_text(json.dumps(acon))

    def key(self, sensor_id, name):
        return "triggers/%s/%s_%s.txt" % (sensor_id, sensor_id, name)

    def tell(self, sensor_id="orders", name="20251123_060000"):
        self.queue.send(object_created(self.bucket, self.key(sensor_id, name)))
        with self.sqs.changed:
            self.sqs.changed.notify_all()

    def arrive(self, sensor_id="orders", name="20251123_060000"):
        self.deliver(sensor_id, name)
        self.tell(sensor_id, name)

    def events(self):
        return self.query("select count(*) from lakebeat_event")[0][0]

    def consumed(self):
        return self.query("select coalesce(max(to_seq), 0) from lakebeat_run_input")[0][0]

    def empty(self):
        with self.sqs.changed:
            return not self.queue.messages

    def relies(self):
        """Until lakebeat has heard from the queue, passes list."""
        self.wait_for(lambda: len(self.sqs.actions("ReceiveMessage")) >= 2)

    def starts(self):
        path = self.path / "starts"
        return path.read_text().split() if path.exists() else []


def stop(daemon):
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0


@pytest.fixture
def sqs(rgw):
    with Sqs(rgw.owner) as server:
        yield server


@pytest.fixture
def lake(tmp_path, rgw, sqs):
    return Lake(tmp_path, rgw, sqs)


def test_a_message_starts_the_job_and_is_deleted(lake):
    daemon = lake.daemon()
    lake.relies()
    lake.arrive()
    lake.wait_for(lambda: lake.starts() == ["555"])
    lake.wait_for(lake.empty)
    stop(daemon)
    (row,) = lake.query("select file_name, etag, size_bytes from lakebeat_event")
    assert row[0] == "orders_20251123_060000.txt"


def test_messages_that_came_while_nobody_listened_are_read_at_start(lake):
    lake.arrive()
    daemon = lake.daemon()
    lake.wait_for(lambda: lake.starts() == ["555"])
    lake.wait_for(lake.empty)
    stop(daemon)
    assert lake.events() == 1


def test_duplicates_and_disorder_cost_nothing(lake):
    lake.queue.duplicates = 2
    lake.queue.random = random.Random(7)
    daemon = lake.daemon()
    lake.relies()
    for minute in range(20):
        lake.arrive(name="20251123_06%02d00" % minute)
    lake.wait_for(lambda: lake.consumed() == 20)
    lake.wait_for(lake.empty)
    stop(daemon)
    assert lake.events() == 20
    assert len(lake.starts()) == lake.runs(555)


def test_a_listing_finds_nothing_anew_that_was_told(lake):
    lake.set_options({"cloudFiles.allowOverwrites": True})
    daemon = lake.daemon()
    lake.relies()
    lake.deliver("orders")
    etag = lake.client.head(lake.bucket, lake.key("orders", "20251123_060000"))["ETag"].strip('"')
    body = json.loads(object_created(lake.bucket, lake.key("orders", "20251123_060000")))
    body["Records"][0]["s3"]["object"]["eTag"] = etag
    lake.queue.send(json.dumps(body))
    lake.wait_for(lambda: lake.events() == 1)
    lake.wait_for(lake.empty)
    stop(daemon)
    lake.once()
    assert lake.events() == 1


def test_what_is_for_nobody_is_deleted(lake):
    daemon = lake.daemon()
    lake.relies()
    lake.queue.send(switched_on(lake.bucket))
    lake.queue.send(object_created("another", lake.key("orders", "20251123_060000")))
    lake.queue.send(object_created(lake.bucket, "elsewhere/orders/a.txt"))
    lake.queue.send(object_created(lake.bucket, "triggers/unknown/a.txt"))
    lake.queue.send(object_created(lake.bucket, "triggers/orders/deeper/a.txt"))
    lake.queue.send(object_created(lake.bucket, "triggers/orders/_started"))
    lake.queue.send(object_created(lake.bucket, "triggers/orders/a.txt", name="ObjectRemoved:Delete"))
    lake.tell()
    lake.wait_for(lake.empty)
    lake.wait_for(lambda: lake.events() == 1)
    stop(daemon)
    assert lake.events() == 1


def test_what_cannot_be_understood_goes_to_the_dead_letters(lake):
    dead = lake.sqs.create("dead")
    lake.queue.dead_letters, lake.queue.max_receive_count = dead, 3
    daemon = lake.daemon()
    lake.relies()
    lake.queue.send("not a notification")
    for _ in range(4):
        before = len(lake.sqs.actions("ReceiveMessage"))
        lake.wait_for(lambda: len(lake.sqs.actions("ReceiveMessage")) > before or dead.messages)
        lake.sqs.advance(31)
    lake.arrive()
    lake.wait_for(lambda: dead.messages)
    lake.wait_for(lambda: lake.starts() == ["555"])
    stop(daemon)
    assert lake.log().count("message left in the queue") == 1
    assert "not a JSON object" in lake.log()


@pytest.mark.parametrize("point", ["queue-received", "queue-recorded", "queue-deleted"])
def test_killed_anywhere_nothing_is_lost_and_nothing_twice(lake, point):
    lake.env["LAKEBEAT_CRASH_AT"] = point
    daemon = lake.start("run")
    lake.arrive(name="20251123_060000")
    assert daemon.wait(120) == -signal.SIGKILL  # a long poll is in it
    del lake.env["LAKEBEAT_CRASH_AT"]
    lake.arrive(name="20251123_061000")
    lake.sqs.advance(60)
    daemon = lake.daemon()
    lake.wait_for(lambda: lake.consumed() == 2, seconds=120)
    lake.wait_for(lake.empty, seconds=120)
    stop(daemon)
    assert lake.events() == 2
    assert len(lake.starts()) == lake.runs(555)


@pytest.mark.parametrize("fault", ["throttle", "unavailable", "drop", "garbage", "denied"])
def test_while_the_queue_fails_listing_goes_on_and_then_the_queue_again(lake, fault):
    (lake.path / "lakebeat.yaml").write_text(SETTINGS)
    lake.sqs.fail("ReceiveMessage", fault, times=10 ** 6)
    daemon = lake.daemon()
    lake.wait_for(lambda: "listing goes on" in lake.log())
    lake.deliver("orders")
    lake.wait_for(lambda: lake.starts() == ["555"])
    with lake.sqs.changed:
        lake.sqs.faults.clear()
    lake.wait_for(lambda: "notifications work again" in lake.log(), seconds=90)
    lake.tell()
    lake.wait_for(lake.empty)
    stop(daemon)
    assert lake.events() == 1 and lake.log().count("listing goes on") == 1


@pytest.mark.parametrize("fault", ["drop_reply", "garbage", "entries", "internal"])
def test_a_deletion_that_fails_or_whose_answer_is_lost_costs_nothing(lake, fault):
    lake.sqs.fail("DeleteMessageBatch", fault)
    daemon = lake.daemon()
    lake.relies()
    lake.arrive()
    lake.wait_for(lambda: lake.starts() == ["555"])
    lake.wait_for(lambda: lake.sqs.actions("DeleteMessageBatch"))
    lake.sqs.advance(31)
    lake.wait_for(lake.empty)
    stop(daemon)
    assert lake.events() == 1 and lake.starts() == ["555"]


def test_expired_credentials_are_asked_for_again_and_the_clock_follows_the_server(lake):
    lake.sqs.fail("ReceiveMessage", "expired")
    daemon = lake.daemon()
    lake.arrive()
    lake.wait_for(lambda: lake.starts() == ["555"])
    lake.wait_for(lake.empty)
    stop(daemon)
    assert "listing goes on" not in lake.log()


def test_two_acons_share_a_queue(lake):
    acon = (lake.path / "acon.json").read_text()
    (lake.path / "other.json").write_text(acon.replace("/triggers", "/more"))
    (lake.path / "lakebeat.yaml").write_text(RARELY.replace("[acon.json]", "[acon.json, other.json]"))
    daemon = lake.daemon()
    lake.relies()
    lake.tell()
    lake.queue.send(object_created(lake.bucket, "more/orders/orders_20251123_061000.txt"))
    lake.wait_for(lambda: lake.events() == 2)
    lake.wait_for(lake.empty)
    stop(daemon)


def test_check_says_whether_the_queue_can_be_reached(lake):
    lake.tell()
    result = lake.run("check")
    assert result.returncode == 0, result.stderr
    assert "some 1 messages wait" in result.stdout + result.stderr
    assert not lake.empty()
    lake.set_options({"cloudFiles.queueUrl": lake.sqs.url("nowhere")})
    result = lake.run("check", check=False)
    assert result.returncode == 2
    assert "queueUrl" in result.stderr and "NonExistentQueue" in result.stderr or \
        "QueueDoesNotExist" in result.stderr
    assert "correct cloudFiles.queueUrl" in result.stderr
    assert lake.client.credentials.secret_key not in result.stdout + result.stderr


@pytest.mark.parametrize("url, why", [
    ("arrivals", "https://HOST/ACCOUNT/NAME"), ("http://127.0.0.1:1/123456789012/arrivals", "127.0.0.1")])
def test_a_queue_that_cannot_be_is_told_with_its_place(lake, url, why):
    lake.set_options({"cloudFiles.queueUrl": url})
    result = lake.run("check", check=False)
    assert result.returncode == 2
    assert "options.cloudFiles.queueUrl" in result.stderr and why in result.stderr


def test_notifications_from_nobody_are_refused_with_the_remedy(lake):
    lake.set_options({"cloudFiles.queueUrl": None})
    result = lake.run("run", check=False)
    assert result.returncode == 2
    assert "cloudFiles.queueUrl" in result.stderr and "listen_events" in result.stderr


def test_once_lists_and_leaves_the_queue_alone(lake):
    lake.arrive()
    assert lake.once()["new_events"] == 1
    assert lake.sqs.actions("ReceiveMessage") == [] and not lake.empty()


# --- events that are pushed -----------------------------------------------------


class Pushed(Lake):
    """The same bucket, without a queue, and with an address for pushed events."""

    def __init__(self, path, server, sqs, secret=None, settings=RARELY):
        super().__init__(path, server, sqs)
        self.set_options({"cloudFiles.queueUrl": None})
        (self.port,) = free_ports(1)
        self.secret = secret
        more = "listen_events: 127.0.0.1:%d\n" % self.port
        if secret:
            more += "listen_events_secret: ${env:EVENTS_SECRET}\n"
            self.env["EVENTS_SECRET"] = secret
        (self.path / "lakebeat.yaml").write_text(settings + more)

    def daemon(self):
        """The daemon, when it knows whom events are for: before that they are put off."""
        process = super().daemon()
        event = object_created(self.bucket, self.key("unknown", "20251123_060000"))
        self.wait_for(lambda: self.post(event, Authorization="Bearer %s" % self.secret)[0] == 200)
        return process

    def subscribe(self, query=""):
        """Has Ceph push what happens in the bucket."""
        root = self.client.query_api("sns", "CreateTopic", Name=self.bucket, **{
            "Attributes.entry.1.key": "push-endpoint",
            "Attributes.entry.1.value": "http://127.0.0.1:%d/%s" % (self.port, query)})
        body = ("<NotificationConfiguration><TopicConfiguration><Id>new</Id><Topic>%s</Topic>"
                "<Event>s3:ObjectCreated:*</Event></TopicConfiguration></NotificationConfiguration>"
                % root.findtext(".//TopicArn"))
        reply = self.client.request("PUT", self.bucket, query=[("notification", "")],
                                    body=body.encode())
        assert reply.status == 200, reply.body

    def post(self, body, **headers):
        request = urllib.request.Request("http://127.0.0.1:%d/" % self.port, body.encode(),
                                         headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def event(self, name="20251123_060000"):
        return object_created(self.bucket, self.key("orders", name))


@pytest.fixture
def pushed(tmp_path, rgw, sqs):
    return Pushed(tmp_path, rgw, sqs)


def test_ceph_pushes_and_the_job_starts(pushed):
    daemon = pushed.daemon()
    pushed.subscribe()
    pushed.deliver("orders")
    pushed.wait_for(lambda: pushed.starts() == ["555"])
    pushed.client.put(pushed.bucket, "triggers/orders/a b+c%20ü.txt", b"")
    pushed.wait_for(lambda: pushed.events() == 2)
    stop(daemon)
    names = [row[0] for row in pushed.query("select file_name from lakebeat_event order by seq")]
    assert names == ["orders_20251123_060000.txt", "a b+c%20ü.txt"]
    pushed.once()
    assert pushed.events() == 2


def test_ceph_shows_the_secret_in_the_url(tmp_path, rgw, sqs):
    lake = Pushed(tmp_path, rgw, sqs, secret="open sesame")
    daemon = lake.daemon()
    lake.subscribe("?token=open%20sesame")
    lake.deliver("orders")
    lake.wait_for(lambda: lake.starts() == ["555"])
    assert lake.post(lake.event())[0] == 401
    assert lake.post(lake.event(), Authorization="Bearer nonsense")[0] == 401
    assert lake.post(lake.event(), Authorization="Bearer open sesame")[0] == 200
    stop(daemon)
    assert lake.events() == 1
    assert "sesame" not in lake.log()
    assert lake.log().count("its sender has not the secret") == 1


def test_an_answer_means_that_the_event_is_durable(pushed):
    daemon = pushed.daemon()
    assert pushed.post(pushed.event()) == (200, "recorded\n")
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    assert pushed.events() == 1


@pytest.mark.parametrize("point", ["event-taken", "event-recorded"])
def test_who_got_no_answer_tries_again_and_nothing_is_twice(pushed, point):
    pushed.env["LAKEBEAT_CRASH_AT"] = point
    daemon = pushed.start("run")
    pushed.wait_for(lambda: "ready" in pushed.log())
    with pytest.raises(OSError):
        while pushed.post(pushed.event())[0] == 503:
            pass
    assert daemon.wait(30) == -signal.SIGKILL
    del pushed.env["LAKEBEAT_CRASH_AT"]
    daemon = pushed.daemon()
    assert pushed.post(pushed.event())[0] == 200
    pushed.wait_for(lambda: pushed.starts() == ["555"])
    stop(daemon)
    assert pushed.events() == 1


def test_what_is_no_event_is_refused_with_the_reason(pushed):
    daemon = pushed.daemon()
    status, text = pushed.post("half of {")
    assert status == 400 and "JSON" in text
    assert pushed.post("{}")[0] == 200
    with socket.create_connection(("127.0.0.1", pushed.port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert pushed.post(pushed.event())[0] == 200
    stop(daemon)


def test_idle_and_half_requests_keep_nobody_out(pushed):
    daemon = pushed.daemon()
    idle = [socket.create_connection(("127.0.0.1", pushed.port)) for _ in range(40)]
    for connection in idle[::2]:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    assert pushed.post(pushed.event())[0] == 200
    stop(daemon)
    for connection in idle:
        connection.close()


def test_without_trust_in_notifications_passes_go_on(tmp_path, rgw, sqs):
    lake = Pushed(tmp_path, rgw, sqs, settings=SETTINGS)
    lake.set_options({"cloudFiles.useNotifications": False})
    daemon = lake.daemon()
    lake.deliver("orders")
    lake.wait_for(lambda: lake.starts() == ["555"])
    assert lake.post(lake.event("20251123_061000"))[0] == 200
    stop(daemon)
    assert lake.events() == 2


@pytest.mark.parametrize("settings, why", [
    ("listen_events: 0.0.0.0:8643\n", "listen_events_secret"),
    ("listen_events: nowhere:8643\n", "listen_events_secret"),
    ("listen_events: 127.0.0.1\n", "HOST:PORT")])
def test_an_address_that_all_can_reach_needs_a_secret(pushed, settings, why):
    (pushed.path / "lakebeat.yaml").write_text(RARELY + settings)
    result = pushed.run("check", check=False)
    assert result.returncode == 2 and why in result.stderr


def test_an_address_that_is_taken_is_told(pushed):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", pushed.port))
        taken.listen()
        result = pushed.run("run", check=False)
    assert result.returncode == 1 and "in use" in result.stderr


def test_a_reload_keeps_taking_events(pushed):
    daemon = pushed.daemon()
    daemon.send_signal(signal.SIGHUP)
    pushed.wait_for(lambda: pushed.log().count("ready") == 2)
    assert pushed.post(pushed.event())[0] == 200
    stop(daemon)


# --- a second opinion -----------------------------------------------------------


def test_an_emulator_that_nobody_here_wrote_notifies_by_its_own_queue(tmp_path):
    with Moto() as moto, Boto("sqs", moto.endpoint, moto.owner, "us-east-1") as queues, \
            Boto("s3", moto.endpoint, moto.owner, "us-east-1") as buckets:
        house = Bucket(tmp_path, moto)
        url = queues.call("create_queue", QueueName="arrivals")["QueueUrl"]
        arn = queues.call("get_queue_attributes", QueueUrl=url,
                          AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        buckets.call("put_bucket_notification_configuration", Bucket=house.bucket,
                     NotificationConfiguration={"QueueConfigurations": [
                         {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        acon = json.loads(re.sub(r",(\s*[}\]])", r"\1", (house.path / "acon.json").read_text()))
        acon["options"].update({"cloudFiles.useNotifications": True, "cloudFiles.queueUrl": url,
                                "cloudFiles.region": "us-east-1"})
        (house.path / "acon.json").write_text(json.dumps(acon))
        (house.path / "lakebeat.yaml").write_text(RARELY)
        house.env["AWS_ENDPOINT_URL_SQS"] = moto.endpoint
        house.job(555, "echo 555 >>starts")
        house.feed(["orders,555,TRUE"])
        daemon = house.daemon()
        house.deliver("orders")
        house.wait_for(lambda: (house.path / "starts").exists())
        house.client.put(house.bucket, "triggers/orders/a b+c.txt", b"")
        house.wait_for(lambda: house.query("select count(*) from lakebeat_event") == [(2,)])
        house.wait_for(lambda: queues.call("get_queue_attributes", QueueUrl=url, AttributeNames=[
            "All"])["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0")
        stop(daemon)
        names = [row[0] for row in house.query("select file_name from lakebeat_event order by seq")]
        assert names[-1] == "a b+c.txt"
