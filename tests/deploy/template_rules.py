"""Rules for the translated template that neither cfn-lint nor SAM has. Each is a function that yields faults, one sentence
each, and beside it in RULES stands a mistake that it must find: what it does to a good template."""
import glob
import os
import re

from checks import ROOT

# Lambda makes and removes network interfaces of a function in a VPC; their ids are not known before.
NETWORK_ACTIONS = {f"ec2:{name}" for name in (
    "AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces",
    "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs", "UnassignPrivateIpAddresses")}
# A bucket's ARN does not say whose it is.
INVOKER_KEYS = {"logs.amazonaws.com": ["SourceArn", "SourceAccount"], "s3.amazonaws.com": ["SourceAccount"]}
AWS_METRICS = {
    "AWS/Lambda": {"DestinationDeliveryFailures", "Duration", "Errors", "Invocations", "IteratorAge", "OffsetLag", "Throttles"},
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    "AWS/DynamoDB": {"ReadThrottleEvents", "WriteThrottleEvents"},
}
EXAMPLES = {"echo"}  # functions that are not deployed
DASHBOARD_METRIC = re.compile(r'\["([\w/]+)", "(\w+)", "(\w+)", "\$\{AWS::StackName\}-([\w.-]+)"')


# -- reading a template ------------------------------------------------------------------------------------------------
def of_type(template, kind):
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def functions_of(template):
    return of_type(template, "AWS::Lambda::Function")


def properties(template, name):
    return template["Resources"][name]["Properties"]


