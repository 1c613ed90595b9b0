"""s3.py, part e: passes over a bucket of a real S3 server, Ceph's RGW: their requests beside what
docs/discovery.md promises, and their time beside the server's own: that of a bare client to which it
answers the very same requests. Beside them boto3 and the AWS CLI, which list all there is; and the
way from a new object to its job (s3_push.py)."""
import json
import math
import os
import shutil
import subprocess
import time

import tests_venv
from rgw import Rgw
from signature import sha256, sign

from bench import s3_push
from bench.harness import (BenchError, Figure, Lakebeat, Spent, interleave, median, say, sensor_name,
                           spent)
from bench.rgw_log import RgwLog

BUCKET, PREFIX, REGION = "lake", "triggers/", "us-east-1"
BUCKETS = ((10, 10), (100, 10), (1000, 10), (10000, 10), (10, 2000), (100, 2000), (1000, 2000))
FIRST_FILE_S = 1735689600  # 2025; then one an hour
KEY_BYTES = 1200  # that a key takes of the server's memory
COMPARED = range(100000, 250001)  # keys; more take the others minutes, and show nothing new
PAGE = 1000
PROMISED_MORE = 7  # requests, docs/discovery.md
CONNECTIONS = 64  # as many as lakebeat has
TARGET_FACTOR = 1.3
TARGET_FROM_SENSORS = 1000

PAGINATOR = """
import json, sys, time
import boto3, botocore.config
endpoint, region, bucket, prefix = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, region_name=region,
                      config=botocore.config.Config(s3={"addressing_style": "path"}))
begin, begin_cpu = time.perf_counter(), time.process_time()
pages = keys = 0
for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
    pages, keys = pages + 1, keys + page["KeyCount"]
print(json.dumps({"seconds": time.perf_counter() - begin, "cpu_s": time.process_time() - begin_cpu,
                  "pages": pages, "keys": keys}))
"""


def old_keys(sensors, files):
    stamps = [time.strftime("%Y%m%d_%H%M%S", time.gmtime(FIRST_FILE_S + 3600 * i))
              for i in range(files)]
    for number in range(sensors):
        name = sensor_name(number)
        for stamp in stamps:
            yield f"{PREFIX}{name}/{name}_{stamp}.txt"


class Lake:
    """A bucket with old files, and a lakebeat that is to find that they are old."""

    def __init__(self, bench, rgw, sensors, files):
        self.bench, self.rgw, self.sensors, self.files = bench, rgw, sensors, files
        rgw.client().create_bucket(BUCKET)
        rgw.seed(BUCKET, old_keys(sensors, files))
        directory = bench.directory(f"s3-{sensors}x{files}")
        self.lakebeat = Lakebeat(bench, directory, ["/bin/true"], base=f"s3://{BUCKET}/{PREFIX}",
                                 options={"cloudFiles.includeExistingFiles": "false"})
        self.lakebeat.env = environment(rgw, directory)
        self.lakebeat.feed(map(sensor_name, range(sensors)))

    @property
    def keys(self):
        return self.sensors * self.files

    def __str__(self):
        return f"{self.sensors:,} sensors x {self.files:,}"

    def check(self):
        events = self.lakebeat.query("select count(*) from lakebeat_event")
        if events != self.keys:
            raise BenchError(f"{events} events of {self.keys}")

    def first_sight(self, log):
        """The pass that lists and records every key; how many requests it took, and what else."""
        log.take()
        cost = self.lakebeat.spend("once")
        self.check()
        return len(log.take()), cost

    def replay(self, requests):
        """What the server takes to answer these requests, signed anew."""
        return self.bench.load(CONNECTIONS, [signed(self.rgw, request) for request in requests])


def environment(rgw, home):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**plain, "AWS_ACCESS_KEY_ID": rgw.owner.access_key,
            "AWS_SECRET_ACCESS_KEY": rgw.owner.secret_key, "AWS_ENDPOINT_URL": rgw.endpoint,
            "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "HOME": str(home),
            "AWS_EC2_METADATA_DISABLED": "true"}


def signed(rgw, request):
    """The request as bench-load wants it."""
    path, _, query = request.target.partition("?")
    host = rgw.endpoint.removeprefix("http://")
    headers = sign(rgw.owner, request.method, path, query, {"host": host}, sha256(b""), REGION, "s3")
    return request.method, rgw.endpoint + request.target, "", headers


