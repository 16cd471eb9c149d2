"""What a stack made, read back through each service's own API in the shape of the template, and how it differs from what the template says.
What the template says is worked out by resolve.py, so two evaluators that know nothing of each other must agree on every property.

A reader takes (aws, physical id, properties as the template says them) and gives the properties as they are, under the template's names.
"""
import json

import resolve


class Made(resolve.Template):
    """A template under the names that a stack got. physical: {logical id: physical id}, which is what Ref gives."""

    def __init__(self, document, parameters, physical):
        super().__init__(document, parameters)
        self.physical = physical

    def ref(self, name):
        return self.physical[name] if name in self.physical else super().ref(name)

    def name_of(self, logical):
        """A physical id that is no name has it inside."""
        if logical not in self.physical:
            return super().name_of(logical)
        inside = NAMES_INSIDE.get(self.type_of(logical), lambda physical: physical)
        return inside(self.physical[logical])

    def arn_of(self, logical):
        """A rule's ARN has its bus before its name, unless that is the default one."""
        arn, properties = super().arn_of(logical), self.document["Resources"][logical]["Properties"]
        if self.type_of(logical) == "AWS::Events::Rule" and "EventBusName" in properties:
            arn = arn.replace(":rule/", f":rule/{self.value(properties['EventBusName'])}/")
        return arn


NAMES_INSIDE = {
    "AWS::SQS::Queue": lambda url: url.split("/")[-1],
    "AWS::SNS::Topic": lambda arn: arn.split(":")[-1],
    "AWS::Lambda::LayerVersion": lambda arn: arn.split(":")[-2],
}


# -- readers ----------------------------------------------------------------------------------------------------------


