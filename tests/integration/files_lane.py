"""The lane of files, for cases that drive it: an object in S3, its notification through the upload dispatcher into an SQS FIFO queue, what
stands there through the log extractor, as Lambda's mapping would hand it over. All services are an emulator's that is not ours, behind
a proxy that counts calls and makes them fail. Python's standard library only.
"""
import hashlib
import http.client
import itertools
import json
import os
import subprocess
import tempfile
import urllib.parse

import stream_lane
from service_proxy import Proxy

REGION = stream_lane.REGION
BUCKET, TABLE, QUEUE = "uploads", "log-error-summaries", "files.fifo"
VERDICTS = ["Stored", "Duplicate", "Filtered", "Joined", "Dead", "Returned"]
ROUNDS_MAX = 200  # of the queue: far more than any case needs
numbers = itertools.count(1)


class Bucket:
    def __init__(self, port, name=BUCKET):
        self.port, self.name = port, name

    def ask(self, method, path, body=b"", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            scope = f"AWS4-HMAC-SHA256 Credential=test/20261121/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"
            connection.request(method, path, body, {"Authorization": scope, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def create(self, versions=False):
        place = f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        status, text, _ = self.ask("PUT", f"/{self.name}", place.encode())
        if status != 200:
            raise RuntimeError(f"CreateBucket: {status} {text[:300]}")
        if versions:
            self.ask("PUT", f"/{self.name}?versioning", b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")

    def put(self, key, body):
        """The object as notifications name it."""
        _, _, headers = self.ask("PUT", f"/{self.name}/{urllib.parse.quote(key)}", body)
        return {"key": key, "size": len(body), "etag": hashlib.md5(body).hexdigest(), "version": headers.get("x-amz-version-id")}

    def delete(self, key):
        self.ask("DELETE", f"/{self.name}/{urllib.parse.quote(key)}")


class Queue:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def ask(self, operation, **members):
        return stream_lane.call(self.endpoint, "sqs", f"AmazonSQS.{operation}", **members)

    def create(self):
        self.url = self.ask("CreateQueue", QueueName=QUEUE, Attributes={"FifoQueue": "true", "VisibilityTimeout": "600"})["QueueUrl"]

    def receive(self, count=10):
        """Messages as Lambda would hand them over: what is in flight stays invisible until it is settled."""
        return self.ask("ReceiveMessage", QueueUrl=self.url, MaxNumberOfMessages=count, AttributeNames=["All"],
                        MessageSystemAttributeNames=["All"]).get("Messages", [])

    def settle(self, messages, failed):
        """Those that failed are visible again at once; the others are done."""
        for message in messages:
            if message["MessageId"] in failed:
                self.ask("ChangeMessageVisibility", QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
            else:
                self.ask("DeleteMessage", QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def purge(self):
        while messages := self.receive():
            self.settle(messages, set())


class Summaries:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def ask(self, operation, **members):
        return stream_lane.call(self.endpoint, "dynamodb", f"DynamoDB_20120810.{operation}", TableName=TABLE, **members)

    def create(self):
        names = [("pk", "S"), ("sk", "S"), ("day", "S"), ("modifiedMs", "N")]
        self.ask("CreateTable", BillingMode="PAY_PER_REQUEST",
                 AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in names],
                 KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                 GlobalSecondaryIndexes=[{"IndexName": "day-index", "Projection": {"ProjectionType": "ALL"},
                                          "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}, {"AttributeName": "modifiedMs", "KeyType": "RANGE"}]}])

    def clear(self):
        self.ask("DeleteTable")
        self.create()

    def items(self):
        return [plain({"M": item}) for item in self.ask("Scan", ConsistentRead=True)["Items"]]

    def of(self, key, bucket=BUCKET):
        """All versions of one object."""
        return [item for item in self.items() if item["pk"] == f"{bucket}/{key}"]


def plain(value):
    [(kind, inside)] = value.items()
    if kind == "M":
        return {name: plain(part) for name, part in inside.items()}
    if kind == "L":
        return [plain(part) for part in inside]
    return int(inside) if kind == "N" else inside


class Lane:
    def __init__(self, build, aws_port):
        self.build, self.endpoint = build, f"http://127.0.0.1:{aws_port}"
        self.proxy = Proxy(aws_port)
        self.bucket, self.queue, self.summaries = Bucket(aws_port), Queue(self.endpoint), Summaries(self.endpoint)
        self.settings = {
            "AWS_ENDPOINT_URL": self.proxy.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }

    def prepare(self, versions=False):
        self.bucket.create(versions)
        self.queue.create()
        self.summaries.create()
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.ports["aws"], timeout=30)
        scope = f"AWS4-HMAC-SHA256 Credential=test/20261121/{REGION}/ses/aws4_request, SignedHeaders=host, Signature=0"
        connection.request("POST", "/v2/email/identities", json.dumps({"EmailIdentity": "files@example.com"}),
                           {"Content-Type": "application/json", "Authorization": scope, "X-Amz-Date": "20261121T100000Z"})
        connection.getresponse().read()
        connection.close()
        self.settings |= {"QUEUE_URL": self.queue.url, "SOURCE_BUCKETS": BUCKET, "MAIL_FROM": "files@example.com", "MAIL_TO": "team@example.com"}

    def close(self):
        self.proxy.close()

    def fresh(self):
        self.queue.purge()
        self.summaries.clear()
        self.proxy.forget()

    def invoke(self, handler, event, plan=None, timeout_ms=20000, timing=False, **settings):
        """The closing line (None when the process was ended), the answer (None when it failed), everything said."""
        self.proxy.begin(plan)
        command = [os.path.join(self.build, "tests", "tools", "runtime_api_server"), "--bootstrap", os.path.join(self.build, "bootstrap"),
                   "--handler", handler, "--timeout-ms", str(timeout_ms)]
        command += ["--timing"] if timing else []
        for name, value in {**self.settings, **settings}.items():
            if value is not None:
                command += ["--env", f"{name}={value}"]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(json.dumps(event))
            file.flush()
            clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
            process = subprocess.Popen([*command, file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean)
            self.proxy.process = process
            out, err = process.communicate(timeout=900)
        closings = [json.loads(line) for line in err.splitlines() if line.startswith("{") and '"_aws"' in line]
        answer = json.loads(out) if process.returncode == 0 and out.strip() else None
        return (closings[-1] if closings else None), answer, out + err

    def dispatch(self, *objects, **more):
        return self.invoke("upload-dispatcher", notification(*objects), **more)

    def extract(self, messages, plan=None, **more):
        """One invocation with these messages of the queue, which are settled by its answer."""
        closing, answer, said = self.invoke("log-extractor", sqs_event(messages), plan, **more)
        failed = {message["MessageId"] for message in messages}
        if answer is not None:
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        self.queue.settle(messages, failed)
        return closing, answer, said

    def drain(self, plans=(), **more):
        """Invocations until the queue is empty. plans: what goes wrong in the first ones."""
        closings = []
        for plan in itertools.chain(plans, itertools.repeat(None, ROUNDS_MAX)):
            messages = self.queue.receive()
            if not messages:
                break
            closings.append(self.extract(messages, plan, **more)[0])
        return closings


def balances(closing):
    return closing is not None and closing["RecordsIn"] == sum(closing["Records" + verdict] for verdict in VERDICTS)


def notification(*objects, event="ObjectCreated:Put"):
    records = []
    for object in objects:
        described = {"key": urllib.parse.quote_plus(object["key"], safe="/"), "size": object["size"], "eTag": object["etag"],
                     "sequencer": f"{next(numbers):018X}"}
        if object.get("version"):
            described["versionId"] = object["version"]
        records.append({"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": "2026-11-21T10:00:00.000Z", "eventName": event,
                        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": object.get("bucket", BUCKET), "arn": f"arn:aws:s3:::{BUCKET}"}, "object": described}})
    return {"Records": records}


def sqs_event(messages):
    return {"Records": [{"messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
                         "attributes": {"SentTimestamp": "1795255200000", "ApproximateReceiveCount": "1", **message.get("Attributes", {})},
                         "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": REGION,
                         "eventSourceARN": f"arn:aws:sqs:{REGION}:000000000000:{QUEUE}"} for message in messages]}
