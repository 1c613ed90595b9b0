"""count.py JUNIT: print "passed failed" of the test cases in meson's JUnit file."""
import sys
import xml.etree.ElementTree as ElementTree

passed = failed = 0
for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
    bad = any(child.tag in ("failure", "error", "skipped") for child in case)
    passed += not bad
    failed += bad
print(passed, failed)
