"""harness.py: what the parts of the bench share: figures, statistics, timed processes,
trees of trigger files, and a lakebeat with a configuration of its own."""
import contextlib
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

SETTLE_S = 2.5  # files count and folder times are trusted after two seconds


class BenchError(Exception):
    """What was to be measured did not happen."""


Spent = namedtuple("Spent", "seconds cpu_s")


@dataclass
class Figure:
    """One line of the table. met: None when the figure has no target (in this run)."""

    part: str
    what: str
    lakebeat: float
    unit: str
    yardstick: Optional[float] = None
    yardstick_name: str = ""
    ratio: Optional[float] = None
    target: str = ""
    met: Optional[bool] = None

    def as_json(self):
        return asdict(self)


@dataclass
class Bench:
    """One run of the bench: where it works, with what, and how thoroughly. buckets: the sizes of
    part e, when not its own."""

    build: Path
    work: Path
    quick: bool
    buckets: Optional[list] = None

    @property
    def lakebeat(self):
        return self.build / "lakebeat"

    @property
    def job(self):
        return self.build / "bench" / "bench-job"

    def size(self, full, quick):
        return quick if self.quick else full

    def load(self, connections, requests):
        """Has bench-load (load.c) send them: (method, URL, body, headers). What it measured."""
        lines = ["\t".join([method, url, body, *(f"{name}: {value}" for name, value in headers.items())])
                 for method, url, body, headers in requests]
        result = subprocess.run([self.build / "bench" / "bench-load", str(connections)],
                                input="\n".join([*lines, ""]), stdout=subprocess.PIPE, text=True)
        if result.returncode != 0:
            raise BenchError(f"bench-load ended with status {result.returncode}")
        measured = json.loads(result.stdout)
        if measured["refused"]:
            raise BenchError(f"bench-load was refused {measured['refused']} of {len(lines)} requests")
        return measured

    def verdict(self, met):
        """Small sizes say nothing about targets."""
        return None if self.quick else bool(met)

    def directory(self, name):
        # A name of its own: ext4 chooses the place of a directory by it.
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.work))


def creation_s(directory):
    """How long it takes to make a directory with a few files in it, as a run's start does."""
    begin = time.perf_counter()
    run = Path(tempfile.mkdtemp(dir=directory))
    for name in "abc":
        (run / name).touch()
    return time.perf_counter() - begin


def quiet_directory(bench, name):
    """ext4 steps over the inodes of files that were deleted in the last minutes one by one,
    which takes milliseconds where thousands were (by the last bench, for one). Of several
    directories, which it puts far from each other, this is the one where files are made
    fastest."""
    candidates = [bench.directory(name) for _ in range(16)]
    return min(candidates, key=lambda path: min(creation_s(path) for _ in range(3)))


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def median(values):
    return quantile(values, 0.5)


