"""The stand-in for SQS says what an emulator says that nobody here wrote, and is stricter."""
import json
import random
import threading
import time
from urllib.parse import unquote_plus

import pytest

from boto import Boto, BotoError
from moto_server import Moto
from s3 import S3
from signature import Credentials
from sqs import REGION, Sqs, object_created


@pytest.fixture(scope="module")
def moto():
    with Moto() as server:
        yield server


@pytest.fixture
def sqs():
    with Sqs() as server:
        yield server


@pytest.fixture(params=["ours", "moto"])
def peer(request, sqs, moto):
    """boto3's client of either; and a function that makes another."""
    server = sqs if request.param == "ours" else moto
    clients = []

    def connect():
        clients.append(Boto("sqs", server.endpoint, server.owner, REGION))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def make_queue(client, **attributes):
    name = "q%x" % random.SystemRandom().getrandbits(64)
    return client.call("create_queue", QueueName=name, Attributes=attributes)["QueueUrl"]


def receive(client, url, **options):
    return client.call("receive_message", QueueUrl=url, MaxNumberOfMessages=10,
                       MessageSystemAttributeNames=["All"], **options).get("Messages", [])


def refusal(client, operation, **parameters):
    with pytest.raises(BotoError) as caught:
        client.call(operation, **parameters)
    return caught.value.refusal


def counts(client, url):
    attributes = client.call("get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return tuple(int(attributes["ApproximateNumberOfMessages" + suffix])
                 for suffix in ("", "NotVisible", "Delayed"))


