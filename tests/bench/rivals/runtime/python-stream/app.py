"""The stream consumer's rival: the same work with boto3 and Powertools, on awslambdaric.

Decode the Kinesis records, parse the JSON lines, key each by service, time and UUID version 5 of its coordinates, store
them by BatchWriteItem (what is left unprocessed goes again with back-off), publish LogError events for errors by
PutEvents, and name what could not be stored in batchItemFailures. Written as a careful Python developer would: clients made
once at init, full batches, no work per record that a batch could do. The rows are those that Penstock writes.
"""

import json
import os
import random
import time
import uuid
from decimal import Decimal

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

NAMESPACE = uuid.UUID("e0eed853-eb6d-4a86-8d00-24214da16f40")
TABLE = os.environ["DDB_TABLE"]
BUS = os.environ["EVENT_BUS"]
ITEMS_MAX = 25
ENTRIES_MAX = 10
ROUNDS_MAX = 8
ALARMING = {"ERROR", "FATAL"}

dynamodb = boto3.resource("dynamodb")
events = boto3.client("events")
processor = BatchProcessor(event_type=EventType.KinesisDataStreams, raise_on_entire_batch_failure=False)


def identity(record):
    shard, sequence = record.event_id.split(":")
    return str(uuid.uuid5(NAMESPACE, f"kinesis||{record.event_source_arn}|{shard}|{sequence}|0|0"))


def make_item(record: KinesisStreamRecord):
    line = json.loads(record.kinesis.data_as_text(), parse_float=Decimal)
    ms = line.pop("ts")
    service = line.pop("service", "unknown")
    line["pk"] = service
    line["sk"] = f"{ms:013d}#{identity(record)}"
    line["ts"] = ms
    return line


def store(items):
    """The items that are not in the table at the end."""
    left = list(items.values())
    for rounds in range(ROUNDS_MAX):
        batch_left = []
        for first in range(0, len(left), ITEMS_MAX):
            puts = [{"PutRequest": {"Item": item}} for item in left[first : first + ITEMS_MAX]]
            answer = dynamodb.batch_write_item(RequestItems={TABLE: puts})
            batch_left += [put["PutRequest"]["Item"] for put in answer["UnprocessedItems"].get(TABLE, [])]
        left = batch_left
        if not left:
            break
        time.sleep(random.random() * 0.05 * 2**rounds)
    return {item["sk"] for item in left}


def event_of(item):
    fields = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    detail = {"id": item["sk"][14:], "service": item["pk"], **fields}
    return {
        "Source": "penstock.stream-consumer",
        "DetailType": "LogError",
        "Detail": json.dumps(detail, separators=(",", ":"), default=str),
        "EventBusName": BUS,
    }


def publish(items):
    entries = [event_of(item) for item in items if item.get("level", "").upper() in ALARMING]
    for first in range(0, len(entries), ENTRIES_MAX):
        part = entries[first : first + ENTRIES_MAX]
        for rounds in range(ROUNDS_MAX):
            answer = events.put_events(Entries=part)
            if answer["FailedEntryCount"] == 0:
                break
            part = [entry for entry, told in zip(part, answer["Entries"]) if "ErrorCode" in told]
            time.sleep(random.random() * 0.05 * 2**rounds)


def handler(event, context):
    with processor(event["Records"], handler=make_item):
        done = processor.process()
    items = {item["sk"]: item for status, item, _ in done if status == "success"}
    left = store(items)
    publish(item for sk, item in items.items() if sk not in left)
    answer = processor.response()
    for status, item, record in done:
        if status == "success" and item["sk"] in left:
            answer["batchItemFailures"].append({"itemIdentifier": record.kinesis.sequence_number})
    return answer
