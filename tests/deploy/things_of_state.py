"""The things (things.py) in a state of Terraform, of a run with mocks as terraform test -json -verbose prints it:
things_of_state(json.load(file)). The word that a mock makes up where AWS would have decided leaves by itself."""
import json
import re

import resolve
from things import NAMED, Things, attributes_told, bucket_name, flatten, plain_name, renamed, rule_name, source_of, statements_of, widgets_of

CHANCE = re.compile(r"[a-z0-9]{8}")

# As PLAIN, by Terraform's types. The chance words of mocks leave by themselves.
PLAIN_IN_STATE = {
    "aws_cloudwatch_metric_alarm": ("alarm", "alarm_name", {}),
    "aws_cloudwatch_event_bus": ("bus", "name", {}),
    "aws_kinesis_stream": ("stream", "name", {}),
    "aws_kms_alias": ("key alias", "name", {"target_key_id": "target"}),
    "aws_lambda_layer_version": ("layer", "layer_name", {"filename": None, "source_code_hash": None}),
    "aws_cloudwatch_log_group": ("log group", "name", {}),
    "aws_sns_topic": ("topic", "name", {}),
    "aws_sqs_queue": ("queue", "name", {}),
}
# What a bucket has in resources of its own, and how these begin.
BUCKET_PARTS = {
    "aws_s3_bucket_lifecycle_configuration": "lifecycle",
    "aws_s3_bucket_notification": "notification",
    "aws_s3_bucket_ownership_controls": "ownership",
    "aws_s3_bucket_public_access_block": "public_access",
    "aws_s3_bucket_server_side_encryption_configuration": "encryption",
}


def resources_of(module):
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield resource
    for child in module.get("child_modules", []):
        yield from resources_of(child)


def told_of(values):
    """Without what AWS decides and other resources are named by."""
    return flatten({name: value for name, value in values.items() if name not in ("arn", "id", "key_id", "url")})


