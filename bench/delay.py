"""delay.py, part c: from the rename of a trigger file to the start of its job, beside
inotifywait piped into a shell loop that starts the same program."""
import os
import signal
import subprocess
import time

from bench.harness import BenchError, Figure, Lakebeat, StartTimes, quantile, quiet_directory, say

WARM_UP = 20
QUIET_S = 0.005  # both sides idle between two events
TARGET_FACTOR = 2
TARGET_P99_MS = 20.0
LOOP = """inotifywait -m -q -e moved_to --format '%w%f' "$1" | while IFS= read -r file; do
	"$2" "$3" "$file"
done"""


class Upstream:
    """Renames trigger files into a sensor's folder, as upstream pipelines do."""

    def __init__(self, staging, folder):
        staging.mkdir(exist_ok=True)
        self.staging = staging
        self.folder = folder
        self.count = 0

    def deliver(self):
        """Returns the time right before the rename."""
        stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(1735689600 + self.count))
        self.count += 1
        name = f"{self.folder.name}_{stamp}.txt"
        source, target = self.staging / name, self.folder / name
        source.write_text("Success")
        before_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        os.rename(source, target)
        return before_ns


class SyncProbe:
    """Appends 4 KiB to a file and makes it durable."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def measure(self):
        begin_ns = time.monotonic_ns()
        os.write(self.fd, bytes(4096))
        os.fdatasync(self.fd)
        return time.monotonic_ns() - begin_ns


def measure_lakebeat(daemon, upstream, times):
    before_ns = upstream.deliver()
    delay_ns = times.next_ns() - before_ns
    daemon.wait_for("to=SUCCEEDED")
    time.sleep(QUIET_S)
    return delay_ns


def measure_loop(upstream, times):
    before_ns = upstream.deliver()
    delay_ns = times.next_ns() - before_ns
    time.sleep(QUIET_S)
    return delay_ns


def start_loop(folder, bench, times):
    """In a process group of its own, which ends whole."""
    return subprocess.Popen(["/bin/sh", "-c", LOOP, "sh", folder, bench.job, times.path],
                            start_new_session=True)


def stop_loop(process):
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def watches(pid_of_group):
    """Has inotifywait set its watch?"""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.getpgid(int(entry)) != pid_of_group:
                continue
            for fd in os.listdir(f"/proc/{entry}/fdinfo"):
                with open(f"/proc/{entry}/fdinfo/{fd}") as info:
                    if "inotify wd:" in info.read():
                        return True
        except OSError:
            continue
    return False


def wait_for_watch(process):
    for _ in range(500):
        if watches(process.pid):
            return
        time.sleep(0.01)
    raise BenchError("inotifywait did not begin to watch")


def measure_all(bench, count):
    directory = quiet_directory(bench, "delay")
    times = StartTimes(directory / "lakebeat-starts")
    loop_times = StartTimes(directory / "loop-starts")
    lakebeat = Lakebeat(bench, directory, [bench.job, times.path])
    folder, loop_folder = lakebeat.base / "orders_landed", directory / "loop" / "orders_landed"
    folder.mkdir()
    loop_folder.mkdir(parents=True)
    lakebeat.feed([folder.name])
    upstream = Upstream(directory / "staging", folder)
    loop_upstream = Upstream(directory / "loop-staging", loop_folder)
    probe = SyncProbe(directory / "probe")
    samples = []
    loop = start_loop(loop_folder, bench, loop_times)
    try:
        wait_for_watch(loop)
        with lakebeat.daemon() as daemon:
            daemon.wait_for("ready")
            for _ in range(WARM_UP + count):
                samples.append((measure_lakebeat(daemon, upstream, times),
                                measure_loop(loop_upstream, loop_times), probe.measure()))
    finally:
        stop_loop(loop)
    runs = lakebeat.query("select count(*) from lakebeat_run where state = 'SUCCEEDED'")
    if runs != WARM_UP + count:
        raise BenchError(f"{runs} runs of {WARM_UP + count} succeeded")
    return zip(*samples[WARM_UP:])


def figure(bench, share, name, delays_ms, loops_ms, syncs_ms):
    delay, loop, sync = (quantile(values, share) for values in (delays_ms, loops_ms, syncs_ms))
    limit = TARGET_FACTOR * loop + sync
    return Figure("c", f"rename to job start, {name}", delay, "ms", loop, "inotifywait loop",
                  delay / loop, f"<= {limit:.2f} ms (2 x + fsync {sync:.2f})",
                  bench.verdict(delay <= limit))


def run(bench):
    count = bench.size(1000, 10)
    say(f"c: {count:,} trigger files, one at a time")
    samples_ms = [[ns / 1e6 for ns in values] for values in measure_all(bench, count)]
    p99 = quantile(samples_ms[0], 0.99)
    figures = [
        figure(bench, 0.5, "p50", *samples_ms),
        figure(bench, 0.99, "p99", *samples_ms),
        Figure("c", "rename to job start, p99", p99, "ms", target=f"< {TARGET_P99_MS:.0f} ms",
               met=bench.verdict(p99 < TARGET_P99_MS)),
    ]
    details = {name: {f"p{share * 100:g}_ms": quantile(values, share)
                      for share in (0.1, 0.5, 0.9, 0.99, 1.0)}
               for name, values in zip(("lakebeat", "loop", "fdatasync_4k"), samples_ms)}
    return figures, details
