"""What a template or a Terraform state makes, told in the same words: {thing: {property: text}}, such as
{"alarm alerter-errors": {"period": "300", ...}}. The words are Terraform's (CamelCase becomes snake_case, a block is no list); what is
empty (null, false, 0, "", []) is not there at all; and what names another resource, by ARN, URL or id, says which: "queue penstock-files.fifo".

Everything that a resource has is told, except what is named here as left out. A type of resource that is not known here is a thing of its
own, so that it cannot be forgotten. Python's standard library only.
"""
import json
import re

from resolve import STACK

# Maps whose keys are names of their own.
MAPS = {"variables", "dimensions"}
# Of what is read without a function of its own: what others name.
NAMED = {"bus", "layer", "queue", "stream", "topic"}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def text_of(value):
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def is_empty(value):
    return value in (None, "", 0, [], {})


def flatten(value, path=""):
    """{"logging_config.log_format": "JSON", "architectures": ["x86_64"]}; a block that is there once is no list."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        keeps = path.rsplit(".", 1)[-1] in MAPS
        inside = {}
        for name, member in value.items():
            inside.update(flatten(member, ".".join(filter(None, [path, name if keeps else snake(name)]))))
        return inside
    if is_empty(value):
        return {}
    if isinstance(value, list):
        return {path: [text_of(flatten(member) if isinstance(member, dict) else member) for member in value]}
    return {path: text_of(value)}


def renamed(properties, names):
    """names: {old beginning: new beginning}; None as the new one leaves the property out."""
    result = {}
    for path, value in properties.items():
        old = next((old for old in names if path == old or path.startswith(old + ".")), None)
        if old is None:
            result[path] = value
        elif names[old] is not None:
            result[(names[old] + path.removeprefix(old)).strip(".")] = value
    return result


def statements_of(document, prefix):
    """The statements of a policy, by their Sid."""
    document = json.loads(document) if isinstance(document, str) else document
    told = {}
    for place, statement in enumerate(as_list(document["Statement"])):
        name = f"{prefix}.{statement.get('Sid', place)}"
        told[f"{name}.effect"] = statement["Effect"]
        for member in ("Action", "Resource", "NotAction", "NotResource"):
            told.update(flatten(as_list(statement.get(member)), f"{name}.{member.lower()}"))
        for member in ("Principal", "Condition"):
            told.update(policy_member(statement.get(member), f"{name}.{member.lower()}"))
    return told


def policy_member(value, path):
    if isinstance(value, dict):
        inside = {}
        for name, member in value.items():
            inside.update(policy_member(member, f"{path}.{name}"))
        return inside
    return flatten(as_list(value), path)


def source_of(arn):
    return arn.split(":")[2] if arn else "self-managed kafka"


def rule_name(properties):
    """A rule is known by what it waits for."""
    pattern = json.loads(properties.get("event_pattern", "{}"))
    return f"rule {properties.get('schedule_expression') or ', '.join(pattern.get('detail-type', ['any event']))}"


def plain_name(noun, name):
    """An alarm is known by what follows the name of the whole."""
    return f"{noun} {name.removeprefix(STACK + '-') if noun == 'alarm' else name}"


def bucket_name(address):
    """A bucket's name is made up where it is made: it is known by its use."""
    return "bucket of dead letters" if "deadletter" in re.sub("[^a-z]", "", address.lower()) else "bucket of uploads"


def attributes_told(pairs):
    return [f"{name} {kind}" for name, kind in pairs]


def widgets_of(body):
    return {f"widget {widget['properties']['title']}": json.dumps(widget, sort_keys=True) for widget in json.loads(body)["widgets"]}


class Things(dict):
    """{thing: {property: text}}, with the names of resources put in at the end, when all are known."""

    def __init__(self):
        super().__init__()
        self.labels = {}  # {ARN, URL or id: what it names}
        self.shared = []  # of those, the ones that name two

    def name(self, label, *identities):
        for identity in filter(None, identities):
            if self.labels.setdefault(identity, label) != label:
                self.shared.append(f"{identity} is {self.labels[identity]} and {label}")

    def add(self, thing, properties):
        """What is told twice is two of a kind: both stay."""
        told = self.setdefault(thing, {})
        for path, value in properties.items():
            told[path] = as_list(told.get(path)) + as_list(value)

    def add_permission(self, handler, principal, conditions):
        self.add(f"permission of {principal} on {handler}", {"conditions": " and ".join(sorted(conditions)) or "none"})

    def finish(self):
        """Lists have no order, since Terraform's sets have none."""
        longest_first = sorted(map(re.escape, self.labels), key=len, reverse=True)
        labels = re.compile(rf"(?<![\w/-])(?:{'|'.join(longest_first)})(?![\w-])")
        for thing, properties in self.items():
            for path, value in properties.items():
                texts = [labels.sub(lambda match: self.labels[match.group()], text) for text in value]
                properties[path] = ", ".join(sorted(texts))
        return self