def alarm(aws, name, _):
    return aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def dashboard(aws, name, _):
    return {"DashboardName": name, "DashboardBody": aws("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]}


def table(aws, name, _):
    dynamodb = aws("dynamodb")
    made = dynamodb.describe_table(TableName=name)["Table"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    encryption = made.get("SSEDescription", {})
    return {**made, "BillingMode": made.get("BillingModeSummary", {}).get("BillingMode"),
            "TimeToLiveSpecification": {**ttl, "Enabled": ttl["TimeToLiveStatus"] == "ENABLED"},
            "PointInTimeRecoverySpecification": {
                "PointInTimeRecoveryEnabled": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"},
            "SSESpecification": {"SSEEnabled": encryption.get("Status") == "ENABLED", "SSEType": encryption.get("SSEType"),
                                 "KMSMasterKeyId": encryption.get("KMSMasterKeyArn")}}


def bus(aws, name, _):
    return aws("events").describe_event_bus(Name=name)


def rule(aws, name, said):
    place = said.get("EventBusName", "default")
    return {**aws("events").describe_rule(Name=name, EventBusName=place),
            "Targets": aws("events").list_targets_by_rule(Rule=name, EventBusName=place)["Targets"]}


def role(aws, name, _):
    iam = aws("iam")
    return {**iam.get_role(RoleName=name)["Role"],
            "Policies": [iam.get_role_policy(RoleName=name, PolicyName=policy) for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]]}


def key(aws, name, _):
    kms = aws("kms")
    return {**kms.describe_key(KeyId=name)["KeyMetadata"], "EnableKeyRotation": kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"],
            "KeyPolicy": kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"]}


def alias(aws, name, _):
    [made] = [made for made in aws("kms").list_aliases()["Aliases"] if made["AliasName"] == name]
    return made


def stream(aws, name, _):
    made = aws("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return {**made, "Name": made["StreamName"], "StreamEncryption": made}


def invoke_config(aws, name, _):
    function, qualifier = name.split(":")
    made = aws("lambda").get_function_event_invoke_config(FunctionName=function, Qualifier=qualifier)
    return {**made, "FunctionName": function, "Qualifier": qualifier}


def mapping(aws, name, _):
    made = aws("lambda").get_event_source_mapping(UUID=name)
    return {**made, "FunctionName": made["FunctionArn"].split(":")[-1]}


def function(aws, name, _):
    made = aws("lambda").get_function(FunctionName=name)
    configuration = made["Configuration"]
    return {**configuration, "Code": aws.package(configuration["CodeSha256"]), "Layers": [layer["Arn"] for layer in configuration.get("Layers", [])],
            "RecursiveLoop": aws("lambda").get_function_recursion_config(FunctionName=name)["RecursiveLoop"],
            "Tags": [{"Key": key, "Value": value} for key, value in made.get("Tags", {}).items() if not key.startswith("aws:")]}


def layer(aws, arn, _):
    made = aws("lambda").get_layer_version_by_arn(Arn=arn)
    return {**made, "LayerName": made["LayerArn"].split(":")[-1], "Content": aws.package(made["Content"]["CodeSha256"])}


def permission(aws, sid, said):
    statements = json.loads(aws("lambda").get_policy(FunctionName=said["FunctionName"])["Policy"])["Statement"]
    [made] = [statement for statement in statements if statement["Sid"] == sid]
    asked = {name.lower(): value for values in made.get("Condition", {}).values() for name, value in values.items()}
    return {"FunctionName": made["Resource"].split(":")[-1], "Action": made["Action"], "Principal": made["Principal"]["Service"],
            "SourceArn": asked.get("aws:sourcearn"), "SourceAccount": asked.get("aws:sourceaccount")}


def log_group(aws, name, _):
    [made] = [made for made in aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"] if made["logGroupName"] == name]
    return made


def subscription_filter(aws, name, said):
    [made] = aws("logs").describe_subscription_filters(logGroupName=said["LogGroupName"], filterNamePrefix=name)["subscriptionFilters"]
    return made


def bucket(aws, name, said):
    return {"BucketName": name, **{asked: read(aws("s3"), name) for asked, read in BUCKET_READERS.items() if asked in said}}


def lifecycle(s3, name):
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    except s3.exceptions.ClientError:  # there is none
        return None
    return {"Rules": [{**rule, "Id": rule.get("ID"), "ExpirationInDays": rule.get("Expiration", {}).get("Days")} for rule in rules]}


def notifications(s3, name):
    made = s3.get_bucket_notification_configuration(Bucket=name)
    functions = [{"Event": event, "Function": one["LambdaFunctionArn"]} for one in made.get("LambdaFunctionConfigurations", []) for event in one["Events"]]
    queues = [{"Event": event, "Queue": one["QueueArn"], "Filter": {"S3Key": {"Rules": [{**rule, "Name": rule["Name"].lower()} for rule
                                                                                       in one["Filter"]["Key"]["FilterRules"]]}}}
              for one in made.get("QueueConfigurations", []) for event in one["Events"]]
    return {kind: told for kind, told in (("LambdaConfigurations", functions), ("QueueConfigurations", queues)) if told}


def encryption(s3, name):
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return {"ServerSideEncryptionConfiguration": [{**rule, "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"]} for rule in rules]}


BUCKET_READERS = {
    "BucketEncryption": encryption,
    "LifecycleConfiguration": lifecycle,
    "NotificationConfiguration": notifications,
    "OwnershipControls": lambda s3, name: s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
    "PublicAccessBlockConfiguration": lambda s3, name: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
}


def bucket_policy(aws, _, said):
    return {"Bucket": said["Bucket"], "PolicyDocument": aws("s3").get_bucket_policy(Bucket=said["Bucket"])["Policy"]}


def topic(aws, arn, _):
    return {**aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"], "TopicName": arn.split(":")[-1]}


def subscription(aws, arn, said):
    made = aws("sns").list_subscriptions_by_topic(TopicArn=said["TopicArn"])["Subscriptions"]
    return next(one for one in made if one["SubscriptionArn"] == arn)


def queue(aws, url, _):
    made = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {**made, "QueueName": made["QueueArn"].split(":")[-1]}


def queue_policy(aws, _, said):
    made = [queue(aws, url, said) for url in said["Queues"]]
    return {"Queues": said["Queues"], "PolicyDocument": made[0].get("Policy")}


READERS = {
    "AWS::CloudWatch::Alarm": alarm, "AWS::CloudWatch::Dashboard": dashboard, "AWS::DynamoDB::Table": table, "AWS::Events::EventBus": bus,
    "AWS::Events::Rule": rule, "AWS::IAM::Role": role, "AWS::KMS::Alias": alias, "AWS::KMS::Key": key, "AWS::Kinesis::Stream": stream,
    "AWS::Lambda::EventInvokeConfig": invoke_config, "AWS::Lambda::EventSourceMapping": mapping, "AWS::Lambda::Function": function,
    "AWS::Lambda::LayerVersion": layer, "AWS::Lambda::Permission": permission, "AWS::Logs::LogGroup": log_group,
    "AWS::Logs::SubscriptionFilter": subscription_filter, "AWS::S3::Bucket": bucket, "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::SNS::Subscription": subscription, "AWS::SNS::Topic": topic, "AWS::SQS::Queue": queue, "AWS::SQS::QueuePolicy": queue_policy,
}


# -- comparison -------------------------------------------------------------------------------------------------------


def plain(value):
    """Parameters are texts, services answer with numbers: 90, "90" and 90.0 are one."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def covers(made, said):
    """Whether all that is said is there. Services tell more than a template says, begin names in either case and give policies as text;
    the order of a list means nothing in this template."""
    if isinstance(said, (dict, list)) and isinstance(made, str):
        made = json.loads(made)
    if isinstance(said, dict):
        names = {name.lower(): value for name, value in made.items()} if isinstance(made, dict) else {}
        return all(name.lower() in names and covers(names[name.lower()], value) for name, value in said.items())
    if isinstance(said, list):
        return isinstance(made, list) and len(made) == len(said) and all(any(covers(one, wanted) for one in made) for wanted in said)
    return not isinstance(made, (dict, list)) and plain(made) == plain(said)


def differing(made, said):
    """{property: (as it was made, as the template says it)}"""
    names = {name.lower(): value for name, value in made.items()}
    return {name: (names.get(name.lower()), value) for name, value in said.items()
            if name.lower() not in names or not covers(names[name.lower()], value)}
