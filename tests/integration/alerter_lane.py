"""The alerter's lane, for cases that drive it: one event through the release bootstrap, the table and the mail of an emulator
that is not ours, our double of Slack and PagerDuty, and a proxy before all of them that counts calls and makes them fail.
Python's standard library only.
"""
import http.client
import itertools
import json
import os
import subprocess
import tempfile
import time

import stream_lane
import webhook_double
from service_proxy import Proxy

TABLE = "penstock-alerts"
REGION = stream_lane.REGION
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
VERDICTS = ["Stored", "Duplicate", "Filtered", "Joined", "Dead", "Returned"]
numbers = itertools.count(1)


class Table:
    """What the alerter remembers. Time passes here by writing it: no test waits for a window."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def ask(self, operation, **members):
        return stream_lane.call(self.endpoint, "dynamodb", f"DynamoDB_20120810.{operation}", TableName=TABLE, **members)

    def create(self):
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        self.ask("CreateTable", BillingMode="PAY_PER_REQUEST",
                 AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
                 KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys])

    def clear(self):
        self.ask("DeleteTable")
        self.create()

    def items(self, kind):
        """Those whose pk begins with kind."""
        return [item for item in self.ask("Scan", ConsistentRead=True)["Items"] if item["pk"]["S"].startswith(kind)]

    def put(self, item):
        self.ask("PutItem", Item=item)

    def end_windows(self, by_ms=1):
        """As if by_ms had passed since each open window's end."""
        for item in self.items("incident#"):
            self.put({**item, "toMs": {"N": str(int(time.time() * 1000) - by_ms)}})

    def end_hour(self):
        for item in self.items("cap"):
            self.put({**item, "capHour": {"N": str(int(item["capHour"]["N"]) - 1)}})

    def age_outgoing(self, by_ms):
        for item in self.items("outgoing"):
            self.put({**item, "closedMs": {"N": str(int(item["closedMs"]["N"]) - by_ms)}})


