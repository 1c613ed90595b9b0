"""s3_push.py: from the putting of an object to the start of its job, when the store pushes its
events (docs/s3.md), beside a bare receiver that starts the same program for each event."""
import contextlib
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from boto import Boto
from rgw import Rgw
from servers import free_ports
from sqs import object_created

from bench.harness import BenchError, Figure, Lakebeat, StartTimes, quantile, quiet_directory, say

WARM_UP = 20
QUIET_S = 0.005  # all sides idle between two events
SENSOR = "orders"
NOTIFIED, BARE, PLAIN = "notified", "bare", "plain"  # buckets: lakebeat's, the receiver's, nobody's
WAIT_S = 30


class Receiver(ThreadingHTTPServer):
    """What it takes at least: starts the program for whatever is posted, then answers."""

    def __init__(self, argv):
        super().__init__(("127.0.0.1", 0), Handler)
        self.argv = argv


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        subprocess.Popen(self.server.argv)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def key(number):
    stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(1735689600 + number))
    return f"triggers/{SENSOR}/{SENSOR}_{stamp}.txt"


def subscribe(rgw, bucket, port):
    """Has Ceph push what happens in the bucket."""
    with Boto("sns", rgw.endpoint, rgw.owner) as topics, Boto("s3", rgw.endpoint, rgw.owner) as s3:
        arn = topics.call("create_topic", Name=bucket, Attributes={
            "push-endpoint": f"http://127.0.0.1:{port}/"})["TopicArn"]
        s3.call("put_bucket_notification_configuration", Bucket=bucket, NotificationConfiguration={
            "TopicConfigurations": [{"Id": "new", "TopicArn": arn, "Events": ["s3:ObjectCreated:*"]}]})


def wait_until_heard(port):
    """Before lakebeat knows whom events are for, it puts them off."""
    event = object_created(NOTIFIED, "triggers/unknown/unknown_20250101_000000.txt").encode()
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.HTTPError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", event, timeout=WAIT_S):
                return
        time.sleep(0.01)
    raise BenchError("lakebeat takes no events")


def deliver(client, bucket, number):
    """Returns the time before the request, and the seconds that it took."""
    before_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    client.put(bucket, key(number), b"Success")
    return before_ns, time.clock_gettime_ns(time.CLOCK_MONOTONIC) - before_ns


def measure_one(client, daemon, number, times, bare_times):
    before_ns, put_ns = deliver(client, NOTIFIED, number)
    delay_ns = times.next_ns() - before_ns
    daemon.wait_for("to=SUCCEEDED")
    time.sleep(QUIET_S)
    bare_before_ns, bare_put_ns = deliver(client, BARE, number)
    bare_delay_ns = bare_times.next_ns() - bare_before_ns
    time.sleep(QUIET_S)
    _, plain_put_ns = deliver(client, PLAIN, number)
    return delay_ns, bare_delay_ns, put_ns, bare_put_ns, plain_put_ns


@contextlib.contextmanager
def receiving(argv):
    with Receiver(argv) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver.server_address[1]
        finally:
            receiver.shutdown()
            thread.join()


def prepare(bench, rgw, directory, port, times, environment):
    lakebeat = Lakebeat(bench, directory, [], base=f"s3://{NOTIFIED}/triggers/",
                        options={"cloudFiles.useNotifications": True})
    lakebeat.env = environment
    # So that nothing but a pushed event can be the reason for a start.
    lakebeat.run_by({"kind": "command", "argv": [str(bench.job), str(times.path)]},
                    listen_events=f"127.0.0.1:{port}", poll_interval="1h")
    lakebeat.feed([SENSOR])
    return lakebeat


def measure_all(bench, rgw, count, environment):
    directory = quiet_directory(bench, "push")
    times = StartTimes(directory / "starts")
    bare_times = StartTimes(directory / "bare-starts")
    client = rgw.client()
    for bucket in (NOTIFIED, BARE, PLAIN):
        client.create_bucket(bucket)
    (port,) = free_ports(1)
    lakebeat = prepare(bench, rgw, directory, port, times, environment(rgw, directory))
    with receiving([bench.job, bare_times.path]) as bare_port, lakebeat.daemon() as daemon:
        daemon.wait_for("ready")
        wait_until_heard(port)
        subscribe(rgw, NOTIFIED, port)
        subscribe(rgw, BARE, bare_port)
        samples = [measure_one(client, daemon, number, times, bare_times)
                   for number in range(WARM_UP + count)]
    runs = lakebeat.query("select count(*) from lakebeat_run where state = 'SUCCEEDED'")
    if runs != WARM_UP + count:
        raise BenchError(f"{runs} runs of {WARM_UP + count} succeeded")
    return zip(*samples[WARM_UP:])


def run(bench, environment):
    """environment: of a process that asks an Rgw, with a home."""
    count = bench.size(500, 10)
    say(f"e: {count:,} objects whose store pushes events, one at a time")
    with Rgw() as rgw:
        delays_ms, bares_ms, puts_ms, bare_puts_ms, plain_puts_ms = (
            [ns / 1e6 for ns in values] for values in measure_all(bench, rgw, count, environment))
    figures = []
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        delay, bare = quantile(delays_ms, share), quantile(bares_ms, share)
        figures.append(Figure("e", f"put to job start, pushed, {name}", delay, "ms", bare,
                              "bare receiver", delay / bare))
    samples = {"lakebeat": delays_ms, "bare": bares_ms, "put": puts_ms, "bare_put": bare_puts_ms,
               "plain_put": plain_puts_ms}
    return figures, {name: {f"p{share * 100:g}_ms": quantile(values, share)
                            for share in (0.1, 0.5, 0.9, 0.99, 1.0)}
                     for name, values in samples.items()}
