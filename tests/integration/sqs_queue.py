"""The queues behind sqs.py: what Amazon promises of standard queues, and nothing kinder.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ says what is implemented here. Of
what that leaves open the queue takes the side that hurts: only the last receipt handle of a message
deletes it, and with an older one the deletion says that it was done and does nothing.
"""
import base64
import hashlib
import uuid


class QueueError(Exception):
    """A refusal. code: the shape's name in Amazon's model of the service."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def check_range(name, value, low, high):
    if not low <= value <= high:
        raise QueueError("InvalidParameterValue", "Value %r for parameter %s is invalid. "
                         "Reason: Must be >= %d and <= %d, if provided." % (value, name, low, high))
    return value


class Message:
    def __init__(self, message_id, body, sent_at, visible_at):
        self.message_id = message_id
        self.body = body
        self.sent_at = sent_at
        self.visible_at = visible_at
        self.first_received_at = None
        self.receive_count = 0
        self.handles = []

    def receive(self, now, visibility_timeout):
        """Hides the message; what a receiver is told of it."""
        self.receive_count += 1
        self.first_received_at = self.first_received_at or now
        self.visible_at = now + visibility_timeout
        self.handles.append(base64.b64encode(uuid.uuid4().bytes * 8).decode())  # "/", "+", "="
        return {"MessageId": self.message_id, "ReceiptHandle": self.handles[-1], "Body": self.body,
                "MD5OfBody": hashlib.md5(self.body.encode()).hexdigest()}

    def attributes(self):
        return {"SenderId": "AIDATEST", "SentTimestamp": str(int(self.sent_at * 1000)),
                "ApproximateReceiveCount": str(self.receive_count),
                "ApproximateFirstReceiveTimestamp": str(int((self.first_received_at or 0) * 1000))}


class Queue:
    """clock: a function that returns seconds. What tests may set at any time:

    visibility_timeout   seconds
    dead_letters         the queue of messages received max_receive_count times
    duplicates           every message that is sent is delivered this many times more
    random               when set, messages are delivered in its order, not as they were sent
    """

    def __init__(self, name, clock, visibility_timeout=30):
        self.name = name
        self.clock = clock
        self.visibility_timeout = visibility_timeout
        self.dead_letters = None
        self.max_receive_count = None
        self.duplicates = 0
        self.random = None
        self.messages = []

    def send(self, body, delay=0):
        """Queues a message, for tests to call directly too; its id."""
        now, message_id = self.clock(), str(uuid.uuid4())
        for _ in range(1 + self.duplicates):
            self.messages.append(Message(message_id, body, now, now + delay))
        return message_id

    def next_visible_at(self):
        """When some message can be received; None when there is none."""
        return min((message.visible_at for message in self.messages), default=None)

    def receive(self, count, visibility_timeout, wanted):
        """At most count visible messages. wanted: the names of their attributes."""
        now = self.clock()
        self.bury(now)
        visible = [message for message in self.messages if message.visible_at <= now]
        if self.random:
            self.random.shuffle(visible)
        received = []
        for message in visible[:count]:
            told = message.receive(now, visibility_timeout)
            attributes = {name: value for name, value in message.attributes().items()
                          if name in wanted or "All" in wanted}
            received.append({**told, **({"Attributes": attributes} if attributes else {})})
        return received

    def bury(self, now):
        """Moves to the dead letters what has been received too often."""
        if self.dead_letters is None:
            return
        for message in list(self.messages):
            if message.visible_at <= now and message.receive_count >= self.max_receive_count:
                self.messages.remove(message)
                self.dead_letters.messages.append(message)

    def find(self, handle):
        """(the message, whether the handle is its last one)."""
        for message in self.messages:
            if handle in message.handles:
                return message, handle == message.handles[-1]
        return None, False

    def delete(self, handle):
        if not well_formed(handle):
            raise QueueError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
        message, last = self.find(handle)
        if last:
            self.messages.remove(message)

    def change_visibility(self, handle, seconds):
        if not well_formed(handle):
            raise QueueError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
        message, last = self.find(handle)
        now = self.clock()
        if message is None or not last or message.visible_at <= now:
            raise QueueError("MessageNotInflight", "The message is not in flight.")
        message.visible_at = now + seconds

    def counts(self):
        """(visible, in flight, delayed)."""
        now = self.clock()
        hidden = [message for message in self.messages if message.visible_at > now]
        delayed = sum(not message.receive_count for message in hidden)
        return len(self.messages) - len(hidden), len(hidden) - delayed, delayed


def well_formed(handle):
    try:
        return len(base64.b64decode(handle, validate=True)) == 128
    except ValueError:
        return False
