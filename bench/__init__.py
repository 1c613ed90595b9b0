"""The bench: lakebeat measured beside yardsticks. The servers it needs are those of the tests."""
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "integration"))
