"""A small S3 client for tests. It shares nothing with lakebeat's own, and hides nothing.

    client = S3("http://127.0.0.1:7480", Credentials("AKTEST", "SKTEST"))
    client.create_bucket("lake")
    client.put("lake", "triggers/orders/orders_20251123_060000.txt")
    client.list("lake", prefix="triggers/").keys

A refusal is raised as S3Error with its HTTP status and S3's code. `request()` raises nothing. A client
holds one connection and belongs to one thread; `put_all()` has its own.
"""
import http.client
import json
import socket
import ssl
import threading
from collections import namedtuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

from signature import Credentials, canonical_path, canonical_query, encode, sha256, sign

__all__ = ["Credentials", "Listing", "Reply", "S3", "S3Error", "put_all", "sensor_keys"]

Reply = namedtuple("Reply", "status headers body")
Listing = namedtuple("Listing", "keys prefixes truncated token")
SECONDS = 60  # for bugs, not for slow machines


class S3Error(Exception):
    """What the server refused. status: of HTTP; code: S3's word, "" when it gave none."""

    def __init__(self, reply, what):
        root = xml(reply.body)
        self.status = reply.status
        self.code = "" if root is None else (root.findtext(".//Code") or "")
        super().__init__("%s: %d %s: %s" % (what, self.status, self.code, reply.body[:500]))


class S3:
    """endpoint: with scheme and port. host: the name in Host and for TLS when it is not the
    endpoint's. virtual: buckets are in the host's name, not in the path. ca: the file of the CA for
    https. now: seconds, the time to sign with."""

    def __init__(self, endpoint, credentials, region="us-east-1", host=None, virtual=False, ca=None,
                 now=None):
        self.endpoint = urlsplit(endpoint)
        self.credentials = credentials
        self.region = region
        self.host = host or self.endpoint.hostname
        self.virtual = virtual
        self.ca = ca
        self.now = now
        self.connection = None

    def another(self, **changes):
        """The same, over a connection of its own, but for what changes."""
        given = {name: getattr(self, name) for name in (
            "credentials", "region", "host", "virtual", "ca", "now")}
        given["endpoint"] = self.endpoint.geturl()
        given.update(changes)
        return S3(**given)

    def request(self, method, bucket="", key="", query=(), body=b"", headers=None, service="s3"):
        """One signed request; the reply as it came. query: pairs."""
        host = self.host
        path = "/" + key
        if bucket and self.virtual:
            host = "%s.%s" % (bucket, host)
        elif bucket:
            path = "/%s%s" % (bucket, path if key else "")
        path, text = canonical_path(path), canonical_query(query)
        headers = {"host": "%s:%d" % (host, self.endpoint.port), **(headers or {})}
        if self.credentials:
            headers.update(sign(self.credentials, method, path, text, headers, sha256(body),
                                self.region, service, self.now))
        return self.send(host, method, path + ("?" + text if text else ""), body, headers)

    def send(self, host, method, target, body, headers):
        if self.connection is None:
            self.connection = Connection(self.endpoint, host, self.ca)
        try:
            self.connection.request(method, target, body, headers)
            response = self.connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        except BaseException:
            self.close()
            raise

    def done(self, what, reply):
        if reply.status >= 300:
            raise S3Error(reply, what)
        return reply

    def create_bucket(self, bucket):
        return self.done("create " + bucket, self.request("PUT", bucket))

    def put(self, bucket, key, body=b"", headers=None):
        return self.done("put " + key, self.request("PUT", bucket, key, (), body, headers))

    def get(self, bucket, key, headers=None):
        return self.done("get " + key, self.request("GET", bucket, key, headers=headers)).body

    def head(self, bucket, key):
        return self.done("head " + key, self.request("HEAD", bucket, key)).headers

    def delete(self, bucket, key=""):
        return self.done("delete " + key, self.request("DELETE", bucket, key))

    def put_policy(self, bucket, policy):
        """policy: a dictionary, as Amazon's JSON has it."""
        return self.done("policy of " + bucket, self.request(
            "PUT", bucket, query=[("policy", "")], body=json.dumps(policy).encode()))

    def list(self, bucket, **parameters):
        """One page of ListObjectsV2; parameters: prefix, start_after, max_keys, …"""
        query = [("list-type", "2")]
        query += [(name.replace("_", "-"), str(value)) for name, value in parameters.items()]
        root = xml(self.done("list " + bucket, self.request("GET", bucket, query=query)).body)
        return Listing([element.text or "" for element in root.findall("Contents/Key")],
                       [element.text or "" for element in root.findall("CommonPrefixes/Prefix")],
                       root.findtext("IsTruncated") == "true", root.findtext("NextContinuationToken"))

    def list_all(self, bucket, **parameters):
        """All keys, page by page."""
        page = self.list(bucket, **parameters)
        keys = page.keys
        while page.truncated:
            page = self.list(bucket, continuation_token=page.token, **parameters)
            keys += page.keys
        return keys

    def query_api(self, service, action, **parameters):
        """A call of Amazon's query protocol (IAM, STS); the reply as parsed XML."""
        body = "&".join("%s=%s" % (encode(name), encode(str(value)))
                        for name, value in {"Action": action, **parameters}.items())
        reply = self.request("POST", body=body.encode(), service=service, headers={
            "content-type": "application/x-www-form-urlencoded"})
        return xml(self.done(action, reply).body)

    def assume_role(self, role_arn, session="test", seconds=3600):
        """Temporary credentials of the role."""
        root = self.query_api("sts", "AssumeRole", RoleArn=role_arn, RoleSessionName=session,
                              DurationSeconds=seconds)
        found = root.find(".//Credentials")
        return Credentials(found.findtext("AccessKeyId"), found.findtext("SecretAccessKey"),
                           found.findtext("SessionToken"))

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class Connection(http.client.HTTPConnection):
    """Goes to this machine, whatever the host's name is, so that no test asks a name server."""

    def __init__(self, endpoint, host, ca):
        super().__init__("127.0.0.1", endpoint.port, timeout=SECONDS)
        self.server_name = host
        self.tls = ssl.create_default_context(cafile=ca) if endpoint.scheme == "https" else None

    def connect(self):
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.server_name)

    def putrequest(self, method, url, **_):
        super().putrequest(method, url, skip_host=True, skip_accept_encoding=True)


def xml(body):
    """Parsed, without the namespace, which servers do not agree about; None when it is no XML."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def put_all(client, bucket, keys, body=b"", connections=64):
    """Puts the keys over many connections at once; the first refusal is raised."""
    remaining = iter(keys)
    lock = threading.Lock()
    errors = []

    def work():
        mine = client.another()
        try:
            while not errors:
                with lock:
                    key = next(remaining, None)
                if key is None:
                    return
                mine.put(bucket, key, body)
        except Exception as error:  # raised again below, in the thread that asked
            errors.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def sensor_keys(sensors, files, base="triggers"):
    """Keys of trigger files by the standard name: so many sensors with so many files each, one a
    minute, in the order of a listing."""
    for sensor in range(sensors):
        name = "sensor_%06d" % sensor
        for number in range(files):
            day, minute = divmod(number, 24 * 60)
            year, day = divmod(day, 12 * 28)
            yield "%s/%s/%s_%04d%02d%02d_%02d%02d00.txt" % (
                base, name, name, 2020 + year, day // 28 + 1, day % 28 + 1, minute // 60, minute % 60)
