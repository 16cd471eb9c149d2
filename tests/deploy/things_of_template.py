"""The things (things.py) that a translated template makes: things_of_template(resolve.read(path))."""
import json

import resolve
from things import (NAMED, Things, attributes_told, bucket_name, flatten, plain_name, renamed, rule_name, snake, source_of, statements_of,
                    widgets_of)

# Of each type: how a thing of it is called, the property that names it, what is renamed, what is left out.
PLAIN = {
    "AWS::CloudWatch::Alarm": ("alarm", "alarm_name", {}),
    "AWS::Events::EventBus": ("bus", "name", {}),
    "AWS::Kinesis::Stream": ("stream", "name", {
        "retention_period_hours": "retention_period", "stream_encryption.encryption_type": "encryption_type",
        "stream_encryption.key_id": "kms_key_id"}),
    "AWS::KMS::Alias": ("key alias", "alias_name", {"target_key_id": "target"}),
    "AWS::Lambda::LayerVersion": ("layer", "layer_name", {"content": None}),
    "AWS::Logs::LogGroup": ("log group", "log_group_name", {}),
    "AWS::SNS::Topic": ("topic", "topic_name", {}),
    "AWS::SQS::Queue": ("queue", "queue_name", {
        "visibility_timeout": "visibility_timeout_seconds", "message_retention_period": "message_retention_seconds"}),
}
BUCKET = {
    "bucket_encryption.server_side_encryption_configuration.server_side_encryption_by_default": "encryption",
    "bucket_encryption.server_side_encryption_configuration": "encryption",
    "lifecycle_configuration.rules.expiration_in_days": "lifecycle.expiration.days",
    "lifecycle_configuration.rules": "lifecycle",
    "ownership_controls.rules": "ownership", "public_access_block_configuration": "public_access",
    "notification_configuration.lambda_configurations.event": "notification.events",
    "notification_configuration.lambda_configurations.function": "notification.lambda_function_arn",
    "notification_configuration.queue_configurations.event": "notification.queue.events",
    "notification_configuration.queue_configurations.filter.s3_key.rules.name": None,  # there is no rule but on a prefix
    "notification_configuration.queue_configurations.filter.s3_key.rules.value": "notification.queue.filter_prefix",
    "notification_configuration.queue_configurations.queue": "notification.queue.queue_arn",
}


