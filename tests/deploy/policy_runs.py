"""The functions of the template under their roles: each runs as it ships (bootstrap and handler), with the environment that the template
gives it and the credentials of a session of its role, and makes every call that it can make. The services are moto, which verifies
signatures and permissions; a gate before it notes which permissions each request needs (policy_needs.py) and whether it was refused.

moto knows actions, but not all as IAM does. What it lacks the gate does, and only that:
- a transaction is an action of its own to moto, and so is a batch of SQS: a role that may write or send may do these there; that
  it has the permission of each part of a transaction is asked here;
- a missing key is told to those who may not list the bucket: here it is refused, as S3 does;
- there is no OpenSearch: _bulk is answered here. Its signature is tests/integration/test_signatures.c's business.

Runs in moto's environment, whose boto3 prepares what the functions find.
"""
import gzip
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))
import alerter_lane
import files_lane
from alerter_lane import ROUTING_KEY
from policy_needs import needs_of
from resolve import ACCOUNT, REGION
from service_proxy import JSON, Proxy

NOT_PASSED_ON = ("connection", "content-length", "transfer-encoding", "date", "server")
# As moto says it, whatever the protocol.
DENIED = 403, b"<Error><Code>AccessDenied</Code></Error>", "Content-Type: application/xml\r\n"
# What moto knows by a name of its own, and what it needs, one of them at least.
CALLED_OTHERWISE = {"sqs:SendMessageBatch": {"sqs:SendMessage"},
                    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}}

LOG_EVENTS = ("cwlogs-json-app.json", "cwlogs-truncated-gzip.json")  # the second one becomes a dead letter

QUEUE, STREAM, PARAMETER = "decoded", "decoded", "penstock-option"
TO_SEARCH_BY = {"OPENSEARCH_AUTH": "basic", "OPENSEARCH_USERNAME": "penstock"}
# What the pages offer and the template does not: function, the action it needs, event, settings; None takes one away.
OPTIONS = [
    ("cloudwatch-decoder", "sqs:SendMessage", "cwlogs-json-app.json",
     {"OUTPUT": "sqs", "OUTPUT_STREAM": None, "QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{QUEUE}"}),
    ("cloudwatch-decoder", "firehose:PutRecordBatch", "cwlogs-json-app.json", {"OUTPUT": "firehose", "OUTPUT_STREAM": STREAM}),
    ("log-processor", "secretsmanager:GetSecretValue", "cwlogs-json-app.json", {**TO_SEARCH_BY, "OPENSEARCH_PASSWORD_SECRET_ARN": "penstock/pagerduty"}),
    ("log-processor", "ssm:GetParameter", "cwlogs-json-app.json", {**TO_SEARCH_BY, "OPENSEARCH_PASSWORD_SSM_NAME": PARAMETER}),
    ("alerter", "ssm:GetParameter", "eventbridge-alarm.json", {"PAGERDUTY_ROUTING_KEY_SECRET_ARN": None, "PAGERDUTY_ROUTING_KEY_SSM_NAME": PARAMETER}),
]


