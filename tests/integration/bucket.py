"""A user's folder whose trigger files lie in a bucket."""
import itertools
import json
import os

from lakebeat import House

SETTINGS = """acons: [acon.json]
runners:
  local: {kind: command, argv: ["./jobs/{trigger_job_id}"]}
default_runner: local
poll_interval: 200ms
"""

SEED = "../support/data/seed_acon.json"

numbers = itertools.count(1)


class Bucket(House):
    """A house whose trigger files lie in a bucket of its own, below triggers/."""

    def __init__(self, path, server, endpoint=None):
        super().__init__(path)
        self.server = server
        self.bucket = "lake-%d" % next(numbers)
        self.client = server.client()
        self.client.create_bucket(self.bucket)
        self.put_acon(self.bucket)
        (self.path / "lakebeat.yaml").write_text(SETTINGS)
        credentials = self.client.credentials
        self.env = dict(os.environ, AWS_ACCESS_KEY_ID=credentials.access_key,
                        AWS_SECRET_ACCESS_KEY=credentials.secret_key,
                        AWS_ENDPOINT_URL=endpoint or server.endpoint, HOME=str(self.path),
                        AWS_EC2_METADATA_DISABLED="true")

    def put_acon(self, bucket):
        """The seed's own dictionary, with this bucket in its locations."""
        text = (os.path.join(os.path.dirname(__file__), SEED))
        with open(text) as file:
            acon = file.read()
        (self.path / "acon.json").write_text(acon.replace("my_data_product_bucket", bucket))

    def run(self, *arguments, **options):
        return super().run(*arguments, **dict({"env": self.env}, **options))

    def start(self, *arguments, **options):
        return super().start(*arguments, **dict({"env": self.env}, **options))

    def deliver(self, sensor_id, name="20251123_060000"):
        self.client.put(self.bucket, "triggers/%s/%s_%s.txt" % (sensor_id, sensor_id, name),
                        b"Success")

    def runs(self, job_id):
        return self.query("select count(*) from lakebeat_run where trigger_job_id = ?",
                          str(job_id))[0][0]

    def once(self):
        return json.loads(self.run("once", "--json").stdout)
