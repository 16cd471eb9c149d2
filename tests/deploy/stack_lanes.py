"""Events through a stack in the emulator, which runs the functions as they ship under the environment that the stack gave them. They go in where
they go in in AWS (log groups, a stream, buckets, buses, a topic), the emulator carries them by the stack's own subscriptions, mappings,
notifications and rules, and what comes out is looked for in the stack's own tables, queues and buckets. Each run gives what is wrong.
"""
import base64
import gzip
import json
import os
import time
import urllib.request

from resolve import ACCOUNT, PARAMETERS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEARCHED, DECODED, EXISTING_BUCKET = (PARAMETERS[name] for name in ("SubscribedLogGroup", "DecodedLogGroup", "ExistingBucket"))
SECRETS = {"slack": "https://hooks.slack.com/services/T0/B0/x", "pagerduty": "0123456789abcdef0123456789abcdef"}
ERROR_FILE = b"2026-11-21T10:00:00.000Z ERROR disk full\n2026-11-21T10:00:01.000Z INFO all is well\n"
WAIT_S = 30  # far more than any way takes: the longest is an OpenSearch that does not answer, about six


def prepare(account):
    """What a stack expects to be there already; gives the parameters that name what got its name here."""
    for group in (SEARCHED, DECODED):
        account("logs").create_log_group(logGroupName=group)
        account("logs").create_log_stream(logGroupName=group, logStreamName="one")
    account.make_bucket(EXISTING_BUCKET)
    account("s3").put_bucket_notification_configuration(Bucket=EXISTING_BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    account("sesv2").create_email_identity(EmailIdentity="example.com")
    patterns = [{"name": "error", "regex": r"\bERROR\b", "severity": "error"}]
    account("ssm").put_parameter(Name=PARAMETERS["PatternsParameter"], Type="String", Value=json.dumps(patterns))
    secret = account("secretsmanager").create_secret(Name="penstock", SecretString=json.dumps(SECRETS))["ARN"]
    return {"MonitorTopicArn": account("sns").create_topic(Name="monitors")["TopicArn"], "KafkaSecretArn": secret, "KafkaRootCaSecretArn": secret,
            "SlackWebhookSecretArn": f"{secret}#slack", "PagerDutyRoutingKeySecretArn": f"{secret}#pagerduty"}


def connect(account):
    """The one thing that AWS does not need: where AWS is."""
    for page in account("lambda").get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            variables = {**function["Environment"]["Variables"], "AWS_ENDPOINT_URL": account.url}
            account("lambda").update_function_configuration(FunctionName=function["FunctionName"], Environment={"Variables": variables})


def sample(name):
    with open(os.path.join(ROOT, "events", name), encoding="utf-8") as file:
        return json.load(file)


def until(look):
    """What look sees, once it sees something."""
    end = time.monotonic() + WAIT_S
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return seen


def wanting(what, seen):
    return [] if seen else [f"no {what} within {WAIT_S} s"]


def items(account, stack, table):
    return [item for page in account("dynamodb").get_paginator("scan").paginate(TableName=stack.name_of(table), ConsistentRead=True)
            for item in page["Items"]]


def put_lines(account, group):
    """Log events of a sample; how many."""
    lines = json.loads(gzip.decompress(base64.b64decode(sample("cwlogs-json-app.json")["awslogs"]["data"])))["logEvents"]
    now = int(time.time() * 1000)
    account("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=[{"timestamp": now, "message": line["message"]} for line in lines])
    return len(lines)


def invoke(account, stack, function, event, **more):
    return account("lambda").invoke(FunctionName=stack.name_of(function), Payload=json.dumps(event), **more)


# -- runs -------------------------------------------------------------------------------------------------------------


def log_search(account, stack):
    """There is no OpenSearch: what cannot be stored is kept as a dead letter."""
    put_lines(account, SEARCHED)
    bucket = stack.name_of("DeadLetterBucket")
    return wanting("dead letter of log-processor",
                   until(lambda: account("s3").list_objects_v2(Bucket=bucket, Prefix="log-processor/").get("Contents")))


def decoding(account, stack):
    """Through the stream into rows."""
    count = put_lines(account, DECODED)
    return wanting(f"{count} rows of {DECODED}",
                   until(lambda: sum(item.get("group") == {"S": DECODED} for item in items(account, stack, "RowsTable")) == count))


def kafka(account, stack):
    """No cluster is near: what its mapping would hand over is handed over."""
    before = len(items(account, stack, "RowsTable"))
    event = sample("msk-log-lines.json")
    answer = json.loads(invoke(account, stack, "StreamConsumerFunction", event)["Payload"].read())
    there = len(items(account, stack, "RowsTable")) - before
    wanted = sum(record.get("value") is not None for records in event["records"].values() for record in records)
    faults = [] if there == wanted else [f"{there} of {wanted} rows"]
    return faults + ([] if faults or answer == {"batchItemFailures": []} else [f"answered {answer}"])


def is_mailed(account, text):
    with urllib.request.urlopen(f"{account.url}/_ministack/ses/messages", timeout=30) as answer:
        return any(text in mail["Subject"] for mail in json.load(answer)["messages"].get(ACCOUNT, []))


def told_faults(account, stack, title):
    """An incident of that title, and a mail of it."""
    incident = lambda: any(title in item.get("title", {}).get("S", "") for item in items(account, stack, "AlertTable"))
    return wanting(f"incident: {title}", until(incident)) + wanting(f"mail: {title}", until(lambda: is_mailed(account, title)))


def errors(account, stack):
    """An error in the stream, over the bus to the alerter and into a mail."""
    line = {"service": "ledger", "level": "ERROR", "message": "books do not balance", "ts": int(time.time() * 1000)}
    account("kinesis").put_record(StreamName=stack.name_of("LogStream"), Data=json.dumps(line), PartitionKey="1")
    return told_faults(account, stack, line["message"])


def alarms(account, stack):
    """Nobody but CloudWatch may put such an event, and here it puts none: the rule's pattern is asked, and the function gets it from us."""
    event = sample("eventbridge-alarm.json")
    own = {**event, "detail": {**event["detail"], "alarmName": f"{stack.name_of('AlerterFunction')}-errors"}}
    pattern = account("events").describe_rule(Name=stack.name_of("AlerterFunctionAlarms"))["EventPattern"]
    fits = lambda one: account("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(one))["Result"]
    faults = [] if fits(event) and not fits(own) else [f"{pattern} takes the alerter's own alarms, or no others"]
    invoke(account, stack, "AlerterFunction", event)
    return faults + told_faults(account, stack, event["detail"]["alarmName"])


def monitors(account, stack):
    message = sample("sns-opensearch.json")["Records"][0]["Sns"]
    account("sns").publish(TopicArn=account.prepared["MonitorTopicArn"], Subject=message["Subject"], Message=message["Message"])
    return told_faults(account, stack, json.loads(message["Message"])["trigger"]["name"])


def is_scanned(account, stack, bucket, key):
    return any(item["pk"] == {"S": f"{bucket}/{key}"} and item["state"] == {"S": "done"} and item["severities"] == {"M": {"error": {"N": "1"}}}
               for item in items(account, stack, "SummaryTable") if "state" in item)


def in_queue(account, url):
    counted = account("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(counted["ApproximateNumberOfMessages"]) + int(counted["ApproximateNumberOfMessagesNotVisible"])


def files_in(bucket_of):
    def run(account, stack):
        bucket, key = bucket_of(stack), "in/one.log"
        for name in (key, "elsewhere/two.log"):
            account("s3").put_object(Bucket=bucket, Key=name, Body=ERROR_FILE)
        faults = wanting(f"summary of {bucket}/{key}", until(lambda: is_scanned(account, stack, bucket, key)))
        faults += wanting("empty queue", until(lambda: in_queue(account, stack.ref("FilesQueue")) == 0))
        return faults + wanting("mail of it", until(lambda: is_mailed(account, f"{bucket}/{key}")))
    return run


def kept(account, stack):
    """By runs before this one."""
    faults, tables = [], stack.of_type("AWS::DynamoDB::Table")
    for table, said in tables.items():
        attribute = said["Properties"]["TimeToLiveSpecification"]["AttributeName"]
        faults += [] if any("N" in item.get(attribute, {}) for item in items(account, stack, table)) else [f"nothing in {table} has {attribute}"]
    summary = next((item for item in items(account, stack, "SummaryTable") if "day" in item), None)
    if summary is None:
        return [*faults, "there is no summary"]
    [index] = tables["SummaryTable"]["Properties"]["GlobalSecondaryIndexes"]
    found = account("dynamodb").query(TableName=stack.name_of("SummaryTable"), IndexName=index["IndexName"], KeyConditionExpression="#day = :day",
                                      ExpressionAttributeNames={"#day": "day"}, ExpressionAttributeValues={":day": summary["day"]})["Items"]
    return faults + ([] if any(item["pk"] == summary["pk"] for item in found) else [f"{index['IndexName']} lacks {summary['pk']}"])


def failures(account, stack):
    """What an asynchronous invocation cannot get through is kept, after its retries."""
    invoke(account, stack, "UploadDispatcherFunction", {"not": "a notification"}, InvocationType="Event")
    return wanting("message in the failures queue", until(lambda: in_queue(account, stack.ref("FailureQueue"))))


def given_up(account, stack):
    """Where Lambda puts a batch of a stream that it has given up, which the emulator does not do, is told to the queue; dead letters are not."""
    before = in_queue(account, stack.ref("FailureQueue"))
    for key in ("stream-consumer/2026/11/21/letter.jsonl", "aws/lambda/00000000-0000-4000-8000-000000000001/shardId-000000000000/batch"):
        account("s3").put_object(Bucket=stack.name_of("DeadLetterBucket"), Key=key, Body=b"{}")
    told = until(lambda: in_queue(account, stack.ref("FailureQueue")) > before)
    return wanting("message about the batch", told) + ([] if in_queue(account, stack.ref("FailureQueue")) <= before + 1 else ["a message about the letter"])


RUNS = {
    "log group -> log-processor -> dead letter": log_search,
    "log group -> cloudwatch-decoder -> stream -> stream-consumer -> rows": decoding,
    "Kafka's event -> stream-consumer -> rows": kafka,
    "stream -> stream-consumer -> bus -> alerter -> incident and mail": errors,
    "alarm -> alerter -> incident and mail": alarms,
    "monitor's topic -> alerter -> incident and mail": monitors,
    "upload bucket -> upload-dispatcher -> queue -> log-extractor -> summary and mail": files_in(lambda stack: stack.name_of("UploadBucket")),
    "existing bucket -> rule -> upload-dispatcher -> queue -> log-extractor -> summary and mail": files_in(lambda stack: EXISTING_BUCKET),
    "what was stored has what its table expires it by, and a summary is in the day's index": kept,
    "failed invocation -> failures queue": failures,
    "batch that was given up -> dead-letter bucket -> failures queue": given_up,
}
