"""moto, an emulator of Amazon's services that nobody here wrote: SQS, and S3 that notifies it.

    with Moto() as moto:
        with Boto("sqs", moto.endpoint, moto.owner) as sqs: ...

It is up in some seconds and needs 80 MB. It takes any signature and does not page short, so it is no
judge of clients' signatures, and a batch of any length; it is a second opinion on what SQS says, and
on what S3's notifications look like. (Not called moto.py, which would hide the package.)
"""
from s3 import S3, Credentials
from servers import Group, free_ports, start_anew
from tests_venv import program


class Moto:
    def __init__(self):
        self.owner = Credentials("AKMOTO", "secret")
        self.group = start_anew(lambda: self.start(Group("moto")))

    def start(self, group):
        try:
            (port,) = free_ports(1)
            process = group.spawn(program("moto_server"), "-H", "127.0.0.1", "-p", port)
            group.wait_for_port(process, port)
            self.endpoint = "http://127.0.0.1:%d" % port
            return group
        except BaseException:
            group.stop()
            raise

    def client(self, **options):
        """A client of its S3."""
        return S3(self.endpoint, self.owner, **options)

    def stop(self):
        self.group.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
