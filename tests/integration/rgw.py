"""A real S3 server for tests: Ceph's RADOS gateway, with a monitor and one OSD in memory behind it.

    with Rgw() as rgw:
        rgw.client().create_bucket("lake")

It is up in about a second, needs some 125 MB and 21 KB for each object, runs as root and as anybody,
listens on 127.0.0.1 only, and needs no systemd. What may be chosen:

  tls      also listens with TLS, at `tls_endpoint`, by a CA that is in the file `ca`
  shards   parts of a bucket's index. With 11, Ceph's own default, a listing has short pages:
           IsTruncated is true although fewer keys came than were asked for.
  user     whom the servers run as; needs root
  memory_bytes  what all objects may take together

Buckets are named in the path, or in the host's name below DOMAIN (libcurl finds *.localhost itself).

`seed()` writes entries into a bucket's index directly: 100,000 in half a second, of 1 KB each.
`outage()` takes the server away for a while.

`slow_down()` and `sts()` start further gateways to the same buckets: one that serves two requests at a
time and refuses others with 503 SlowDown, and one that gives out temporary credentials. They are
apart because a gateway with STS calls a wrong signature AccessDenied.

Differences from Amazon: any region is accepted in a signature, a continuation token that is none is
taken for a key, and listings have a further element Type. Tokens are keys as they are, so that one
who does not encode them is found out.
"""
import base64
import hashlib
import json
import uuid
from contextlib import contextmanager
from pathlib import Path

from s3 import S3, Credentials
from servers import Group, certificates, free_ports, start_anew

DOMAIN = "s3.localhost"
ACCOUNT = "arn:aws:iam:::user/"

# Why: the gateway insists on "secure" unless it is told, and then fails without end when there are no
# keys; the two Paxos delays make 12 s of start-up out of 1; without tcp_nodelay every listing takes 40
# ms more; and readahead makes small pages as slow as large ones.
CONFIGURATION = """[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{mon},v1:127.0.0.1:{mon_v1}]
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc secure
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
run_dir = {base}
admin_socket = {base}/$name.asok
pid_file = {base}/$name.pid
log_file = {base}/$name.log
crash_dir = {base}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_crit = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_objectstore = memstore
memstore_device_bytes = {memory_bytes}
[mon.a]
mon_data = {base}/mon
[osd.0]
osd_data = {base}/osd.0
[client]
rgw_data = {base}/rgw
rgw_override_bucket_index_max_shards = {shards}
rgw_list_bucket_min_readahead = 1
rgw_dynamic_resharding = false
rgw_enable_gc_threads = false
rgw_enable_lc_threads = false
rgw_enable_quota_threads = false
rgw_dns_name = {domain}
rgw_sts_key = {sts_key}
rgw_sts_min_session_duration = 1
"""


