"""Reads a topic of Chorda with confluent-kafka, fastavro and the registry's HTTP interface; nothing of ours is needed.

    KAFKA_BROKERS=127.0.0.1:4610 SCHEMA_REGISTRY_URL=http://127.0.0.1:4620/apis/ccompat/v7 \
        python consumer.py external.webhook [COUNT]

Prints one line of JSON for each event, and ends after COUNT of them.
"""

import io
import json
import os
import sys
import urllib.request

import fastavro
from confluent_kafka import Consumer

registry = os.environ["SCHEMA_REGISTRY_URL"]
schemas: dict = {}


def schema_of(schema_id: int) -> dict:
    """The schema that wrote a value. It never changes, so it is asked for once."""
    if schema_id not in schemas:
        with urllib.request.urlopen(f"{registry}/schemas/ids/{schema_id}", timeout=10) as answer:
            schemas[schema_id] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
    return schemas[schema_id]


def decode(value: bytes) -> object:
    """Confluent's wire format: a zero byte, the schema id in four bytes, the Avro bytes."""
    if value[0] != 0:
        raise ValueError("The value is not in Confluent's wire format")
    return fastavro.schemaless_reader(io.BytesIO(value[5:]), schema_of(int.from_bytes(value[1:5], "big")))


def main() -> None:
    topic = sys.argv[1]
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else sys.maxsize
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BROKERS"],
            "group.id": os.environ.get("GROUP_ID", "my-app.reader"),
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    # A sender that was not sure repeats an event with its id: (tenant, source, id) is one event.
    seen = set()
    while len(seen) < wanted:
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise RuntimeError(record.error())
        headers = {name: value.decode() for name, value in record.headers() or []}
        identity = (headers["ce_tenantid"], headers["ce_source"], headers["ce_id"])
        if identity not in seen:
            seen.add(identity)
            print(json.dumps({"id": headers["ce_id"], "type": headers["ce_type"], "data": decode(record.value())}), flush=True)
        consumer.commit(record)
    consumer.close()


if __name__ == "__main__":
    main()
