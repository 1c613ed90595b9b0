"""The second opinion on S3: OpenStack Swift with its own S3 interface, s3api.

    with Swift() as swift:
        swift.client().create_bucket("lake")
        swift.seed("lake", sensor_keys(1000, 100))

It shares no code with Ceph and is stricter about a signature's region, but ten times slower, and needs
some two seconds to start and 260 MB. `seed()` writes rows into a container's listing directly, 100,000
in seconds; such keys can be listed, not read.

Differences from Amazon: If-None-Match: * is 501, an unknown access key is SignatureDoesNotMatch, a
continuation token that is none is 500, and an anonymous request is 412. Swift's constants come from
/etc/swift/swift.conf as Debian has it; everything else is in the group's folder.
"""
from pathlib import Path

from s3 import S3, Credentials
from servers import Group, free_ports, start_anew
from signature import sha256

ACCOUNT = "AUTH_test"
REGION = "us-east-1"
BACKENDS = ("account", "container", "object")
OWNER = Credentials("test:tester", sha256(b"a secret of tests")[:32])

# Why: one process a server (workers), no space set aside on small file systems (fallocate), and
# a listing that has an object before its PUT returns (no updater runs that would mend it).
BACKEND = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
devices = {base}/srv
swift_dir = {base}
user = {user}
mount_check = false
workers = 0
disable_fallocate = true
fallocate_reserve = 0
container_update_timeout = 30
[pipeline:main]
pipeline = {server}-server
[app:{server}-server]
use = egg:swift#{server}
"""

PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {base}
user = {user}
workers = 0
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{cache}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin .reseller_admin
"""


class Swift:
    def __init__(self, user=None):
        self.group = start_anew(lambda: self.start(Group("swift", user)))

    def start(self, group):
        try:
            self.group = group
            proxy, cache, *ports = free_ports(2 + len(BACKENDS))
            backends = dict(zip(BACKENDS, ports))
            group.run("mkdir", "-p", "srv/d")
            self.admin("rings", group.folder, *["%s=%d" % one for one in backends.items()])
            started = [(group.spawn("memcached", "-l", "127.0.0.1", "-p", cache, "-U", "0",
                                    "-u", group.who()), cache)]
            for server, port in backends.items():
                started.append((self.spawn(server, BACKEND, server=server, port=port), port))
            started.append((self.spawn("proxy", PROXY, port=proxy, cache=cache, region=REGION,
                                       secret=OWNER.secret_key), proxy))
            for process, port in started:
                group.wait_for_port(process, port)
            self.endpoint = "http://127.0.0.1:%d" % proxy
            return group
        except BaseException:
            group.stop()
            raise

    def spawn(self, name, configuration, **values):
        text = configuration.format(base=self.group.folder, user=self.group.who(), **values)
        path = self.group.file(name + ".conf", text, mode=0o600)
        return self.group.spawn("swift-%s-server" % name, path, "verbose")

    def admin(self, *words, text=None):
        # By its text: the servers' user may not see the folder of the tests.
        program = Path(__file__).with_name("swift_admin.py").read_text(encoding="utf-8")
        return self.group.run("/usr/bin/python3", "-P", "-c", program, *words, text=text)

    def client(self, credentials=OWNER, **options):
        """A client of the owner of the buckets, or of somebody else; options: s3.S3's."""
        options.setdefault("endpoint", self.endpoint)
        return S3(credentials=credentials, **options)

    def seed(self, bucket, keys):
        """Adds keys to a bucket's listing, quickly; there are no objects behind them."""
        self.admin("seed", self.group.folder, ACCOUNT, bucket, text="".join(
            key + "\n" for key in keys))

    def stop(self):
        self.group.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
