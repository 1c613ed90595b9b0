"""What is done to a test's Swift with Swift's own code; a program of its own, for Debian's Python.

swift_admin.py rings FOLDER SERVER=PORT…       makes FOLDER/SERVER.ring.gz, each of one device "d"
swift_admin.py seed FOLDER ACCOUNT CONTAINER   adds the keys on the standard input to a container's
                                               listing, as empty objects without bodies
"""
import sys
import time
from itertools import islice

from swift.common.ring import Ring, RingBuilder
from swift.common.storage_policy import POLICIES
from swift.common.utils import Timestamp, hash_path, storage_directory
from swift.container.backend import DATADIR, ContainerBroker

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
BATCH = 10000


def rings(folder, *servers):
    for server in servers:
        name, _, port = server.partition("=")
        builder = RingBuilder(0, 1, 1)
        builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port),
                         "device": "d", "weight": 1.0})
        builder.rebalance()
        builder.get_ring().save("%s/%s.ring.gz" % (folder, name))


def seed(folder, account, container):
    part, _ = Ring(folder, ring_name="container").get_nodes(account, container)
    name = hash_path(account, container)
    path = "%s/srv/d/%s/%s.db" % (folder, storage_directory(DATADIR, part, name), name)
    broker = ContainerBroker(path, account=account, container=container)
    lines = (line.rstrip("\n") for line in sys.stdin)
    while keys := list(islice(lines, BATCH)):
        now = Timestamp(time.time()).internal
        broker.merge_items([
            {"name": key, "created_at": now, "size": 0, "content_type": "text/plain",
             "etag": EMPTY_MD5, "deleted": 0, "storage_policy_index": int(POLICIES.default),
             "ctype_timestamp": None, "meta_timestamp": None} for key in keys])


{"rings": rings, "seed": seed}[sys.argv[1]](*sys.argv[2:])
