"""What Lambda's poller does between a Kafka topic and a function: polls records, writes them in the form of Lambda's event
(docs/wire/kafka.md), and takes the answer for what comes next. Needs confluent-kafka (scripts/kafka-broker client).
"""
import base64

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, TopicPartition


class KafkaPoller:
    """Of one topic. reading says how a partial answer is understood, which AWS's text leaves open: "resume" polls each
    partition again from the lowest offset that is listed, "listed" delivers the listed records again and only those."""

    def __init__(self, servers, topic, envelope, reading="resume"):
        self.topic, self.envelope, self.reading = topic, envelope, reading
        self.consumer = Consumer({"bootstrap.servers": servers, "group.id": "penstock", "enable.auto.commit": False, "fetch.wait.max.ms": 10})
        partitions = self.consumer.list_topics(topic, 10).topics[topic].partitions
        self.ends = {partition: self.consumer.get_watermark_offsets(TopicPartition(topic, partition), 10)[1] for partition in partitions}
        self.places = dict.fromkeys(partitions, 0)
        self.again = []  # records that come before anything new is polled
        self.batch = []

    def poll(self, most):
        """The next event, or None when everything has been delivered and settled."""
        if self.again:
            self.batch, self.again = self.again, []
        else:
            self.batch = self._consume(most)
        return self._event() if self.batch else None

    def settle(self, answer):
        """The places (partition, offset) that are done with. answer: the function's, or None when the invocation failed."""
        returned = self._listed(answer)
        if answer is None or self.reading == "listed":
            self.again = [record for record in self.batch if _place(record) in returned]
        else:
            lowest = {}
            for partition, offset in returned:
                lowest[partition] = min(offset, lowest.get(partition, offset))
            self.places.update(lowest)
            returned = {_place(record) for record in self.batch if record.offset() >= lowest.get(record.partition(), record.offset() + 1)}
        return [_place(record) for record in self.batch if _place(record) not in returned]

    def _listed(self, answer):
        """What the answer hands back. Lambda takes an answer that names what was not in the event for a failure of all;
        here it is a mistake."""
        batch = {(f"{self.topic}-{record.partition()}", record.offset()): _place(record) for record in self.batch}
        if answer is None:
            return set(batch.values())
        items = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
        return {batch[item["partition"], item["offset"]] for item in items}

    def _consume(self, most):
        left = {partition: end - self.places[partition] for partition, end in self.ends.items() if end > self.places[partition]}
        if not left:
            return []
        self.consumer.assign([TopicPartition(self.topic, partition, self.places[partition]) for partition in left])
        # It waits until it has as many as it is asked for.
        records = self.consumer.consume(min(most, sum(left.values())), 30)
        for record in records:
            if record.error() is not None:
                raise RuntimeError(record.error())
            self.places[record.partition()] = record.offset() + 1
        if not records:
            raise RuntimeError(f"the broker gives nothing of {left}")
        return records

    def _event(self):
        groups = {}
        for record in self.batch:
            groups.setdefault(f"{self.topic}-{record.partition()}", []).append(_written(record))
        return {**self.envelope, "records": groups}


def _place(record):
    return record.partition(), record.offset()


def _text64(data):
    return base64.b64encode(data).decode()


def _written(record):
    kind, time = record.timestamp()
    written = {"topic": record.topic(), "partition": record.partition(), "offset": record.offset(), "timestamp": time,
               "timestampType": "LOG_APPEND_TIME" if kind == TIMESTAMP_LOG_APPEND_TIME else "CREATE_TIME"}
    if record.key() is not None:
        written["key"] = _text64(record.key())
    elif record.offset() % 2 == 0:  # both forms of a missing key have been seen
        written["key"] = None
    written["value"] = None if record.value() is None else _text64(record.value())
    # Java's bytes are signed.
    written["headers"] = [{name: None if value is None else [byte - 256 if byte > 127 else byte for byte in value]} for name, value in record.headers() or []]
    return written
