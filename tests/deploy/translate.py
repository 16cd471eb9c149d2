"""Translates a SAM template. Called by tests/deploy/translate, which says how; needs the translator's Python."""
import argparse
import json
import os
import sys

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

PACKAGES = "s3://penstock-packages"
URIS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


class NoManagedPolicies:
    """The translator would ask IAM for the ARNs of managed policies. The template uses none."""

    def load(self):
        return {}


def name_packages(template):
    """Local folders become addresses, as sam package does it; the translator refuses folders."""
    for resource in template["Resources"].values():
        uri = URIS.get(resource["Type"])
        if uri:
            folder = os.path.basename(os.path.normpath(resource["Properties"][uri]))
            resource["Properties"][uri] = f"{PACKAGES}/{folder}.zip"


def translate(text, parameters):
    template = yaml_parse(text)
    name_packages(template)
    return transform(template, parameters, NoManagedPolicies())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("template")
    parser.add_argument("out")
    parser.add_argument("--parameter", action="append", default=[], metavar="Name=value")
    arguments = parser.parse_args()
    with open(arguments.template, encoding="utf-8") as file:
        text = file.read()
    try:
        translated = translate(text, dict(pair.split("=", 1) for pair in arguments.parameter))
    except InvalidDocumentException as refused:
        for cause in refused.causes:
            print(f"{arguments.template}: {cause.message}", file=sys.stderr)
        return 1
    os.makedirs(os.path.dirname(os.path.abspath(arguments.out)), exist_ok=True)
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump(translated, file, indent=1)
        file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