def nodes(value):
    """Every object there is in a value, itself included."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(item)


def target(value):
    """The resource that a Ref or a GetAtt names."""
    if isinstance(value, dict) and len(value) == 1:
        if "Ref" in value:
            return value["Ref"]
        if "Fn::GetAtt" in value:
            return value["Fn::GetAtt"][0]
    return None


def largest(template, value):
    """A number, or the largest that its parameter allows."""
    parameter = template["Parameters"].get(target(value), {})
    return int(parameter.get("MaxValue", parameter.get("Default", 0))) if target(value) else int(value)


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements_of(template):
    """(role, statement, whether it stands under a condition) of every role."""
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", []):
            for entry in policy["PolicyDocument"]["Statement"]:
                for node in nodes(entry):
                    if "Effect" in node:
                        yield name, node, node is not entry


def mappings_of(template, streams):
    """Event source mappings of streams and topics, or those of queues."""
    for name, mapping in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        source = template["Resources"].get(target(mapping["Properties"].get("EventSourceArn")), {})
        if (source.get("Type") != "AWS::SQS::Queue") == streams:
            yield name, mapping["Properties"], source.get("Properties")


def handler_of(template, name):
    return properties(template, name)["Handler"]


def every_function_is_here(template):
    deployed = {handler_of(template, name) for name in functions_of(template)}
    written = {os.path.basename(os.path.dirname(path)) for path in glob.glob(os.path.join(ROOT, "functions", "*", "handler.c"))}
    for handler in sorted(written - EXAMPLES - deployed):
        yield f"functions/{handler} is not in the template"


# -- permissions -------------------------------------------------------------------------------------------------------
def roles_are_own(template):
    owners = {}
    for name in functions_of(template):
        role = target(properties(template, name)["Role"])
        if template["Resources"].get(role, {}).get("Type") != "AWS::IAM::Role":
            yield f"{name} has no role of the template"
        elif role in owners:
            yield f"{name} has the role of {owners[role]}"
        owners[role] = name


def no_managed_policies(template):
    for name, resource in template["Resources"].items():
        if any("ManagedPolicyArns" in node for node in nodes(resource)):
            yield f"{name} has managed policies: they grant more than is named here"


def resources_are_named(template):
    for role, statement, _ in statements_of(template):
        actions = set(as_list(statement["Action"]))
        if "*" in as_list(statement["Resource"]) and not actions <= NETWORK_ACTIONS:
            yield f"{role}: {statement['Sid']} grants {', '.join(sorted(actions - NETWORK_ACTIONS))} on everything"
        for action in sorted(actions):
            if "*" in action:
                yield f"{role}: {statement['Sid']} grants {action}"


def network_rights_are_conditional(template):
    for role, statement, conditional in statements_of(template):
        if set(as_list(statement["Action"])) & NETWORK_ACTIONS and not conditional:
            yield f"{role}: {statement['Sid']} is granted outside a VPC too"


def invokers_are_named(template):
    for name, permission in of_type(template, "AWS::Lambda::Permission").items():
        principal = permission["Properties"]["Principal"]
        for wanted in INVOKER_KEYS.get(principal, ["SourceArn"]):
            if wanted not in permission["Properties"]:
                yield f"{name} does not say whose {principal} may invoke: no {wanted}"


# -- functions ---------------------------------------------------------------------------------------------------------
def log_groups_are_made(template):
    for name, function in functions_of(template).items():
        group = template["Resources"].get(target(function["Properties"].get("LoggingConfig", {}).get("LogGroup")))
        if not group:
            yield f"{name} has no log group: Lambda makes one that is kept for ever"
            continue
        wanted = {"Fn::Sub": f"/aws/lambda/{function['Properties']['FunctionName']['Fn::Sub']}"}
        if group["Properties"]["LogGroupName"] != wanted:
            yield f"{name}: its log group is named {group['Properties']['LogGroupName']}, wanted {wanted}"
        for wanted in ("RetentionInDays", "KmsKeyId"):
            if wanted not in group["Properties"]:
                yield f"{name}: its log group has no {wanted}"
        if group.get("Condition") != function.get("Condition"):
            yield f"{name} and its log group have different conditions"


def logs_are_json_at_info(template):
    for name, function in functions_of(template).items():
        logging = function["Properties"].get("LoggingConfig", {})
        if (logging.get("LogFormat"), logging.get("ApplicationLogLevel")) != ("JSON", "INFO"):
            yield f"{name} does not log JSON at INFO"


def only_the_extractor_may_loop(template):
    for name, function in functions_of(template).items():
        allowed = function["Properties"].get("RecursiveLoop") == "Allow"
        if allowed != (function["Properties"]["Handler"] == "log-extractor"):
            yield f"{name}: RecursiveLoop is {'Allow' if allowed else 'not Allow'}"


def functions_share_layer_and_architecture(template):
    wanted = None
    for name, function in functions_of(template).items():
        got = [function["Properties"].get(key) for key in ("Layers", "Architectures", "Runtime")]
        wanted = wanted or got
        if got != wanted or None in got:
            yield f"{name}: layers, architecture or runtime are not those of the others"


# -- events ------------------------------------------------------------------------------------------------------------
def queue_batches_fit(template):
    for name, mapping, queue in mappings_of(template, streams=False):
        batch, window = largest(template, mapping.get("BatchSize", 10)), mapping.get("MaximumBatchingWindowInSeconds", 0)
        if queue.get("FifoQueue") and (batch > 10 or window):
            yield f"{name}: a FIFO queue gives 10 messages at most, and has no window"
        elif batch > 10 and not window:
            yield f"{name}: more than 10 messages need MaximumBatchingWindowInSeconds"


def queues_wait_six_timeouts(template):
    for name, mapping, queue in mappings_of(template, streams=False):
        wanted = 6 * properties(template, target(mapping["FunctionName"]))["Timeout"]
        if queue.get("VisibilityTimeout", 30) < wanted:
            yield f"{name}: VisibilityTimeout is {queue.get('VisibilityTimeout', 30)}, wanted {wanted} at least"


def streams_are_bounded(template):
    for name, mapping, _ in mappings_of(template, streams=True):
        if not 0 <= mapping.get("MaximumRetryAttempts", -1) <= 100 or mapping.get("MaximumRecordAgeInSeconds", -1) <= 0:
            yield f"{name}: one bad batch blocks its shard until it expires"
        if not mapping.get("BisectBatchOnFunctionError"):
            yield f"{name}: BisectBatchOnFunctionError is off"
        if "OnFailure" not in mapping.get("DestinationConfig", {}):
            yield f"{name}: nobody is told of a batch that was given up"
        if "StartingPosition" not in mapping or mapping["StartingPosition"] == "LATEST":
            yield f"{name}: StartingPosition loses what came before the deployment"


def kafka_has_pollers(template):
    for name, mapping, _ in mappings_of(template, streams=True):
        if "Topics" in mapping and "ProvisionedPollerConfig" not in mapping:
            yield f"{name}: without provisioned pollers retries have no end and partial answers are not read"


def partial_batches_agree(template):
    for name, mapping in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        function = target(mapping["Properties"]["FunctionName"])
        switch = properties(template, function)["Environment"]["Variables"].get("PARTIAL_BATCH")
        types = mapping["Properties"].get("FunctionResponseTypes", {}).get("Fn::If", [None, None])
        condition = template["Conditions"].get(types[0], {}).get("Fn::Equals", [None])
        if types[1] != ["ReportBatchItemFailures"] or not switch or condition[0] != switch:
            yield f"{name} and PARTIAL_BATCH of {function} are not switched by the same parameter"


def failures_go_somewhere(template):
    configured = {target(config["Properties"]["FunctionName"]): config["Properties"]
                  for config in of_type(template, "AWS::Lambda::EventInvokeConfig").values()}
    mapped = {target(mapping["Properties"]["FunctionName"])
              for mapping in of_type(template, "AWS::Lambda::EventSourceMapping").values()}
    for name in functions_of(template):
        if name not in mapped and "OnFailure" not in configured.get(name, {}).get("DestinationConfig", {}):
            yield f"{name}: events whose invocations fail are lost"
    for name, _, queue in mappings_of(template, streams=False):
        if "RedrivePolicy" not in queue:
            yield f"{name}: a message that never works comes for ever"


# -- alarms, dashboard, the rest ---------------------------------------------------------------------------------------
def emitted_by(handler):
    """The metrics that a function's sources write."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "functions", handler, "*.c")):
        with open(path, encoding="utf-8") as file:
            found.update(re.findall(r'\{ "(\w+)", PS_METRIC_', file.read()))
    return found