def test_a_message_is_hidden_until_its_time_and_gone_when_deleted(peer):
    client = peer()
    url = make_queue(client)
    sent = client.call("send_message", QueueUrl=url, MessageBody="a ü & b")
    client.call("send_message", QueueUrl=url, MessageBody="later", DelaySeconds=900)
    assert counts(client, url) == (1, 0, 1)
    (first,) = receive(client, url)
    assert (first["Body"], first["MessageId"]) == ("a ü & b", sent["MessageId"])
    assert first["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert first["Attributes"]["ApproximateReceiveCount"] == "1"
    assert int(first["Attributes"]["SentTimestamp"]) > 10 ** 12
    assert receive(client, url) == []
    assert counts(client, url) == (0, 1, 1)
    client.call("change_message_visibility", QueueUrl=url, ReceiptHandle=first["ReceiptHandle"],
                VisibilityTimeout=0)
    (second,) = receive(client, url)
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    answer = client.call("delete_message_batch", QueueUrl=url, Entries=[
        {"Id": "0", "ReceiptHandle": second["ReceiptHandle"]}])
    assert answer["Successful"] == [{"Id": "0"}]
    assert counts(client, url) == (0, 0, 1)


def test_a_batch_takes_ten_and_fails_entry_by_entry(peer):
    client = peer()
    url = make_queue(client)
    for number in range(12):
        client.call("send_message", QueueUrl=url, MessageBody=str(number))
    first = receive(client, url)
    assert len(first) == 10 and len(receive(client, url)) == 2
    entries = [{"Id": "e%d" % number, "ReceiptHandle": message["ReceiptHandle"]}
               for number, message in enumerate(first)]

    def code(entries):
        return refusal(client, "delete_message_batch", QueueUrl=url, Entries=entries)[:2]

    assert code([]) == (400, "AWS.SimpleQueueService.EmptyBatchRequest")
    entries[0] = {"Id": "bad", "ReceiptHandle": "not a handle"}
    answer = client.call("delete_message_batch", QueueUrl=url, Entries=entries)
    assert {entry["Id"] for entry in answer["Successful"]} == {"e%d" % n for n in range(1, 10)}
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == (
        "bad", "ReceiptHandleIsInvalid", True)


def test_what_cannot_be_is_refused(peer):
    client = peer()
    url = make_queue(client)
    assert refusal(client, "receive_message", QueueUrl=url + "x")[:2] == (
        400, "AWS.SimpleQueueService.NonExistentQueue")
    assert refusal(client, "receive_message", QueueUrl=url, MaxNumberOfMessages=11)[:2] == (
        400, "InvalidParameterValue")
    assert refusal(client, "receive_message", QueueUrl=url, WaitTimeSeconds=21)[:2] == (
        400, "InvalidParameterValue")
    assert refusal(client, "change_message_visibility", QueueUrl=url, ReceiptHandle="x",
                   VisibilityTimeout=1)[:2] == (400, "ReceiptHandleIsInvalid")
    assert refusal(client, "get_queue_attributes", QueueUrl=url, AttributeNames=["Nonsense"])[:2] == (
        400, "InvalidAttributeName")


def test_a_receive_waits_for_a_message(peer):
    client = peer()
    url = make_queue(client)
    other = peer()
    sender = threading.Timer(0.3, other.call, ["send_message"],
                             {"QueueUrl": url, "MessageBody": "at last"})
    sender.start()
    assert [message["Body"] for message in receive(client, url, WaitTimeSeconds=20)] == ["at last"]
    sender.join()


def test_what_is_received_too_often_goes_to_the_dead_letters(peer):
    client = peer()
    dead = make_queue(client)
    arn = client.call("get_queue_attributes", QueueUrl=dead, AttributeNames=["QueueArn"])
    url = make_queue(client, RedrivePolicy=json.dumps(
        {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": "2"}))
    client.call("send_message", QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert len(receive(client, url, VisibilityTimeout=0)) == 1
    assert receive(client, url) == []
    assert [message["Body"] for message in receive(client, dead)] == ["poison"]


def test_a_notification_is_like_the_emulators(moto):
    with Boto("sqs", moto.endpoint, moto.owner, "us-east-1") as client, \
            Boto("s3", moto.endpoint, moto.owner, "us-east-1") as s3:
        url = make_queue(client)
        arn = client.call("get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
        s3.call("create_bucket", Bucket="lake")
        s3.call("put_bucket_notification_configuration", Bucket="lake", NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn["Attributes"]["QueueArn"],
                                     "Events": ["s3:ObjectCreated:*"]}]})
        receive(client, url)
        key = "triggers/a b+c/ü%41&=.txt"
        S3(moto.endpoint, moto.owner).put("lake", key)
        (message,) = receive(client, url)
    theirs = json.loads(message["Body"])["Records"][0]
    ours = json.loads(object_created("lake", key))["Records"][0]
    assert set(theirs) <= set(ours)
    for place in ("bucket", "object"):
        assert set(theirs["s3"][place]) - {"versionId"} <= set(ours["s3"][place])
    for value in ("eventVersion", "eventSource"):
        assert theirs[value] == ours[value]
    # Amazon leaves "/" as it is, the emulator does not: who reads keys must decode both.
    for record in (theirs, ours):
        assert unquote_plus(record["s3"]["object"]["key"]) == key


# From here on: what only ours does.

def test_only_who_signs_rightly_is_served(sqs):
    sqs.create("q")

    def code(credentials, region=REGION):
        with Boto("sqs", sqs.endpoint, credentials, region) as client:
            return refusal(client, "receive_message", QueueUrl=sqs.url("q"))[:2]

    right = sqs.owner
    assert code(right._replace(secret_key="wrong")) == (403, "SignatureDoesNotMatch")
    assert code(right, "us-east-1") == (403, "SignatureDoesNotMatch")
    assert code(Credentials("AKNOBODY", "secret")) == (403, "InvalidClientTokenId")
    assert code(right._replace(token="stray")) == (403, "InvalidClientTokenId")
    late = S3(sqs.endpoint, right, REGION, now=time.time() - 3600)
    assert b"Signature expired" in late.request("POST", body=b"{}", service="sqs").body
    sqs.credentials.append(Credentials("AKTEMPORARY", "secret", "token"))
    with Boto("sqs", sqs.endpoint, sqs.credentials[1], REGION) as client:
        assert receive(client, sqs.url("q")) == []
    bare = S3(sqs.endpoint, None).request("POST", body=b"{}")
    assert (bare.status, b"MissingAuthenticationToken" in bare.body) == (403, True)


def test_a_request_of_another_form_is_refused(sqs):
    client = S3(sqs.endpoint, sqs.owner, REGION)
    good = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ReceiveMessage"}
    sqs.create("q")

    def post(body, key="", **changes):
        headers = {**good, **{name.replace("_", "-"): value for name, value in changes.items()}}
        reply = client.request("POST", key=key, body=body, headers=headers, service="sqs")
        return reply.status, reply.body and json.loads(reply.body).get("__type", "").partition("#")[2]

    right = json.dumps({"QueueUrl": sqs.url("q")}).encode()
    assert post(right) == (200, "")
    assert post(right, content_type="application/json") == (400, "UnknownOperationException")
    assert post(right, x_amz_target="AmazonSQS.Nonsense") == (400, "UnknownOperationException")
    assert post(right, key="123456789012/q") == (404, "UnknownOperationException")
    assert post(b"{") == (400, "SerializationException")
    for wrong in ({"QueueURL": ""}, {"QueueUrl": 1}, {"QueueUrl": "", "MaxNumberOfMessages": "10"},
                  {"QueueUrl": "", "WaitTimeSeconds": True}, []):
        assert post(json.dumps(wrong).encode()) == (400, "SerializationException")
    assert post(b"{}") == (400, "MissingParameter")


def test_a_batch_of_eleven_or_of_like_ids_is_refused(sqs):
    sqs.create("q")
    entries = [{"Id": str(number), "ReceiptHandle": "x"} for number in range(11)]
    with Boto("sqs", sqs.endpoint, sqs.owner, REGION) as client:
        for wrong, code in ((entries, "TooManyEntriesInBatchRequest"),
                            (entries[:2] + entries[:1], "BatchEntryIdsNotDistinct")):
            assert refusal(client, "delete_message_batch", QueueUrl=sqs.url("q"), Entries=wrong)[:2] == (
                400, "AWS.SimpleQueueService." + code)


def test_faults_come_once_and_in_order(sqs):
    queue = sqs.create("q")
    queue.send("a")
    with Boto("sqs", sqs.endpoint, sqs.owner, REGION) as client:
        sqs.fail("ReceiveMessage", "throttle")
        sqs.fail("ReceiveMessage", "internal")
        assert refusal(client, "receive_message", QueueUrl=sqs.url("q"))[:2] == (
            400, "RequestThrottled")
        assert refusal(client, "receive_message", QueueUrl=sqs.url("q"))[:2] == (
            500, "InternalFailure")
        (message,) = receive(client, sqs.url("q"))
        entries = [{"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}]
        sqs.fail("DeleteMessageBatch", "entries")
        answer = client.call("delete_message_batch", QueueUrl=sqs.url("q"), Entries=entries)
        assert answer["Failed"][0]["SenderFault"] is False and len(queue.messages) == 1
        assert len(sqs.actions("ReceiveMessage")) == 3


@pytest.mark.parametrize("fault, left", [("drop", 1), ("drop_reply", 0)])
def test_a_dropped_connection_may_or_may_not_have_had_its_effect(sqs, fault, left):
    queue = sqs.create("q")
    queue.send("a")
    (message,) = queue.receive(1, 30, [])
    client = S3(sqs.endpoint, sqs.owner, REGION)
    sqs.fail("DeleteMessage", fault)
    with pytest.raises(ConnectionError):
        client.request("POST", service="sqs", body=json.dumps(
            {"QueueUrl": sqs.url("q"), "ReceiptHandle": message["ReceiptHandle"]}).encode(), headers={
                "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.DeleteMessage"})
    assert len(queue.messages) == left


def test_time_passes_on_demand_and_an_old_handle_deletes_nothing(sqs):
    queue = sqs.create("q", visibility_timeout=600)
    queue.send("a")
    with Boto("sqs", sqs.endpoint, sqs.owner, REGION) as client:
        url = sqs.url("q")
        (first,) = receive(client, url)
        waiting = threading.Timer(0.2, sqs.advance, [600])
        waiting.start()
        (second,) = receive(client, url, WaitTimeSeconds=20)
        waiting.join()
        client.call("delete_message", QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
        assert len(queue.messages) == 1
        client.call("delete_message", QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
        assert queue.messages == []


def test_messages_come_twice_and_in_disorder_on_demand(sqs):
    queue = sqs.create("q")
    queue.duplicates = 1
    queue.random = random.Random(7)
    for number in range(5):
        queue.send(str(number))
    bodies = [message["Body"] for message in queue.receive(10, 30, [])]
    assert sorted(bodies) == sorted("0123401234") and bodies != sorted(bodies)
