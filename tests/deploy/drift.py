"""Compares what the template makes with what Terraform makes, property by property (things.py), and tries whether the comparison would
find what is changed on purpose.
"""
import copy
import fnmatch
import json

from things_of_state import resources_of, things_of_state

# -- comparing --------------------------------------------------------------------------------------------------------------


def differences_of(template, state):
    """{(thing, property): (what the template has, what Terraform has)}; the property is empty where one lacks the whole thing."""
    found = {}
    for thing in sorted({*template, *state}):
        if thing not in template or thing not in state:
            found[thing, ""] = ("it" if thing in template else None, "it" if thing in state else None)
            continue
        here, there = template[thing], state[thing]
        for path in sorted({*here, *there}):
            if here.get(path) != there.get(path):
                found[thing, path] = (here.get(path), there.get(path))
    return found


def is_known(difference, entry):
    thing, path = difference
    return fnmatch.fnmatchcase(thing, entry["thing"]) and fnmatch.fnmatchcase(path, entry["property"])


def told(difference, sides):
    thing, path = difference
    return f"{thing}{path and '.' + path}: the template has {sides[0] or 'nothing'}, Terraform has {sides[1] or 'nothing'}"


def unknown_of(differences, known):
    return {difference: sides for difference, sides in differences.items() if not any(is_known(difference, entry) for entry in known)}


def stale_of(differences, known):
    return [entry for entry in known if not any(is_known(difference, entry) for difference in differences)]


def check_sameness(checks, template, state, known):
    differences = differences_of(template, state)
    unknown = unknown_of(differences, known)
    for noun in sorted({thing.split()[0] for thing in (*template, *state)}):
        things = [thing for thing in template if thing.split()[0] == noun]
        checks.check(f"{noun}: {len(things)} compared in {sum(len(template[thing]) for thing in things)} properties",
                     [told(difference, sides) for difference, sides in unknown.items() if difference[0].split()[0] == noun])
    checks.check("what names a resource names one only", [*template.shared, *state.shared])
    checks.check("what is known to differ does, and has its reason",
                 [f"{entry['thing']}.{entry['property']} differs no longer" for entry in stale_of(differences, known)]
                 + [f"{entry['thing']}.{entry['property']} has no reason" for entry in known if not entry["reason"]])


# -- does it find anything? -------------------------------------------------------------------------------------------------


def values_of(state, kind, **like):
    """The values of the one resource of the type that has these."""
    [values] = [resource["values"] for resource in resources_of(state["root_module"])
                if resource["type"] == kind and all(resource["values"].get(name) == value for name, value in like.items())]
    return values


def other_timeout(state):
    values_of(state, "aws_lambda_function", handler="alerter")["timeout"] += 1
    return {("function alerter", "timeout")}


def other_setting(state):
    variables = values_of(state, "aws_lambda_function", handler="stream-consumer")["environment"][0]["variables"]
    variables["TTL_HOURS"] = variables.pop("TTL_DAYS")
    return {("function stream-consumer", "environment.variables.TTL_DAYS"), ("function stream-consumer", "environment.variables.TTL_HOURS")}


def no_alarm(state):
    module = next(child for child in state["root_module"]["child_modules"] if child["address"].startswith("module.alerter"))
    module["resources"] = [resource for resource in module["resources"] if resource["values"].get("alarm_name") != "penstock-alerter-errors"]
    return {("alarm alerter-errors", "")}


def one_action_more(state):
    policy = values_of(state, "aws_iam_role_policy", role=values_of(state, "aws_iam_role", name_prefix="penstock-log-extractor-")["id"])
    document = json.loads(policy["policy"])
    [statement] = [statement for statement in document["Statement"] if statement["Sid"] == "KeepSummaries"]
    statement["Action"].append("dynamodb:DeleteItem")
    policy["policy"] = json.dumps(document)
    return {("role of log-extractor", "work.KeepSummaries.action")}


def other_destination(state):
    mapping = values_of(state, "aws_lambda_event_source_mapping", parallelization_factor=2)
    mapping["destination_config"][0]["on_failure"][0]["destination_arn"] = values_of(state, "aws_sqs_queue", name="penstock-files.fifo")["arn"]
    return {("mapping kinesis to stream-consumer", "destination_config.on_failure.destination_arn")}


def other_picture(state):
    dashboard = values_of(state, "aws_cloudwatch_dashboard")
    dashboard["dashboard_body"] = dashboard["dashboard_body"].replace("Throttles", "Throttle")
    return {("dashboard penstock-eu-central-1", "widget Throttles"), ("dashboard penstock-eu-central-1", "widget Throttle")}


def stranger(state):
    state["root_module"]["resources"].append(
        {"mode": "managed", "type": "aws_sfn_state_machine", "address": "aws_sfn_state_machine.this", "values": {"name": "x"}})
    return {("aws_sfn_state_machine aws_sfn_state_machine.this", "")}


FAULTS = {
    "a changed time-out is found": other_timeout,
    "a setting under another name is found": other_setting,
    "an alarm that is gone is found": no_alarm,
    "an action that was added is found": one_action_more,
    "another destination is found": other_destination,
    "another picture on the dashboard is found": other_picture,
    "a resource that nothing here knows is found": stranger,
}


def check_faults(checks, template, state):
    as_it_is = differences_of(template, things_of_state(state))
    for fact, plant in FAULTS.items():
        planted = copy.deepcopy(state)
        expected = plant(planted)
        found = differences_of(template, things_of_state(planted))
        new = {difference for difference, sides in found.items() if as_it_is.get(difference) != sides}
        checks.check(fact, [] if new == expected else [f"expected {sorted(expected)}", f"found {sorted(new)}"])
    checks.check("an entry that differs no longer is found", [] if stale_of({}, [{"thing": "x", "property": "y", "reason": "z"}]) else ["it is not"])
