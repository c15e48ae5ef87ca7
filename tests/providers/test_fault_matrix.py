"""The whole matrix: what each fault becomes on each route, and how many requests the server counted.

A cell is a route, a fault and a kind of call. `FAULTS` holds the expectation of each fault; `EMPTY_ANSWERS` the routes on
which it is none for a plain call, with the reason. Nothing sleeps: waits are injected; a read time-out lasts 0.2 s.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from kosmos_graph.errors import Configuration, Malformed, ModelError, Refused, TooLong, Transient
from kosmos_graph.providers import ChatAsker, Limits, ModelSpec, Prompt, RetryPolicy, open_chat, resolve
from kosmos_graph.providers.addresses import server_of
from kosmos_graph.providers.breaker import forget
from kosmos_graph.providers.chat_asker import ASKED_AGAIN
from tests.loopback import Fault, LoopbackServer, Reply
from tests.providers.naps import Naps
from tests.wire_formats import Wire, error_body

ATTEMPTS = 3
TIMED_OUT_ATTEMPTS = 2
TIMEOUT = 0.2
KEY = "matrix-key-123456"
GOOD = '{"method": "welch_t", "why": "two groups"}'


class Choice(BaseModel):
    """The reply that structured calls ask for."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["welch_t"]
    why: str


@dataclass(frozen=True)
class Route:
    """A route of LiteLLM's: the name that a user gives, the format it speaks, and its path below the server's root."""

    name: str
    wire: Wire
    path: str = ""


ROUTES = {
    "openai": Route("openai/gpt-4o", "openai", "/v1"),
    "azure": Route("azure/my-deployment", "azure"),
    "anthropic": Route("anthropic/claude-sonnet-4-5", "anthropic"),
    "ollama": Route("ollama/llama3.1:8b", "generate"),
    "ollama_chat": Route("ollama/llama3.1:8b", "ollama"),
    "deepseek": Route("deepseek/deepseek-chat", "openai"),
    "lm_studio": Route("lmstudio/qwen2.5-7b-instruct", "openai", "/v1"),
    "openrouter": Route("openrouter/meta-llama/llama-3.1-70b-instruct", "openai", "/api/v1"),
    "mistral": Route("mistral/mistral-small-latest", "openai", "/v1"),
    "groq": Route("groq/llama-3.3-70b-versatile", "openai", "/openai/v1"),
    "gemini": Route("gemini/gemini-2.5-flash", "gemini"),
    "hosted_vllm": Route("vllm/Qwen/Qwen2.5-7B-Instruct", "openai", "/v1"),
    "bedrock": Route("bedrock/anthropic.claude-3-haiku-20240307-v1:0", "bedrock"),
}
_OPENAI_TOO_LONG = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
TOO_LONG: dict[str, tuple[str, str | None]] = {
    "anthropic": ("prompt is too long: 210000 tokens > 200000 maximum", "invalid_request_error"),
    "ollama": ("the input length exceeds the context length", None),
    "ollama_chat": ("the input length exceeds the context length", None),
    "lm_studio": ("Trying to keep the first 9001 tokens when the context length is only 4096 tokens", None),
    "mistral": ("Prompt contains 40001 tokens, too large for model with 32768 maximum context length", None),
    "groq": ("Please reduce the length of the messages or completion.", "context_length_exceeded"),
    "gemini": ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "INVALID_ARGUMENT"),
    "bedrock": ("Input is too long for requested model.", None),
}
REFUSED: dict[str, tuple[str, str | None]] = {
    "azure": ("The response was filtered due to the prompt triggering the content management policy.", "content_filter"),
    "anthropic": ("Output blocked by content filtering policy", "invalid_request_error"),
    "deepseek": ("Content Exists Risk", "invalid_request_error"),
    "ollama": ("content_policy_violation", None),  # Ollama itself has no policy; a gateway before it may
    "ollama_chat": ("content_policy_violation", None),
}
BLOCKED = {
    "gemini": {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 5}},
    "bedrock": {
        "output": {"message": {"role": "assistant", "content": [{"text": ""}]}},
        "stopReason": "guardrail_intervened",
        "usage": {"inputTokens": 5, "outputTokens": 0, "totalTokens": 5},
        "metrics": {"latencyMs": 1},
    },
}


@dataclass(frozen=True)
class Outcome:
    """What surfaced (None: an answer) and the number of requests that the server saw."""

    kind: type[ModelError] | None
    requests: int


@dataclass(frozen=True)
class Case:
    """A fault: the server's answer on a route, and what it becomes for plain and for structured calls."""

    answer: Callable[[str], Fault | Reply | None]
    plain: Outcome
    structured: Outcome
    timeout: float = 20.0
    attempts: int = ATTEMPTS


FINAL_TRANSIENT = Outcome(Transient, ATTEMPTS)
ONCE_TOO_OFTEN = Outcome(Malformed, ASKED_AGAIN + 1)


def _status(status: int, message: str = "scripted fault", **headers: str) -> Callable[[str], Fault]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda route: Fault(status, body=error_body(ROUTES[route].wire, status, message), headers=names)


