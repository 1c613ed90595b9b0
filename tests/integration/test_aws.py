"""What lakebeat signs is taken by real servers, and what they hand out is what it signs with."""
import http.client
import http.server
import json
import os
import socket
import subprocess
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

AWS = os.environ["LAKEBEAT_AWS"]
BUCKET = "lake"
HARD_TEXTS = ["a b", "a+b", "a=b&c=d", "a/b//c", "../up", "./here", "ü/é/ሴ", "%2F%41", "~-._", "'()*!",
              "a\"b<c>", "a\\b", "a:b@c;d,e", "?#[]", "{x}|^`", "$", "\U0001f6a2", "tab\tin", " ", "x" * 500]


def now_us():
    return time.time_ns() // 1000


def signed(endpoint, keys, method, path, parameters=(), body=None, at_us=None):
    """What lakebeat would send: its URL and headers."""
    request = {"service": "s3", "region": "us-east-1", "method": method, "scheme": "http",
               "host": urlsplit(endpoint).netloc, "path": path, "parameters": list(parameters),
               "body": body, "keys": keys, "now_us": at_us or now_us()}
    run = subprocess.run([AWS, "sign"], input=json.dumps(request), capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout)


def carry(method, url, headers, body=None):
    """Sends it byte by byte: (status, Date, text)."""
    parts = urlsplit(url)
    target = url[url.index(parts.netloc) + len(parts.netloc):]
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if "Host" not in headers:
        connection.putheader("Host", parts.netloc)
    data = (body or "").encode()
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data)
    reply = connection.getresponse()
    answer = reply.status, reply.getheader("Date"), reply.read().decode()
    connection.close()
    return answer


def ask(endpoint, keys, method, path, parameters=(), body=None, at_us=None):
    request = signed(endpoint, keys, method, path, parameters, body, at_us)
    return carry(method, request["url"], request["headers"], body)


