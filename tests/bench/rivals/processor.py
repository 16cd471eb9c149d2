#!/usr/bin/env python3
"""The benchmark's Python rival: the same work as the log processor, with the standard library only.

Usage: processor.py PAYLOAD ROUNDS REDACT(on|off)    prints the CPU seconds of each round, then "bytes N documents N".

Decode (base64, gzip, JSON), clean, parse JSON messages, take core fields out under their aliases, keep the rest under
"fields", add service and coordinates, redact the default classes, encode _bulk lines with deterministic ids.
Written as a careful Python developer would: compiled regular expressions, one join at the end.
"""
import base64
import datetime
import gzip
import hashlib
import json
import re
import sys
import time

CONTROL = re.compile("\x1b\\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
SECRETS = re.compile(
    r"\b(?P<aws>A(?:KIA|SIA|ROA)[A-Z0-9]{16})\b"
    r"|\b(?P<jwt>eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)"
    r"|\b(?P<bearer>[Bb]earer\s+[A-Za-z0-9._~+/=-]{8,})"
    r"|\b(?P<card>\d(?:[ -]?\d){12,18})\b"
)
ALIASES = {
    "level": "level", "lvl": "level", "severity": "level", "log.level": "level",
    "message": "message", "msg": "message", "@message": "message",
    "timestamp": "@timestamp", "ts": "@timestamp", "time": "@timestamp", "@timestamp": "@timestamp",
    "duration_ms": "duration_ms", "latency": "duration_ms", "request_time": "duration_ms",
    "status": "status", "status_code": "status", "service": "service", "logger": "logger",
    "requestId": "request_id", "request_id": "request_id", "traceId": "trace_id", "trace_id": "trace_id",
}
LEVEL = re.compile(r"\b(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b")


def luhn(digits):
    total = 0
    for i, c in enumerate(reversed(digits)):
        n = int(c)
        if i % 2:
            n = n * 2 - 9 if n > 4 else n * 2
        total += n
    return total % 10 == 0


def hide(match):
    kind = match.lastgroup
    if kind == "card" and not luhn(re.sub("[ -]", "", match.group())):
        return match.group()
    return "[REDACTED:" + kind + "]"


def iso(ms):
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def process(payload, redact):
    envelope = json.loads(gzip.decompress(base64.b64decode(json.loads(payload)["awslogs"]["data"])))
    if envelope["messageType"] == "CONTROL_MESSAGE":
        return b"", 0
    group, stream, owner = envelope["logGroup"], envelope["logStream"], envelope["owner"]
    source = hashlib.sha1(f"{owner}\0{group}\0{stream}".encode()).hexdigest()[:16]
    service = stream.split("/")[1] if stream.count("/") == 2 else group.rsplit("/", 1)[-1]
    lines = []
    for event in envelope["logEvents"]:
        text = CONTROL.sub("", event["message"]).rstrip()
        if redact:
            text = SECRETS.sub(hide, text)
        stamp = iso(event["timestamp"])
        document = {"@timestamp": stamp, "message": text, "service": service}
        at = text.find("{")
        parsed = None
        if at >= 0:
            try:
                parsed = json.loads(text[at:])
            except ValueError:
                parsed = None
        if isinstance(parsed, dict):
            fields = {}
            for key, value in parsed.items():
                core = ALIASES.get(key)
                if core:
                    document[core] = value
                else:
                    fields[key] = value
            document["format"] = "json"
            document["fields"] = fields
        else:
            found = LEVEL.search(text)
            if found:
                document["level"] = found.group()
            document["format"] = "plain"
        document["account"] = owner
        document["log_group"] = group
        document["log_stream"] = stream
        document["event_id"] = event["id"]
        index = "app-logs-" + stamp[:10].replace("-", ".")
        lines.append(json.dumps({"create": {"_index": index, "_id": event["id"] + "-" + source}}, separators=(",", ":")))
        lines.append(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
    lines.append("")
    return "\n".join(lines).encode(), len(envelope["logEvents"])


def main():
    path, rounds, redact = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "on"
    with open(path, "rb") as file:
        payload = file.read()
    for _ in range(rounds):
        start = time.process_time()
        body, count = process(payload, redact)
        print(f"{time.process_time() - start:.6f}")
    print(f"bytes {len(body)} documents {count}")


main()
