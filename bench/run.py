"""python3 -m bench.run BUILD_DIRECTORY: measures the lakebeat that was built there, each figure
beside a yardstick in the same run, because absolute times wander from machine to machine and
from hour to hour. docs/performance.md says what each figure means."""
import argparse
import contextlib
import fcntl
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import burst, databricks, delay, idle, memory, s3
from bench.harness import Bench, BenchError, say

PARTS = {"a": idle, "b": burst, "c": delay, "d": memory, "e": s3, "f": databricks}
NAMES = {part.__name__.rpartition(".")[2]: letter for letter, part in PARTS.items()}


def parts(text):
    """The letters of what a list names, by letters or names."""
    wanted = [NAMES.get(word, word) for word in text.split(",")]
    unknown = [word for word in wanted if word not in PARTS]
    if unknown:
        known = ", ".join(f"{letter} ({name})" for name, letter in NAMES.items())
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]!r}; there are {known}")
    return wanted


def buckets(text):
    """Pairs of numbers, as in 1000x10,3000x2000."""
    try:
        pairs = [tuple(int(number) for number in one.split("x")) for one in text.split(",")]
    except ValueError:
        pairs = []
    if not pairs or any(len(pair) != 2 or min(pair) < 1 for pair in pairs):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 1000x10,3000x2000")
    return pairs


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures lakebeat beside its yardsticks.")
    parser.add_argument("build", type=Path, help="build directory with lakebeat in it")
    parser.add_argument("--only", default=list(PARTS), type=parts,
                        help="parts to run, as in a,c or idle,delay")
    parser.add_argument("--quick", action="store_true",
                        help="small sizes: shows that the bench works, judges nothing")
    parser.add_argument("--buckets", type=buckets, metavar="SENSORSxFILES,...",
                        help="sizes of the buckets of part e, instead of its own; a file takes "
                        "over 1 KB of memory")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--output", type=Path, help="where the JSON goes "
                        "(default: bench.json in the build directory)")
    return parser.parse_args()


def first_value(path, key):
    with open(path) as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return "unknown"


def file_system_of(path):
    best = ("", "unknown")
    with open("/proc/mounts") as lines:
        for line in lines:
            _, mount, kind, *_ = line.split()
            if Path(mount) in [path, *path.parents] and len(mount) >= len(best[0]):
                best = (mount, kind)
    return best[1]


def describe_machine(work):
    return {
        "processor": first_value("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": first_value("/proc/meminfo", "MemTotal"),
        "kernel": os.uname().release,
        "file_system": file_system_of(work.resolve()),
        "sqlite": sqlite3.sqlite_version,
    }


# <linux/fs.h>
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_TOPDIR_FL = 0x80086601, 0x40086602, 0x00020000


def spread_directories(path):
    """ext4 puts the directories in a "top" one far from each other (harness.quiet_directory
    says what for). Other file systems do not know that, and need it not."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    with contextlib.suppress(OSError):
        flags, = struct.unpack("l", fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(8)))
        fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("l", flags | FS_TOPDIR_FL))
    os.close(fd)


def number(value, unit):
    if value is None:
        return ""
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def table_row(figure):
    yardstick = ""
    if figure.yardstick is not None:
        yardstick = f"{number(figure.yardstick, figure.unit)} ({figure.yardstick_name})"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    return ["(" + figure.part + ")", figure.what, number(figure.lakebeat, figure.unit), yardstick,
            ratio, figure.target, verdict]


def print_table(figures):
    rows = [["", "figure", "lakebeat", "yardstick", "ratio", "target", "verdict"]]
    rows += [table_row(figure) for figure in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def run_parts(arguments):
    build = arguments.build.resolve()
    figures, details = [], {}
    works = build / "bench-work"
    works.mkdir(exist_ok=True)
    spread_directories(works)
    with tempfile.TemporaryDirectory(dir=works) as work:
        spread_directories(work)
        bench = Bench(build, Path(work), arguments.quick, arguments.buckets)
        machine = describe_machine(bench.work)
        for part in arguments.only:
            results, more = PARTS[part].run(bench)
            figures += results
            details[part] = more
    version = subprocess.check_output([bench.lakebeat, "version"], text=True).strip()
    return figures, {"lakebeat": version, "quick": arguments.quick, "machine": machine,
                     "figures": [figure.as_json() for figure in figures], "details": details}


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the work is removed
    try:
        figures, report = run_parts(arguments)
    except (BenchError, OSError, sqlite3.Error) as error:
        say(error)
        return 1
    text = json.dumps(report, indent=2, ensure_ascii=False)
    (arguments.output or arguments.build / "bench.json").write_text(text + "\n")
    if arguments.json:
        print(text)
    else:
        print_table(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
