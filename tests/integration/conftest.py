"""Prints TAP, so that every promise is counted by itself, and cleans up what tests started."""
import os
import signal
import subprocess

import pytest


@pytest.fixture(autouse=True)
def no_process_is_left(monkeypatch):
    """Daemons that a failing test forgot must not work on while others run."""
    started = []
    popen = subprocess.Popen

    class Watched(popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    for name in list(os.environ):
        if name == "LAKEBEAT_CRASH_AT" or name.startswith("DATABRICKS_") or (
                name.lower() in ("http_proxy", "all_proxy")):
            monkeypatch.delenv(name)
    yield
    for process in started:
        if process.poll() is None and not getattr(process, "ends_with_group", False):
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def rgw():
    """One S3 server for all tests of a file; each makes a bucket of its own."""
    from rgw import Rgw
    with Rgw() as server:
        yield server


class Tap:
    """One line per test; what failed is shown behind it as comments."""

    def __init__(self):
        self.count = 0

    def pytest_runtest_logreport(self, report):
        failed = report.failed or report.skipped
        if report.when != "call" and not failed:
            return
        self.count += 1
        print("%s %d - %s" % ("not ok" if failed else "ok", self.count,
                              report.nodeid.replace("#", "_")), flush=True)
        for line in (report.longreprtext if failed else "").splitlines():
            print("# " + line, flush=True)

    def pytest_sessionfinish(self):
        print("1..%d" % self.count, flush=True)


def pytest_configure(config):
    if os.environ.get("LAKEBEAT_TAP"):
        # Without the terminal plugin nobody else says how long explanations are to be.
        config.option.verbose = 0
        config.pluginmanager.register(Tap())