def watched(template):
    """(who watches, namespace, metric, handler or None) of alarms and of the dashboard."""
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        alarm = alarm["Properties"]
        function = next((target(dimension["Value"]) for dimension in alarm["Dimensions"]
                         if dimension["Name"] == "FunctionName"), None)
        yield name, alarm["Namespace"], alarm["MetricName"], function and handler_of(template, function)
    for name, dashboard in of_type(template, "AWS::CloudWatch::Dashboard").items():
        body = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
        for namespace, metric, key, value in DASHBOARD_METRIC.findall(body):
            yield name, namespace, metric, value if key == "FunctionName" else None


def watched_metrics_exist(template):
    for who, namespace, metric, handler in watched(template):
        if namespace == "Penstock" and metric not in emitted_by(handler or ""):
            yield f"{who}: {handler} does not emit {metric}"
        elif namespace != "Penstock" and metric not in AWS_METRICS.get(namespace, ()):
            yield f"{who}: {metric} of {namespace} is not known here"


def dashboard_is_read(template):
    """All of it: the pattern above must not overlook a line."""
    for name, dashboard in of_type(template, "AWS::CloudWatch::Dashboard").items():
        lines = re.findall(r'^\s*\["', dashboard["Properties"]["DashboardBody"]["Fn::Sub"], re.M)
        read = [entry for entry in watched(template) if entry[0] == name]
        if len(lines) != len(read) or not read:
            yield f"{name}: {len(read)} of {len(lines)} metrics could be read"


def alarms_say_what_and_whom(template):
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        for wanted in ("AlarmDescription", "AlarmActions", "OKActions", "TreatMissingData", "AlarmName"):
            if not alarm["Properties"].get(wanted):
                yield f"{name} has no {wanted}"


def functions_are_watched(template):
    watchers = {(handler, metric) for who, _, metric, handler in watched(template)
                if template["Resources"][who]["Type"] == "AWS::CloudWatch::Alarm"}
    for name in functions_of(template):
        handler = handler_of(template, name)
        dead = ["RecordsDead"] if "DEAD_LETTER_BUCKET" in properties(template, name)["Environment"]["Variables"] else []
        # Of a large file the log-extractor scans as much as its time allows.
        late = [] if handler == "log-extractor" else ["Duration"]
        for metric in ["Errors", "Throttles", *late, *dead]:
            if (handler, metric) not in watchers:
                yield f"{name}: no alarm on {metric}"


