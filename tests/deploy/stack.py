"""Whether the translated template makes what it says in an emulator that is not ours, and whether its functions work there.

- With every lane and option on the stack comes up; each property of each resource, read back through the service's own API, is what the
  template says, or stands in not-made-by-emulator.json with the reason, which must still be true.
- Whatever a function's configuration or an alarm names is there.
- The functions run in the emulator under what the stack gave them: events go in where they go in in AWS, and what must come out is
  looked for in the stack's own tables, queues and buckets (stack_lanes.py).
- Each lane alone is a stack, too, of its own resources and the shared ones.
- Each assertion of the template's Rules stops what it is for.
- Planted faults are found.

Usage: stack.py BUILD TRANSLATED.json PORT (tests/deploy/check-stack calls it)      Last line: "# N passed, N failed".
"""
import copy
import fnmatch
import json
import os
import sys

import resolve
import stack_lanes
from checks import Checks
from stack_emulator import Account, Refused
from stack_resources import READERS, Made, differing

HERE = os.path.dirname(os.path.abspath(__file__))
STACK = resolve.STACK
DOCUMENT = {}

# What is prepared or near takes the place of what is far away.
PARAMETERS = {**resolve.PARAMETERS, "OpenSearchEndpoint": "https://127.0.0.1:9", "AlertRules": '[{"channels":["mail"]}]'}
# Each lane: the parameters that it needs, and how the logical ids of its resources begin.
LANES = {
    "LogSearch": (["OpenSearchEndpoint", "OpenSearchArn", "SubscribedLogGroup"], ["LogProcessor"]),
    "StreamStore": ([], ["StreamConsumer", "LogStream", "RowsTable", "Bus"]),
    "Alerting": (["MailFrom", "MailTo", "MailIdentity"], ["Alerter", "AlertTable", "Bus"]),
    "FileScan": ([], ["UploadDispatcher", "UploadBucket", "LogExtractor", "Files", "SummaryTable"]),
    "Decoding": (["StreamStore", "DecodedLogGroup"], ["CloudWatchDecoder", "StreamConsumer", "LogStream", "RowsTable", "Bus"]),
}
SHARED = ["RuntimeLayer", "Key", "DeadLetterBucket", "Failure", "AlarmTopic", "Dashboard"]

checks = Checks()


def lane(name):
    return {key: PARAMETERS[key] for key in [name, *LANES[name][0]]}


def everything(account):
    """All lanes, and every option that brings a resource, a setting or a permission with it; what they name is prepared."""
    return PARAMETERS | account.prepared


def new_account(build, port):
    account = Account(port)
    account.upload(build)
    account.prepared = stack_lanes.prepare(account)
    return account


# -- what was made ----------------------------------------------------------------------------------------------------


class Reviewed:
    """Properties that the emulator's CloudFormation leaves out: {"resources", "property", "reason"}."""

    def __init__(self):
        with open(os.path.join(HERE, "not-made-by-emulator.json"), encoding="utf-8") as file:
            self.entries = json.load(file)
        self.left = {(resource, entry["property"]) for entry in self.entries for resource in entry["resources"]}
        self.listed = frozenset(self.left)

    def covers(self, resource, name):
        self.left.discard((resource, name))
        return (resource, name) in self.listed

    def faults(self):
        """After all resources were looked at."""
        faults = [f"no reason: {entry}" for entry in self.entries if len(entry.get("reason", "")) < 20]
        return faults + [f"{resource} has its {name} now, or the template says none" for resource, name in sorted(self.left)]


def resource_faults(account, stack, logical, said, reviewed):
    said, kind = said.get("Properties", {}), said["Type"]
    if logical not in stack.physical:
        return [f"{logical} was not made"]
    try:
        made = READERS[kind](account, stack.physical[logical], said)
    except Exception as error:  # whatever it is: what the stack says it made cannot be looked up
        return [f"{logical} cannot be read: {error!r}"]
    return [f"{logical}.{name} is {seen}, not {wanted}" for name, (seen, wanted) in differing(made, said).items() if not reviewed.covers(logical, name)]


