"""The tests' own Python environment (tests/venv), made when it is wanted first."""
import functools
import subprocess
from pathlib import Path

MAKE = Path(__file__).parents[2] / "tools" / "test-venv.sh"


@functools.cache
def program(name):
    """The path of a program in the environment: "python3", "moto_server", …"""
    made = subprocess.run([MAKE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True, timeout=600)
    return "%s/bin/%s" % (made.stdout.strip(), name)
