"""count.py BUILD_DIRECTORY SUITE…: print "passed failed" of meson's last test run in that directory.

Each case of a TAP program counts by itself. A program that died, hung or was skipped counts as a
failure also when all cases that it came to speak of passed, and so does a suite without a test.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count_cases(junit):
    """(passed, failed, names of the programs with failed cases)"""
    passed = failed = 0
    programs = set()
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        bad = any(child.tag in ("failure", "error", "skipped") for child in case)
        passed += not bad
        failed += bad
        if bad:
            # "project.program" for a TAP program; any other is a case itself.
            programs |= {case.get("classname").partition(".")[2], case.get("name")}
    return passed, failed, programs


def programs_of(log):
    """(suites, program, passed as a whole) of each program that was run"""
    for line in log.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        suites, _, program = test["name"].partition(" / ")
        yield set(suites.partition(":")[2].split("+")), program, test["result"] == "OK"


def main(directory, *expected_suites):
    logs = pathlib.Path(directory, "meson-logs")
    passed = failed = 0
    suites_seen = set()
    if (logs / "testlog.junit.xml").exists():
        passed, failed, programs_with_failures = count_cases(logs / "testlog.junit.xml")
        for suites, program, good in programs_of(logs / "testlog.json"):
            suites_seen |= suites
            failed += not good and program not in programs_with_failures
    for suite in expected_suites:
        if suite not in suites_seen:
            print(f"the suite {suite} has no test", file=sys.stderr)
            failed += 1
    print(passed, failed)


main(*sys.argv[1:])
