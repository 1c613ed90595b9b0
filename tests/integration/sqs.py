"""A stand-in for Amazon SQS that takes nothing that Amazon would not.

    with Sqs() as sqs:
        queue = sqs.create("arrivals")
        queue.send(object_created("lake", "triggers/orders/orders_20251123_060000.txt"))
        ... lakebeat with sqs.endpoint, sqs.url("arrivals"), sqs.owner ...

It speaks Amazon's JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html) over
HTTP in threads of the test's own process: every request must be signed for the service "sqs" and the
region by one of `credentials`; a member that the operation does not have is an error; a receive waits
as long as it says and ends when a message becomes visible. Errors have the names that Amazon's model
of the service has, and in x-amzn-query-error those of the older protocol.

What a test can do to it:

    sqs.fail("ReceiveMessage", "throttle", times=3)   the next three are refused; see FAULTS
    sqs.advance(60)                                   time passes: messages become visible again
    queue.duplicates = 1; queue.random = Random(7)    each message twice, in any order
    queue.dead_letters, queue.max_receive_count       redrive
    sqs.calls                                         [(action, body), …] of all signed requests
"""
import hashlib
import json
import re
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote_plus

from signature import Credentials, Refused, verify
from sqs_queue import Queue, QueueError, check_range

REGION = "eu-central-1"
ACCOUNT = "123456789012"
MAX_BATCH = 10
MAX_BODY_BYTES = 1024 * 1024

# Of errors whose older names differ.
QUERY_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}

# name: (status, code, message) of a refusal; the others are told of in fail().
FAULTS = {
    "throttle": (400, "RequestThrottled", "Rate exceeded"),
    "overlimit": (400, "OverLimit", "Too many messages in flight"),
    "unavailable": (503, "ServiceUnavailable", "The service is unavailable."),
    "internal": (500, "InternalFailure", "An internal error occurred."),
    "expired": (403, "ExpiredToken", "The security token included in the request is expired"),
    "denied": (403, "AccessDenied", "User is not authorized to perform this action."),
}

SERVICE_ERRORS = {
    "ReceiptHandleIsInvalid", "RequestThrottled", "OverLimit", "InvalidAttributeName", *QUERY_CODES}

MEMBER_TYPES = {
    "AttributeNames": list, "Attributes": dict, "DelaySeconds": int, "Entries": list, "Id": str,
    "MaxNumberOfMessages": int, "MessageBody": str, "MessageSystemAttributeNames": list,
    "QueueName": str, "QueueUrl": str, "ReceiptHandle": str, "VisibilityTimeout": int,
    "WaitTimeSeconds": int,
}