class Gate(Proxy):
    """made and refused hold (action, ARN) pairs; unexpected tells what was refused though the role permits it, or not refused though it does
    not."""

    def __init__(self, moto_port, double_port):
        super().__init__(moto_port, double_port)
        self.search = ""  # ARN of the domain or collection that _bulk goes to
        self.open(set())

    def open(self, actions):
        """From now on calls come from a role with these actions."""
        self.actions, self.made, self.refused, self.unexpected = actions, set(), set(), []

    def permits(self, need):
        return need[0] in self.actions

    def pass_on(self, call):
        needs = needs_of(call.method, call.path, call.headers, call.body, self.search)
        permitted = all(map(self.permits, needs))
        answer = self.ask(call, needs) if permitted or not is_ours(call) else DENIED
        if call.kind == "s3" and call.method == "GET" and answer[0] == 404:
            needs.append(("s3:ListBucket", "arn:aws:s3:::" + call.path.split("/")[1]))
            permitted = all(map(self.permits, needs))
            answer = answer if permitted else DENIED
        with self.lock:
            self.made.update(needs)
            self.refused.update(need for need in needs if answer[0] == 403 and not self.permits(need))
            if needs and permitted == (answer[0] == 403):
                self.unexpected.append(f"{needs}: {answer[0]} {answer[1][:200]}")
        return answer

    def ask(self, call, needs):
        if call.kind in ("slack", "pagerduty"):
            return super().pass_on(call)
        if call.path.startswith("/_bulk"):
            return 200, bulk_answer(call.body), JSON
        if not needs:  # opens a connection and asks for nothing
            return 200, b"", JSON
        return self.pass_on_as_signed(call)

    def pass_on_as_signed(self, call):
        """With Host, which is part of the signature."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["aws"], timeout=30)
        try:
            connection.putrequest(call.method, call.path, skip_host=True, skip_accept_encoding=True)
            for name, value in call.headers.items():
                if name.lower() not in NOT_PASSED_ON:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(call.body)))
            connection.endheaders(call.body)
            answer = connection.getresponse()
            kept = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items() if name.lower() not in NOT_PASSED_ON)
            return answer.status, answer.read(), kept
        finally:
            connection.close()

    # What can happen to a call, besides what the proxy knows.

    def poison(self, call, handler):
        """A row that the table will never take."""
        self.answer(handler, 400, b'{"__type":"com.amazon.coral.validate#ValidationException"}')


def is_ours(call):
    """What moto cannot decide."""
    return call.operation == "TransactWriteItems" or call.path.startswith("/_bulk")


def bulk_answer(body):
    body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    return json.dumps({"errors": False, "items": [{"create": {"status": 201}}] * (body.count(b"\n") // 2)}).encode()


# -- moto -------------------------------------------------------------------------------------------------------------


class Moto:
    """Open at first; lock() makes it check everything from then on, ourselves included."""

    TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})

    def __init__(self, port):
        self.url, self.key = f"http://127.0.0.1:{port}", {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self.clients = {}

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(service, endpoint_url=self.url, region_name=REGION, **self.key)
        return self.clients[service]

    def lock(self):
        iam = self.client("iam")
        iam.create_user(UserName="keeper")
        iam.put_user_policy(UserName="keeper", PolicyName="all", PolicyDocument=policy_of({"*"}))
        key = iam.create_access_key(UserName="keeper")["AccessKey"]
        self.key = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        self.clients = {}
        iam.create_role(RoleName="running", AssumeRolePolicyDocument=self.TRUST)
        session = self.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/running", RoleSessionName="function")["Credentials"]
        self.session = {"AWS_ACCESS_KEY_ID": session["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
                        "AWS_SESSION_TOKEN": session["SessionToken"]}
        everything_is_checked = urllib.request.Request(f"{self.url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(everything_is_checked, timeout=30).read()

    def grant(self, actions):
        """The session's role has these actions from now on, and no others; on every resource, since moto looks at few."""
        known = actions | {name for name, any_of in CALLED_OTHERWISE.items() if actions & any_of}
        self.client("iam").put_role_policy(RoleName="running", PolicyName="all", PolicyDocument=policy_of(known))

    def make(self, resources):
        """Tables, streams, queues, buckets and buses as the template describes them."""
        for resource in resources.values():
            kind, properties = resource["Type"], resource.get("Properties", {})
            if kind in MAKERS:
                MAKERS[kind](self, properties, resource["Name"])

    def make_table(self, properties, name):
        wanted = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
        self.client("dynamodb").create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **{key: properties[key] for key in wanted if key in properties})

    def make_stream(self, properties, name):
        self.client("kinesis").create_stream(StreamName=name, ShardCount=1)

    def make_queue(self, properties, name):
        self.client("sqs").create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})

    def make_bucket(self, properties, name):
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def make_bus(self, properties, name):
        self.client("events").create_event_bus(Name=name)

    def make_secret(self, name, value):
        """Its ARN, the end of which is drawn by chance."""
        return self.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"]

    def make_others(self, parameters):
        """What the template names and does not make."""
        self.make_bucket({}, parameters["ExistingBucket"])
        self.client("sesv2").create_email_identity(EmailIdentity=parameters["MailIdentity"])
        patterns = [{"name": "error", "regex": "ERROR", "severity": "error"}]
        self.client("ssm").put_parameter(Name=parameters["PatternsParameter"], Type="String", Value=json.dumps(patterns))
        self.client("ssm").put_parameter(Name=PARAMETER, Type="String", Value=ROUTING_KEY)
        self.make_queue({}, QUEUE)
        self.client("firehose").create_delivery_stream(DeliveryStreamName=STREAM, S3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/delivery", "BucketARN": f"arn:aws:s3:::{parameters['ExistingBucket']}"})


MAKERS = {"AWS::DynamoDB::Table": Moto.make_table, "AWS::Kinesis::Stream": Moto.make_stream, "AWS::SQS::Queue": Moto.make_queue,
          "AWS::S3::Bucket": Moto.make_bucket, "AWS::Events::EventBus": Moto.make_bus}


def policy_of(actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}]})


# -- what each function does when it does everything ------------------------------------------------------------------


def sample(name):
    with open(os.path.join(ROOT, "events", name), encoding="utf-8") as file:
        return json.load(file)


