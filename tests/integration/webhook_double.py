#!/usr/bin/env python3
"""A double of Slack's incoming webhooks and PagerDuty's Events API v2, on loopback. It is ours: neither service can be had
here. It knows them by their documentation (docs/wire/slack.md, docs/wire/pagerduty.md) and by none of our code: it checks
what they would check, answers as they do, and can be told to fail. Python's standard library only.

  POST /slack/...                  as https://hooks.slack.com/services/...
  POST /pagerduty/v2/enqueue       as https://events.pagerduty.com/v2/enqueue
  POST /_script [FAULT, ...]       what becomes of the next requests, one each; {} is none. Members of a fault:
       path        only for requests that begin so; others pass by
       status, body, retryAfter    the answer
       drop        true: the connection is closed without an answer
       taken       true: the message is accepted all the same
  GET /_requests                   what was accepted, in order: [{"path", "body", "shown"}, ...]

Usage: webhook_double.py [PORT]    serves until it is stopped, and shows each message as its readers see it
"""
import datetime
import html
import http.server
import json
import re
import sys
import threading

SLACK, PAGERDUTY = "/slack/", "/pagerduty/v2/enqueue"
BODY_BYTES_MAX = 512 << 10
INDENT = "    "


def utf16_units(text):
    return len(text.encode("utf-16-le")) // 2


# -- Slack ------------------------------------------------------------------------------------------------------------


def text_faults(text, limit, types=("plain_text", "mrkdwn")):
    if not isinstance(text, dict) or text.get("type") not in types or not isinstance(text.get("text"), str):
        return ["not a text object"]
    length = utf16_units(text["text"])
    return [] if 1 <= length <= limit else [f"a text of {length}, 1 to {limit} are allowed"]


def list_faults(texts, limit):
    if not isinstance(texts, list) or not 1 <= len(texts) <= 10:
        return ["1 to 10 texts are allowed"]
    return [fault for text in texts for fault in text_faults(text, limit)]


def block_faults(block):
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "header":
        return text_faults(block.get("text"), 150, ("plain_text",))
    if kind == "context":
        return list_faults(block.get("elements"), 3000)
    if kind == "section" and ("text" in block or "fields" in block):
        faults = text_faults(block["text"], 3000) if "text" in block else []
        return faults + (list_faults(block["fields"], 2000) if "fields" in block else [])
    return [f"block {kind}"]


def texts_of(value):
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        return [text for member in value for text in texts_of(member)]
    return [value] if isinstance(value, str) else []


def slack_answer(message):
    """Status and body. Slack itself would take what pings; an alert never may, so the double refuses it."""
    if not isinstance(message, dict):
        return 400, "invalid_payload"
    if not isinstance(message.get("text"), str) or not message["text"]:
        return 400, "no_text"
    blocks = message.get("blocks", [])
    if not isinstance(blocks, list) or len(blocks) > 50 or any(block_faults(block) for block in blocks):
        return 400, "invalid_blocks"
    if message.get("link_names") or any(re.search("<[!@#]", text) for text in texts_of(message)):
        return 400, "double: this pings"
    return 200, "ok"


def slack_text(text):
    """Links as "text (url)", a fence as an indented block, entities as what they stand for."""
    plain = re.sub(r"<([^|>]*)\|([^>]*)>", r"\2 (\1)", text["text"]) if text["type"] == "mrkdwn" else text["text"]
    fence = re.fullmatch(r"```\n?(.*?)\n?```", plain, re.DOTALL) if text["type"] == "mrkdwn" else None
    if fence:
        plain = "\n".join(INDENT + line for line in fence[1].split("\n"))
    return html.unescape(plain)


def slack_shown(message):
    lines = []
    for block in message.get("blocks", []):
        if block["type"] == "header":
            lines += ["== " + slack_text(block["text"]) + " =="]
        elif block["type"] == "context":
            lines += ["-- " + " | ".join(slack_text(text) for text in block["elements"])]
        else:
            lines += [slack_text(block["text"])] if "text" in block else []
            lines += [slack_text(text).replace("\n", ": ", 1) for text in block.get("fields", [])]
    return "\n".join(lines or [html.unescape(message["text"])])


# -- PagerDuty --------------------------------------------------------------------------------------------------------


def is_time(text):
    try:
        return bool(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))
    except (AttributeError, ValueError):
        return False


def is_filled(value, limit):
    return isinstance(value, str) and 1 <= len(value) <= limit