def duration_alarms_fit_timeouts(template):
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        if alarm["Properties"]["MetricName"] == "Duration":
            function = target(alarm["Properties"]["Dimensions"][0]["Value"])
            wanted = properties(template, function)["Timeout"] * 800
            if alarm["Properties"]["Threshold"] != wanted:
                yield f"{name}: the threshold is {alarm['Properties']['Threshold']}, 80 % of the time-out are {wanted}"


def buckets_are_closed(template):
    for name, bucket in of_type(template, "AWS::S3::Bucket").items():
        block = bucket["Properties"].get("PublicAccessBlockConfiguration", {})
        if list(block.values()) != [True] * 4:
            yield f"{name} could be made public"
        if "BucketEncryption" not in bucket["Properties"]:
            yield f"{name} does not say how it is encrypted"


def dead_letters_expire(template):
    rules = properties(template, "DeadLetterBucket").get("LifecycleConfiguration", {}).get("Rules", [])
    if not any("ExpirationInDays" in rule and rule["Status"] == "Enabled" for rule in rules):
        yield "DeadLetterBucket keeps its letters for ever"


def rules_may_use_the_key(template):
    """No emulator asks KMS. EventBridge is known there by no account and no rule: a condition on these would refuse its dead letters."""
    by_rules = [statement for statement in properties(template, "Key")["KeyPolicy"]["Statement"]
                if "events.amazonaws.com" in as_list(statement["Principal"].get("Service", []))]
    if not by_rules or any("Condition" in statement for statement in by_rules):
        yield "Key: EventBridge may not use it"


def failures_leave_nothing(template):
    """What a rolled back creation keeps stands in the way of the next one."""
    for name, resource in template["Resources"].items():
        if resource.get("DeletionPolicy") == "Retain":
            yield f"{name} stays after a creation that failed"


def all_is_described(template):
    for kind in ("Parameters", "Outputs"):
        for name, entry in template[kind].items():
            if not entry.get("Description"):
                yield f"{kind[:-1].lower()} {name} has no description"


# -- the mistakes ------------------------------------------------------------------------------------------------------
def a_statement(template, **changes):
    """Changes the first statement of the alerter's role."""
    properties(template, "AlerterRole")["Policies"][0]["PolicyDocument"]["Statement"][0].update(changes)


def setting(name, value, *keys):
    """A mistake: that value at the end of those keys, or nothing there where it is None."""
    def plant(template):
        at = properties(template, name)
        for key in keys[:-1]:
            at = at[key]
        at.pop(keys[-1], None)
        if value is not None:
            at[keys[-1]] = value
    return plant


def without(name):
    return lambda template: template["Resources"].pop(name)


def unconditional_network(template):
    statements = properties(template, "AlerterRole")["Policies"][0]["PolicyDocument"]["Statement"]
    statements.append({"Sid": "Planted", "Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": "*"})


def undescribed_parameter(template):
    del template["Parameters"]["StreamName"]["Description"]


def other_dashboard(old, new):
    def plant(template):
        body = properties(template, "Dashboard")["DashboardBody"]
        assert old in body["Fn::Sub"]
        body["Fn::Sub"] = body["Fn::Sub"].replace(old, new)
    return plant