def paginate(rgw, home):
    """boto3 lists all keys; what that took, without its start."""
    answer = subprocess.check_output(
        [tests_venv.program("python3"), "-P", "-c", PAGINATOR, rgw.endpoint, REGION, BUCKET, PREFIX],
        env=environment(rgw, home), text=True)
    return json.loads(answer)


def aws_ls(rgw, home):
    """The AWS CLI lists all keys; None: it is not installed."""
    if shutil.which("aws") is None:
        return None
    return spent(["aws", "s3", "ls", "--recursive", "--endpoint-url", rgw.endpoint,
                  f"s3://{BUCKET}/{PREFIX}"], env=environment(rgw, home))


def measure_passes(lake, log):
    """Passes that find nothing new, and the server answering the requests of one of them."""
    log.take()
    lake.lakebeat.call("once")
    requests = log.take()
    lake.replay(requests)  # warm both
    log.take()
    passes, floors = interleave(lake.bench.size(7, 1), lambda: lake.lakebeat.spend("once"),
                                lambda: lake.replay(requests))
    lake.check()
    return requests, passes, floors


def figures_of(lake, requests, once_s, floor_s):
    limit = min(math.ceil(lake.keys / PAGE), lake.sensors) + PROMISED_MORE
    factor = once_s / floor_s
    judged = lake.sensors >= TARGET_FROM_SENSORS
    return [
        Figure("e", f"requests of a pass, {lake}", len(requests), "", limit, "promised",
               len(requests) / limit, "<= 1", lake.bench.verdict(len(requests) <= limit)),
        Figure("e", f"a pass, {lake}", once_s * 1e3, "ms", floor_s * 1e3, "server's own", factor,
               f"< {TARGET_FACTOR}" if judged else "",
               lake.bench.verdict(factor < TARGET_FACTOR) if judged else None),
    ]


def compare(lake, first, once, floor, page_count):
    """Beside those who have to list all there is."""
    home = lake.lakebeat.directory
    theirs = paginate(lake.rgw, home)
    if theirs["keys"] != lake.keys:
        raise BenchError(f"boto3 found {theirs['keys']} keys of {lake.keys}")
    rows = [(first.seconds, "first sight"), (once.seconds, "a pass")]
    figures = [Figure("e", f"{what}, {lake}", seconds, "s", theirs["seconds"], "boto3's paginator",
                      seconds / theirs["seconds"]) for seconds, what in rows]
    command_line = aws_ls(lake.rgw, home)
    if command_line is not None:
        figures += [Figure("e", f"{what}, {lake}", seconds, "s", command_line.seconds, "aws s3 ls",
                           seconds / command_line.seconds) for seconds, what in rows]
    page_ms, their_page_ms = once.cpu_s / page_count * 1e3, theirs["cpu_s"] / theirs["pages"] * 1e3
    figures.append(Figure("e", f"processor time a request, {lake}", page_ms, "ms", their_page_ms,
                          "boto3, a page", page_ms / their_page_ms))
    figures.append(Figure("e", f"bytes a request, {lake}", floor["bytes"] / page_count / 1e3, "kB"))
    return figures


def measure(bench, sensors, files):
    say(f"e: {sensors:,} sensors of {files:,} objects each")
    memory_bytes = max(8 << 30, sensors * files * KEY_BYTES)
    with Rgw(memory_bytes=memory_bytes) as rgw, RgwLog(rgw) as log:
        lake = Lake(bench, rgw, sensors, files)
        first_requests, first = lake.first_sight(log)
        requests, passes, floors = measure_passes(lake, log)
        once = Spent(median([cost.seconds for cost in passes]), median([cost.cpu_s for cost in passes]))
        floor_s = median([floor["seconds"] for floor in floors])
        figures = figures_of(lake, requests, once.seconds, floor_s)
        if bench.quick or lake.keys in COMPARED:
            figures += compare(lake, first, once, floors[0], len(requests))
        details = {"first_requests": first_requests, "first": first._asdict(),
                   "once_ms": [cost.seconds * 1e3 for cost in passes],
                   "floor_ms": [floor["seconds"] * 1e3 for floor in floors]}
    return figures, details


def run(bench):
    figures, details = [], {}
    for sensors, files in bench.buckets or bench.size(BUCKETS, ((20, 10), (2, 1200))):
        results, more = measure(bench, sensors, files)
        figures += results
        details[f"{sensors}x{files}"] = more
    results, details["push"] = s3_push.run(bench, environment)
    return figures + results, details
