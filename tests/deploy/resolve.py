"""What CloudFormation would make of a translated template: which resources there are under given parameters, and their properties with
every function worked out (Ref, GetAtt, Sub, Join, Select, Split, If and the functions of conditions). Nothing is created:
resources have the names and ARNs that they would have in the region and account below. Python's standard library only.

    template = read("build/deploy/translated.json", {"LogRetentionDays": 7})
    template.resources()["RowsTable"]["Properties"]["TableName"]

A function or a resource type that is not known here is an error, never a guess.
"""
import json
import re

ACCOUNT, REGION, STACK = "123456789012", "eu-central-1", "penstock"
DOMAIN = f"{REGION}.amazonaws.com"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:penstock"

# Every lane and every option that brings a resource, a variable or a permission with it.
PARAMETERS = {
    "LogSearch": "on", "StreamStore": "on", "Alerting": "on", "FileScan": "on", "Decoding": "on",
    "Environment": "prod", "AlarmEmail": "ops@example.com", "SubnetIds": "subnet-0a,subnet-0b", "SecurityGroupIds": "sg-0a",
    "SecretsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000003",
    "OpenSearchEndpoint": f"https://search-logs.{DOMAIN}", "OpenSearchArn": f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs", "SubscribedLogGroup": "/app/web",
    "MskClusterArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/logs/00000000-0000-4000-8000-000000000002-1",
    "KafkaBootstrapServers": "kafka-a.example.com:9096,kafka-b.example.com:9096", "KafkaSecretArn": f"{SECRET}/kafka-AbCdEf",
    "KafkaRootCaSecretArn": f"{SECRET}/kafka-ca-AbCdEf", "KafkaClusterAlias": "own",
    "AlertRules": '[{"service":"batch-*","drop":true}]',
    "SlackWebhookSecretArn": f"{SECRET}/slack-AbCdEf#url", "PagerDutyRoutingKeySecretArn": f"{SECRET}/pagerduty-AbCdEf",
    "MailFrom": "Penstock <alerts@example.com>", "MailTo": "team@example.com", "MailIdentity": "example.com",
    "MonitorTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:monitors",
    "ExistingBucket": "existing-uploads", "KeyPrefix": "in/", "KeySuffix": ".log", "PatternsParameter": "penstock-patterns",
    "DecodedLogGroup": "/app/worker",
}
# What excludes something of the above.
OTHER_PARAMETERS = {
    "OpenSearchArn": f"arn:aws:aoss:{REGION}:{ACCOUNT}:collection/0123456789abcdefghij", "MskSecretArn": f"{SECRET}/msk-AbCdEf",
}


class NoValue:
    """AWS::NoValue: the member is left out."""


PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::StackName": STACK, "AWS::URLSuffix": "amazonaws.com",
          "AWS::NoValue": NoValue}


