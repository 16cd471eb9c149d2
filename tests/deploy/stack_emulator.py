"""MiniStack as an account of AWS: it makes a stack of a translated template, and its services tell what was made. It was chosen over moto, which
fails on the rule that names the stack's own bus, makes no alarms, subscription filters, invoke configurations and policies of
buckets and queues, and keeps none of the properties that MiniStack drops; MiniStack runs the functions, too.

Runs in MiniStack's environment, which has botocore.
"""
import base64
import functools
import glob
import hashlib
import io
import json
import os
import urllib.request
import zipfile

import botocore.config
import botocore.exceptions
import botocore.session

from resolve import ACCOUNT, REGION
from stack_resources import Made

PACKAGES = "penstock-packages"  # as tests/deploy/translate.py says it
# What its evaluator of conditions does not know, so that these come worked out.
UNKNOWN_IN_CONDITIONS = ("Fn::Join", "Fn::Split", "Fn::Sub")


class Refused(Exception):
    """CloudFormation's words."""


@functools.cache
def packed(build, paths):
    """A handler stands at the top of its zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        for path in paths:
            archive.write(os.path.join(build, path), path.removeprefix("functions/"))
    return file.getvalue()


class Account:
    """An account of AWS, new and empty. account("sqs") is that service's client."""

    session = botocore.session.get_session()

    def __init__(self, port):
        self.url, self.clients, self.packages = f"http://127.0.0.1:{port}", {}, {}
        self.prepared = {}  # parameters that name what was made before the stack
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/_ministack/reset", b""), timeout=30).read()

    def __call__(self, service):
        if service not in self.clients:
            self.clients[service] = self.session.create_client(
                service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=ACCOUNT, aws_secret_access_key="test",
                config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=60))
        return self.clients[service]

    def make_bucket(self, name):
        self("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def upload(self, build):
        """What sam package would have uploaded. The emulator runs a function without its layers: each zip holds what they hold."""
        self.make_bucket(PACKAGES)
        runtime = ("bootstrap", "lib/libpenstock-aws.so.1", *sorted(glob.glob("lib/amazon-roots/*", root_dir=build)))
        packages = {"penstock-runtime": packed(build, runtime)}
        for handler in sorted(glob.glob("functions/*.so", root_dir=build)):
            packages[os.path.basename(handler).removesuffix(".so")] = packed(build, (*runtime, handler))
        for name, body in packages.items():
            self("s3").put_object(Bucket=PACKAGES, Key=f"{name}.zip", Body=body)
            self.packages[base64.b64encode(hashlib.sha256(body).digest()).decode()] = {"S3Bucket": PACKAGES, "S3Key": f"{name}.zip"}

    def package(self, sha):
        return self.packages.get(sha)

    def create(self, name, document, parameters):
        """The stack, or Refused. A template of this size comes from a bucket, here as in AWS."""
        self("s3").put_object(Bucket=PACKAGES, Key=f"{name}.json", Body=json.dumps(for_emulator(document, parameters)))
        cloudformation = self("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        try:
            cloudformation.create_stack(StackName=name, TemplateURL=f"{self.url}/{PACKAGES}/{name}.json", Parameters=given, Capabilities=["CAPABILITY_IAM"])
            cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
        except botocore.exceptions.ClientError as error:
            raise Refused(str(error)) from error
        except botocore.exceptions.WaiterError as error:
            events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
            raise Refused("; ".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in events
                                    if event["ResourceStatus"].endswith("FAILED"))) from error
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        physical = {made["LogicalResourceId"]: made["PhysicalResourceId"] for page in pages for made in page["StackResourceSummaries"]}
        return Made(document, parameters, physical)


def for_emulator(document, parameters):
    plain = Made(document, parameters, {})
    worked_out = {name: {"Fn::Equals": ["yes", "yes" if plain.holds(name) else "no"]} for name, condition in document["Conditions"].items()
                  if any(function in json.dumps(condition) for function in UNKNOWN_IN_CONDITIONS)}
    return {**document, "Conditions": {**document["Conditions"], **worked_out}}
