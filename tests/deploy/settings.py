"""Whether template.yaml and terraform/ give functions only settings that these know, with values that they take. What a function knows is
the table that it prints of itself (penstock settings FUNCTION), from which the tables in the pages are written, too.
"""
import glob
import os
import re
import subprocess

from checks import FUNCTIONS, ROOT, succeeds
from resolve import Template
from things_of_state import resources_of

# Every lane, and defaults for all else.
LANES = {"LogSearch": "on", "StreamStore": "on", "Alerting": "on", "FileScan": "on", "Decoding": "on"}


def table_of(build, function):
    """{setting: its column Values}"""
    printed = subprocess.run([os.path.join(build, "penstock"), "settings", function], capture_output=True, text=True, check=True).stdout
    rows = [line.split(" | ") for line in printed.splitlines() if line.startswith("| `")]
    return {row[0].strip("| `"): row[2] for row in rows}


def range_of(values):
    match = re.fullmatch(r"(\d+) to (\d+)", values)
    return (int(match[1]), int(match[2])) if match else None


def words_of(values):
    """The words to choose from, none when it is text or a number."""
    return re.findall(r"`([^`]+)`", values)


def takes(values, given):
    if range_of(values):
        low, high = range_of(values)
        return str(given).isdigit() and low <= int(given) <= high
    return not words_of(values) or given in words_of(values)


def misfits(table, environment):
    for name, value in environment.items():
        if name not in table:
            yield f"{name} is no setting"
        elif not takes(table[name], value):
            yield f"{name}={value}: it takes {table[name]}"


# -- the template -----------------------------------------------------------------------------------------------------------


def functions_of(document):
    return {resource["Properties"]["Handler"]: resource["Properties"] for resource in document["Resources"].values()
            if resource["Type"] == "AWS::Lambda::Function"}


def template_gives(template, function):
    [properties] = [resource["Properties"] for resource in template.of_type("AWS::Lambda::Function").values()
                    if resource["Properties"]["Handler"] == function]
    return properties["Environment"]["Variables"]


def parameter_of(expression):
    """Of a value that is a parameter as it stands, given always or on a condition."""
    if isinstance(expression, dict) and "Fn::If" in expression:
        return parameter_of(expression["Fn::If"][1])
    return expression.get("Ref") if isinstance(expression, dict) else None


def parameter_misfits(table, document, variables):
    """A parameter offers what the setting takes: no more, and no less."""
    for name, expression in variables.items():
        if name not in table:
            yield f"{name} is no setting"
            continue
        parameter = parameter_of(expression)
        described = document["Parameters"].get(parameter)
        if described is None:
            continue
        offered = (described.get("MinValue"), described.get("MaxValue"))
        if range_of(table[name]) and offered != range_of(table[name]):
            yield f"{parameter} is {offered[0]} to {offered[1]}, {name} is {table[name]}"
        if words_of(table[name]) and set(described.get("AllowedValues", [])) != set(words_of(table[name])):
            yield f"{parameter} is one of {described.get('AllowedValues')}, {name} is {table[name]}"


# -- Terraform --------------------------------------------------------------------------------------------------------------


def state_gives(state, function):
    [values] = [resource["values"] for resource in resources_of(state["root_module"])
                if resource["type"] == "aws_lambda_function" and resource["values"]["handler"] == function]
    return values["environment"][0]["variables"]


def settings_from_variables():
    """[(handler, setting, variable)] of those that are a variable as it stands."""
    found = []
    for path in sorted(glob.glob(os.path.join(ROOT, "terraform", "*.tf"))):
        with open(path, encoding="utf-8") as file:
            for module in re.split(r"^module ", file.read(), flags=re.MULTILINE)[1:]:
                handler = re.search(r'^  handler +=  *"([^"]+)"', module, re.MULTILINE)
                for name, variable in re.findall(r"^ +([A-Z_]+) += (?:tostring\()?(var\.[\w.]+)\)?$", module, re.MULTILINE):
                    found.append((handler[1], name, variable))
    return found


def variable_misfits(table, function):
    with open(os.path.join(ROOT, "terraform", "variables.tf"), encoding="utf-8") as file:
        variables = file.read()
    for handler, name, variable in settings_from_variables():
        if handler != function:
            continue
        it = re.escape(variable)
        if range_of(table[name]):
            low, high = range_of(table[name])
            if not re.search(rf"{it} >= {low} && {it} <= {high}\b", variables):
                yield f"{variable} is not checked to be {low} to {high}, as {name} is"
        if words_of(table[name]):
            offered = re.search(rf"contains\(\[([^]]*)\], {it}\)", variables)
            if offered is None or set(re.findall('"([^"]+)"', offered[1])) != set(words_of(table[name])):
                yield f"{variable} is not checked to be one of {table[name]}, as {name} is"


# -- both -------------------------------------------------------------------------------------------------------------------


def check_settings(checks, build, template, state):
    """state: that of a run of Terraform, or None."""
    by_default = Template(template.document, LANES)
    for function in FUNCTIONS:
        table = table_of(build, function)
        given = functions_of(template.document)[function]["Environment"]["Variables"]
        checks.check(f"the template gives {function} {len(given)} settings that it takes", dict.fromkeys([
            *misfits(table, template_gives(template, function)), *misfits(table, template_gives(by_default, function)),
            *parameter_misfits(table, template.document, given)]))
        if state is not None:
            given = state_gives(state, function)
            checks.check(f"Terraform gives {function} {len(given)} settings that it takes",
                         [*misfits(table, given), *variable_misfits(table, function)])
    checks.check("the settings' tables in the pages are those of the functions", succeeds(["scripts/gen-settings", build, "--check"]))