class Template:
    def __init__(self, document, parameters):
        self.document = document
        unknown = parameters.keys() - document["Parameters"].keys()
        if unknown:
            raise KeyError(f"the template has no parameters {sorted(unknown)}")
        self.parameters = {name: described["Default"] for name, described in document["Parameters"].items() if "Default" in described} | parameters

    def resources(self):
        """{logical id: resource} of those whose condition holds, worked out."""
        return {logical: self.value(resource) for logical, resource in self.document["Resources"].items() if self.exists(logical)}

    def of_type(self, kind):
        return {logical: resource for logical, resource in self.resources().items() if resource["Type"] == kind}

    def exists(self, logical):
        condition = self.document["Resources"][logical].get("Condition")
        return condition is None or self.holds(condition)

    def holds(self, condition):
        return self.value(self.document["Conditions"][condition])

    # -- functions ------------------------------------------------------------------------------------------------------

    def value(self, node):
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NoValue]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            if name == "Ref":
                return self.ref(argument)
            if name == "Condition" and isinstance(argument, str):
                return self.holds(argument)
            if name.startswith("Fn::"):
                return self.call(name.removeprefix("Fn::"), argument)
        worked = {name: node[name] if name == "Condition" and "Type" in node else self.value(value) for name, value in node.items()}
        return {name: value for name, value in worked.items() if value is not NoValue}

    def call(self, name, argument):
        if name == "If":  # only the branch that is taken: the other may name what does not exist
            condition, yes, no = argument
            return self.value(yes if self.holds(condition) else no)
        if name == "Sub":
            return self.sub(*argument) if isinstance(argument, list) else self.sub(argument)
        if name == "GetAtt":
            return self.attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
        argument = self.value(argument)
        if name == "Equals":
            return str(argument[0]) == str(argument[1])
        if name == "Not":
            return not argument[0]
        if name == "And":
            return all(argument)
        if name == "Or":
            return any(argument)
        if name == "Join":
            return argument[0].join(map(str, argument[1]))
        if name == "Select":
            return argument[1][int(argument[0])]
        if name == "Split":
            return argument[1].split(argument[0])
        raise KeyError(f"Fn::{name} is not known here")

    def sub(self, text, values=None):
        def replace(match):
            inside = match.group(1)
            if inside.startswith("!"):
                return "${" + inside[1:] + "}"
            if inside in (values or {}):
                return str(self.value(values[inside]))
            return str(self.attribute(*inside.split(".", 1)) if "." in inside else self.ref(inside))
        return re.sub(r"\$\{([^}]+)\}", replace, text)

    # -- names ------------------------------------------------------------------------------------------------------------

    def ref(self, name):
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.document["Parameters"]:
            return self.parameter(name)
        kind = self.type_of(name)
        if kind in REFS:
            return REFS[kind](self, name)
        return self.name_of(name)

    def parameter(self, name):
        if name not in self.parameters:
            raise KeyError(f"parameter {name} has no value and no default")
        value = self.parameters[name]
        is_list = "List" in self.document["Parameters"][name].get("Type", "")
        return [part for part in value.split(",") if part] if is_list and isinstance(value, str) else value

    def attribute(self, name, attribute):
        kind = self.type_of(name)
        if attribute == "Arn":
            return self.arn_of(name)
        if (kind, attribute) not in ATTRIBUTES:
            raise KeyError(f"{name}: attribute {attribute} of {kind} is not known here")
        return ATTRIBUTES[kind, attribute](self, name)

    def type_of(self, name):
        if name not in self.document["Resources"]:
            raise KeyError(f"{name} is neither a parameter nor a resource")
        if not self.exists(name):
            raise KeyError(f"{name} is named, but its condition does not hold")
        return self.document["Resources"][name]["Type"]

    def name_of(self, logical):
        """As the template says it; else as CloudFormation makes one, without its chance part."""
        resource = self.document["Resources"][logical]
        kind, properties = resource["Type"], resource.get("Properties", {})
        said = properties.get(NAMES.get(kind, (None,))[0])
        said = NoValue if said is None else self.value(said)
        if said is not NoValue:
            return said
        made = f"{STACK}-{logical}"
        return made.lower() if kind == "AWS::S3::Bucket" else made

    def arn_of(self, logical):
        kind = self.document["Resources"][logical]["Type"]
        if kind not in NAMES:
            raise KeyError(f"{logical}: the ARN of a {kind} is not known here")
        return self.sub(NAMES[kind][1], {"Name": self.name_of(logical)})

    def queue_url(self, logical):
        return f"https://sqs.{DOMAIN}/{ACCOUNT}/{self.name_of(logical)}"


HERE = "${AWS::Region}:${AWS::AccountId}"
# Of each type: the property that names it, and its ARN.
NAMES = {
    "AWS::CloudWatch::Alarm": ("AlarmName", f"arn:aws:cloudwatch:{HERE}:alarm:${{Name}}"),
    "AWS::DynamoDB::Table": ("TableName", f"arn:aws:dynamodb:{HERE}:table/${{Name}}"),
    "AWS::Events::EventBus": ("Name", f"arn:aws:events:{HERE}:event-bus/${{Name}}"),
    "AWS::Events::Rule": ("Name", f"arn:aws:events:{HERE}:rule/${{Name}}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::${AWS::AccountId}:role/${Name}"),
    "AWS::KMS::Key": ("", f"arn:aws:kms:{HERE}:key/${{Name}}"),
    "AWS::Kinesis::Stream": ("Name", f"arn:aws:kinesis:{HERE}:stream/${{Name}}"),
    "AWS::Lambda::Function": ("FunctionName", f"arn:aws:lambda:{HERE}:function:${{Name}}"),
    "AWS::Lambda::LayerVersion": ("LayerName", f"arn:aws:lambda:{HERE}:layer:${{Name}}:1"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{HERE}:log-group:${{Name}}:*"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::${Name}"),
    "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{HERE}:${{Name}}"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{HERE}:${{Name}}"),
}
# Where Ref is not the name.
REFS = {
    "AWS::Lambda::LayerVersion": Template.arn_of,
    "AWS::SNS::Topic": Template.arn_of,
    "AWS::SQS::Queue": Template.queue_url,
}
# Besides Arn.
ATTRIBUTES = {
    ("AWS::SQS::Queue", "QueueName"): Template.name_of,
}


def read(path, parameters=None):
    with open(path, encoding="utf-8") as file:
        return Template(json.load(file), PARAMETERS | (parameters or {}))
