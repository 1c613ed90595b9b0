"""allocations.py BUILD [--max N] [--disk KIND] [PROGRAM…]: each unit and contract test again, as often as it
allocates, each time with another allocation that fails (tests/support/allocation_sweep.h).

Prints TAP, a line for each test program that meson knows, and at the end the totals. --max: of
cases that allocate more often, N allocations that are spread evenly; without it, all.

--disk error|late|full: not allocations fail but calls of the store's disk (disk_sweep.h); only
programs that are linked for it have any.

What is known to break stands in allocation-exceptions beside this file, one case a line:
PROGRAM, CASE and the reason, separated by ": ". An exception that excuses nothing fails too, where
all allocations were tried."""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM_MAX_S = 3600
OUTPUT_LINES_MAX = 12

Sums = collections.namedtuple("Sums", "counted injected reported absorbed broken")


def programs_of(build):
    """(name, command, environment) of each test program that is ours; a script has no memory to lack"""
    known = json.loads(subprocess.run(["meson", "introspect", "--tests", build], check=True,
                                      capture_output=True, text=True).stdout)
    for test in known:
        ours = pathlib.Path(build).resolve() in pathlib.Path(test["cmd"][0]).resolve().parents
        if ours and {"unit", "contract"} & {suite.split(":")[-1] for suite in test["suite"]}:
            yield test["name"], test["cmd"], test["env"]


def exceptions():
    """{(program, case): reason}"""
    known = {}
    for line in (HERE / "allocation-exceptions").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            program, rest = line.split(": ", 1)
            case, reason = rest.rsplit(": ", 1)
            known[program, case] = reason
    return known


class Verdict:
    """What all shards of a program said. died: why a shard gave no verdict."""

    def __init__(self):
        self.cases = {}
        self.sweeps = set()
        self.broken = []
        self.died = []

    def read(self, output, status):
        for line in output.splitlines():
            kind, *words = line.split("\t")
            if kind == "case":
                new = [int(word) for word in words[1:]]
                old = self.cases.get(words[0], Sums(0, 0, 0, 0, 0))
                self.cases[words[0]] = Sums(max(new[0], old[0]),
                                            *(a + b for a, b in zip(new[1:], old[1:])))
            elif kind == "sweeps":
                self.sweeps.add(words[0])
            elif kind == "broken":
                self.broken.append((words[0], f"allocation {words[1]}: {words[2]}", []))
            elif kind.startswith("| ") and self.broken:
                self.broken[-1][2].append(line)
        if status not in (0, 1):
            self.died.append(f"the program ended with {status}")


def run_shard(_, command, environment, shard, wish, directory):
    environment = {**os.environ, **environment, "TMPDIR": directory,
                   "LAKEBEAT_SWEEP_ALLOCATIONS": f"{shard}:{wish.max}"}
    if wish.disk:
        environment["LAKEBEAT_SWEEP_DISK"] = wish.disk
    try:
        result = subprocess.run(command, env=environment, capture_output=True,
                                timeout=PROGRAM_MAX_S, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no end within {PROGRAM_MAX_S} s"
    return result.stdout.decode("utf-8", "replace"), result.returncode


def run_all(programs, wish):
    """Yields (name, Verdict) of each, in their order"""
    shards = os.cpu_count() or 1
    # Memory's own file system where there is one: what is tested is not the disk.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lakebeat-torture-", dir=place) as directory, \
            concurrent.futures.ThreadPoolExecutor(shards) as pool:
        os.chmod(directory, 0o755)  # some tests go on as nobody
        jobs = [(program[0], [pool.submit(run_shard, *program, f"{shard}/{shards}", wish, directory)
                              for shard in range(shards)]) for program in programs]
        for name, of_shards in jobs:
            verdict = Verdict()
            for job in of_shards:
                verdict.read(*job.result())
            yield name, verdict


def report(number, name, verdict, known, noun):
    """One line of TAP; whether it is ok."""
    excused = [case for case, _, _ in verdict.broken if (name, case) in known]
    bad = [broken for broken in verdict.broken if (name, broken[0]) not in known]
    # A program that prints no case is none of cmocka's: a fuzzer's corpus.
    ok = not bad and not verdict.died
    injected = sum(sums.injected for sums in verdict.cases.values())
    print(f"{'ok' if ok else 'not ok'} {number} - {name}: {injected} {noun} fail in "
          f"{len(verdict.cases)} cases" + (f", {len(excused)} excused" if excused else ""))
    for died in verdict.died:
        print(f"# {died}")
    for case, what, output in bad:
        print(f"# {case}, {what}")
        for line in output[:OUTPUT_LINES_MAX]:
            print(f"#   {line}")
    sys.stdout.flush()
    return ok


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("program", nargs="*")
    parser.add_argument("--max", type=int, default=0)
    parser.add_argument("--all-but", metavar="FILE",
                        help="leave out the programs that FILE names, one a line before a colon")
    parser.add_argument("--disk", choices=("error", "late", "full"))
    wish = parser.parse_intermixed_args()
    noun = f"calls of the disk ({wish.disk})" if wish.disk else "allocations"
    left_out = set()
    if wish.all_but:
        left_out = {line.split(":")[0] for line in
                    pathlib.Path(wish.all_but).read_text(encoding="utf-8").splitlines()
                    if line and not line.startswith("#")}
    programs = [program for program in programs_of(wish.build)
                if program[0] not in left_out
                and (not wish.program or program[0] in wish.program)]
    known = exceptions()
    print(f"1..{len(programs) + 1}", flush=True)
    ok = True
    verdicts = {}
    for number, (name, verdict) in enumerate(run_all(programs, wish), 1):
        verdicts[name] = verdict
        ok &= report(number, name, verdict, known, noun)
    broken = {(name, case) for name, verdict in verdicts.items() for case, _, _ in verdict.broken}
    unneeded = [] if wish.max or wish.program else [key for key in known if key not in broken]
    print(f"{'not ok' if unneeded or not verdicts else 'ok'} {len(verdicts) + 1} - "
          "every exception excuses something")
    for program, case in unneeded:
        print(f"# {program}: {case}: take it off allocation-exceptions")
    sums = [Sums(*map(sum, zip(*verdict.cases.values()))) for verdict in verdicts.values()
            if verdict.cases]
    totals = Sums(*map(sum, zip(*sums))) if sums else Sums(0, 0, 0, 0, 0)
    print(f"# {sum(len(verdict.cases) for verdict in verdicts.values())} cases with "
          f"{totals.counted} {noun}; {totals.injected} failed: {totals.reported} reported, "
          f"{totals.absorbed} absorbed, {totals.broken} broken; "
          f"{sum(len(verdict.sweeps) for verdict in verdicts.values())} cases sweep by themselves")
    return 0 if ok and not unneeded else 1


if __name__ == "__main__":
    sys.exit(main())