def _coded(table: dict[str, tuple[str, str | None]], default: tuple[str, str]) -> Callable[[str], Fault]:
    return lambda route: Fault(400, body=error_body(ROUTES[route].wire, 400, *table.get(route, default)))


def _refusal(route: str) -> Fault:
    if route in BLOCKED:
        return Fault(200, body=json.dumps(BLOCKED[route]))
    return _coded(REFUSED, ("Your request was rejected", "content_policy_violation"))(route)


def _transient(answer: Callable[[str], Fault | None]) -> Case:
    return Case(answer, FINAL_TRANSIENT, FINAL_TRANSIENT)


def _final(kind: type[ModelError], answer: Callable[[str], Fault]) -> Case:
    return Case(answer, Outcome(kind, 1), Outcome(kind, 1))


def _garbled(answer: Fault | Reply) -> Case:
    """No answer for any call; an asker asks again."""
    return Case(lambda _: answer, Outcome(Malformed, 1), ONCE_TOO_OFTEN)


def _unfit(text: str) -> Case:
    """A text like any other for a plain call, and no answer to a structured one."""
    return Case(lambda _: Reply(text), Outcome(None, 1), ONCE_TOO_OFTEN)


PAGE = "<html><head><title>Sign in</title></head><body>Proxy</body></html>"
HTML = {"content-type": "text/html"}
FAULTS: dict[str, Case] = {
    "429": _transient(_status(429)),
    "429 retry-after": _transient(_status(429, retry_after="7")),
    "500": _transient(_status(500)),
    "502": _transient(_status(502)),
    "503": _transient(_status(503)),
    "529": _transient(_status(529)),
    "502 page": _transient(lambda _: Fault(502, body=PAGE, headers=HTML)),
    "connection refused": _transient(lambda _: None),
    "connection dropped": _transient(lambda _: Fault(kind="drop")),
    "dropped in mid-answer": _transient(lambda _: Fault(200, kind="cut", body=GOOD * 9)),
    "read time-out": Case(
        lambda _: Fault(kind="hang"),
        Outcome(Transient, TIMED_OUT_ATTEMPTS),
        Outcome(Transient, TIMED_OUT_ATTEMPTS),
        TIMEOUT,
        TIMED_OUT_ATTEMPTS,
    ),
    "401": _final(Configuration, _status(401)),
    "403": _final(Configuration, _status(403)),
    "404": _final(Configuration, _status(404)),
    # an asker tries a refused request once more with the schema in words, in case the schema was what was refused
    "400": Case(_status(400), Outcome(Configuration, 1), Outcome(Configuration, 2)),
    "context window": _final(TooLong, _coded(TOO_LONG, (_OPENAI_TOO_LONG, "context_length_exceeded"))),
    "content policy": _final(Refused, _refusal),
    "empty choices": _garbled(Reply(GOOD, empty=True)),
    "200 page": _garbled(Fault(200, body=PAGE, headers=HTML)),
    "200 error": Case(
        lambda route: Fault(200, body=error_body(ROUTES[route].wire, 500, "overloaded")), Outcome(Malformed, 1), ONCE_TOO_OFTEN
    ),
    "200 error 429": _transient(lambda _: Fault(200, body='{"error": {"code": 429, "message": "limited upstream"}}')),
    "truncated body": _garbled(Fault(200, body='{"choices": [{"index": 0, "message": {"role": "assi')),
    "empty content": _unfit(""),
    "truncated JSON": _unfit(GOOD[:-9]),
    "prose": _unfit("I would use Welch's t test."),
    "wrong shape": _unfit('{"methods": ["welch_t"]}'),
}
STREAM_FAULTS: dict[str, Reply] = {
    "stream dropped": Reply("a text of several pieces, and more of it", events=3, cut=True),
    "stream ends early": Reply("a text of several pieces, and more of it", events=3),
}
# Where a plain call differs from its fault's expectation. In these formats the event is an answer with nothing in it: its
# finish_reason says content_filter, or it is an empty list of parts of a text. Structured calls take neither.
EMPTY_ANSWERS = {
    ("gemini", "content policy"): "a blocked prompt is answered with 200",
    ("bedrock", "content policy"): "a guardrail's intervention is answered with 200",
    ("anthropic", "empty choices"): "the format has no choices, and an empty list of parts is an empty text",
    ("bedrock", "empty choices"): "the format has no choices, and an empty list of parts is an empty text",
}


# OpenRouter reports a failure of the server behind it as an error with a code in an answer with 200, and LiteLLM reads the code
# where it parses the body as OpenAI's; on these routes it finds no answer in the body, and the code is lost.
CODE_LOST = ("anthropic", "ollama", "ollama_chat", "groq", "gemini", "bedrock")


def _expected(route: str, fault: str, *, structured: bool) -> Outcome:
    if fault == "200 error 429" and route in CODE_LOST:
        fault = "200 error"
    if (route, fault) in EMPTY_ANSWERS and not structured:
        return Outcome(None, 1)
    return FAULTS[fault].structured if structured else FAULTS[fault].plain


