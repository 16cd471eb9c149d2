"""Whether each role of the translated template grants what its function needs, and nothing else.

- Each function runs under its role's actions before moto, which checks signatures and permissions: it makes all its calls; without any one
  of the actions that call is refused and the function tells it; with another function's actions its own calls are refused.
- Every call that was made is permitted by the role's real policy on that very resource, and on no other of its kind.
- Every (action, resource) that is granted was used in such a run, or stands in actions-made-by-lambda.json with the reason.
- Every action of the function stands in the policy that its README shows; what the README offers and the template does not is run under that.

Usage: check-policies BUILD (which runs this in moto's environment)      Last line: "# N passed, N failed".
"""
import fnmatch
import json
import os
import re
import socket
import subprocess
import sys

import resolve
from checks import ROOT, Checks

REVIEWED = os.path.join(ROOT, "tests", "deploy", "actions-made-by-lambda.json")
ENCRYPTED = {"dynamodb", "kinesis", "s3", "sqs"}  # services whose resources of the stack have its key
# Refused, these change nothing that anybody would have to mend.
DISPENSABLE = {"sqs:GetQueueAttributes"}

checks = Checks()
check = checks.check


def as_list(value):
    return value if isinstance(value, list) else [value]


# -- what the template grants -----------------------------------------------------------------------------------------


class Role:
    def __init__(self, logical, handler, properties):
        self.logical, self.handler, self.properties = logical, handler, properties
        self.statements = [statement for policy in properties.get("Policies", []) for statement in as_list(policy["PolicyDocument"]["Statement"])]

    def grants(self):
        """[(statement id, action, resource)]"""
        return [(statement.get("Sid", ""), action, resource) for statement in self.statements
                for action in as_list(statement["Action"]) for resource in as_list(statement["Resource"])]

    def actions(self):
        return {action for _, action, _ in self.grants()}


def roles_of(template):
    """{handler: role}"""
    resources = template.resources()
    by_arn = {template.arn_of(logical): logical for logical, resource in resources.items() if resource["Type"] == "AWS::IAM::Role"}
    found = {}
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::Function":
            properties = resource["Properties"]
            logical = by_arn[properties["Role"]]
            found[properties["Handler"]] = Role(logical, properties["Handler"], resources[logical]["Properties"])
    return found


def environments_of(template):
    return {resource["Properties"]["Handler"]: resource["Properties"]["Environment"]["Variables"] for resource in template.of_type("AWS::Lambda::Function").values()}


