"""The stream consumer's lane, for cases that drive it: one event through the release bootstrap, the table it writes to,
the bus it tells, and a proxy that makes the table fail. Knows the row's id by its documentation (docs/wire/stream-row.md)
and by none of our code. Python's standard library only.
"""
import http.client
import http.server
import json
import os
import random
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build", "release")))
DEPS = os.environ.get("PENSTOCK_DEPS", os.path.join(ROOT, ".deps"))
REGION = "eu-central-1"
TABLE = "log-stream-logs"
NAMESPACE = uuid.UUID("e0eed853-eb6d-4a86-8d00-24214da16f40")
ROUNDS_MAX = 300  # far more events than any case needs
VERDICTS = ["Stored", "Duplicate", "Filtered", "Joined", "Dead", "Returned"]

passed = failed = 0


def check(fact, ok, seen=None):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok " if ok else "not ok ") + fact, flush=True)
    if not ok and seen is not None:
        print(f"#   {str(seen)[:3000]}")
    return ok


def script(name, *arguments, **more):
    return subprocess.run([os.path.join(ROOT, "scripts", name), *arguments], env={**os.environ, **more}).returncode


# -- AWS's JSON protocols ---------------------------------------------------------------------------------------------


def call(endpoint, service, target, version="1.0", **members):
    """Servers on loopback want a signature's form only: its scope says which service is meant."""
    scope = f"AWS4-HMAC-SHA256 Credential=test/20261121/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature={'0' * 64}"
    headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": target, "X-Amz-Date": "20261121T100000Z", "Authorization": scope}
    request = urllib.request.Request(endpoint + "/", method="POST", data=json.dumps(members).encode(), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{target}: {error.code} {error.read().decode()[:500]}") from error


class Table:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def ask(self, operation, **members):
        return call(self.endpoint, "dynamodb", f"DynamoDB_20120810.{operation}", TableName=TABLE, **members)

    def create(self):
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        self.ask("CreateTable", BillingMode="PAY_PER_REQUEST",
                 AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
                 KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys])

    def clear(self):
        self.ask("DeleteTable")
        self.create()

    def rows(self):
        """{id: row}; a row that is there under two keys counts twice, which is what must not be."""
        rows, start = {}, {}
        while True:
            page = self.ask("Scan", ConsistentRead=True, **start)
            for item in page["Items"]:
                key = item["sk"]["S"].split("#")[1]
                rows[key if key not in rows else f"{key} again"] = item
            if "LastEvaluatedKey" not in page:
                return rows
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


