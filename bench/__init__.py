"""The bench: lakebeat measured beside yardsticks. The servers it needs are those of the tests."""
import sys
from pathlib import Path

# In front: Debian's python3-rgw has a module rgw, too.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration"))