class OfState:
    def __init__(self, state):
        self.resources, self.things = list(resources_of(state["root_module"])), Things()
        self.handlers = {}
        for resource in self.of_type("aws_lambda_function"):
            values = resource["values"]
            for identity in (values["function_name"], values["arn"], values["role"]):
                self.handlers[identity] = values["handler"]

    def of_type(self, kind):
        return [resource for resource in self.resources if resource["type"] == kind]

    def read(self):
        for resource in self.resources:
            kind, values = resource["type"], resource["values"]
            if kind in PLAIN_IN_STATE:
                self.plain(kind, values)
            elif kind in BUCKET_PARTS:
                self.bucket_part(resource, BUCKET_PARTS[kind])
            elif kind != "terraform_data":
                STATE_READERS.get(kind, OfState.unknown)(self, resource, values)
        self.things.finish()
        for thing, properties in self.things.items():
            self.things[thing] = {path: value for path, value in properties.items() if path.startswith("environment.") or not is_chance(value)}
        return self.things

    def name(self, label, values, *identities):
        self.things.name(label, *[values.get(identity) for identity in identities or ("arn", "id", "url")])

    def plain(self, kind, values):
        noun, named_by, names = PLAIN_IN_STATE[kind]
        policy = values.get("redrive_policy") or ""
        told = told_of(values | {"redrive_policy": json.loads(policy) if policy.startswith("{") else None})
        name = told.pop(named_by)
        if noun in NAMED:
            self.name(f"{noun} {name}", values)
        self.things.add(plain_name(noun, name), renamed(told, names))

    def unknown(self, resource, values):
        self.things.add(f"{resource['type']} {resource['address']}", told_of(values))

    def function(self, _, values):
        told = renamed(told_of(values), {"filename": None, "source_code_hash": None, "role": None, "layers": None, "handler": None})
        told["layers"] = str(len(values["layers"]))
        self.name(f"function {values['handler']}", values, "arn")
        self.things.add(f"function {values['handler']}", told)

    def recursion(self, _, values):
        self.things.add(f"function {self.handlers[values['function_name']]}", {"recursive_loop": values["recursive_loop"]})

    def invoke_config(self, _, values):
        told = renamed(told_of(values), {"function_name": None})
        self.things.add(f"function {self.handlers[values['function_name']]}", {f"asynchronous.{path}": value for path, value in told.items()})

    def mapping(self, _, values):
        told = renamed(told_of(values), {"function_name": None})
        servers = "self_managed_event_source.endpoints.kafka_bootstrap_servers"
        if servers in told:
            told[servers] = told[servers].split(",")
        self.things.add(f"mapping {source_of(values['event_source_arn'])} to {self.handlers[values['function_name']]}", told)

    def role(self, _, values):
        told = renamed(told_of(values), {"name": None, "name_prefix": None, "assume_role_policy": None})
        told.update(statements_of(values["assume_role_policy"], "assume"))
        for policy in self.of_type("aws_iam_role_policy"):
            if policy["values"]["role"] in (values["id"], values["name"]):
                told.update(statements_of(policy["values"]["policy"], policy["values"]["name"]))
        self.things.add(f"role of {self.handlers[values['arn']]}", told)

    def nothing(self, _, __):
        """Told with the resource that it belongs to."""

    def permission(self, _, values):
        conditions = {path for path, value in told_of(values).items() if not is_chance(value)} - {"function_name", "action", "principal"}
        self.things.add_permission(self.handlers[values["function_name"]], values["principal"], conditions)

    def subscription_filter(self, _, values):
        self.things.add(f"log subscription of {self.handlers[values['destination_arn']]}", told_of(values))

    def rule(self, _, values):
        told = renamed(told_of(values), {"name": None})
        if "event_pattern" in told:
            told["event_pattern"] = json.dumps(json.loads(told["event_pattern"]), sort_keys=True)
        for target in self.of_type("aws_cloudwatch_event_target"):
            if target["values"]["rule"] == values["name"]:
                told.update(renamed(flatten(target["values"], "target"), {
                    "target.rule": None, "target.id": None, "target.target_id": None, "target.event_bus_name": None}))
        self.things.add(rule_name(told), told)

    def table(self, _, values):
        told = renamed(told_of(values), {"name": None, "attribute": None, "global_secondary_index": None})
        told["attribute"] = attributes_told((each["name"], each["type"]) for each in values["attribute"])
        for index in values["global_secondary_index"]:
            told.update({f"index {index['name']}.{path}": value for path, value in renamed(flatten(index), {"name": None}).items()})
        self.name(f"table {values['name']}", values)
        self.things.add(f"table {values['name']}", told)

    def bucket(self, resource, values):
        name = bucket_name(resource["address"])
        self.name(name, values, "arn", "id", "bucket")
        self.things.add(name, renamed(told_of(values), {"bucket": None, "bucket_prefix": None}))

    def bucket_part(self, resource, beginning):
        told = renamed(told_of(resource["values"]), {
            "bucket": None, "rule.apply_server_side_encryption_by_default": "", "rule": "", "lambda_function": ""})
        self.things.add(bucket_name(resource["address"]), {f"{beginning}.{path}": value for path, value in told.items()})

    def bucket_policy(self, resource, values):
        self.things.add(bucket_name(resource["address"]), statements_of(values["policy"], "policy"))

    def queue_policy(self, _, values):
        [queue] = [queue["values"]["name"] for queue in self.of_type("aws_sqs_queue")
                   if values["queue_url"] in (queue["values"]["id"], queue["values"]["url"])]
        self.things.add(f"queue {queue}", statements_of(values["policy"], "policy"))

    def key(self, _, values):
        self.name("key of log data", values, "arn", "key_id", "id")
        self.things.add("key of log data", renamed(told_of(values), {"policy": None}) | statements_of(values["policy"], "policy"))

    def topic_subscription(self, _, values):
        self.things.add(f"subscription by {values['protocol']}", told_of(values))

    def dashboard(self, _, values):
        self.things.add(f"dashboard {values['dashboard_name']}", widgets_of(values["dashboard_body"]))


STATE_READERS = {
    "aws_cloudwatch_dashboard": OfState.dashboard,
    "aws_cloudwatch_event_rule": OfState.rule,
    "aws_cloudwatch_event_target": OfState.nothing,
    "aws_cloudwatch_log_subscription_filter": OfState.subscription_filter,
    "aws_dynamodb_table": OfState.table,
    "aws_iam_role": OfState.role,
    "aws_iam_role_policy": OfState.nothing,
    "aws_kms_key": OfState.key,
    "aws_lambda_event_source_mapping": OfState.mapping,
    "aws_lambda_function": OfState.function,
    "aws_lambda_function_event_invoke_config": OfState.invoke_config,
    "aws_lambda_function_recursion_config": OfState.recursion,
    "aws_lambda_permission": OfState.permission,
    "aws_s3_bucket": OfState.bucket,
    "aws_s3_bucket_policy": OfState.bucket_policy,
    "aws_sns_topic_subscription": OfState.topic_subscription,
    "aws_sqs_queue_policy": OfState.queue_policy,
}


def is_chance(value):
    """Whether a mock made it up: a value that AWS decides, since nobody has set it."""
    return bool(CHANCE.fullmatch(value)) and value != resolve.STACK


def things_of_state(state):
    return OfState(state).read()