def readme_policy(handler):
    """[(statement id, action)] of the policy that the function's page shows."""
    with open(os.path.join(ROOT, "functions", handler, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```json\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
    [policy] = [json.loads(block) for block in blocks if '"Statement"' in block]
    return [(statement["Sid"], action) for statement in policy["Statement"] for action in as_list(statement["Action"])]


# -- rules: each gives what is wrong ----------------------------------------------------------------------------------


class Reviewed:
    """What is granted and no test uses: {"role", "actions", "resources", "reason"}. Actions are named; roles and resources are patterns, in
    which {handler} is the function's."""

    def __init__(self, entries):
        self.entries, self.used = entries, set()

    def covers(self, role, action, resource):
        found = {(at, action) for at, entry in enumerate(self.entries) if fnmatch.fnmatchcase(role.logical, entry["role"])
                 and action in entry["actions"] and any(fnmatch.fnmatchcase(resource, wanted.format(handler=role.handler)) for wanted in entry["resources"])}
        self.used |= found
        return bool(found)

    def faults(self):
        """After all roles were looked at."""
        faults = [f"no reason: {entry}" for entry in self.entries if len(entry.get("reason", "").split()) < 4]
        return faults + [f"no role grants {action}, or a test uses it: {entry['role']}, {entry['reason']}" for at, entry in enumerate(self.entries)
                         for action in entry["actions"] if (at, action) not in self.used]


def matches(pattern, text):
    """As IAM: * and ? only."""
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern), text) is not None


def unused_faults(role, made, reviewed):
    """Granted, not used, and nobody has said why."""
    return [f"{role.logical}: {sid} grants {action} on {resource}, which no test uses and actions-made-by-lambda.json does not name"
            for sid, action, resource in role.grants()
            if not any(action == done and matches(resource, arn) for done, arn in made) and not reviewed.covers(role, action, resource)]


def is_permitted(role, action, arn):
    """By the policy as it is, but for its conditions, which are looked at apart."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    plain = [{name: value for name, value in statement.items() if name != "Condition"} for statement in role.statements]
    return IAMPolicy(json.dumps({"Statement": plain})).is_action_permitted(action, arn) == PermissionResult.PERMITTED


def others_of(action, arn):
    """Resources of the same kind that are none of ours."""
    head, _, name = arn.rpartition(":")
    if action.startswith("s3:"):
        bucket, _, key = name.partition("/")
        yield f"{head}:someone-elses/{key}" if key else f"{head}:someone-elses"
        if action == "s3:PutObject":
            yield f"{head}:{bucket}/someone-elses/{key.partition('/')[2]}"
        return
    kind, slash, rest = name.partition("/")
    tail = rest.partition("/")[2]
    yield f"{head}:{kind}/someone-elses{'/' + tail if tail else ''}" if slash else f"{head}:someone-elses"
    yield arn.replace(resolve.ACCOUNT, "210987654321")
    if action.startswith("es:"):
        yield arn.replace("/_bulk", "/_search")


def resource_faults(role, made):
    faults = [f"{role.logical} does not permit {action} on {arn}" for action, arn in sorted(made) if not is_permitted(role, action, arn)]
    for action, arn in sorted(made):
        faults += [f"{role.logical} permits {action} on {other}" for other in others_of(action, arn) if is_permitted(role, action, other)]
    return faults


def foreign_faults(role, made):
    """What the other functions do; two that do the same on the same resource are no strangers there."""
    foreign = set().union(*made.values()) - made[role.handler]
    return [f"{role.logical} permits {action} on {arn}" for action, arn in sorted(foreign) if is_permitted(role, action, arn)]


def shape_faults(role, reviewed):
    """Wide open, or by another way than statements of its own."""
    faults = [f"managed policy {arn}" for arn in as_list(role.properties.get("ManagedPolicyArns", []))]
    for statement in as_list(role.properties["AssumeRolePolicyDocument"]["Statement"]):
        if statement["Principal"] != {"Service": "lambda.amazonaws.com"} and statement["Principal"] != {"Service": ["lambda.amazonaws.com"]}:
            faults.append(f"who may assume it: {statement['Principal']}")
    for statement in role.statements:
        if statement["Effect"] != "Allow" or not statement.get("Sid") or {"NotAction", "NotResource", "NotPrincipal"} & statement.keys():
            faults.append(f"a statement of another form: {statement}")
    faults += [f"{sid}: {action} is open" for sid, action, _ in role.grants() if "*" in action]
    faults += [f"{sid}: {action} on every resource" for sid, action, resource in role.grants()
               if resource.rstrip("*") in ("", "arn:aws:s3:::") and not reviewed.covers(role, action, resource)]
    return [f"{role.logical}: {fault}" for fault in faults + condition_faults(role)]


def condition_faults(role):
    """The key through the services that the role uses and that encrypt with it: no others, which would be too much, and all of them, since
    no emulator asks. Other conditions would need a test of their own."""
    services = sorted(f"{service}.{resolve.REGION}.amazonaws.com" for service in {action.split(":")[0] for action in role.actions()} & ENCRYPTED)
    services = {"UseTheKey": services, "DecryptThem": [f"secretsmanager.{resolve.REGION}.amazonaws.com"]}
    return [f"{statement['Sid']}: condition {statement.get('Condition')}, it should be {condition}" for statement in role.statements
            for wanted in [{"StringEquals": {"kms:ViaService": services.get(statement["Sid"])}}]
            for condition in [wanted if any(action.startswith("kms:") for action in as_list(statement["Action"])) else None]
            if statement.get("Condition") != condition]


def readme_faults(role, reviewed):
    """A statement that the page has by the same name has every action there; what the page does not have is Lambda's business."""
    shown = readme_policy(role.handler)
    sids, actions = {sid for sid, _ in shown}, {action for _, action in shown}
    return [f"{role.logical}: {sid} {action} is not in functions/{role.handler}/README.md" for sid, action, resource in role.grants()
            if (sid, action) not in shown and (sid in sids or action not in actions and not reviewed.covers(role, action, resource))]


def invocation_faults(template):
    """Services invoke for this account only: what they act for is named, or its account is where the name has none (a bucket's)."""
    return [f"{logical}: {permission['Properties']['Principal']} may invoke for anybody" for logical, permission in template.of_type("AWS::Lambda::Permission").items()
            if resolve.ACCOUNT not in (permission["Properties"].get("SourceAccount"), *permission["Properties"].get("SourceArn", "").split(":"))]


# -- the functions under their roles ----------------------------------------------------------------------------------


def told(said):
    """Whether anything that the function did says that all was not well."""
    return any(not answered or closing.get("RecordsReturned") or '"level":"ERROR"' in text or '"level":"WARN"' in text for answered, closing, text in said)


def tail_of(said):
    return [line for _, _, text in said for line in text.splitlines() if '"level":"ERROR"' in line or '"level":"WARN"' in line or "runtime_api_server" in line]


def run_whole(runs, role):
    """What was called, as (action, ARN) pairs."""
    actions = role.actions()
    said = runs.run(role.handler, actions)
    gate, faults = runs.gate, []
    faults += [f"{action} is called, and {role.logical} does not grant it" for action in sorted({action for action, _ in gate.made} - actions)]
    faults += [f"refused: {action} on {arn}" for action, arn in sorted(gate.refused)] + gate.unexpected
    if faults or not all(answered for answered, _, _ in said):
        faults += tail_of(said) or [said]
    check(f"{role.handler} makes all its calls under its role", faults)
    return set(gate.made)


def run_without(runs, role, action):
    said = runs.run(role.handler, role.actions() - {action})
    faults = list(runs.gate.unexpected)
    if {name for name, _ in runs.gate.refused} != {action}:
        faults.append(f"refused was {sorted(runs.gate.refused)}")
    if not told(said) and action not in DISPENSABLE:
        faults.append("nobody is told")
    check(f"{role.handler} without {action} is refused that", faults)


def run_as_other(runs, role, other):
    runs.run(role.handler, other.actions())
    gate = runs.gate
    own = {need for need in gate.made if need[0] not in other.actions()}
    check(f"{role.handler} under {other.logical} is refused its own calls", gate.unexpected + ([] if own and gate.refused == own else [gate.made]))


def run_unsigned(runs, role):
    """What shows that moto looks at signatures: the right key id with another secret."""
    session = runs.moto.session
    runs.moto.session = session | {"AWS_SECRET_ACCESS_KEY": session["AWS_SECRET_ACCESS_KEY"][::-1]}
    said = runs.run(role.handler, role.actions())
    runs.moto.session = session
    check(f"{role.handler} with another secret is refused", [] if told(said) and runs.gate.unexpected and "Signature" in str(runs.gate.unexpected) else [runs.gate.unexpected])


def run_options(runs):
    """What the template does not offer, under the policy that the function's page shows."""
    from policy_runs import OPTIONS
    for handler, action, event, settings in OPTIONS:
        actions = {shown for _, shown in readme_policy(handler)}
        settings = {"OPENSEARCH_ENDPOINT": runs.gate.url, "PAGERDUTY_URL": f"{runs.gate.url}/pagerduty/v2/enqueue", **settings}
        said = runs.run_option(handler, actions, event, settings)
        called = {name for name, _ in runs.gate.made}
        faults = runs.gate.unexpected + sorted(called - actions) + ([] if action in called else [f"called was {sorted(called)}"])
        check(f"{handler} with {action} makes its calls under the policy of its page", faults + (tail_of(said) if told(said) else []))


def run_each(runs, roles, handlers):
    """{handler: (action, ARN) pairs}"""
    everybody, made = list(roles), {}
    for handler in handlers:
        role = roles[handler]
        made[handler] = run_whole(runs, role)
        for action in sorted({action for action, _ in made[handler]} & role.actions()):
            run_without(runs, role, action)
        run_as_other(runs, role, roles[everybody[everybody.index(handler) - 1]])
    return made


# -- the whole check --------------------------------------------------------------------------------------------------


def check_roles(roles, made, reviewed):
    for role in roles:
        check(f"{role.logical} permits what {role.handler} does, on those resources and no others", resource_faults(role, made[role.handler]))
        check(f"{role.logical} permits nothing of what the other functions do", foreign_faults(role, made))
        check(f"{role.logical} grants nothing that is not used", unused_faults(role, made[role.handler], reviewed))
        check(f"{role.logical} has its own statements, none of them open", shape_faults(role, reviewed))
        check(f"{role.logical} grants what the page of {role.handler} shows", readme_faults(role, reviewed))


def planted(role, change):
    """The role with its first statement changed by change(properties, statement)."""
    properties = json.loads(json.dumps(role.properties))
    change(properties, properties["Policies"][0]["PolicyDocument"]["Statement"][0])
    return Role(role.logical, role.handler, properties)


def is_found(faults):
    return [] if faults else ["it is not found"]


def check_planted(role, made):
    """The rules themselves: faults that are put into a sound role and a sound list."""
    def more(properties, statement):
        statement["Action"] = [*as_list(statement["Action"]), "dynamodb:DeleteTable"]
    def less(properties, statement):
        statement["Action"] = "dynamodb:DeleteTable"
    def everything(properties, statement):
        statement["Resource"] = "*"
    def wider(properties, statement):
        statement["Resource"] = [resource.rsplit("/", 1)[0] + "/*" for resource in as_list(statement["Resource"])]
    def elsewhere(properties, statement):
        statement["Resource"] = [others for resource in as_list(statement["Resource"]) for others in others_of("", resource)]
    def managed(properties, statement):
        properties["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
    def by_anybody(properties, statement):
        properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = {"AWS": "*"}
    def by_key(properties, statement):
        statement["Action"] = "kms:Decrypt"
    none = Reviewed([])
    check("planted: an action too many is found", is_found(unused_faults(planted(role, more), made, none)) + is_found(readme_faults(planted(role, more), none)))
    check("planted: a missing action is found", is_found(resource_faults(planted(role, less), made)))
    check("planted: a resource of * is found", is_found(resource_faults(planted(role, everything), made)) + is_found(shape_faults(planted(role, everything), none)))
    check("planted: a resource that is too wide is found", is_found(resource_faults(planted(role, wider), made)))
    check("planted: a resource that is another one is found", is_found(resource_faults(planted(role, elsewhere), made)))
    check("planted: a managed policy is found", is_found(shape_faults(planted(role, managed), none)))
    check("planted: a role for anybody is found", is_found(shape_faults(planted(role, by_anybody), none)))
    check("planted: a key without its service is found", is_found(shape_faults(planted(role, by_key), none)))
    stale = Reviewed([{"role": "*", "actions": ["iam:PassRole"], "resources": ["*"], "reason": "nobody ever needs this one"}])
    unused_faults(role, made, stale)
    by_bucket = {"Type": "AWS::Lambda::Permission", "Properties": {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::bucket"}}
    open_to_all = resolve.Template({"Parameters": {}, "Resources": {"Permission": by_bucket}}, {})
    check("planted: a permission to invoke for anybody is found", is_found(invocation_faults(open_to_all)))
    check("planted: an entry of the list that nothing needs is found", is_found(stale.faults()))


def start_moto():
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if subprocess.run([os.path.join(ROOT, "scripts", "aws-emulator"), "start", "moto", str(port)]).returncode == 0:
            return port
    sys.exit("policies: moto does not start")


def run_and_check(build, translated, moto, gate, reviewed):
    """With everything on; then the other ways that two functions have."""
    from policy_runs import ROUTING_KEY, Runs
    secrets = {"SlackWebhookSecretArn": moto.make_secret("penstock/slack", json.dumps({"url": f"{gate.url}/slack/T0/B0/x"})) + "#url",
               "PagerDutyRoutingKeySecretArn": moto.make_secret("penstock/pagerduty", ROUTING_KEY)}
    template = resolve.read(translated, secrets)
    moto.make({logical: {**resource, "Name": template.name_of(logical)} for logical, resource in template.resources().items()})
    moto.make_others(template.parameters)
    moto.lock()
    runs, roles = Runs(build, moto, gate, environments_of(template)), roles_of(template)
    gate.search = template.parameters["OpenSearchArn"]
    made = run_each(runs, roles, roles)
    run_unsigned(runs, roles["stream-consumer"])
    run_options(runs)
    check_roles(roles.values(), made, reviewed)
    check("nobody else's events invoke a function", invocation_faults(template))
    used, granted = sum(len({action for action, _ in pairs}) for pairs in made.values()), sum(len(role.actions()) for role in roles.values())

    print("-- a collection in place of a domain, MSK by a secret", flush=True)
    template = resolve.read(translated, secrets | resolve.OTHER_PARAMETERS)
    roles, gate.search = roles_of(template), template.parameters["OpenSearchArn"]
    made |= run_each(runs, roles, ["log-processor"])
    check_roles([roles["log-processor"], roles["stream-consumer"]], made, reviewed)
    check("every entry of actions-made-by-lambda.json is needed", reviewed.faults())
    check_planted(roles["stream-consumer"], made["stream-consumer"])
    print(f"{len(roles)} roles grant {granted} actions: {used} for calls of the functions, {granted - used} for Lambda's")


def main(build, translated):
    from policy_runs import Gate, Moto
    from webhook_double import Double
    port = start_moto()
    with open(REVIEWED, encoding="utf-8") as file:
        reviewed = Reviewed(json.load(file))
    try:
        with Double() as double:
            gate = Gate(port, double.server.server_port)
            run_and_check(build, translated, Moto(port), gate, reviewed)
            gate.close()
    finally:
        subprocess.run([os.path.join(ROOT, "scripts", "aws-emulator"), "stop", str(port)])
    return checks.end()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.join(ROOT, "build", "deploy", "translated.json")))
