"""Sends events to Chorda with the CloudEvents SDK: one in binary mode, one in structured mode, and a batch.

    CHORDA_URL=http://127.0.0.1:4600 CHORDA_API_KEY=chd_... python producer.py

Prints one line of JSON for each event: what the gateway answered.
"""

import json
import os
import sys

import requests
from cloudevents.conversion import to_json
from cloudevents.http import CloudEvent, to_binary, to_structured

url = os.environ["CHORDA_URL"] + "/v1/events"
key = {"authorization": "Bearer " + os.environ["CHORDA_API_KEY"]}


def event(name: str) -> CloudEvent:
    """A fact of the catalogue. The SDK gives it an id, and a repeat with that id has no second effect."""
    attributes = {
        "type": "external.webhook",
        "source": "urn:example:python-producer",
        "datacontenttype": "application/json",
    }
    data = {"user_id": "user-7", "provider": "python", "event_name": name, "body": {"n": 1}}
    return CloudEvent(attributes, data)


def post(headers: dict, body: bytes) -> list:
    answer = requests.post(url, headers={**key, **headers}, data=body, timeout=30)
    if not answer.ok:
        # A problem document: `code` is stable, `errors` says what to change.
        sys.exit(f"{answer.status_code} {answer.text}")
    result = answer.json()
    return result.get("items", [result])


def main() -> None:
    results = post(*to_binary(event("binary")))
    results += post(*to_structured(event("structured")))
    batch = b"[" + b",".join(to_json(event(f"batch-{number}")) for number in range(3)) + b"]"
    results += post({"content-type": "application/cloudevents-batch+json"}, batch)
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