class Runs:
    """Of all functions. environments: {handler: environment of the template}. Each method named like a handler makes all of its calls and
    gives what every invocation said: (answered, closing line, text)."""

    def __init__(self, build, moto, gate, environments):
        self.build, self.moto, self.gate, self.environments = build, moto, gate, environments

    def run(self, handler, actions):
        self.begin(actions)
        return getattr(self, handler.replace("-", "_"))()

    def run_option(self, handler, actions, event, settings):
        self.begin(actions)
        return [self.invoke(handler, sample(event), **settings)]

    def begin(self, actions):
        """From now on the role has these actions, and the gate notes what is called and refused."""
        self.moto.grant(actions)
        self.gate.open(actions)

    def invoke(self, handler, event, plan=None, timeout_ms=10000, **settings):
        self.gate.begin(plan)
        settings = {**self.environments[handler], **self.moto.session, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.gate.url,
                    "AWS_LAMBDA_FUNCTION_NAME": f"penstock-{handler}", **settings}
        command = [os.path.join(self.build, "tests", "tools", "runtime_api_server"), "--bootstrap", os.path.join(self.build, "bootstrap"),
                   "--handler", handler, "--timeout-ms", str(timeout_ms)]
        for name, value in settings.items():
            command += ["--env", f"{name}={value}"] if value is not None else []
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(event, file)
            file.flush()
            done = subprocess.run([*command, file.name], capture_output=True, text=True, timeout=120, env=clean)
        closings = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{") and '"_aws"' in line]
        return done.returncode == 0, closings[-1] if closings else {}, done.stdout + done.stderr

    def log_processor(self):
        signed_for = {"OPENSEARCH_ENDPOINT": self.gate.url, "OPENSEARCH_SERVICE": self.gate.search.split(":")[2]}
        return [self.invoke("log-processor", sample(name), **signed_for) for name in LOG_EVENTS]

    def cloudwatch_decoder(self):
        return [self.invoke("cloudwatch-decoder", sample(name)) for name in LOG_EVENTS]

    def stream_consumer(self):
        """Rows and errors; then rows that the table refuses for good."""
        event = sample("msk-log-lines.json")
        # Without the permission it is moto's answer that counts.
        poison = lambda call: "poison" if call.operation == "BatchWriteItem" and self.gate.permits(("dynamodb:BatchWriteItem", "")) else None
        return [self.invoke("stream-consumer", event), self.invoke("stream-consumer", event, poison)]

    def alerter(self):
        """An incident from its first alert to its end."""
        table = Alerts(self.moto.client("dynamodb"), self.environments["alerter"]["ALERT_TABLE"])
        table.clear()
        invoke = lambda event: self.invoke("alerter", event, PAGERDUTY_URL=f"{self.gate.url}/pagerduty/v2/enqueue")
        said = [invoke(alerter_lane.log_error(1)), invoke(alerter_lane.log_error(2))]
        for _ in range(2):
            table.end_windows()
            said.append(invoke(alerter_lane.schedule()))
        return said

    def upload_dispatcher(self):
        objects = [{"key": f"in/{at}-{time.time_ns()}.log", "size": 17, "etag": "0" * 32} for at in range(2)]
        return [self.invoke("upload-dispatcher", files_lane.notification(*objects))]

    def log_extractor(self):
        """Of each bucket an object in its version, the newest version of another, and one that is gone; then an object that takes longer than
        an invocation, and a message that names none."""
        messages, line = [], b"2026-11-21T10:00:00.000Z ERROR disk full\n"
        buckets = self.environments["log-extractor"]["SOURCE_BUCKETS"].split(",")
        for bucket in buckets:
            newest = self.put(bucket, line)
            del newest["versionId"]
            messages += [self.put(bucket, line), newest, self.put(bucket, None)]
        slow = lambda call: "slow" if call.kind == "s3" and call.method == "GET" else None
        invoke = lambda message, *plan, **more: self.invoke("log-extractor", message_event(message), *plan, S3_PART_KB="64", S3_IN_FLIGHT="1", **more)
        return [*map(invoke, messages), invoke(self.put(buckets[0], line * 20000), slow, timeout_ms=2000), invoke({"not": "an object"})]

    def put(self, bucket, body):
        """The message that names it; without a body there is no such object."""
        message = {"penstock": "object", "bucket": bucket, "key": f"in/{time.time_ns()}.log", "size": 17, "sequencer": "01", "etag": ""}
        if body is None:
            return message
        made = self.moto.client("s3").put_object(Bucket=bucket, Key=message["key"], Body=body)
        return message | {"versionId": made["VersionId"], "etag": made["ETag"].strip('"'), "size": len(body)}


def message_event(body):
    return files_lane.sqs_event([{"MessageId": f"message-{time.time_ns()}", "ReceiptHandle": "receipt", "Body": json.dumps(body),
                                  "Attributes": {"MessageGroupId": "group", "SequenceNumber": "1"}}])


class Alerts:
    """Time passes by writing it, as in the alerter's own lane."""

    def __init__(self, dynamodb, name):
        self.dynamodb, self.name = dynamodb, name

    def items(self):
        return self.dynamodb.scan(TableName=self.name, ConsistentRead=True)["Items"]

    def clear(self):
        for item in self.items():
            self.dynamodb.delete_item(TableName=self.name, Key={"pk": item["pk"], "sk": item["sk"]})

    def end_windows(self):
        for item in self.items():
            if item["pk"]["S"].startswith("incident#"):
                self.dynamodb.put_item(TableName=self.name, Item={**item, "toMs": {"N": str(int(time.time() * 1000) - 1)}})