def fetch(environment, at_us=None):
    """Credentials, as lakebeat finds them in this environment, or {"error"}; and the statuses of the
    answers on the way."""
    statuses = []
    process = subprocess.Popen([AWS, "fetch", str(at_us or now_us())], env=environment, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        while True:
            call = json.loads(process.stdout.readline())
            if "url" not in call:
                process.stdin.close()
                return call, statuses
            status, date, body = carry(call["method"], call["url"], call["headers"], call["body"])
            statuses.append(status)
            process.stdin.write(json.dumps({"status": status, "date": date, "body": body}) + "\n")
            process.stdin.flush()


def get(environment, at_us=None):
    """The same, over lakebeat's own HTTP."""
    run = subprocess.run([AWS, "get", str(at_us or now_us())], env=environment, text=True,
                         capture_output=True, timeout=60)
    assert run.returncode in (0, 1) and not run.stderr, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def lake(rgw):
    rgw.client().create_bucket(BUCKET)
    return rgw


def owner(rgw):
    return [rgw.owner.access_key, rgw.owner.secret_key, None]


def test_a_real_server_takes_every_path_and_query(lake):
    for hard in HARD_TEXTS:
        path = "/%s/dir/%s" % (BUCKET, hard)
        status, _, body = ask(lake.endpoint, owner(lake), "PUT", path, body="content of " + hard)
        assert status == 200, (hard, body)
        status, _, body = ask(lake.endpoint, owner(lake), "GET", path)
        assert (status, body) == (200, "content of " + hard), hard
        status, _, body = ask(lake.endpoint, owner(lake), "GET", "/" + BUCKET, [
            ("prefix", "dir/" + hard), ("list-type", "2"), ("start-after", ""),
            ("encoding-type", "url"), ("max-keys", "5")])
        assert status == 200, (hard, body)
    assert ask(lake.endpoint, owner(lake), "GET", "/%s/dir/none" % BUCKET)[0] == 404


def test_a_real_server_refuses_what_another_key_or_time_signed(lake):
    keys = owner(lake)
    for wrong, at_us in [([keys[0], keys[1] + "x", None], None), (["AKNOBODY", keys[1], None], None),
                         (keys, now_us() - 3600 * 10**6)]:
        assert ask(lake.endpoint, wrong, "GET", "/" + BUCKET, at_us=at_us)[0] == 403


def role_environment(rgw, tmp_path, role):
    """A profile that assumes the role with the owner's keys."""
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text("[profile lake]\nrole_arn = %s\nsource_profile = base\n"
                      "duration_seconds = 900\n" % role)
    credentials.write_text("[base]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (
        rgw.owner.access_key, rgw.owner.secret_key))
    return {"AWS_ENDPOINT_URL_STS": rgw.sts(), "AWS_PROFILE": "lake", "HOME": str(tmp_path),
            "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}


def test_a_role_is_assumed_at_a_real_service_and_its_keys_are_taken(lake, tmp_path):
    role = lake.role("reader", actions=("s3:ListBucket",))
    found, _ = fetch(role_environment(lake, tmp_path, role))
    assert found.get("description") == "profile 'base' in %s/credentials, then role %s" % (
        tmp_path, role), found
    assert ask(lake.sts(), found["keys"], "GET", "/" + BUCKET)[0] == 200
    assert ask(lake.sts(), found["keys"], "PUT", "/%s/new" % BUCKET, body="x")[0] == 403
    spoilt = found["keys"][:2] + [found["keys"][2][:-8] + "AAAAAAAA"]
    assert ask(lake.sts(), spoilt, "GET", "/" + BUCKET)[0] in (400, 403)


def test_a_role_that_is_not_given_is_refused_with_the_services_word(lake, tmp_path):
    environment = role_environment(lake, tmp_path, "arn:aws:iam:::role/none")
    found, _ = fetch(environment)
    assert "AssumeRole of arn:aws:iam:::role/none at " + lake.sts() in found["error"]
    assert "HTTP 40" in found["error"]
    assert lake.owner.secret_key not in json.dumps(found)


def test_a_clock_that_is_an_hour_off_is_set_right(lake, tmp_path):
    role = lake.role("late", actions=("s3:ListBucket",))
    found, statuses = fetch(role_environment(lake, tmp_path, role), now_us() - 3600 * 10**6)
    assert statuses == [403, 200], found
    assert "keys" in found
    assert "keys" in get(role_environment(lake, tmp_path, role), now_us() - 3600 * 10**6)


KEYS = {"AccessKeyId": "ASIA", "SecretAccessKey": "secret", "Token": "token",
        "Expiration": "2099-01-01T00:00:00Z"}
STS_ANSWER = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Audience>sts.amazonaws.com</Audience>
    <AssumedRoleUser><AssumedRoleId>AROA:pod</AssumedRoleId></AssumedRoleUser>
    <Credentials>
      <SessionToken>token</SessionToken>
      <SecretAccessKey>secret</SecretAccessKey>
      <Expiration>2099-01-01T00:00:00Z</Expiration>
      <AccessKeyId>ASIA</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>
"""


class Services(http.server.BaseHTTPRequestHandler):
    """What is found on an instance, in a container and in a pod, as small as it can be."""
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        right = (self.path == "/latest/api/token" and
                 self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        self.answer(200 if right and self.server.version == 2 else 404, "the-token")

    def do_GET(self):
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path == "/v1/credentials":
            right = self.headers["Authorization"] == "pod token"
            return self.answer(200 if right else 401, json.dumps(KEYS if right else {
                "code": "Unauthorized", "message": "who are you?"}))
        if self.headers["X-aws-ec2-metadata-token"] != "the-token":
            return self.answer(401, "")
        if self.path == roles:
            return self.answer(200, "my-role")
        assert self.path == roles + "my-role"
        return self.answer(200, json.dumps({"Code": "Success", **KEYS}))

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert self.headers["Authorization"] is None
        assert form == {"Action": ["AssumeRoleWithWebIdentity"], "Version": ["2011-06-15"],
                        "RoleArn": ["arn:aws:iam::1:role/a b+c"], "RoleSessionName": ["pod"],
                        "WebIdentityToken": ["head.body.tail"]}
        self.answer(200, STS_ANSWER)

    def log_message(self, *_):
        pass


@pytest.fixture
def services():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
    server.version = 2
    server.endpoint = "http://127.0.0.1:%d" % server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_instance_gives_its_roles_keys(services, tmp_path):
    found, statuses = fetch({"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.endpoint,
                             "HOME": str(tmp_path)})
    assert statuses == [200, 200, 200]
    assert found == {"keys": ["ASIA", "secret", "token"],
                     "description": "instance metadata, role my-role"}


def test_an_instance_of_version_1_only_is_refused(services, tmp_path):
    services.version = 1
    found, statuses = fetch({"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.endpoint,
                             "HOME": str(tmp_path)})
    assert statuses == [404]
    assert "version 1 only" in found["error"]


def test_a_pod_gives_its_keys_to_those_who_show_its_token(services, tmp_path):
    token = tmp_path / "token"
    token.write_text("pod token\n")
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": services.endpoint + "/v1/credentials",
                   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token), "HOME": str(tmp_path)}
    found, _ = fetch(environment)
    assert found["keys"] == ["ASIA", "secret", "token"]
    token.write_text("another")
    found, statuses = fetch(environment)
    assert statuses == [401]
    assert "Unauthorized: who are you? (HTTP 401)" in found["error"]


def test_web_identity_is_exchanged_for_keys(services, tmp_path):
    token = tmp_path / "token"
    token.write_text("head.body.tail\n")
    found, _ = fetch({"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_SESSION_NAME": "pod",
                      "AWS_ROLE_ARN": "arn:aws:iam::1:role/a b+c", "HOME": str(tmp_path),
                      "AWS_ENDPOINT_URL": services.endpoint})
    assert found["keys"] == ["ASIA", "secret", "token"], found


def test_lakebeats_own_http_asks_them_all(lake, services, tmp_path):
    token = tmp_path / "token"
    token.write_text("pod token")
    home = {"HOME": str(tmp_path), "http_proxy": "http://127.0.0.1:9"}
    right = ["ASIA", "secret", "token"]
    assert get({"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.endpoint, **home}) == {
        "keys": right, "description": "instance metadata, role my-role"}
    assert get({"AWS_CONTAINER_CREDENTIALS_FULL_URI": services.endpoint + "/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token), **home})["keys"] == right
    token.write_text("head.body.tail")
    assert get({"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_SESSION_NAME": "pod",
                "AWS_ROLE_ARN": "arn:aws:iam::1:role/a b+c", "AWS_ENDPOINT_URL": services.endpoint,
                "HOME": str(tmp_path)})["keys"] == right
    found = get(role_environment(lake, tmp_path, lake.role("own", actions=("s3:ListBucket",))))
    assert ask(lake.sts(), found["keys"], "GET", "/" + BUCKET)[0] == 200


@pytest.mark.parametrize("answer, error", [
    (b"", "127.0.0.1"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "127.0.0.1"),
    (b"no HTTP at all\r\n\r\n", "127.0.0.1"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000, "127.0.0.1"),
    (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", "HTTP 302"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"a\"", "not a JSON object"),
    (None, "127.0.0.1"),
])
def test_a_service_that_breaks_off_or_hangs_is_an_error(tmp_path, answer, error):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                if answer is None:
                    ended.wait(60)
                else:
                    connection.sendall(answer)

        ended = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        found = get({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:%d/x" %
                     server.getsockname()[1], "HOME": str(tmp_path)})
        ended.set()
        thread.join()
    assert "container credentials (AWS_CONTAINER_CREDENTIALS_FULL_URI): " in found["error"]
    assert error in found["error"]