class Loop:
    """One event loop for all asynchronous cells, so that each does not build its own HTTP client."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def _end_tasks(self) -> None:
        """LiteLLM leaves tasks of its own behind."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def close(self) -> None:
        self.run(self._end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        yield running


@pytest.fixture(scope="module")
def nobody() -> Iterator[str]:
    """An address where nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def spec_of(route: str, root: str, timeout: float = 20.0) -> ModelSpec:
    known = ROUTES[route]
    limits = Limits(max_tokens=50, timeout=timeout)
    spec = resolve(known.name, api_base=root + known.path, api_key=SecretStr(KEY), limits=limits)
    return replace(spec, route=spec.route.replace("ollama_chat/", "ollama/")) if route == "ollama" else spec


def play(server: LoopbackServer, script: list[Fault | Reply]) -> None:
    """Begin a cell: its script, nothing counted, and nothing known of earlier outages."""
    server.script = script
    server.requests.clear()
    forget(server_of(server.url))


def sync_call(spec: ModelSpec, policy: RetryPolicy, loop: Loop) -> object:
    del loop
    return open_chat(spec, policy).invoke("hello").text


def async_call(spec: ModelSpec, policy: RetryPolicy, loop: Loop) -> object:
    return loop.run(open_chat(spec, policy).ainvoke("hello")).text


def structured_call(spec: ModelSpec, policy: RetryPolicy, loop: Loop) -> object:
    return loop.run(ChatAsker(spec, "designer", policy).ask(Prompt("You choose.", "Which method?"), Choice))


def stream_call(spec: ModelSpec, policy: RetryPolicy, loop: Loop) -> object:
    del loop
    return "".join(chunk.text for chunk in open_chat(spec, policy).stream("hello"))


def stream_async_call(spec: ModelSpec, policy: RetryPolicy, loop: Loop) -> object:
    async def whole() -> str:
        return "".join([chunk.text async for chunk in open_chat(spec, policy).astream("hello")])

    return loop.run(whole())


KINDS = {"sync": sync_call, "async": async_call, "structured": structured_call}
STREAM_KINDS = {"stream": stream_call, "async stream": stream_async_call}
CELLS = len(ROUTES) * (len(FAULTS) * len(KINDS) + len(STREAM_FAULTS) * len(STREAM_KINDS))


def surfaced(call: Callable[[], object]) -> ModelError | None:
    try:
        call()
    except ModelError as error:
        return error
    return None


def check(error: ModelError | None, found: int, expected: Outcome) -> None:
    assert (type(error) if error else None, found) == (expected.kind, expected.requests), str(error)
    if error is not None:
        assert KEY not in str(error)
        assert error.__cause__ is None
        assert isinstance(error.__context__, ModelError | None)
        assert error.model
        assert len(str(error).splitlines()) == 1 or expected is ONCE_TOO_OFTEN
        assert not re.search(r"litellm|Exception|Traceback|<html|object has no|NoneType", str(error)), str(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("route", ROUTES)
def test_cell(route, fault, kind, server, nobody, loop):
    case, naps = FAULTS[fault], Naps()
    answer = case.answer(route)
    play(server, [answer or Reply(GOOD)])
    forget(server_of(nobody))
    spec = spec_of(route, server.url if answer else nobody, case.timeout)
    error = surfaced(lambda: KINDS[kind](spec, naps.policy(attempts=case.attempts), loop))
    expected = _expected(route, fault, structured=kind == "structured")
    found = len(server.requests) if answer else len(naps.waits) + 1
    check(error, found, expected)
    assert not (error and answer is None and server.requests)


@pytest.mark.parametrize("kind", STREAM_KINDS)
@pytest.mark.parametrize("fault", STREAM_FAULTS)
@pytest.mark.parametrize("route", ROUTES)
def test_stream_cell(route, fault, kind, server, loop):
    """What has begun is not begun again: a reader may have used the first pieces."""
    play(server, [STREAM_FAULTS[fault]])
    error = surfaced(lambda: STREAM_KINDS[kind](spec_of(route, server.url), Naps().policy(attempts=ATTEMPTS), loop))
    check(error, len(server.requests), Outcome(Transient, 1))


@pytest.mark.parametrize("kind", [*KINDS, *STREAM_KINDS])
@pytest.mark.parametrize("route", ROUTES)
def test_without_a_fault_every_cell_is_answered_by_one_request(route, kind, server, loop):
    play(server, [Reply(GOOD)])
    value = {**KINDS, **STREAM_KINDS}[kind](spec_of(route, server.url), Naps().policy(), loop)
    assert value == (Choice.model_validate_json(GOOD) if kind == "structured" else GOOD)
    assert [request.wire for request in server.requests] == [ROUTES[route].wire]


def test_the_matrix_is_as_large_as_it_says():
    assert (len(ROUTES), len(FAULTS), len(STREAM_FAULTS), CELLS) == (13, 26, 2, 1066)