class Lane:
    """The servers, and a function with all channels set."""

    def __init__(self, build, aws_port):
        self.build, self.aws_port = build, aws_port
        self.endpoint = f"http://127.0.0.1:{aws_port}"
        self.double = webhook_double.Double().__enter__()
        self.proxy = Proxy(aws_port, self.double.server.server_port)
        self.table = Table(self.endpoint)
        self.settings = {
            "AWS_ENDPOINT_URL": self.proxy.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "SLACK_WEBHOOK_URL": f"{self.proxy.url}/slack/T0/B0/x",
            "PAGERDUTY_ROUTING_KEY": ROUTING_KEY, "PAGERDUTY_URL": f"{self.proxy.url}/pagerduty/v2/enqueue",
            "MAIL_FROM": "Penstock <alerts@example.com>", "MAIL_TO": "team@example.com",
            "AWS_LAMBDA_FUNCTION_NAME": "alerter",
        }

    def prepare(self):
        self.table.create()
        call = stream_lane.call
        connection = http.client.HTTPConnection("127.0.0.1", self.aws_port, timeout=30)
        scope = f"AWS4-HMAC-SHA256 Credential=test/20261121/{REGION}/ses/aws4_request, SignedHeaders=host, Signature=0"
        connection.request("POST", "/v2/email/identities", json.dumps({"EmailIdentity": "alerts@example.com"}),
                           {"Content-Type": "application/json", "Authorization": scope, "X-Amz-Date": "20261121T100000Z"})
        connection.getresponse().read()
        connection.close()
        return call

    def close(self):
        self.proxy.close()
        self.double.__exit__()

    def start(self, event, request_id=None, timeout_ms=8000, repeat=1, **settings):
        """settings: None takes one away."""
        everything = {**self.settings, **settings}
        command = [os.path.join(self.build, "tests", "tools", "runtime_api_server"), "--bootstrap", os.path.join(self.build, "bootstrap"),
                   "--handler", "alerter", "--timeout-ms", str(timeout_ms), "--request-id", request_id or f"request-{next(numbers)}",
                   "--repeat", str(repeat)]
        for name, value in everything.items():
            if value is not None:
                command += ["--env", f"{name}={value}"]
        file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
        with file:
            file.write(event if isinstance(event, str) else json.dumps(event))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
        process = subprocess.Popen([*command, file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean)
        process.event_file = file.name
        return process

    def finish(self, process):
        """(closing lines, exit code, everything said)"""
        out, err = process.communicate(timeout=120)
        os.unlink(process.event_file)
        closings = [json.loads(line) for line in err.splitlines() if line.startswith("{") and '"_aws"' in line]
        return closings, process.returncode, out + err

    def invoke(self, event, plan=None, **more):
        """The closing line (None when the process was ended), the exit code, everything said."""
        self.proxy.begin(plan)
        process = self.start(event, **more)
        self.proxy.process = process
        closings, code, said = self.finish(process)
        return (closings[-1] if closings else None), code, said


def balances(closing):
    return closing["RecordsIn"] == sum(closing["Records" + verdict] for verdict in VERDICTS)


def verdict_of(closing):
    """The one verdict of the one alert."""
    found = [verdict for verdict in VERDICTS if closing["Records" + verdict]]
    return found[0] if len(found) == 1 and closing["RecordsIn"] == 1 else found


# -- events -----------------------------------------------------------------------------------------------------------


def eventbridge(detail_type, source, detail, **more):
    return {"version": "0", "id": f"00000000-0000-4000-8000-{next(numbers):012d}", "detail-type": detail_type, "source": source,
            "account": "123456789012", "time": "2026-11-21T10:00:00Z", "region": REGION, "resources": [], "detail": detail, **more}


def log_error(at, message="card refused", service="pay", level="ERROR", **more):
    """at tells events apart."""
    detail = {"id": f"7e262398-2950-561b-9ead-{at:012d}", "service": service, "level": level, "ts": 1795255200000 + at,
              "time": "2026-11-21T10:00:00.000Z", "message": message,
              "source": {"type": "kinesis", "stream": "arn:aws:kinesis:eu-central-1:123456789012:stream/logs", "shard": "shardId-000000000000",
                         "position": str(100 + at), "subSequence": 0, "event": 0}}
    return eventbridge("LogError", "penstock.stream-consumer", detail, **more)


def schedule():
    return eventbridge("Scheduled Event", "aws.events", {})


ALARM_ARN = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:checkout-5xx"


def alarm(value, second=0, name="checkout-5xx"):
    state = {"value": value, "reason": "Threshold Crossed: 1 datapoint [12.0] was greater than 5.0", "timestamp": f"2026-11-21T10:00:{second:02d}.000+0000"}
    detail = {"alarmName": name, "state": state, "previousState": {"value": "OK", "timestamp": "2026-11-21T09:00:00.000+0000"},
              "configuration": {"description": "5xx of the checkout"}}
    return eventbridge("CloudWatch Alarm State Change", "aws.cloudwatch", detail, resources=[ALARM_ARN])


def sns_alarm(value, second=0):
    message = {"AlarmName": "checkout-5xx", "AlarmDescription": "5xx of the checkout", "AWSAccountId": "123456789012", "NewStateValue": value,
               "NewStateReason": "Threshold Crossed: 1 datapoint [12.0] was greater than 5.0",
               "StateChangeTime": f"2026-11-21T10:00:{second:02d}.000+0000", "Region": "EU (Frankfurt)", "AlarmArn": ALARM_ARN, "OldStateValue": "OK",
               "Trigger": {"MetricName": "5xx", "Namespace": "App"}}
    return sns(json.dumps(message), "ALARM: checkout-5xx")


def direct_alarm(value, second=0):
    return {"source": "aws.cloudwatch", "alarmArn": ALARM_ARN, "accountId": "123456789012", "time": "2026-11-21T10:00:00.000+0000", "region": REGION,
            "alarmData": {"alarmName": "checkout-5xx", "state": {"value": value, "reason": "Threshold Crossed",
                                                                "timestamp": f"2026-11-21T10:00:{second:02d}.000+0000"},
                          "previousState": {"value": "OK"}, "configuration": {"description": "5xx of the checkout"}}}


def sns(*messages_and_subject):
    *messages, subject = messages_and_subject
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"arn:aws:sns:{REGION}:123456789012:alerts:1",
                         "Sns": {"Type": "Notification", "MessageId": f"95df01b4-ee98-5cb9-9903-{next(numbers):012d}",
                                 "TopicArn": f"arn:aws:sns:{REGION}:123456789012:alerts", "Subject": subject, "Message": message,
                                 "Timestamp": "2026-11-21T10:00:00.000Z"}} for message in messages]}
