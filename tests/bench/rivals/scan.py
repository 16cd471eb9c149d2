#!/usr/bin/env python3
"""The scan as a Python service does it: a streaming body read line by line, each line asked by every compiled pattern.

Usage: scan.py FILE PATTERNS ROUNDS: CPU seconds of each round; the last line tells what was found.
"""
import json
import re
import sys
import time


def lines_of(body, chunk_bytes=256 << 10):
    """What botocore's StreamingBody.iter_lines does, with larger chunks than its default."""
    pending = b""
    for chunk in iter(lambda: body.read(chunk_bytes), b""):
        lines = (pending + chunk).splitlines(True)
        pending = lines.pop() if not lines[-1].endswith(b"\n") else b""
        for line in lines:
            yield line.splitlines()[0]
    if pending:
        yield pending


def main():
    with open(sys.argv[2]) as file:
        patterns = [(item["name"], re.compile(item["regex"].encode())) for item in json.load(file)]
    for _ in range(int(sys.argv[3])):
        counts = dict.fromkeys((name for name, _ in patterns), 0)
        lines = 0
        start = time.process_time()
        with open(sys.argv[1], "rb") as body:
            for line in lines_of(body):
                lines += 1
                for name, regex in patterns:
                    if regex.search(line):
                        counts[name] += 1
        print(f"{time.process_time() - start:.6f}")
    print(f"{lines} lines, {sum(counts.values())} hits")


if __name__ == "__main__":
    main()
