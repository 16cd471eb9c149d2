"""What the checks of the deployment share: how they tell what they found."""
import os
import struct
import subprocess
import sys

MACHINES = {62: "x86_64", 183: "arm64"}  # e_machine of an ELF file
FUNCTIONS = ["alerter", "cloudwatch-decoder", "log-extractor", "log-processor", "stream-consumer", "upload-dispatcher"]
ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


class Checks:
    """Counts tests. Each prints "ok NAME", or "not ok NAME" and its faults, a line each."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, faults):
        faults = list(faults)
        if faults:
            self.failed += 1
            print(f"not ok {name}")
            for fault in faults:
                for line in str(fault).splitlines():
                    print(f"    {line}")
        else:
            self.passed += 1
            print(f"ok {name}")
        sys.stdout.flush()
        return not faults

    def end(self):
        print(f"# {self.passed} passed, {self.failed} failed")
        return 0 if self.failed == 0 and self.passed > 0 else 1


def skip(what, reason, way_out):
    print(f"SKIP {what}: {reason} ({way_out})")
    sys.exit(77)


def run(command, **environment):
    """Runs a program of the repository; its output is one text."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    return done.returncode, done.stdout


def succeeds(command, **environment):
    """No fault, or the whole output as the one fault."""
    code, output = run(command, **environment)
    return [] if code == 0 else [f"exit {code}", output]


def machine_of(data):
    """The architecture of a program or library, by its first bytes; None for other files."""
    return MACHINES.get(struct.unpack_from("<H", data, 18)[0]) if data[:4] == b"\x7fELF" else None


def architecture_of(build):
    bootstrap = os.path.join(ROOT, build, "bootstrap")
    if not os.path.exists(bootstrap):
        sys.exit(f"{build} is not built: run make")
    with open(bootstrap, "rb") as file:
        return machine_of(file.read(20))


def need_deploy_tools(what):
    code, output = run(["scripts/deploy-tools", "install"])
    if code != 0:
        skip(what, output.strip().splitlines()[-1], "scripts/deploy-tools install")