class OfTemplate:
    def __init__(self, template):
        self.template, self.resources, self.things = template, template.resources(), Things()
        self.handlers = {}  # {a function's name or ARN, or its role's: handler}
        for logical, resource in self.resources.items():
            if resource["Type"] == "AWS::Lambda::Function":
                properties = resource["Properties"]
                for identity in (properties["FunctionName"], template.arn_of(logical), properties["Role"]):
                    self.handlers[identity] = properties["Handler"]

    def read(self):
        for logical, resource in self.resources.items():
            kind, properties = resource["Type"], resource.get("Properties", {})
            if kind in PLAIN:
                self.plain(logical, kind, properties)
            else:
                READERS.get(kind, OfTemplate.unknown)(self, logical, properties)
        return self.things.finish()

    def plain(self, logical, kind, properties):
        noun, named_by, names = PLAIN[kind]
        if "Dimensions" in properties:
            properties = properties | {"Dimensions": {each["Name"]: each["Value"] for each in properties["Dimensions"]}}
        told = flatten(properties)
        name = told.pop(named_by)
        if noun in NAMED:
            self.name(logical, f"{noun} {name}")
        self.things.add(plain_name(noun, name), renamed(told, names))

    def name(self, logical, label):
        kind = self.template.type_of(logical)
        if kind in resolve.NAMES:
            self.things.name(label, self.template.arn_of(logical))
        if kind == "AWS::SQS::Queue":
            self.things.name(label, self.template.queue_url(logical))
        if kind in ("AWS::S3::Bucket", "AWS::KMS::Key"):
            self.things.name(label, self.template.name_of(logical))

    def unknown(self, logical, properties):
        self.things.add(f"{self.resources[logical]['Type']} {logical}", flatten(properties))

    def function(self, logical, properties):
        told = renamed(flatten(properties), {"code": None, "role": None, "tags": None, "layers": None, "handler": None})
        told["layers"] = str(len(properties.get("Layers", [])))
        self.name(logical, f"function {properties['Handler']}")
        self.things.add(f"function {properties['Handler']}", told)

    def invoke_config(self, _, properties):
        told = renamed(flatten(properties), {"function_name": None, "qualifier": None})
        self.things.add(f"function {self.handlers[properties['FunctionName']]}", {f"asynchronous.{path}": value for path, value in told.items()})

    def mapping(self, _, properties):
        told = renamed(flatten(properties), {
            "function_name": None, "destination_config.on_failure.destination": "destination_config.on_failure.destination_arn",
            "source_access_configurations": "source_access_configuration"})
        self.things.add(f"mapping {source_of(properties.get('EventSourceArn'))} to {self.handlers[properties['FunctionName']]}", told)

    def role(self, logical, properties):
        told = renamed(flatten(properties), {"assume_role_policy_document": None, "policies": None, "role_name": None})
        told.update(statements_of(properties["AssumeRolePolicyDocument"], "assume"))
        for policy in properties.get("Policies", []):
            told.update(statements_of(policy["PolicyDocument"], policy["PolicyName"]))
        self.things.add(f"role of {self.handlers[self.template.arn_of(logical)]}", told)

    def permission(self, _, properties):
        conditions = set(map(snake, properties)) - {"function_name", "action", "principal"}
        self.things.add_permission(self.handlers[properties["FunctionName"]], properties["Principal"], conditions)

    def subscription_filter(self, _, properties):
        self.things.add(f"log subscription of {self.handlers[properties['DestinationArn']]}", renamed(flatten(properties), {"filter_name": "name"}))

    def rule(self, _, properties):
        told = renamed(flatten(properties), {"name": None, "targets": None, "event_pattern": None})
        told.update(renamed(flatten(properties["Targets"], "target"), {"target.id": None}))
        if "EventPattern" in properties:
            told["event_pattern"] = json.dumps(properties["EventPattern"], sort_keys=True)
        self.things.add(rule_name(told), told)

    def table(self, logical, properties):
        told = renamed(flatten({name: value for name, value in properties.items() if name not in KEYS}), {
            "table_name": None, "time_to_live_specification": "ttl",
            "point_in_time_recovery_specification.point_in_time_recovery_enabled": "point_in_time_recovery.enabled",
            "sse_specification.sse_enabled": "server_side_encryption.enabled",
            "sse_specification.kms_master_key_id": "server_side_encryption.kms_key_arn", "sse_specification.sse_type": None})
        told.update(keys_of(properties["KeySchema"]))
        told["attribute"] = attributes_told((each["AttributeName"], each["AttributeType"]) for each in properties["AttributeDefinitions"])
        for index in properties.get("GlobalSecondaryIndexes", []):
            inside = keys_of(index["KeySchema"]) | flatten(index["Projection"])
            told.update({f"index {index['IndexName']}.{path}": value for path, value in inside.items()})
        self.name(logical, f"table {properties['TableName']}")
        self.things.add(f"table {properties['TableName']}", told)

    def bucket(self, logical, properties):
        name = bucket_name(logical)
        self.name(logical, name)
        self.things.add(name, renamed(flatten(properties), BUCKET))

    def bucket_policy(self, logical, properties):
        self.things.add(bucket_name(logical), statements_of(properties["PolicyDocument"], "policy"))

    def queue_policy(self, _, properties):
        for url in properties["Queues"]:
            self.things.add(f"queue {url.rsplit('/', 1)[1]}", statements_of(properties["PolicyDocument"], "policy"))

    def key(self, logical, properties):
        self.name(logical, "key of log data")
        self.things.add("key of log data", renamed(flatten(properties), {"key_policy": None}) | statements_of(properties["KeyPolicy"], "policy"))

    def topic_subscription(self, _, properties):
        self.things.add(f"subscription by {properties['Protocol']}", flatten(properties))

    def dashboard(self, _, properties):
        self.things.add(f"dashboard {properties['DashboardName']}", widgets_of(properties["DashboardBody"]))


KEYS = {"KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes"}
READERS = {
    "AWS::CloudWatch::Dashboard": OfTemplate.dashboard,
    "AWS::DynamoDB::Table": OfTemplate.table,
    "AWS::Events::Rule": OfTemplate.rule,
    "AWS::IAM::Role": OfTemplate.role,
    "AWS::KMS::Key": OfTemplate.key,
    "AWS::Lambda::EventInvokeConfig": OfTemplate.invoke_config,
    "AWS::Lambda::EventSourceMapping": OfTemplate.mapping,
    "AWS::Lambda::Function": OfTemplate.function,
    "AWS::Lambda::Permission": OfTemplate.permission,
    "AWS::Logs::SubscriptionFilter": OfTemplate.subscription_filter,
    "AWS::S3::Bucket": OfTemplate.bucket,
    "AWS::S3::BucketPolicy": OfTemplate.bucket_policy,
    "AWS::SNS::Subscription": OfTemplate.topic_subscription,
    "AWS::SQS::QueuePolicy": OfTemplate.queue_policy,
}


def keys_of(schema):
    return {{"HASH": "hash_key", "RANGE": "range_key"}[key["KeyType"]]: key["AttributeName"] for key in schema}


def things_of_template(template):
    return OfTemplate(template).read()