def stack_faults(account, stack, reviewed):
    """{type: faults}"""
    faults = {}
    for logical, said in stack.resources().items():
        faults.setdefault(said["Type"], []).extend(resource_faults(account, stack, logical, said, reviewed))
    return faults


def whole_faults(build, port, parameters_of, reviewed):
    """Of a stack of its own."""
    account = new_account(build, port)
    try:
        stack = account.create(STACK, DOCUMENT, parameters_of(account))
    except Refused as refused:
        return [refused]
    faults = [fault for found in stack_faults(account, stack, reviewed).values() for fault in found]
    return faults + [f"{logical} was made" for logical in sorted(stack.physical.keys() - stack.resources().keys())] + naming_faults(account)


# -- what it names ----------------------------------------------------------------------------------------------------


def exists(read):
    """read: a call that fails where there is no such thing."""
    def ask(account, value):
        try:
            read(account, value)
        except Exception:  # whatever it is: it could not be read
            return False
        return True
    return ask


is_table = exists(lambda aws, name: aws("dynamodb").describe_table(TableName=name))
is_bucket = exists(lambda aws, name: aws("s3").head_bucket(Bucket=name))
is_queue = exists(lambda aws, url: aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]))
is_stream = exists(lambda aws, name: aws("kinesis").describe_stream_summary(StreamName=name))
is_secret = exists(lambda aws, arn: aws("secretsmanager").describe_secret(SecretId=arn.split("#")[0]))
is_parameter = exists(lambda aws, value: aws("ssm").get_parameter(Name=value.removeprefix("ssm:")))
is_role = exists(lambda aws, arn: aws("iam").get_role(RoleName=arn.split("/")[-1]))
is_layer = exists(lambda aws, arn: aws("lambda").get_layer_version_by_arn(Arn=arn))
is_function = exists(lambda aws, name: aws("lambda").get_function_configuration(FunctionName=name))


def is_bus(aws, arn):
    return any(bus["Arn"] == arn for bus in aws("events").list_event_buses()["EventBuses"])