class Rgw:
    def __init__(self, tls=False, shards=1, user=None, memory_bytes=8 << 30):
        self.tls = tls
        self.shards = shards
        self.memory_bytes = memory_bytes
        self.gateways = {}
        self.running = {}
        self.group = start_anew(lambda: self.start(Group("rgw", user)))
        self.owner = self.user("test", caps="roles=*;users=*")

    def start(self, group):
        try:
            self.group = group
            self.ports = iter(free_ports(6))
            self.configure(next(self.ports), next(self.ports))
            self.start_cluster()
            self.endpoint = self.start_gateway("main", tls=self.tls)
            return group
        except BaseException:
            group.stop()
            raise

    def configure(self, mon, mon_v1):
        self.fsid = str(uuid.uuid4())
        self.mon, self.mon_v1 = mon, mon_v1
        self.ca = None
        self.configuration = self.group.file("ceph.conf", CONFIGURATION.format(
            fsid=self.fsid, base=self.group.folder, mon=mon, mon_v1=mon_v1, shards=self.shards,
            memory_bytes=self.memory_bytes, domain=DOMAIN, sts_key=self.fsid[:16]))
        for name in ("mon", "osd.0", "rgw"):
            self.group.run("mkdir", name)

    def start_cluster(self):
        run, spawn, conf = self.group.run, self.group.spawn, ("-c", self.configuration)
        addresses = "[v2:127.0.0.1:%d,v1:127.0.0.1:%d]" % (self.mon, self.mon_v1)
        run("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", addresses, "monmap")
        run("ceph-mon", *conf, "-i", "a", "--mkfs", "--monmap", "monmap")
        monitor = spawn("ceph-mon", *conf, "-i", "a", "-f")
        self.group.wait_for_port(monitor, self.mon)
        osd = str(uuid.uuid4())
        run("ceph", *conf, "osd", "new", osd)
        run("ceph-osd", *conf, "-i", "0", "--mkfs", "--osd-uuid", osd)
        spawn("ceph-osd", *conf, "-i", "0", "-f")

    def start_gateway(self, name, tls=False, **settings):
        """Starts a gateway; the settings are Ceph's. Returns its endpoint."""
        port = next(self.ports)
        frontend = "beast endpoint=127.0.0.1:%d tcp_nodelay=1" % port
        if tls:
            tls_port = next(self.ports)
            self.ca, certificate, key = certificates(self.group, [DOMAIN, "*." + DOMAIN])
            self.tls_endpoint = "https://%s:%d" % (DOMAIN, tls_port)
            frontend += " ssl_endpoint=127.0.0.1:%d ssl_certificate=%s ssl_private_key=%s" % (
                tls_port, certificate, key)
        self.spawn_gateway(name, port, ["radosgw", "-c", self.configuration, "-n", "client.rgw." + name,
                                        "-f", "--rgw_frontends=" + frontend,
                                        *["--%s=%s" % setting for setting in settings.items()]])
        return "http://127.0.0.1:%d" % port

    def spawn_gateway(self, name, port, words):
        process = self.group.spawn(*words)
        self.group.wait_for_port(process, port)
        self.running[name] = process, port, words

    @contextmanager
    def outage(self):
        """Meanwhile the main gateway is down; then it listens again at the same port, with all
        buckets. To make another bucket may take half a minute more: Ceph waits for the killed one."""
        process, port, words = self.running["main"]
        self.group.end(process)
        yield
        self.spawn_gateway("main", port, words)

    def gateway(self, name, **settings):
        """A further gateway's endpoint; started when it is asked for first."""
        if name not in self.gateways:
            self.gateways[name] = self.start_gateway(name, **settings)
        return self.gateways[name]

    def slow_down(self):
        """The endpoint that refuses whatever comes while it serves two requests."""
        return self.gateway("slow", rgw_max_concurrent_requests=2)

    def sts(self):
        """The endpoint that takes AssumeRole, and the temporary credentials that this gives."""
        return self.gateway("sts", rgw_s3_auth_use_sts="true")

    def admin(self, *words):
        """radosgw-admin's answer, parsed."""
        answer = self.group.run("radosgw-admin", "-c", self.configuration, *words)
        return json.loads(answer) if answer.strip() else None

    def user(self, name, caps=""):
        """Makes a user who may do nothing in others' buckets; the credentials."""
        digest = hashlib.sha256((self.fsid + name).encode()).digest()
        # With "/" and "+" in it, which those who decode too much get wrong.
        secret = base64.b64encode(digest).decode()[:30] + "/+" + name[:8]
        credentials = Credentials("AK" + name.upper(), secret)
        self.admin("user", "create", "--uid=" + name, "--display-name=" + name,
                   "--access-key=" + credentials.access_key, "--secret-key=" + secret,
                   *(["--caps=" + caps] if caps else []))
        return credentials

    def suspend(self, name):
        """From now on the user's credentials are refused."""
        self.admin("user", "suspend", "--uid=" + name)

    def role(self, name, user="test", actions=("s3:*",), resource="arn:aws:s3:::*"):
        """Makes a role that the user may assume and that may do these actions; its ARN."""
        trust = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": [ACCOUNT + user]}, "Action": ["sts:AssumeRole"]}]}
        may = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": list(actions), "Resource": resource}]}
        made = self.admin("role", "create", "--role-name=" + name, "--path=/",
                          "--assume-role-policy-doc=" + json.dumps(trust))
        self.group.run("radosgw-admin", "-c", self.configuration, "role-policy", "put",
                       "--role-name=" + name, "--policy-name=may", "--policy-doc=" + json.dumps(may))
        return made["Arn"]

    def seed(self, bucket, keys):
        """Adds keys to a bucket's listing, quickly. There are no objects behind them: they can be
        listed and overwritten, neither read nor deleted."""
        assert self.shards == 1, "only an index in one part can be seeded"
        template = ".seed"
        client = self.client()
        client.put(bucket, template)
        bucket_id = self.admin("metadata", "get", "bucket:" + bucket)["data"]["bucket"]["bucket_id"]
        program = Path(__file__).with_name("rgw_admin.py").read_text(encoding="utf-8")
        self.group.run("/usr/bin/python3", "-P", "-c", program, self.configuration,
                       ".dir.%s.0" % bucket_id, template, text="".join(key + "\n" for key in keys))
        client.delete(bucket, template)

    def client(self, credentials=None, **options):
        """A client of the owner of the buckets, or of somebody else; options: s3.S3's."""
        options.setdefault("endpoint", self.endpoint)
        return S3(credentials=credentials or self.owner, ca=self.ca and str(self.ca), **options)

    def stop(self):
        self.group.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def reading_policy(bucket, user, denied_prefix=None):
    """A bucket policy by which the user may list and read all but, perhaps, what is below a prefix."""
    principal = {"AWS": [ACCOUNT + user]}
    arn = "arn:aws:s3:::" + bucket
    statements = [{"Effect": "Allow", "Principal": principal,
                   "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": [arn, arn + "/*"]}]
    if denied_prefix is not None:
        statements += [
            {"Effect": "Deny", "Principal": principal, "Action": ["s3:GetObject"],
             "Resource": ["%s/%s*" % (arn, denied_prefix)]},
            {"Effect": "Deny", "Principal": principal, "Action": ["s3:ListBucket"], "Resource": [arn],
             "Condition": {"StringLike": {"s3:prefix": denied_prefix + "*"}}}]
    return {"Version": "2012-10-17", "Statement": statements}
