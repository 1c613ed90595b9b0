"""rgw_log.py: what a Ceph RGW was asked, from its own log."""
import re
import time
from collections import namedtuple

from bench.harness import BenchError

WAIT_S = 30
BEGUN = " ====== starting new request "
ENDED = re.compile(r' beast: .*\] "(\S+) (\S+) HTTP/1\.1" (\d+) (\d+) ')

Request = namedtuple("Request", "method target status")


class RgwLog:
    """Reads from where it stands now."""

    def __init__(self, rgw):
        self.stream = open(rgw.group.folder / "client.rgw.main.log")
        self.stream.seek(0, 2)
        self.client = rgw.client()
        self.marks = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.client.close()

    def take(self):
        """The requests since the last call, in the order of their answers. The log is written
        behind the answers, so it is read until a request of our own shows in it."""
        self.marks += 1
        mark = f"/?bench-mark={self.marks}"
        self.client.request("GET", query=[("bench-mark", str(self.marks))])
        begun, found = 0, []
        deadline = time.monotonic() + WAIT_S
        while begun != len(found) or all(request.target != mark for request in found):
            line = self.stream.readline()
            begun += BEGUN in line
            ended = ENDED.search(line)
            if ended:
                found.append(Request(ended[1], ended[2], int(ended[3])))
            elif not line:
                if time.monotonic() > deadline:
                    raise BenchError("the server does not log what it was asked")
                time.sleep(0.005)
        return [request for request in found if request.target != mark]