def is_log_group(aws, name):
    return any(group["logGroupName"] == name for group in aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"])


# Settings that name something; the others are plain values. A setting that stands in neither is one that nobody thought of here.
NAMING = {
    "DDB_TABLE": is_table, "ALERT_TABLE": is_table, "SUMMARY_TABLE": is_table, "DEAD_LETTER_BUCKET": is_bucket, "QUEUE_URL": is_queue,
    "EVENT_BUS": is_bus, "OUTPUT_STREAM": is_stream, "PATTERNS": is_parameter,
    "SLACK_WEBHOOK_URL_SECRET_ARN": is_secret, "PAGERDUTY_ROUTING_KEY_SECRET_ARN": is_secret,
    "SOURCE_BUCKETS": lambda aws, names: all(is_bucket(aws, name) for name in names.split(",")),
    "EXCLUDE_LOG_GROUPS": lambda aws, pattern: all(fnmatch.fnmatchcase(function["LoggingConfig"]["LogGroup"], pattern) for function in functions(aws)),
    "EXCLUDE_SERVICES": lambda aws, pattern: all(fnmatch.fnmatchcase(function["FunctionName"], pattern) for function in functions(aws)),
}
PLAIN = {"OPENSEARCH_ENDPOINT", "ENVIRONMENT", "REDACT", "SERVICE_SHARDS", "TTL_DAYS", "EVENTBRIDGE_REQUIRED", "PARTIAL_BATCH", "CLUSTER_ALIAS", "OUTPUT",
         "ALERT_RULES", "MAIL_FROM", "MAIL_TO", "MAIL_SEVERITY", "KEY_PREFIX", "KEY_SUFFIX"}


def functions(aws):
    return [function for page in aws("lambda").get_paginator("list_functions").paginate() for function in page["Functions"]]


def function_faults(aws, function):
    """Of what its configuration names."""
    faults = []
    for name, value in function.get("Environment", {}).get("Variables", {}).items():
        if name in NAMING and not NAMING[name](aws, value):
            faults.append(f"{name}={value} names nothing that is there")
        if name not in NAMING and name not in PLAIN:
            faults.append(f"{name} is new: it belongs to NAMING or PLAIN")
    faults += [] if is_role(aws, function["Role"]) else [f"no role {function['Role']}"]
    faults += [f"no layer {layer['Arn']}" for layer in function["Layers"] if not is_layer(aws, layer["Arn"])]
    faults += [] if is_log_group(aws, function["LoggingConfig"]["LogGroup"]) else [f"no log group {function['LoggingConfig']['LogGroup']}"]
    return faults


def queue_url(account, name):
    return f"{account.url}/{resolve.ACCOUNT}/{name}"


MEASURED = {"FunctionName": is_function, "TableName": is_table, "QueueName": lambda aws, name: is_queue(aws, queue_url(aws, name))}


def alarm_faults(aws):
    """Alarms on what is not there never ring."""
    alarms = [alarm for page in aws("cloudwatch").get_paginator("describe_alarms").paginate() for alarm in page["MetricAlarms"]]
    return [f"{alarm['AlarmName']}: no {dimension['Name']} {dimension['Value']}" for alarm in alarms for dimension in alarm["Dimensions"]
            if dimension["Name"] in MEASURED and not MEASURED[dimension["Name"]](aws, dimension["Value"])]


def naming_faults(aws):
    return [f"{function['FunctionName']}: {fault}" for function in functions(aws) for fault in function_faults(aws, function)] + alarm_faults(aws)


# -- checks -----------------------------------------------------------------------------------------------------------


def check_everything(build, port, reviewed):
    account = new_account(build, port)
    try:
        stack = account.create(STACK, DOCUMENT, everything(account))
    except Refused as refused:
        checks.check("a stack with every lane and option comes up", [refused])
        return
    checks.check("a stack with every lane and option has every resource of the template", sorted(DOCUMENT["Resources"].keys() - stack.physical.keys()))
    for kind, faults in sorted(stack_faults(account, stack, reviewed).items()):
        checks.check(f"{kind}: as the template says", faults)
    for function in functions(account):
        checks.check(f"{function['FunctionName']}: what its configuration names is there", function_faults(account, function))
    checks.check("what the alarms measure is there", alarm_faults(account))
    stack_lanes.connect(account)
    for fact, run in stack_lanes.RUNS.items():
        checks.check(fact, run(account, stack))


def others(account):
    """What excludes something of the above."""
    return {**everything(account), **resolve.OTHER_PARAMETERS, "Architecture": "arm64", "PartialBatchResponses": "off"}


def check_others(build, port, reviewed):
    checks.check("a stack with the options that exclude those: as the template says", whole_faults(build, port, others, reviewed))
    checks.check("not-made-by-emulator.json lists what is not made, each with its reason, and nothing else", reviewed.faults())


def begins_with(logical, beginnings):
    return any(logical.startswith(beginning) for beginning in beginnings)


def check_lanes(build, port):
    for name, (_, beginnings) in LANES.items():
        template = resolve.Template(DOCUMENT, lane(name))
        try:
            offline = template.resources()
            for output in DOCUMENT["Outputs"].values():
                if "Condition" not in output or template.holds(output["Condition"]):
                    template.value(output)
        except KeyError as dangling:
            checks.check(f"{name} alone: nothing names what is not made", [dangling])
            continue
        faults = [logical for logical in offline if not begins_with(logical, beginnings + SHARED)]
        faults += [] if any(begins_with(logical, beginnings[:1]) for logical in offline) else ["nothing of its own"]
        checks.check(f"{name} alone: its own resources and the shared ones", faults)
        checks.check(f"{name} alone: as the template says, and what it names is there", whole_faults(build, port, lambda _: lane(name), Reviewed()))


def without(parameters, *names):
    """One case each, which lacks that one."""
    return [{key: value for key, value in parameters.items() if key != name} for name in names]


# What breaks each assertion of the template's Rules.
BROKEN = {
    "OneLaneAtLeast": [{}, {"ExistingBucket": "uploads"}],
    "LogSearchIsComplete": without(lane("LogSearch"), "OpenSearchEndpoint", "OpenSearchArn", "SubscribedLogGroup"),
    "AlertingHasAChannel": [{"Alerting": "on"}],
    "MailIsComplete": without({"FileScan": "on", **lane("Alerting"), "Alerting": "off"}, "MailTo", "MailIdentity"),
    "NetworkIsComplete": [{"FileScan": "on", "SubnetIds": "subnet-0a"}],
    "KafkaIsComplete": [{"StreamStore": "on", "KafkaBootstrapServers": "kafka.example.com:9096"}],
    "DecodingIsComplete": without({"FileScan": "on", **lane("Decoding")}, "StreamStore", "DecodedLogGroup"),
}


def broken_rules(parameters):
    """Worked out here: the messages of assertions that do not hold."""
    template = resolve.Template(DOCUMENT, parameters)
    rules = [rule for rule in DOCUMENT["Rules"].values() if "RuleCondition" not in rule or template.value(rule["RuleCondition"])]
    return [assertion["AssertDescription"] for rule in rules for assertion in rule["Assertions"] if not template.value(assertion["Assert"])]


def check_rules(build, port):
    account = Account(port)
    account.upload(build)
    checks.check("each rule has its cases", sorted(DOCUMENT["Rules"].keys() ^ BROKEN.keys()))
    for name, cases in BROKEN.items():
        [message] = [assertion["AssertDescription"] for assertion in DOCUMENT["Rules"][name]["Assertions"]]
        faults = []
        for parameters in cases:
            worked_out = broken_rules(parameters)
            faults += [] if worked_out == [message] else [f"{parameters}: {worked_out}"]
            try:
                account.create(STACK, DOCUMENT, parameters)
                faults.append(f"{parameters}: the emulator makes the stack")
            except Refused as refused:
                faults += [] if message in str(refused) else [refused]
        checks.check(f"{name}: no stack, and it says why", faults)
    checks.check("no rule is in the way of a lane", [f"{name}: {message}" for name in LANES for message in broken_rules(lane(name))])


def planted(build, port, plant, find):
    """What is found in a stack of a template with a fault in it."""
    document = copy.deepcopy(DOCUMENT)
    plant(document["Resources"])
    account = new_account(build, port)
    stack = account.create(STACK, document, lane("StreamStore"))
    return find(account, stack)


def check_planted(build, port):
    def other_table(resources):
        resources["StreamConsumerFunction"]["Properties"]["Environment"]["Variables"]["DDB_TABLE"] = "log-stream-rows"

    def other_keys(resources):
        table = resources["RowsTable"]["Properties"]
        table["AttributeDefinitions"] = [{"AttributeName": "id", "AttributeType": "S"}]
        table["KeySchema"] = [{"AttributeName": "id", "KeyType": "HASH"}]

    def no_bus(resources):
        resources["StreamConsumerFunction"]["Properties"]["Environment"]["Variables"]["EVENT_BUS"] = {"Fn::Sub": "${AWS::StackName}-events"}

    def run(account, stack):
        stack_lanes.connect(account)
        return stack_lanes.kafka(account, stack)

    def compare(account, stack):
        said = Made(DOCUMENT, lane("StreamStore"), stack.physical)
        return stack_faults(account, said, Reviewed())["AWS::DynamoDB::Table"]

    for fact, plant, find, sign in (
            ("a setting that names another table", other_table, lambda account, _: naming_faults(account), "DDB_TABLE"),
            ("a setting that names another bus", no_bus, lambda account, _: naming_faults(account), "EVENT_BUS"),
            ("a table that was made with other keys than the template says", other_keys, compare, "RowsTable"),
            ("a template with other keys than the function writes", other_keys, run, "rows")):
        faults = planted(build, port, plant, find)
        checks.check(f"planted and found: {fact}", [] if faults and all(sign in fault for fault in faults) else [f"found: {faults}"])


def main():
    build, translated, port = sys.argv[1:]
    with open(translated, encoding="utf-8") as file:
        DOCUMENT.update(json.load(file))
    reviewed = Reviewed()
    check_everything(build, port, reviewed)
    check_others(build, port, reviewed)
    check_lanes(build, port)
    check_rules(build, port)
    check_planted(build, port)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
