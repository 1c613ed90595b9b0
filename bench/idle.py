"""idle.py, part a: a pass that finds nothing new, beside find over the same tree."""
import time

from bench.harness import (SETTLE_S, BenchError, Figure, Lakebeat, interleave, make_tree, median, say,
                     sensor_name, timed)

FILES = 100
TARGET_RATIO = 0.5
TARGET_FROM_SENSORS = 1000
LINEAR_SLACK = 1.25


def build(bench, sensors, files):
    say(f"a: {sensors:,} sensors of {files} old files each")
    lakebeat = Lakebeat(bench, bench.directory(f"idle-{sensors}"), ["/bin/true"],
                        options={"cloudFiles.includeExistingFiles": "false"})
    make_tree(lakebeat.base, sensors, files)
    lakebeat.feed(map(sensor_name, range(sensors)))
    return lakebeat


def prime(lakebeat, sensors, files):
    """All files are in the event log, all folders' times are trusted, all jobs have run."""
    lakebeat.call("once")
    lakebeat.execute("update heartbeat_sensor set status = 'COMPLETED'")
    check(lakebeat, sensors, files)


def check(lakebeat, sensors, files):
    events = lakebeat.query("select count(*) from lakebeat_event")
    trusted = lakebeat.query("select count(*) from lakebeat_sensor where folder_time_ns > 0")
    if events != sensors * files or trusted != sensors:
        raise BenchError(f"{events} events of {sensors * files}, "
                         f"{trusted} trusted folders of {sensors}")


def measure(bench, lakebeat, sensors, files):
    prime(lakebeat, sensors, files)
    rounds = bench.size(21 if sensors <= 1000 else 11, 2)
    find = ["find", lakebeat.base]
    timed(find), lakebeat.time("once")  # warm both
    once_s, find_s = interleave(rounds, lambda: lakebeat.time("once"), lambda: timed(find))
    check(lakebeat, sensors, files)
    once_ms, find_ms = median(once_s) * 1e3, median(find_s) * 1e3
    ratio = once_ms / find_ms
    targeted = sensors >= TARGET_FROM_SENSORS
    return Figure("a", f"once with nothing new, {sensors:,} sensors", once_ms, "ms", find_ms,
                  "find", ratio, f"< {TARGET_RATIO}" if targeted else "",
                  bench.verdict(ratio < TARGET_RATIO) if targeted else None)


def linearity(bench, sizes, figures):
    """What one more sensor costs, on the way to the largest size and to the one before."""
    small, middle, large = (sizes[0], sizes[-2], sizes[-1])
    time_of = {size: figure.lakebeat for size, figure in zip(sizes, figures)}
    early_us = (time_of[middle] - time_of[small]) / (middle - small) * 1e3
    late_us = (time_of[large] - time_of[middle]) / (large - middle) * 1e3
    ratio = late_us / early_us
    return Figure("a", f"one more sensor, {middle:,} to {large:,}", late_us, "µs", early_us,
                  f"{small:,} to {middle:,}", ratio, f"< {LINEAR_SLACK}",
                  bench.verdict(ratio < LINEAR_SLACK))


def run(bench):
    sizes = bench.size((10, 100, 1000, 10000), (5, 10, 50))
    files = bench.size(FILES, 10)
    lakebeats = [build(bench, sensors, files) for sensors in sizes]
    time.sleep(SETTLE_S)
    figures = [measure(bench, lakebeat, sensors, files)
               for lakebeat, sensors in zip(lakebeats, sizes)]
    return [*figures, linearity(bench, sizes, figures)], {}