# (rule, mistakes that it must find)
RULES = [
    (every_function_is_here, [without("AlerterFunction")]),
    (roles_are_own, [setting("AlerterFunction", {"Fn::GetAtt": ["LogExtractorRole", "Arn"]}, "Role"),
                     setting("AlerterFunction", "arn:aws:iam::123456789012:role/other", "Role")]),
    (no_managed_policies, [setting("AlerterRole", ["arn:aws:iam::aws:policy/AdministratorAccess"], "ManagedPolicyArns")]),
    (resources_are_named, [lambda template: a_statement(template, Resource="*"),
                           lambda template: a_statement(template, Action="dynamodb:*")]),
    (network_rights_are_conditional, [unconditional_network]),
    (invokers_are_named, [setting("LogProcessorPermission", None, "SourceAccount"),
                          setting("UploadBucketPermission", None, "SourceAccount"),
                          setting("AlerterPermissionOfTopic", None, "SourceArn")]),
    (log_groups_are_made, [without("AlerterLogs"), setting("AlerterLogs", None, "RetentionInDays"),
                           setting("AlerterLogs", None, "KmsKeyId"), setting("AlerterLogs", "other", "LogGroupName")]),
    (logs_are_json_at_info, [setting("AlerterFunction", "ERROR", "LoggingConfig", "ApplicationLogLevel"),
                             setting("AlerterFunction", "Text", "LoggingConfig", "LogFormat")]),
    (only_the_extractor_may_loop, [setting("AlerterFunction", "Allow", "RecursiveLoop"),
                                   setting("LogExtractorFunction", None, "RecursiveLoop")]),
    (functions_share_layer_and_architecture, [setting("AlerterFunction", None, "Layers"),
                                              setting("AlerterFunction", ["arm64"], "Architectures")]),
    (queue_batches_fit, [setting("LogExtractorFromQueue", 11, "BatchSize"),
                         setting("LogExtractorFromQueue", 5, "MaximumBatchingWindowInSeconds"),
                         lambda template: (setting("LogExtractorFromQueue", 11, "BatchSize")(template),
                                           setting("FilesQueue", None, "FifoQueue")(template))]),
    (queues_wait_six_timeouts, [setting("FilesQueue", 5399, "VisibilityTimeout"),
                                setting("LogExtractorFunction", 901, "Timeout")]),
    (streams_are_bounded, [setting("StreamConsumerFromKinesis", -1, "MaximumRetryAttempts"),
                           setting("StreamConsumerFromMsk", None, "MaximumRecordAgeInSeconds"),
                           setting("StreamConsumerFromKafka", None, "DestinationConfig"),
                           setting("StreamConsumerFromKafka", False, "BisectBatchOnFunctionError"),
                           setting("StreamConsumerFromKinesis", "LATEST", "StartingPosition")]),
    (kafka_has_pollers, [setting("StreamConsumerFromMsk", None, "ProvisionedPollerConfig")]),
    (partial_batches_agree, [setting("StreamConsumerFromMsk", None, "FunctionResponseTypes"),
                             setting("LogExtractorFunction", "off", "Environment", "Variables", "PARTIAL_BATCH")]),
    (failures_go_somewhere, [without("AlerterFunctionEventInvokeConfig"), setting("FilesQueue", None, "RedrivePolicy")]),
    (watched_metrics_exist, [setting("StreamConsumerDeadAlarm", "RecordsDeath", "MetricName"),
                             setting("AlerterErrorsAlarm", "Error", "MetricName"),
                             other_dashboard('"NoticesHeld"', '"NoticesKept"'),
                             other_dashboard('"LagMs", "FunctionName", "${AWS::StackName}-stream-consumer"',
                                             '"LagMs", "FunctionName", "${AWS::StackName}-alerter"')]),
    (dashboard_is_read, [other_dashboard('["Penstock", "LagMs",', '["Penstock","LagMs",')]),
    (alarms_say_what_and_whom, [setting("AlerterErrorsAlarm", [], "AlarmActions"),
                                setting("AlerterErrorsAlarm", None, "AlarmDescription")]),
    (functions_are_watched, [without("AlerterErrorsAlarm"), without("LogExtractorDeadAlarm")]),
    (duration_alarms_fit_timeouts, [setting("AlerterFunction", 60, "Timeout")]),
    (buckets_are_closed, [setting("UploadBucket", False, "PublicAccessBlockConfiguration", "BlockPublicPolicy"),
                          setting("DeadLetterBucket", None, "BucketEncryption")]),
    (dead_letters_expire, [setting("DeadLetterBucket", None, "LifecycleConfiguration")]),
    (rules_may_use_the_key, [setting("Key", {"StringEquals": {"aws:SourceAccount": "123456789012"}}, "KeyPolicy", "Statement", 3, "Condition"),
                             setting("Key", {"Service": "sqs.amazonaws.com"}, "KeyPolicy", "Statement", 3, "Principal")]),
    (failures_leave_nothing, [lambda template: template["Resources"]["RowsTable"].update(DeletionPolicy="Retain")]),
    (all_is_described, [undescribed_parameter]),
]
