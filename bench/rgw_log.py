"""rgw_log.py: what a Ceph RGW was asked, from its own log."""
import re
import time
from collections import namedtuple

from bench.harness import BenchError

WAIT_S = 30
BEGUN = re.compile(r" starting new request req=(\w+)")
ENDED = re.compile(r' beast: (\w+): .*\] "(\S+) (\S+) HTTP/1\.1" (\d+) ')

Request = namedtuple("Request", "method target status")


class RgwLog:
    """Reads from where it stands now."""

    def __init__(self, rgw):
        self.stream = open(rgw.group.folder / "client.rgw.main.log")
        self.stream.seek(0, 2)
        self.part = ""  # of a line that is not written to its end
        self.client = rgw.client()
        self.marks = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.client.close()

    def line(self):
        """The next line; None: it is not there yet."""
        self.part += self.stream.readline()
        if not self.part.endswith("\n"):
            return None
        line, self.part = self.part, ""
        return line

    def take(self):
        """The requests since the last call, in the order of their answers. The log is written
        behind the answers, so it is read until a request of our own shows in it, and no other is
        under way."""
        self.marks += 1
        mark = f"/?bench-mark={self.marks}"
        self.client.request("GET", query=[("bench-mark", str(self.marks))])
        marked, under_way, found = False, set(), []
        deadline = time.monotonic() + WAIT_S
        while not marked or under_way:
            line = self.line()
            if line is None:
                if time.monotonic() > deadline:
                    raise BenchError("the server does not log what it was asked")
                time.sleep(0.005)
            elif begun := BEGUN.search(line):
                under_way.add(begun[1])
            elif ended := ENDED.search(line):
                under_way.discard(ended[1])
                marked = marked or ended[3] == mark
                if ended[3] != mark:
                    found.append(Request(ended[2], ended[3], int(ended[4])))
        return found
