"""Does steps of workflows, with nothing but Python's standard library.

CHORDA_URL, CHORDA_API_KEY   where the gateway is, and a key with the scope agents:work
CHORDA_QUEUE                 the queue that steps wait in; "default" where nothing is said
STEPS_MAX                    ends after so many steps; without it: on SIGTERM or Ctrl-C, with what it has in hand done

It counts the words of documents, one after the other, and keeps a checkpoint after each: killed half way, the next
try begins where this one stood, with what it had counted.
"""

import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

URL = os.environ["CHORDA_URL"].rstrip("/")
KEY = os.environ["CHORDA_API_KEY"]
QUEUE = os.environ.get("CHORDA_QUEUE", "default")
STEPS_MAX = int(os.environ.get("STEPS_MAX", "0"))
NAME = f"python-worker-{os.getpid()}"
POLL_MS = 20_000


class LeaseLost(Exception):
    """Nobody waits for the step any more, or another has it: what it comes to changes nothing."""


class Refused(Exception):
    """The gateway says what is wrong with the request; the same one would be refused again."""


def call(path, body, timeout_s=35):
    """Asks again while the gateway cannot be reached or has no room: every request here may be made twice."""
    data = json.dumps(body).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    pause_s = 0.2
    while True:
        request = urllib.request.Request(URL + path, data, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or b"{}")
            if problem.get("code") == "LEASE_LOST":
                raise LeaseLost(problem.get("detail")) from None
            if error.code not in (429, 502, 503, 504):
                raise Refused(f"{error.code} {problem.get('code')}: {problem.get('detail')}") from None
            pause_s = float(error.headers.get("retry-after", pause_s))
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 5)


class Step:
    """A step that this worker has the lease of. A thread keeps the lease for as long as the work takes."""

    def __init__(self, given):
        self.given = given
        self.lost = False
        self._done = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()

    def checkpoint(self, n, value):
        """In the log before this returns: the next try is given the last one. Raises LeaseLost."""
        if self.lost:
            raise LeaseLost("the lease was lost")
        self._send({"checkpoint": {"n": n, "value": value}})

    def answer(self, **came):
        self._done.set()
        call(f"/v1/steps/{self.given['work_id']}/result", {"lease_token": self.given["lease_token"], **came})

    def stop(self):
        self._done.set()

    def _send(self, more):
        given = self.given
        ids = {"lease_token": given["lease_token"], "run_id": given["run_id"], "step_id": given["step_id"]}
        call(f"/v1/steps/{given['work_id']}/heartbeat", {**ids, **more})

    def _beat(self):
        every_s = self.given["lease_ms"] / 3 / 1000
        while not self._done.wait(every_s):
            try:
                self._send({"progress": self.given["idle_ms"] is not None})
            except (LeaseLost, Refused):
                self.lost = True
                return


def count_words(step):
    """Of each document; a document that is no text is an error of the definition, and trying again does not help."""
    documents = step.given["input"]["documents"]
    kept = step.given["checkpoint"]
    counts = kept["value"] if kept else []
    for number, document in enumerate(documents[len(counts) :], start=len(counts) + 1):
        if not isinstance(document, str):
            step.answer(error={"class": "document", "code": "NOT_A_TEXT", "message": f"document {number} is no text", "retriable": False})
            return
        counts.append(len(document.split()))
        step.checkpoint(number, counts)
        print(f"{step.given['run_id']} counted document {number}", flush=True)
        time.sleep(float(os.environ.get("SECONDS_PER_DOCUMENT", "0")))
    step.answer(output={"words": sum(counts), "documents": len(counts)})


TOOLS = {"count_words": count_words}


def main():
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    print(f"{NAME} polls {QUEUE} for {', '.join(TOOLS)}", flush=True)
    done = 0
    while not stopping.is_set() and (STEPS_MAX == 0 or done < STEPS_MAX):
        poll = {"queue": QUEUE, "tools": list(TOOLS), "max": 1, "wait_ms": POLL_MS, "worker": NAME}
        for given in call("/v1/steps/poll", poll)["steps"]:
            step = Step(given)
            try:
                TOOLS[given["tool"]](step)
            except LeaseLost as lost:
                print(f"{given['run_id']} is left aside: {lost}", flush=True)
            except Refused as refused:
                print(f"{given['run_id']} was not taken: {refused}", file=sys.stderr, flush=True)
            finally:
                step.stop()
            done += 1
    print(f"{NAME} did {done} steps", flush=True)


if __name__ == "__main__":
    main()
