"""coverage.py BUILD_DIRECTORY FOLDER…: is every branch of the folders' files taken by the tests
that ran in that build? Prints TAP, a test for each file and one for the list of exceptions.

tests/coverage-exceptions holds what no test can take, a line each: FILE: TEXT: REASON. TEXT is a
part of the source line. A line that excuses nothing any more fails the check.
"""
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / "tests" / "coverage-exceptions"

# Macros that are no decisions of the code: an assert that fails is a defect, and whether a crash
# test kills the program at a point is the test's own affair.
NO_DECISIONS = ("assert(", "LB_INJECTION_POINT(")

Exception_ = collections.namedtuple("Exception_", "line file text reason")


def read_exceptions():
    for number, line in enumerate(EXCEPTIONS.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            file, text, reason = line.split(": ", 2)
            yield Exception_(number, file, text, reason)


def measure(build, folders):
    filters = [word for folder in folders for word in ("--filter", f"{ROOT}/{folder}/")]
    done = subprocess.run(["gcovr", "--root", str(ROOT), *filters, "--json", "-", f"{build}/src"],
                          cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["files"]


def gaps(file, source):
    """(line number, what was not done there), without what follows from the gap before"""
    follows = False
    for line in file["lines"]:
        if line.get("gcovr/noncode"):
            continue
        number, branches = line["line_number"], line["branches"]
        taken = sum(branch["count"] > 0 for branch in branches)
        if any(word in source[number - 1] for word in NO_DECISIONS):
            continue
        if line["count"] == 0:
            if not follows:
                yield number, "never ran"
            follows = True
        elif taken < len(branches):
            yield number, f"{taken} of {len(branches)} branches taken"
            follows = True
        else:
            follows = False


def main(build, *folders):
    exceptions = list(read_exceptions())
    used = set()
    measured = measure(build, folders)
    print(f"1..{len(measured) + 1}")
    failed = not measured
    for test, file in enumerate(measured, start=1):
        name = file["file"]
        source = (ROOT / name).read_text(encoding="utf-8").splitlines()
        complaints = []
        for number, gap in gaps(file, source):
            line = source[number - 1]
            excuses = [one for one in exceptions if one.file == name and one.text in line]
            used.update(excuses)
            if not excuses:
                complaints.append(f"# {name}:{number}: {gap}: {line.strip()}")
        print("\n".join(complaints), end="\n" if complaints else "")
        print(f"{'not ok' if complaints else 'ok'} {test} - every branch of {name} is taken")
        failed = failed or bool(complaints)
    stale = [one for one in exceptions if one not in used]
    for one in stale:
        print(f"# tests/coverage-exceptions:{one.line}: excuses nothing any more; take it out")
    print(f"{'not ok' if stale else 'ok'} {len(measured) + 1} - every exception is needed")
    return 1 if failed or stale else 0


raise SystemExit(main(*sys.argv[1:]))