def payload_faults(payload):
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    checks = {
        "summary": is_filled(payload.get("summary"), 1024),
        "source": is_filled(payload.get("source"), BODY_BYTES_MAX),
        "severity": payload.get("severity") in ("critical", "error", "warning", "info"),
        "timestamp": "timestamp" not in payload or is_time(payload["timestamp"]),
        "custom_details": isinstance(payload.get("custom_details", {}), dict),
    }
    return [f"'payload.{name}' is invalid" for name, ok in checks.items() if not ok]


def pagerduty_faults(event):
    if not isinstance(event, dict):
        return ["the event is no JSON object"]
    faults = []
    if not isinstance(event.get("routing_key"), str) or len(event["routing_key"]) != 32:
        faults.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    action = event.get("event_action")
    if action not in ("trigger", "acknowledge", "resolve"):
        faults.append("'event_action' is invalid")
    if not is_filled(event.get("dedup_key"), 255):
        faults.append("'dedup_key' is missing or over 255 characters")
    links = event.get("links", [])
    if not isinstance(links, list) or not all(isinstance(link, dict) and "href" in link for link in links):
        faults.append("'links' is invalid")
    return faults + (payload_faults(event.get("payload")) if action == "trigger" else [])


def pagerduty_answer(event):
    faults = pagerduty_faults(event)
    if faults:
        return 400, json.dumps({"status": "invalid event", "message": "Event object is invalid", "errors": faults})
    return 202, json.dumps({"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})


def pagerduty_shown(event):
    lines = [f"{event['event_action']} {event['dedup_key']}"]
    payload = event.get("payload", {})
    if payload:
        lines[0] = f"!! {payload['severity']}: {payload['summary']} ({lines[0]})"
    details = dict(payload.get("custom_details", {}))
    message, fields = details.pop("message", ""), details.pop("fields", {})
    lines += [f"{name}: {payload[name]}" for name in ("source", "timestamp", "group", "class") if name in payload]
    lines += [f"{name}: {value}" for name, value in {**details, **fields}.items()]
    lines += [INDENT + line for line in message.split("\n") if message]
    lines += [f"{link.get('text', 'link')} ({link['href']})" for link in event.get("links", [])]
    return "\n".join(lines)


# -- the server -------------------------------------------------------------------------------------------------------


class Double:
    """With Double() as double: double.url, double.script(...), double.accepted."""

    def __init__(self, port=0, show=None):
        self.accepted, self.faults, self.lock, self.show = [], [], threading.Lock(), show
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (Handler,), {"double": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def script(self, *faults):
        with self.lock:
            self.faults += faults

    def next_fault(self, path):
        with self.lock:
            for at, fault in enumerate(self.faults):
                if path.startswith(fault.get("path", "/")):
                    return self.faults.pop(at)
        return {}

    def accept(self, path, body, shown):
        with self.lock:
            self.accepted.append({"path": path, "body": body, "shown": shown})
            if self.show:
                self.show(f"{path}\n{shown}\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        body = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def read_json(self):
        """None for what is not JSON by its type, its bytes or its size."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            return json.loads(raw) if self.headers.get_content_type() == "application/json" and len(raw) <= BODY_BYTES_MAX else None
        except ValueError:
            return None

    def do_GET(self):
        if self.path != "/_requests":
            return self.answer(404, "[]")
        with self.double.lock:
            accepted = json.dumps(self.double.accepted)
        return self.answer(200, accepted)

    def do_POST(self):
        body = self.read_json()
        if self.path == "/_script":
            self.double.script(*body)
            return self.answer(200, "[]")
        if self.path.startswith(SLACK):
            return self.receive(body, *slack_answer(body), slack_shown)
        if self.path == PAGERDUTY:
            return self.receive(body, *pagerduty_answer(body), pagerduty_shown)
        return self.answer(404, "no_service", "text/plain")

    def receive(self, body, status, text, shown):
        fault = self.double.next_fault(self.path)
        if status < 300 and (not fault or fault.get("taken")):
            self.double.accept(self.path, body, shown(body))
        if fault.get("drop"):
            self.close_connection = True
            return
        headers = {"Retry_After": fault["retryAfter"]} if "retryAfter" in fault else {}
        kind = "text/plain" if shown is slack_shown else "application/json"
        self.answer(fault.get("status", status), fault.get("body", "fault" if fault else text), kind, **headers)


def main():
    double = Double(int(sys.argv[1]) if len(sys.argv) > 1 else 0, lambda text: print(text, flush=True))
    print(f"SLACK_WEBHOOK_URL={double.url}{SLACK}T000/B000/secret\nPAGERDUTY_URL={double.url}{PAGERDUTY}\n", flush=True)
    try:
        double.server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
