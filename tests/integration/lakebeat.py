"""The built program, and a folder for it to work in."""
import os
import sqlite3
import subprocess
import time
from pathlib import Path

LAKEBEAT = os.environ.get("LAKEBEAT", str(Path(__file__).parents[2] / "build" / "lakebeat"))

ACON = """{
  "sensor_source": "trigger_file",
  "data_format": "cloudfiles",
  "heartbeat_sensor_db_table": "my_database.heartbeat_sensor",
  "lakehouse_engine_sensor_db_table": "my_database.lakehouse_engine_sensors",
  "options": {"cloudFiles.format": "csv"},
  "schema_dict": {"type": "struct", "fields": [
    {"name": "file_name", "type": "string"},
    {"name": "file_modification_time", "type": "timestamp"}]},
  "base_checkpoint_location": "s3://my_data_product_bucket/checkpoints",
  "base_trigger_file_location": "triggers",
  "domain": "DATABRICKS_WORKFLOWS_DOMAIN",
  "token": "DATABRICKS_WORKFLOWS_TOKEN"
}
"""

SETTINGS = """acons: [acon.json]
runners:
  local: {kind: command, argv: ["./jobs/{trigger_job_id}"]}
default_runner: local
poll_interval: 1s
settle_time: 50ms
"""

HEADER = ("sensor_source,sensor_id,sensor_read_type,asset_description,upstream_key,"
          "preprocess_query,trigger_job_id,trigger_job_name,job_state,dependency_flag")


class House:
    """A folder with an ACON, settings, jobs and trigger files, as a user has it."""

    def __init__(self, path):
        self.path = Path(path)
        (self.path / "triggers").mkdir()
        (self.path / "jobs").mkdir()
        (self.path / "acon.json").write_text(ACON)
        (self.path / "lakebeat.yaml").write_text(SETTINGS)

    @classmethod
    def at(cls, path):
        """A house that stands already."""
        house = cls.__new__(cls)
        house.path = Path(path)
        return house

    def job(self, job_id, script="true"):
        """A job that runs a line of shell."""
        path = self.path / "jobs" / str(job_id)
        fresh = path.with_suffix(".new")
        fresh.write_text("#!/bin/sh\n%s\n" % script)
        fresh.chmod(0o755)
        fresh.rename(path)  # a script that runs is never overwritten in place

    def feed(self, rows, check=True, options=()):
        """rows: "sensor_id,trigger_job_id,flag[,state]"; replaces the control table's."""
        lines = [HEADER]
        for row in rows:
            sensor_id, job_id, flag, *state = row.split(",")
            lines.append("trigger_file,%s,streaming,About %s,,,%s,job_%s,%s,%s" % (
                sensor_id, sensor_id, job_id, job_id, state[0] if state else "UNPAUSED", flag))
        (self.path / "feed.csv").write_text("\n".join(lines) + "\n")
        return self.run("feed", "feed.csv", *options, check=check)

    def run(self, *arguments, check=True, env=None, stdin=None):
        """Runs a verb to its end; with check, anything but exit code 0 or 1 is a bug."""
        result = subprocess.run([LAKEBEAT, *arguments], cwd=self.path, env=env, input=stdin,
                                capture_output=True, text=True, errors="replace", timeout=60)
        if check and result.returncode not in (0, 1):
            raise AssertionError("lakebeat %s: exit code %d\n%s%s" % (
                " ".join(arguments), result.returncode, result.stdout, result.stderr))
        return result

    def start(self, *arguments, env=None):
        """Starts a verb that goes on; its log is in NAME.log."""
        log = open(self.path / (arguments[0] + ".log"), "ab")
        return subprocess.Popen([LAKEBEAT, *arguments], cwd=self.path, env=env,
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def daemon(self):
        """Starts `lakebeat run` and waits until it is ready, so that signals reach it."""
        def ready():
            path = self.path / "run.log"
            return path.read_text(errors="replace").count("ready") if path.exists() else 0
        before = ready()
        process = self.start("run")
        self.wait_for(lambda: ready() > before)
        return process

    def log(self, verb="run"):
        return (self.path / (verb + ".log")).read_text(errors="replace")

    def emit(self, sensor_id, *options):
        return Path(self.run("emit", sensor_id, *options).stdout.strip())

    def query(self, sql, *parameters):
        """Rows of the store, read as anybody may read it."""
        connection = sqlite3.connect("file:%s?mode=ro" % (self.path / "my_database.db"),
                                     uri=True, timeout=30)
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def execute(self, sql, *parameters):
        """What people do with SQL."""
        connection = sqlite3.connect(self.path / "my_database.db", timeout=30)
        try:
            with connection:
                connection.execute(sql, parameters)
        finally:
            connection.close()

    def statuses(self):
        """{(sensor_id, trigger_job_id): status} of the control table."""
        return {(sensor, job): status for sensor, job, status in self.query(
            "select sensor_id, trigger_job_id, status from heartbeat_sensor")}

    def wait_for(self, happened, seconds=30):
        """Until happened() is true; the limit is for bugs, not for slow machines."""
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                logs = "".join(path.read_text(errors="replace")
                               for path in self.path.glob("*.log"))
                raise AssertionError("waited in vain; logs:\n" + logs[-4000:])
            time.sleep(0.02)
