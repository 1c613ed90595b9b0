"""burst.py, part b: many new files at once, until every run is recorded, beside the sqlite3
shell inserting as many rows into the same tables in one transaction."""
import contextlib
import os
import shutil
import sqlite3
import subprocess
import time

from bench.harness import (SETTLE_S, BenchError, Figure, Lakebeat, StartTimes, interleave, make_tree,
                     median, quantile, say, sensor_name, timed)

TARGET_SHARE = 1 / 3
TARGET_FILES_PER_S = 20000
BLOCKER = "blocker"


def prepare(bench, sensors, files):
    """A store that has never seen its sensors' files. The runner's one place is taken by a
    job that waits for a FIFO, so that runs are recorded, but none starts."""
    directory = bench.directory("burst")
    gate = directory / "gate"
    os.mkfifo(gate)
    lakebeat = Lakebeat(bench, directory, ["/bin/cat", gate], max_parallel=1)
    (lakebeat.base / BLOCKER).mkdir()
    (lakebeat.base / BLOCKER / f"{BLOCKER}_20250101_000000.txt").touch()
    make_tree(lakebeat.base, sensors, files)
    time.sleep(SETTLE_S)
    lakebeat.feed([BLOCKER])
    lakebeat.call("once")
    if lakebeat.query("select count(*) from lakebeat_run where state = 'SUBMITTED'") != 1:
        raise BenchError("the blocking job did not start")
    lakebeat.feed([BLOCKER, *map(sensor_name, range(sensors))])
    lakebeat.keep_store()
    return lakebeat, gate


def check(lakebeat, sensors, files):
    planned = lakebeat.query("select count(*) from lakebeat_run where state = 'PLANNED'")
    events = lakebeat.query("select count(*) from lakebeat_event")
    if planned != sensors or events != sensors * files + 1:
        raise BenchError(f"{planned} runs of {sensors} planned, {events} events")


def time_burst(lakebeat, sensors, files):
    lakebeat.restore_store()
    seconds = lakebeat.time("once")
    check(lakebeat, sensors, files)
    return seconds


def quote(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, (int, float)) else "'" + value.replace("'", "''") + "'"


def written_rows(lakebeat):
    """Every row that the burst inserted or changed, by table."""
    with contextlib.closing(sqlite3.connect(lakebeat.store)) as connection:
        connection.execute("attach ? as before", (str(lakebeat.kept),))
        tables = [row[0] for row in connection.execute(
            "select name from main.sqlite_schema where type = 'table' and name not like 'sqlite%'")]
        return {table: connection.execute(
            f'select * from main."{table}" except select * from before."{table}"').fetchall()
            for table in tables}


def write_script(lakebeat, rows):
    """The same rows as the sqlite3 shell's input, and an empty store of the same schema."""
    with contextlib.closing(sqlite3.connect(lakebeat.store)) as connection:
        schema = [row[0] for row in connection.execute(
            "select sql from sqlite_schema where sql is not null and name not like 'sqlite%' "
            "order by type = 'index'")]
    empty = lakebeat.directory / "empty.db"
    with contextlib.closing(sqlite3.connect(empty)) as connection:
        connection.execute("pragma journal_mode = wal")
        for statement in schema:
            connection.execute(statement)
        connection.commit()
    script = lakebeat.directory / "rows.sql"
    with open(script, "w") as out:
        out.write("pragma synchronous = full;\nbegin;\n")
        for table, content in rows.items():
            for row in content:
                out.write(f'insert into "{table}" values({",".join(map(quote, row))});\n')
        out.write("commit;\n")
    return empty, script


def time_shell(empty, script, count):
    database = empty.with_name("shell.db")
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{database}{suffix}")
    shutil.copy(empty, database)
    os.sync()
    with open(script, "rb") as rows:
        seconds = timed(["sqlite3", database], stdin=rows)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite%'")]
        found = sum(connection.execute(f'select count(*) from "{table}"').fetchone()[0]
                    for table in tables)
    if found != count:
        raise BenchError(f"the shell wrote {found} rows of {count}")
    return seconds


def time_starts(bench, lakebeat, sensors):
    """The same burst with nothing in its way: until the last of the jobs has started."""
    lakebeat.restore_store()
    times = StartTimes(lakebeat.directory / "starts")
    lakebeat.configure([bench.job, times.path], max_parallel=0)
    begin_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    with open(lakebeat.log_path, "ab") as log:
        process = subprocess.Popen(lakebeat.command("once"), cwd=lakebeat.directory, stdout=log,
                                   stderr=log)
    started = [(times.next_ns() - begin_ns) / 1e9 for _ in range(sensors)]
    if process.wait() != 0:
        raise BenchError("lakebeat once did not end well")
    times.close()
    return started


def open_gate(gate):
    with contextlib.suppress(OSError):
        os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))


def figures(bench, files, rows, once_s, shell_s):
    lakebeat_rate, shell_rate = rows / once_s, rows / shell_s
    share = lakebeat_rate / shell_rate
    return [
        Figure("b", f"rows a second, {rows:,} rows", lakebeat_rate, "/s", shell_rate,
               "sqlite3 shell", share, "> 1/3", bench.verdict(share >= TARGET_SHARE)),
        Figure("b", f"files a second, {files:,} files", files / once_s, "/s",
               target=f"> {TARGET_FILES_PER_S:,}",
               met=bench.verdict(files / once_s > TARGET_FILES_PER_S)),
    ]


def run(bench):
    sensors, files = bench.size((1000, 10), (20, 5))
    say(f"b: {sensors * files:,} new files on {sensors:,} sensors for {sensors:,} jobs")
    lakebeat, gate = prepare(bench, sensors, files)
    try:
        time_burst(lakebeat, sensors, files)
        rows = written_rows(lakebeat)
        count = sum(map(len, rows.values()))
        empty, script = write_script(lakebeat, rows)
        once_s, shell_s = interleave(bench.size(11, 2),
                                     lambda: time_burst(lakebeat, sensors, files),
                                     lambda: time_shell(empty, script, count))
        idle_s = [lakebeat.time("once") for _ in range(bench.size(11, 2))]
    finally:
        open_gate(gate)
    started_s = time_starts(bench, lakebeat, sensors)
    details = {
        "rows": {table: len(content) for table, content in rows.items() if content},
        "idle_once_ms": median(idle_s) * 1e3,
        "jobs_started_s": {"first": min(started_s), "median": median(started_s),
                           "p99": quantile(started_s, 0.99), "last": max(started_s)},
    }
    result = figures(bench, sensors * files, count, median(once_s), median(shell_s))
    result.append(Figure("b", f"until the last of {sensors:,} jobs started", max(started_s), "s"))
    return result, details
