"""boto3, Amazon's own client for Python, as a second client beside the tests' own.

    with Boto("s3", rgw.endpoint, rgw.owner) as s3:
        s3.call("list_objects_v2", Bucket="lake")["KeyCount"]

Amazon's package lives in tests/venv and never in the Python of the tests. So it runs in a process of
its own, which reads one call a line, as JSON, and answers likewise; bytes go as text in Latin-1.
"""
import json
import os
import subprocess
from collections import namedtuple

import tests_venv

WORKER = """
import json, sys
import boto3, botocore.config, botocore.exceptions

def plain(value):
    if hasattr(value, "read"):
        value = value.read()
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)

given = json.loads(sys.stdin.readline())
config = botocore.config.Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"},
                                **given.pop("config"))
client = boto3.client(config=config, **given)
for line in sys.stdin:
    operation, parameters = json.loads(line)
    try:
        answer = {"result": getattr(client, operation)(**parameters)}
    except botocore.exceptions.ClientError as error:
        answer = {"error": error.response}
    print(json.dumps(answer, default=plain), flush=True)
"""

Refusal = namedtuple("Refusal", "status code message")


class BotoError(Exception):
    """What boto3 was refused, as it understood it; refusal: its status, code and message."""

    def __init__(self, response):
        self.refusal = Refusal(response["ResponseMetadata"]["HTTPStatusCode"],
                               response["Error"]["Code"], response["Error"].get("Message"))
        super().__init__(*self.refusal)


class Boto:
    """service: "s3", "sqs", "sts", … config: options of botocore's Config. It does not retry."""

    def __init__(self, service, endpoint, credentials, region="us-east-1", **config):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("AWS_")}
        self.process = subprocess.Popen(
            [tests_venv.program("python3"), "-P", "-c", WORKER], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={**environment, "HOME": "/nonexistent",
                                                    "AWS_EC2_METADATA_DISABLED": "true"})
        self.write({"service_name": service, "endpoint_url": endpoint, "region_name": region,
                    "aws_access_key_id": credentials.access_key,
                    "aws_secret_access_key": credentials.secret_key,
                    "aws_session_token": credentials.token, "config": config})

    def write(self, value):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def call(self, operation, **parameters):
        """The operation's answer, as boto3 gives it."""
        self.write([operation, parameters])
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("boto3 died in %s" % operation)
        answer = json.loads(line)
        if "error" in answer:
            raise BotoError(answer["error"])
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