class Bus:
    """The default bus; what is told on it as LogError lands in a queue."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.queue = self.sqs("CreateQueue", QueueName="log-errors")["QueueUrl"]
        self.events("PutRule", Name="log-errors", EventPattern=json.dumps({"detail-type": ["LogError"]}))
        self.events("PutTargets", Rule="log-errors", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:000000000000:log-errors"}])

    def sqs(self, operation, **members):
        return call(self.endpoint, "sqs", f"AmazonSQS.{operation}", **members)

    def events(self, operation, **members):
        return call(self.endpoint, "events", f"AWSEvents.{operation}", "1.1", **members)

    def told(self):
        """The details that have come since the last look."""
        return [event["detail"] for event in self.events_told()]

    def events_told(self):
        """The same as whole events, as a function behind the rule would get them."""
        events = []
        while messages := self.sqs("ReceiveMessage", QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            events += [json.loads(message["Body"]) for message in messages]
            entries = [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(messages)]
            self.sqs("DeleteMessageBatch", QueueUrl=self.queue, Entries=entries)
        return events


# -- a table that fails -----------------------------------------------------------------------------------------------


class FailingTable(http.server.ThreadingHTTPServer):
    """Stands before the table. How each request fails is drawn from chance with a seed; without one all pass."""

    daemon_threads = True
    WAYS = ["throttled", "broken", "reset", "answer_lost", "unprocessed"]

    def __init__(self, table):
        super().__init__(("127.0.0.1", 0), FailingRequest)
        self.table, self.chance, self.share, self.lock = table, None, 0.0, threading.Lock()
        self.seen = dict.fromkeys([*self.WAYS, "passed"], 0)
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def fail(self, seed, share):
        """From now on about this share of the requests fails; seed None ends it."""
        self.chance, self.share = None if seed is None else random.Random(seed), share

    def draw(self):
        with self.lock:
            fails = self.chance is not None and self.chance.random() < self.share
            way = self.chance.choice(self.WAYS) if fails else "passed"
            self.seen[way] += 1
            return way

    def handle_error(self, request, client_address):
        pass  # connections that we cut ourselves


class FailingRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        way = self.server.draw()
        if way == "throttled":
            self.answer(400, {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "too fast"})
        elif way == "broken":
            self.answer(500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "broken"})
        elif way == "reset":
            self.cut()
        elif way == "answer_lost":
            self.forward(body)
            self.cut()
        elif way == "unprocessed":
            self.put_some(json.loads(body))
        else:
            self.answer(*self.forward(body))

    def put_some(self, request):
        """Every second put reaches the table, the others are handed back."""
        puts = request["RequestItems"][TABLE]
        status, answer = self.forward(json.dumps({**request, "RequestItems": {TABLE: puts[::2]}}).encode())
        if status == 200 and puts[1::2]:
            answer["UnprocessedItems"] = {TABLE: puts[1::2]}
        self.answer(status, answer)

    def forward(self, body):
        host = self.server.table.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            names = ("Content-Type", "X-Amz-Target", "X-Amz-Date", "Authorization", "X-Amz-Security-Token")
            connection.request("POST", "/", body, {name: self.headers[name] for name in names if self.headers[name]})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


# -- the function -----------------------------------------------------------------------------------------------------


class Function:
    """Starts a fresh bootstrap for each event. Whatever it does, its closing line must be there and balance."""

    def __init__(self, table, bus, **settings):
        self.settings = {"AWS_ENDPOINT_URL_DYNAMODB": table, "AWS_ENDPOINT_URL_EVENTBRIDGE": bus, "AWS_REGION": REGION,
                         "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "EVENTBRIDGE_REQUIRED": "true", **settings}
        self.folder = tempfile.TemporaryDirectory(prefix="penstock-stream-")
        self.invocations, self.unbalanced, self.total = 0, [], {}

    def invoke(self, event, **settings):
        """The answer as parsed, or None when the invocation failed; self.total["In"], ["Stored"]... add up the closing lines."""
        path = os.path.join(self.folder.name, "event.json")
        with open(path, "w") as file:
            json.dump(event, file)
        command = [os.path.join(BUILD, "tests", "tools", "runtime_api_server"), "--timeout-ms", "20000"]
        command += ["--bootstrap", os.path.join(BUILD, "bootstrap"), "--handler", "stream-consumer"]
        for key, value in {**self.settings, **settings}.items():
            command += ["--env", f"{key}={value}"]
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        done = subprocess.run([*command, path], capture_output=True, text=True, timeout=60, env=clean)
        closings = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{") and '"_aws"' in line]
        self.invocations += 1
        counts = {name[7:]: value for line in closings for name, value in line.items() if name.startswith("Records")}
        if len(closings) != 1 or counts["In"] != sum(counts.get(verdict, 0) for verdict in VERDICTS):
            self.unbalanced.append(done.stderr)
        self.total = {name: self.total.get(name, 0) + value for name, value in counts.items()}
        return json.loads(done.stdout) if done.returncode == 0 else None


# -- what must be there -----------------------------------------------------------------------------------------------


class Wanted:
    """The rows that records must become, and whose errors must be told."""

    def __init__(self):
        self.ids, self.rows, self.errors = {}, {}, set()

    def add(self, place, coordinates, data, arrival_ms):
        """data: of one row; place: of the record that it came in, which may hold several. Samples say ts in ms."""
        identity = str(uuid.uuid5(NAMESPACE, "|".join(str(part) for part in coordinates)))
        line = json.loads(data) if data.startswith(b"{") else {"level": "UNPARSED"}
        time = line.get("ts", arrival_ms)
        self.ids.setdefault(place, set()).add(identity)
        self.rows[identity] = (line.get("service", "unknown"), f"{time:013d}#{identity}", line["level"], line.get("message"),
                               None if "ts" in line else "arrival")
        if line["level"] in ("ERROR", "fatal"):
            self.errors.add(identity)


def seen(row):
    level = row["level"]["S"]
    return (row["pk"]["S"], row["sk"]["S"], level, None if level == "UNPARSED" else row["message"]["S"], row.get("tsSource", {}).get("S"))


def check_rows(fact, table, wanted):
    rows = {identity: seen(row) for identity, row in table.rows().items()}
    differing = [(identity, wanted.rows.get(identity), rows.get(identity)) for identity in wanted.rows.keys() | rows.keys()
                 if wanted.rows.get(identity) != rows.get(identity)]
    check(f"{fact}: each record is one row, and there are no others", rows and not differing, differing[:3])


def check_told(fact, bus, wanted):
    told = {detail["id"] for detail in bus.told()}
    check(f"{fact}: each error is told under its row's id, and nothing else", told == wanted.errors != set(), told ^ wanted.errors)


def deliver(poller, function, table, wanted, most):
    """Polls until all is settled. Gives the turns (event, answer), and the places that were settled without their rows."""
    turns, lost = [], []
    while (event := poller.poll(most)) is not None:
        answer = function.invoke(event)
        turns.append((event, answer))
        settled = poller.settle(answer)
        rows = table.rows().keys()
        lost += [place for place in settled if not wanted.ids.get(place, set()) <= rows]
        if len(turns) == ROUNDS_MAX:
            check(f"all is settled within {ROUNDS_MAX} events", False)
            break
    return turns, lost


def all_done(turns):
    return all(answer == {"batchItemFailures": []} for _, answer in turns)


def count_partial(turns):
    return sum(answer is not None and answer["batchItemFailures"] != [] for _, answer in turns)