def quantile(values, share):
    """The smallest value that at least that share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def interleave(rounds, *measures):
    """Calls the measures in turn, A B A B; returns a list of results for each."""
    results = [[] for _ in measures]
    for _ in range(rounds):
        for measure, values in zip(measures, results):
            values.append(measure())
    return results


def spent(argv, **options):
    """Seconds from before the process is created until it has ended well, and those of a
    processor that it took."""
    options.setdefault("stdout", subprocess.DEVNULL)
    begin = time.perf_counter()
    process = subprocess.Popen([str(arg) for arg in argv], **options)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise BenchError(f"{Path(argv[0]).name} {argv[1]} ended with status {process.returncode}")
    return Spent(seconds, usage.ru_utime + usage.ru_stime)


def timed(argv, **options):
    """The seconds of spent()."""
    return spent(argv, **options).seconds


def sensor_name(number):
    return f"sensor_{number:05d}"


def make_tree(base, sensors, files, day="20250101"):
    """files empty trigger files in the folder of each sensor, with standard names."""
    base.mkdir(parents=True, exist_ok=True)
    base_fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(sensors):
        name = sensor_name(number)
        os.mkdir(name, dir_fd=base_fd)
        folder_fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=base_fd)
        for i in range(files):
            stamp = f"{day}_{i // 3600:02d}{i // 60 % 60:02d}{i % 60:02d}"
            os.mknod(f"{name}_{stamp}.txt", 0o100644, dir_fd=folder_fd)
        os.close(folder_fd)
    os.close(base_fd)


class Lakebeat:
    """A lakebeat with a store, an ACON and a configuration in a folder of its own. base: where
    its trigger files are, when not in a folder beside the store; env: its environment."""

    def __init__(self, bench, directory, argv, max_parallel=8, options=None, base=None):
        self.program = bench.lakebeat
        self.directory = directory
        self.base = base or directory / "triggers"
        self.store = directory / "bench.db"
        self.log_path = directory / "lakebeat.log"
        self.env = None
        if base is None:
            self.base.mkdir(exist_ok=True)
        acon = {
            "sensor_source": "trigger_file",
            "data_format": "cloudfiles",
            "heartbeat_sensor_db_table": "bench.heartbeat_sensor",
            "lakehouse_engine_sensor_db_table": "bench.lakehouse_engine_sensors",
            "options": {"cloudFiles.format": "csv", **(options or {})},
            "base_trigger_file_location": str(self.base),
        }
        self._write("acon.json", acon)
        self.configure(argv, max_parallel)

    def _write(self, name, content):
        (self.directory / name).write_text(json.dumps(content, indent=1))

    def configure(self, argv, max_parallel):
        self.run_by({"kind": "command", "argv": [str(a) for a in argv],
                     "max_parallel": max_parallel})

    def run_by(self, runner, **settings):
        """Has this runner start its jobs; settings: others of lakebeat.yaml."""
        config = {"store": f"sqlite:{self.store.name}", "acons": ["acon.json"],
                  "runners": {"the": runner}, "default_runner": "the", **settings}
        self._write("lakebeat.yaml", config)  # YAML reads JSON

    def command(self, *verb):
        return [self.program, *verb]

    def call(self, *verb):
        """Runs a verb to its end; its output goes to the log."""
        with open(self.log_path, "ab") as log:
            status = subprocess.call(self.command(*verb), cwd=self.directory, env=self.env,
                                     stdout=log, stderr=log)
        if status != 0:
            tail = self.log_path.read_text(errors="replace")[-2000:]
            raise BenchError(f"lakebeat {verb[0]} ended with status {status}:\n{tail}")

    def spend(self, *verb):
        """What a verb takes, from the start of the process to its end."""
        with open(self.log_path, "ab") as log:
            return spent(self.command(*verb), cwd=self.directory, env=self.env, stdout=log,
                         stderr=log)

    def time(self, *verb):
        """The seconds that a verb takes."""
        return self.spend(*verb).seconds

    def feed(self, sensor_ids, job_of="job_{}".format):
        """Declares one hard row per sensor, each with a job of its own."""
        columns = ("sensor_source,sensor_id,sensor_read_type,asset_description,upstream_key,"
                   "preprocess_query,trigger_job_id,trigger_job_name,job_state,dependency_flag")
        rows = [f"trigger_file,{sensor},streaming,Asset of {sensor},,,{job_of(sensor)},"
                f"Job of {sensor},UNPAUSED,TRUE" for sensor in sensor_ids]
        feed = self.directory / "feed.csv"
        feed.write_text("\n".join([columns, *rows, ""]))
        self.call("feed", feed)

    def query(self, sql):
        """The first column of the first row."""
        with contextlib.closing(sqlite3.connect(self.store)) as connection:
            return connection.execute(sql).fetchone()[0]

    def execute(self, sql):
        with contextlib.closing(sqlite3.connect(self.store)) as connection, connection:
            connection.execute(sql)

    @property
    def kept(self):
        return self.store.with_name("before.db")

    def keep_store(self):
        """As it is now, for restore_store."""
        with contextlib.closing(sqlite3.connect(self.store)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(self.store, self.kept)

    def restore_store(self):
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.store}{suffix}")
        shutil.copy(self.kept, self.store)
        os.sync()  # nobody else's pages to be written in the measured time

    @contextlib.contextmanager
    def daemon(self):
        """`lakebeat run`, its log in a pipe; ended by SIGTERM, which must end it well."""
        process = subprocess.Popen(self.command("run"), cwd=self.directory, env=self.env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            yield Daemon(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=60)
        if process.returncode != 0:
            raise BenchError(f"lakebeat run ended with status {process.returncode}: {rest!r}")


class Daemon:
    """A lakebeat run whose log is read as it comes."""

    def __init__(self, process):
        self.process = process
        self.pid = process.pid
        self.log = process.stderr

    def wait_for(self, text, count=1):
        """Reads the log until so many of its lines have held text."""
        while count > 0:
            line = self.log.readline()
            if not line:
                raise BenchError(f"lakebeat run ended before it said '{text}'")
            count -= text in line.decode(errors="replace")


class StartTimes:
    """The FIFO into which jobs write when they started."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        # Open for both, so that jobs never wait and it never ends.
        self.stream = open(os.open(path, os.O_RDWR), "rb", buffering=0)
        self.pending = b""

    def next_ns(self):
        """When the next job started, by the monotonic clock."""
        while b"\n" not in self.pending:
            self.pending += self.stream.read(4096)
        line, self.pending = self.pending.split(b"\n", 1)
        return int(line)

    def close(self):
        self.stream.close()
