"""What the benchmarks of failure share: data and questions, servers that watch and servers that fail, and what was sent twice."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from kosmos_graph.domain.calls import Call
from kosmos_graph.domain.report import CLOCK_FIELDS, Report
from kosmos_graph.providers.journal import FILENAME
from kosmos_graph.settings import Settings
from tests.loopback import Answer, Fault, LoopbackServer, Received, Reply, first_choice
from tests.wire_formats import error_body

MODEL = "openai/m"
STUDIES = 3
QUESTION = "Which of dose, age and weight affect growth?"
INVENTED = "987654"
"""A number that no computation gives: it stands in every reply that is prose, and must not get into a report."""

Key = tuple[tuple[str, ...], int]
"""A request as server and journal both know it: its texts, and the limit of the reply."""


def write_growth(path: Path) -> Path:
    """A table about whose `growth` several questions can be asked."""
    rows = [
        f"{1 + row % 7},{20 + (row * 31) % 40},{50 + (row * 17) % 30},{('ash', 'oak')[row % 2]},"
        f"{2.0 * (row % 7) + (row % 2) + (row * 7919 % 101) / 25:.3f}"
        for row in range(80)
    ]
    path.write_text("dose,age,weight,tree,growth\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def settings_for(base: str, home: Path, *fallbacks: str, **more: Any) -> Settings:
    """Settings of a run whose model is at `base`; studies do not wait for each other there."""
    return Settings(
        _env_file=None,
        litellm_model=MODEL,
        litellm_api_base=base,
        kosmos_fallback_models=",".join(fallbacks) or None,
        kosmos_home=home,
        kosmos_loopback_calls=64,
        **more,
    )


def facts(report: Report) -> dict[str, Any]:
    """A report without what differs between equal runs, and without what held its statistics: a killed child has no workers."""
    content: dict[str, Any] = json.loads(report.model_dump_json())
    for name in ("id", *CLOCK_FIELDS):
        del content["run"][name]
    for finding in content["findings"]:
        del finding["rung"]
    return content


class WatchedServer(LoopbackServer):
    """A loopback server that tells of every request when it has arrived, and again when its answer was sent."""

    def __init__(
        self,
        script: Callable[[Received], Answer] = first_choice,
        *,
        latency: float = 0.0,
        port: int = 0,
        arrived: Callable[[int], None] = lambda number: None,
        answered: Callable[[int], None] = lambda number: None,
    ) -> None:
        super().__init__(script, latency=latency, port=port)
        self._arrived = arrived
        self._answered = answered
        self._sent = 0
        self._counting = Lock()

    @property
    def port(self) -> int:
        """The port, for another server to take it over."""
        return int(self.url.rpartition(":")[2])

    @property
    def keys(self) -> list[Key]:
        """What arrived; of a process that was killed while it sent a request only the head of that may have."""
        return [key_of(received) for received in self.requests if received.body]

    def answer(self, received: Received) -> Answer:
        """Tell of the request, by its number from 1, and answer by the script."""
        answer = super().answer(received)
        self._arrived(len(self.requests))
        return answer

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count a request while it is being answered, and tell when it is."""
        with super().in_flight():
            yield
        with self._counting:
            self._sent += 1
            number = self._sent
        self._answered(number)


def key_of(received: Received) -> Key:
    """The request that arrived."""
    return tuple(message["content"] for message in received.body["messages"]), int(received.body["max_tokens"])


def key_of_call(call: Call) -> Key:
    """The request in the journal."""
    return tuple(text for _, text in call.messages), call.max_tokens


def settled_calls(home: Path, run: str) -> list[Call]:
    """The settled requests of a run as the file says, without those that a node was told to ask anew.

    Read from the file and not through the journal, which is what is being tried.
    """
    path = home / FILENAME
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        if connection.execute("PRAGMA user_version").fetchone() == (0,):  # killed while it was made
            return []
        same = "f.run = c.run AND f.node = c.node AND f.branch = c.branch AND f.attempt = c.attempt"
        forgotten = f"SELECT MAX(until) FROM forgotten f WHERE {same}"
        rows = connection.execute(
            f"SELECT content FROM calls c WHERE run = ? AND id > COALESCE(({forgotten}), 0) ORDER BY id", (run,)
        ).fetchall()
    return [call for (content,) in rows if (call := Call.model_validate_json(content)).settled]


def journaled(home: Path, run: str) -> Mapping[Key, str]:
    """What came last of each settled request of a run: "answered", or "malformed", after which it is sent once more."""
    return {key_of_call(call): call.outcome for call in settled_calls(home, run)}


def paid_again(before: Mapping[Key, str], arrived: Iterable[Key]) -> list[Key]:
    """Requests that arrived although the journal had their answer."""
    return [key for key in arrived if before.get(key) == "answered"]


@dataclass
class FailingServer:
    """A script that spoils a share of its answers. What it does to a request follows from the seed and from the request alone."""

    seed: int
    share: float = 0.3
    healthy: bool = False
    faults: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    _times: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, received: Received) -> Answer:
        """The answer, or a failure."""
        content = json.dumps(received.body, sort_keys=True)
        with self._lock:
            self._times[content] += 1
            chance = random.Random(f"{self.seed} {self._times[content]} {content}")
            reply = first_choice(received)
            name = "" if self.healthy or chance.random() >= self.share else chance.choice(list(FAULTS))
            answer = FAULTS[name](chance, reply) if name else reply
            self.faults[name] += 1
            self.whole += isinstance(answer, Reply) and not answer.empty
        return answer


def _status(status: int, message: str = "scripted", code: str | None = None) -> Callable[[random.Random, Reply], Answer]:
    body = error_body("openai", status, message, code)
    return lambda chance, reply: Fault(status, body)


def _rate_limit_with_wait(chance: random.Random, reply: Reply) -> Answer:
    return Fault(429, headers={"retry-after": f"{chance.random():.2f}"})


_WRONG_SHAPES = ("{}", "[]", "null", '{"say": 7, "pairs": {}, "objective": ["a"]}', '"yes"', '{"answer": {"deep": [[]]}}')
_PROSE = f"Certainly! Here is what I found: the effect is {INVENTED}, p = 0.000123."

FAULTS: Mapping[str, Callable[[random.Random, Reply], Answer]] = {
    "429": _status(429),
    "429 with Retry-After": _rate_limit_with_wait,
    "500": _status(500),
    "502": _status(502),
    "503": _status(503),
    "529": _status(529),
    "dropped in mid-answer": lambda chance, reply: Fault(200, json.dumps({"choices": [{"text": reply.text}]}), kind="cut"),
    "401": _status(401),
    "403": _status(403),
    "404": _status(404),
    "400": _status(400),
    "context window": _status(400, "the prompt is too long", "context_length_exceeded"),
    "content policy": _status(400, "not allowed", "content_policy_violation"),
    "empty choices": lambda chance, reply: Reply(empty=True),
    "empty content": lambda chance, reply: Reply(""),
    "truncated JSON": lambda chance, reply: Reply(reply.text[: chance.randrange(1, len(reply.text))]),
    "prose": lambda chance, reply: Reply(_PROSE),
    "JSON of the wrong shape": lambda chance, reply: Reply(chance.choice(_WRONG_SHAPES)),
    "cut at max_tokens": lambda chance, reply: Reply(reply.text[: len(reply.text) // 2], finish="length"),
    "HTML with 200": lambda chance, reply: Fault(
        200, f"<!doctype html><html><body>{INVENTED}</body></html>", {"content-type": "text/html"}
    ),
}
