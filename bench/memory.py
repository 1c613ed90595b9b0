"""memory.py, part d: the memory of the daemon at many sensors, at rest and after events."""
import os
import re
import time

from bench.harness import SETTLE_S, BenchError, Figure, Lakebeat, make_tree, say, sensor_name

TARGET_MIB = 60
REST_S = 0.5  # ten times as long as the pass takes


def memory_mib(pid):
    """rss now, its highest so far, and pss (shared pages by share), in MiB."""
    values = {}
    for path in (f"/proc/{pid}/status", f"/proc/{pid}/smaps_rollup"):
        with open(path) as lines:
            for line in lines:
                match = re.match(r"(VmRSS|VmHWM|Pss):\s+(\d+) kB", line)
                if match:
                    values[match[1]] = int(match[2]) / 1024
    return {"rss": values["VmRSS"], "peak": values["VmHWM"], "pss": values["Pss"]}


def deliver(lakebeat, staging, number):
    name = f"{sensor_name(number)}_20250202_000000.txt"
    (staging / name).write_text("Success")
    os.rename(staging / name, lakebeat.base / sensor_name(number) / name)


def watched_folders(pid):
    """How many inotify watches the process has."""
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                count += info.read().count("inotify wd:")
        except FileNotFoundError:
            continue
    return count


def wait_for_first_pass(lakebeat, daemon, sensors):
    """Watches are set before folders are listed; what the listing brought is in the store."""
    for _ in range(1200):
        if watched_folders(daemon.pid) > sensors and lakebeat.query(
                "select count(*) from lakebeat_sensor where full_pass_at_us is not null"
        ) == sensors:
            time.sleep(REST_S)
            return
        time.sleep(0.1)
    raise BenchError("the first pass did not end")


def measure_first_sight(bench, sensors, files):
    """A daemon to whom every file is new, none of which is to start a job."""
    lakebeat = Lakebeat(bench, bench.directory("memory"), ["/bin/true"],
                        options={"cloudFiles.includeExistingFiles": "false"})
    make_tree(lakebeat.base, sensors, files)
    lakebeat.feed(map(sensor_name, range(sensors)))
    time.sleep(SETTLE_S)
    with lakebeat.daemon() as daemon:
        daemon.wait_for("ready")
        wait_for_first_pass(lakebeat, daemon, sensors)
        return lakebeat, memory_mib(daemon.pid)


def measure_at_work(lakebeat, sensors, events):
    staging = lakebeat.directory / "staging"
    staging.mkdir()
    with lakebeat.daemon() as daemon:
        daemon.wait_for("ready")
        wait_for_first_pass(lakebeat, daemon, sensors)
        at_rest = memory_mib(daemon.pid)
        for number in range(events):
            deliver(lakebeat, staging, number)
        daemon.wait_for("to=SUCCEEDED", events)
        return at_rest, memory_mib(daemon.pid)


def figure(bench, what, memory):
    worst = max(memory["peak"], memory["pss"])
    return Figure("d", what, worst, "MiB", target=f"< {TARGET_MIB} MiB",
                  met=bench.verdict(worst < TARGET_MIB))


def run(bench):
    sensors, files, events = bench.size((10000, 100, 1000), (50, 5, 20))
    say(f"d: a daemon with {sensors:,} sensors of {files} files each")
    lakebeat, first_sight = measure_first_sight(bench, sensors, files)
    at_rest, after_events = measure_at_work(lakebeat, sensors, events)
    figures = [
        figure(bench, f"peak after first sight of {sensors * files:,} files", first_sight),
        figure(bench, f"peak after the first pass, {sensors:,} sensors", at_rest),
        figure(bench, f"peak after {events:,} events", after_events),
    ]
    return figures, {"first_sight_mib": first_sight, "at_rest_mib": at_rest,
                     "after_events_mib": after_events}
