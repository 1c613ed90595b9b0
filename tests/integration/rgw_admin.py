"""Adds keys to a bucket's listing in Ceph, without objects; a program of its own, for Debian's Python.

rgw_admin.py CEPH.CONF INDEX_OBJECT TEMPLATE   reads keys on the standard input

The index of a bucket is an object whose omap has an entry for each key. The program copies the entry
of TEMPLATE, a key that was put, and changes but the name in it. An entry begins with two bytes of
versions, the length of what follows, and the name with its own length, all little-endian.
"""
import struct
import sys
from itertools import islice

import rados

BATCH = 5000  # far below the size that an OSD takes in one operation


def main(configuration, index, template):
    with rados.Rados(conffile=configuration, name="client.admin") as cluster, \
            cluster.open_ioctx("default.rgw.buckets.index") as pool:
        with rados.ReadOpCtx() as operation:
            found, _ = pool.get_omap_vals_by_keys(operation, (template,))
            pool.operate_read_op(operation, index)
            ((_, entry),) = list(found)
        versions, _, length = struct.unpack_from("<HII", entry)
        rest = entry[10 + length:]
        lines = (line.rstrip("\n") for line in sys.stdin)
        while keys := tuple(islice(lines, BATCH)):
            names = [key.encode() for key in keys]
            entries = tuple(struct.pack("<HII", versions, 4 + len(name) + len(rest), len(name)) +
                            name + rest for name in names)
            with rados.WriteOpCtx() as operation:
                pool.set_omap(operation, keys, entries)
                pool.operate_write_op(operation, index)


main(*sys.argv[1:])
