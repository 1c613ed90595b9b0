"""Real servers for tests: the folder, the ports and the processes of one group of them.

A group's processes are killed with SIGKILL, when `stop()` is called, when Python ends, and, by the
kernel's parent death signal, when Python itself is killed; nothing that is worth keeping is in them. A
group's folder is removed with it. A folder that a killed Python left behind is removed by the next
group: its owner's lock on it is gone.

The kernel ties the signal to the thread that starts a process, so start servers in a thread that
lives as long as they are wanted, such as pytest's own.
"""
import atexit
import fcntl
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS = 60  # for bugs, not for slow machines
PREFIX = "lakebeat-servers-"

# Below Linux's range for outgoing connections, so that no client takes a port
# between its choice and its use; above those that Ceph's OSDs take by themselves.
PORTS = range(10000, 32000)


def free_ports(count):
    """Ports of the loopback address that nobody listens on right now."""
    held = []
    try:
        for port in random.SystemRandom().sample(PORTS, len(PORTS)):
            candidate = socket.socket()
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                candidate.close()
                continue
            held.append(candidate)
            if len(held) == count:
                return [one.getsockname()[1] for one in held]
        raise AssertionError("no %d free ports" % count)
    finally:
        for one in held:
            one.close()


def start_anew(start):
    """start() with fresh ports; once more when somebody took one of them in that moment."""
    for attempt in range(3):
        try:
            return start()
        except ServerFailed:
            if attempt == 2:
                raise


class ServerFailed(AssertionError):
    """A server that did not come up, with the end of its log."""


class Group:
    """A folder and the servers that work in it.

    name: shown in the folder's name. user: whom the servers run as, when not as who runs the
    tests; needs root.
    """

    def __init__(self, name, user=None):
        remove_leftovers()
        self.user = user
        self.processes = []
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX + name + "-"))
        self.lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        if user:
            self.folder.chmod(0o755)
            shutil.chown(self.folder, user)
        atexit.register(self.stop)

    def file(self, name, text, mode=0o644):
        """A file in the folder, which the servers may read."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        if self.user:
            shutil.chown(path.parent, self.user)
            shutil.chown(path, self.user)
        return path

    def who(self):
        """The name of whom the servers run as."""
        return self.user or pwd.getpwuid(os.geteuid()).pw_name

    def argv(self, words):
        guarded = ["setpriv", "--pdeathsig", "KILL"]
        if self.user:
            guarded += ["--reuid", self.user, "--regid", "nogroup", "--clear-groups"]
        return guarded + ["--"] + [str(word) for word in words]

    def spawn(self, *words, env=None):
        """Starts a server; its output is in the folder's log."""
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(self.argv(words), cwd=self.folder, env=env,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        process.ends_with_group = True  # not with the test that asked for it first
        self.processes.append(process)
        return process

    def run(self, *words, text=None):
        """Runs a program to its end, with this text to read; what it prints."""
        result = subprocess.run(self.argv(words), cwd=self.folder, input=text or "",
                                capture_output=True, text=True, timeout=START_SECONDS)
        if result.returncode != 0:
            raise ServerFailed("%s: exit code %d\n%s%s\n%s" % (
                words[0], result.returncode, result.stdout, result.stderr, self.log()))
        return result.stdout

    def end(self, process):
        """Kills one of the servers."""
        process.kill()
        process.wait()
        self.processes.remove(process)

    def wait_for_port(self, process, port):
        """Until the server listens there; when it ends instead, its log is the error."""
        self.wait_for(process, lambda: listens(process, port))

    def wait_for(self, process, ready):
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed("%s did not start\n%s" % (process.args, self.log()))
            time.sleep(0.005)

    def log(self):
        """The end of what the servers had to say."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def memory_bytes(self):
        """What the servers hold of the machine's memory, shared pages counted in full."""
        pages = 0
        for process in self.processes:
            pages += int(Path("/proc/%d/statm" % process.pid).read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        """Kills what runs, and removes the folder. May be called again."""
        atexit.unregister(self.stop)
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        self.processes = []
        if self.lock is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.close(self.lock)
            self.lock = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def remove_leftovers():
    """Folders whose owner was killed: nobody holds their lock, and a new one is locked at once."""
    for path in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        try:
            if time.time() - path.stat().st_mtime < START_SECONDS:
                continue  # perhaps just made, and not locked yet
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            continue  # somebody else's, or gone
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)


def listens(process, port):
    """Whether this very process listens on the loopback address: others may have the port."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == "0100007F:%04X" % port and fields[3] == "0A":
            inodes.add("socket:[%s]" % fields[9])
    try:
        return any(os.readlink(path) in inodes
                   for path in Path("/proc/%d/fd" % process.pid).iterdir()) if inodes else False
    except OSError:
        return False  # it closed a file, or ended; the next look tells


def certificates(group, names):
    """Makes a CA and a certificate for these host names and 127.0.0.1, by openssl's own program.

    Returns the paths of the CA's certificate, the server's certificate and the server's key.
    """
    ca, key, request, certificate = (group.folder / name for name in (
        "ca.pem", "server.key", "server.csr", "server.pem"))
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    group.run("openssl", "req", "-x509", *new_key, "-keyout", group.folder / "ca.key", "-out", ca,
              "-days", "2", "-subj", "/CN=Lakebeat test CA",
              "-addext", "keyUsage=critical,keyCertSign")
    group.run("openssl", "req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=" + names[0])
    extensions = group.file("server.ext", "basicConstraints=CA:FALSE\nsubjectAltName=%s\n" % ",".join(
        ["DNS:" + name for name in names] + ["IP:127.0.0.1"]))
    group.run("openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey",
              group.folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", extensions,
              "-out", certificate)
    return ca, certificate, key