class Fault(Exception):
    """An error to be sent."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.code = code


class Sqs:
    def __init__(self, credentials=None):
        self.owner = credentials or Credentials("AKQUEUE", "queue/secret+of/tests")
        self.credentials = [self.owner]
        self.queues = {}
        self.calls = []
        self.faults = []
        self.passed = 0.0
        self.stopped = False
        self.changed = threading.Condition()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.sqs = self
        self.endpoint = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def now(self):
        return time.time() + self.passed

    def advance(self, seconds):
        """Time passes for the queues; signatures are still judged by the clock."""
        with self.changed:
            self.passed += seconds
            self.changed.notify_all()

    def create(self, name, visibility_timeout=30):
        with self.changed:
            self.queues[name] = Queue(name, self.now, visibility_timeout)
            return self.queues[name]

    def url(self, name):
        return "%s/%s/%s" % (self.endpoint, ACCOUNT, name)

    def fail(self, action, fault, times=1):
        """The next requests for the action meet a fault: one of FAULTS, or

        drop         the connection is closed and nothing has happened
        drop_reply   the connection is closed after it has happened
        garbage      200 with half a JSON text, after it has happened
        entries      of a batch, every other entry fails; else nothing
        """
        assert fault in FAULTS or fault in ("drop", "drop_reply", "garbage", "entries")
        with self.changed:
            self.faults += [(action, fault)] * times

    def take_fault(self, action):
        for number, (meant, fault) in enumerate(self.faults):
            if meant == action:
                del self.faults[number]
                return fault
        return None

    def actions(self, action):
        """The bodies of all requests for the action."""
        with self.changed:
            return [body for called, body in self.calls if called == action]

    def stop(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients may go away while they wait; all else is a bug here."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        sqs = self.server.sqs
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = None
        try:
            action, body = self.parse(data)
            with sqs.changed:
                sqs.calls.append((action, body))
                fault = sqs.take_fault(action)
            if fault == "drop":
                return self.drop()
            if fault in FAULTS:
                raise Fault(*FAULTS[fault])
            answer = 200, OPERATIONS[action](sqs, body, fault)
            if fault == "drop_reply":
                return self.drop()
        except Fault as error:
            answer = error.status, error
        except QueueError as error:
            answer = 400, error
        self.reply(*answer, cut=fault == "garbage")

    def parse(self, data):
        """(action, body) of a request that Amazon would take."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            verify(self.server.sqs.credentials, self.command, self.path, headers, data, REGION, "sqs")
        except Refused as error:
            raise Fault(403, error.code, str(error)) from error
        if self.path != "/":
            raise Fault(404, "UnknownOperationException", "The JSON protocol posts to /")
        if headers.get("content-type") != "application/x-amz-json-1.0":
            raise Fault(400, "UnknownOperationException", "Content-Type: application/x-amz-json-1.0")
        service, _, action = headers.get("x-amz-target", "").partition(".")
        if service != "AmazonSQS" or action not in OPERATIONS:
            raise Fault(400, "UnknownOperationException", "X-Amz-Target: AmazonSQS.ACTION")
        try:
            body = json.loads(data)
        except ValueError as error:
            raise Fault(400, "SerializationException", str(error)) from error
        return action, body

    def reply(self, status, answer, cut):
        self.send_response(status)
        if isinstance(answer, Exception):
            space = "com.amazonaws.sqs" if answer.code in SERVICE_ERRORS else "com.amazon.coral.service"
            side = "Receiver" if status >= 500 else "Sender"
            self.send_header("x-amzn-query-error", "%s;%s" % (
                QUERY_CODES.get(answer.code, answer.code), side))
            answer = {"__type": "%s#%s" % (space, answer.code), "message": str(answer)}
        data = b"" if answer is None else json.dumps(answer).encode()
        data = data[:len(data) // 2] if cut else data
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def drop(self):
        self.close_connection = True


def members(body, required, optional=()):
    """The values of a request's members; others, those of another type and missing ones are errors."""
    if not isinstance(body, dict):
        raise Fault(400, "SerializationException", "the body must be an object")
    for name, value in body.items():
        if name not in required and name not in optional:
            raise Fault(400, "SerializationException", "no member is named " + name)
        if type(value) is not MEMBER_TYPES[name]:
            raise Fault(400, "SerializationException", "%s has another type" % name)
    for name in required:
        if name not in body:
            raise QueueError("MissingParameter", "The request must contain the parameter %s." % name)
    return [body.get(name) for name in (*required, *optional)]


def queue_at(sqs, url):
    account, _, name = url.partition("://")[2].partition("/")[2].partition("/")
    if account != ACCOUNT or name not in sqs.queues:
        raise QueueError("QueueDoesNotExist", "The specified queue does not exist.")
    return sqs.queues[name]


def create_queue(sqs, body, _):
    name, attributes = members(body, ["QueueName"], ["Attributes"])
    attributes = dict(attributes or {})
    timeout = int(attributes.pop("VisibilityTimeout", 30))
    redrive = json.loads(attributes.pop("RedrivePolicy", "null"))
    if attributes:
        raise QueueError("InvalidAttributeName", "Unknown Attribute %s." % ", ".join(attributes))
    with sqs.changed:
        queue = sqs.create(name, timeout)
        if redrive:
            queue.dead_letters = sqs.queues[redrive["deadLetterTargetArn"].rpartition(":")[2]]
            queue.max_receive_count = int(redrive["maxReceiveCount"])
    return {"QueueUrl": sqs.url(name)}


def get_queue_url(sqs, body, _):
    (name,) = members(body, ["QueueName"])
    return {"QueueUrl": sqs.url(queue_at(sqs, sqs.url(name)).name)}


def send_message(sqs, body, _):
    url, text, delay = members(body, ["QueueUrl", "MessageBody"], ["DelaySeconds"])
    check_range("DelaySeconds", delay or 0, 0, 900)
    if not text or len(text.encode()) > MAX_BODY_BYTES:
        raise QueueError("InvalidParameterValue", "One or more parameters are invalid: MessageBody")
    with sqs.changed:
        message_id = queue_at(sqs, url).send(text, delay or 0)
        sqs.changed.notify_all()
    return {"MessageId": message_id, "MD5OfMessageBody": hashlib.md5(text.encode()).hexdigest()}


def receive_message(sqs, body, _):
    url, count, wait, timeout, *wanted = members(body, ["QueueUrl"], [
        "MaxNumberOfMessages", "WaitTimeSeconds", "VisibilityTimeout", "AttributeNames",
        "MessageSystemAttributeNames"])
    count = check_range("MaxNumberOfMessages", 1 if count is None else count, 1, MAX_BATCH)
    wait = check_range("WaitTimeSeconds", wait or 0, 0, 20)
    with sqs.changed:
        queue = queue_at(sqs, url)
        timeout = queue.visibility_timeout if timeout is None else timeout
        check_range("VisibilityTimeout", timeout, 0, 43200)
        deadline = sqs.now() + wait
        wanted = [name for names in wanted for name in names or ()]
        while not (messages := queue.receive(count, timeout, wanted)):
            next_at = queue.next_visible_at()
            left = deadline - sqs.now()
            if left <= 0 or sqs.stopped:
                return {}
            if next_at is not None:
                left = min(left, max(next_at - sqs.now(), 0.001))
            sqs.changed.wait(left)
    return {"Messages": messages}


def delete_message(sqs, body, _):
    url, handle = members(body, ["QueueUrl", "ReceiptHandle"])
    with sqs.changed:
        queue_at(sqs, url).delete(handle)


def check_batch(entries):
    if not entries:
        raise QueueError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > MAX_BATCH:
        raise QueueError("TooManyEntriesInBatchRequest", "Maximum number of entries per request are "
                         "%d. You have sent %d." % (MAX_BATCH, len(entries)))
    ids = [members(entry, ["Id", "ReceiptHandle"])[0] for entry in entries]
    if any(not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", one) for one in ids):
        raise QueueError("InvalidBatchEntryId", "The Id of a batch entry is invalid.")
    if len(set(ids)) < len(ids):
        raise QueueError("BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.")


def delete_message_batch(sqs, body, fault):
    url, entries = members(body, ["QueueUrl", "Entries"])
    check_batch(entries)
    answer = {"Successful": [], "Failed": []}
    with sqs.changed:
        queue = queue_at(sqs, url)
        for number, entry in enumerate(entries):
            name, handle = entry["Id"], entry["ReceiptHandle"]
            try:
                if fault == "entries" and number % 2 == 0:
                    raise QueueError("InternalError", "An internal error occurred.")
                queue.delete(handle)
                answer["Successful"].append({"Id": name})
            except QueueError as error:
                answer["Failed"].append({"Id": name, "Code": error.code, "Message": str(error),
                                         "SenderFault": error.code != "InternalError"})
    return answer


def change_message_visibility(sqs, body, _):
    url, handle, seconds = members(body, ["QueueUrl", "ReceiptHandle", "VisibilityTimeout"])
    check_range("VisibilityTimeout", seconds, 0, 43200)
    with sqs.changed:
        queue_at(sqs, url).change_visibility(handle, seconds)
        sqs.changed.notify_all()


def get_queue_attributes(sqs, body, _):
    url, wanted = members(body, ["QueueUrl"], ["AttributeNames"])
    with sqs.changed:
        queue = queue_at(sqs, url)
        visible, in_flight, delayed = queue.counts()
        known = {"ApproximateNumberOfMessages": visible,
                 "ApproximateNumberOfMessagesNotVisible": in_flight,
                 "ApproximateNumberOfMessagesDelayed": delayed,
                 "VisibilityTimeout": queue.visibility_timeout, "QueueArn": arn(queue.name)}
    for name in wanted or ():
        if name not in known and name != "All":
            raise QueueError("InvalidAttributeName", "Unknown Attribute %s." % name)
    chosen = {name: str(value) for name, value in known.items()
              if wanted and ("All" in wanted or name in wanted)}
    return {"Attributes": chosen} if chosen else {}


OPERATIONS = {
    "CreateQueue": create_queue, "GetQueueUrl": get_queue_url, "SendMessage": send_message,
    "ReceiveMessage": receive_message, "DeleteMessage": delete_message,
    "DeleteMessageBatch": delete_message_batch, "GetQueueAttributes": get_queue_attributes,
    "ChangeMessageVisibility": change_message_visibility,
}


def arn(name):
    return "arn:aws:sqs:%s:%s:%s" % (REGION, ACCOUNT, name)


def object_created(*places, size=0, name="ObjectCreated:Put", at=None):
    """The message that S3 sends when objects appear; places: bucket, key, bucket, key, …

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    seconds = time.time() if at is None else at
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % (seconds % 1 * 1000)
    return json.dumps({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": when,
        "eventName": name, "userIdentity": {"principalId": "AWS:TEST"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"}, "responseElements": {},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "triggers",
               "bucket": {"name": bucket, "ownerIdentity": {"principalId": "TEST"},
                          "arn": "arn:aws:s3:::" + bucket},
               "object": {"key": quote_plus(key, safe="/"), "size": size,
                          "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                          "sequencer": "%016X" % int(seconds * 1e6)}}}
        for bucket, key in zip(places[::2], places[1::2])]})


def switched_on(bucket):
    """What S3 sends once, when notifications are switched on."""
    return json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": bucket,
                       "Time": "2025-11-23T06:00:00.000Z", "RequestId": "TEST", "HostId": "TEST"})
