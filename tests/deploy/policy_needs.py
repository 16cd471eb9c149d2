"""Which permissions a request to AWS needs: (action, ARN) pairs, worked out from the request alone. Source: Service Authorization
Reference, the page of each service; DynamoDB Developer Guide, "Using IAM with transactions"; SQS: a batch needs the permission of the
single call. A call that is not known here is an error: nothing that a function sends goes unnoticed. Python's standard library only.
"""
import email.utils
import json
import re
import urllib.parse

from resolve import ACCOUNT, REGION

TRANSACTION_PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def needs_of(method, path, headers, body, search):
    """search: the ARN of the OpenSearch domain or collection, which its requests do not name. A request that is not signed needs nothing."""
    scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request", headers.get("Authorization") or "")
    if scope is None:
        return []
    service, target = scope.group(2), headers.get("X-Amz-Target")
    if service == "s3":
        return object_needs(method, urllib.parse.urlsplit(path))
    if service == "es":
        return [(f"es:ESHttp{method.title()}", search + path.split("?")[0])]
    if service == "aoss":
        return [("aoss:APIAccessAll", search)]
    if service == "ses":
        return mail_needs(json.loads(body))
    return READERS[target.split("_")[0].split(".")[0]](target.split(".")[1], json.loads(body))


def arn(service, rest):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def object_needs(method, url):
    action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject"}[method]
    if "versionId" in urllib.parse.parse_qs(url.query):
        action += "Version"
    return [(f"s3:{action}", f"arn:aws:s3:::{urllib.parse.unquote(url.path).lstrip('/')}")]


def mail_needs(mail):
    """The identity is that of the sender's domain: what is verified for a single address goes by it, too."""
    address = email.utils.parseaddr(mail["FromEmailAddress"])[1]
    needs = [("ses:SendEmail", arn("ses", f"identity/{address.split('@')[1]}"))]
    if "ConfigurationSetName" in mail:
        needs.append(("ses:SendEmail", arn("ses", f"configuration-set/{mail['ConfigurationSetName']}")))
    return needs


def table_needs(operation, members):
    if operation == "TransactWriteItems":
        parts = [part for item in members["TransactItems"] for part in item.items()]
        return [(f"dynamodb:{TRANSACTION_PARTS[kind]}", table_arn(part["TableName"])) for kind, part in parts]
    if operation == "BatchWriteItem":
        return [("dynamodb:BatchWriteItem", table_arn(table)) for table in members["RequestItems"]]
    index = f"/index/{members['IndexName']}" if "IndexName" in members else ""
    return [(f"dynamodb:{operation}", table_arn(members["TableName"]) + index)]


def table_arn(table):
    return table if table.startswith("arn:") else arn("dynamodb", f"table/{table}")


def queue_needs(operation, members):
    account, name = urllib.parse.urlsplit(members["QueueUrl"]).path.strip("/").split("/")
    return [(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{REGION}:{account}:{name}")]


def bus_needs(operation, members):
    buses = {entry.get("EventBusName", "default") for entry in members["Entries"]}
    return [(f"events:{operation}", bus if bus.startswith("arn:") else arn("events", f"event-bus/{bus}")) for bus in sorted(buses)]


def stream_needs(operation, members):
    return [(f"kinesis:{operation}", members.get("StreamARN") or arn("kinesis", f"stream/{members['StreamName']}"))]


def delivery_needs(operation, members):
    return [(f"firehose:{operation}", arn("firehose", f"deliverystream/{members['DeliveryStreamName']}"))]


def secret_needs(operation, members):
    secret = members["SecretId"]
    return [(f"secretsmanager:{operation}", secret if secret.startswith("arn:") else arn("secretsmanager", f"secret:{secret}"))]


def parameter_needs(operation, members):
    name = members["Name"]
    return [(f"ssm:{operation}", name if name.startswith("arn:") else arn("ssm", f"parameter/{name.lstrip('/')}"))]


READERS = {
    "DynamoDB": table_needs, "AmazonSQS": queue_needs, "AWSEvents": bus_needs, "Kinesis": stream_needs, "Firehose": delivery_needs,
    "secretsmanager": secret_needs, "AmazonSSM": parameter_needs,
}
