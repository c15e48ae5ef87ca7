"""What the matrix of faults leaves out: faults of few servers, waits, deadlines, secrets, and what is counted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
from pydantic import SecretStr

from kosmos_graph.errors import Configuration, Malformed, ModelError
from kosmos_graph.providers import Limits, ModelSpec, RetryPolicy, open_chat, resolve, usage
from tests.loopback import Fault, LoopbackServer, Reply
from tests.providers.naps import Naps
from tests.wire_formats import Wire

ROUTES: dict[str, tuple[str, Wire]] = {
    "openai": ("openai/gpt-4o", "openai"),
    "anthropic": ("anthropic/claude-sonnet-4-5", "anthropic"),
    "ollama_chat": ("ollama/llama3.1:8b", "ollama"),
    "deepseek": ("deepseek/deepseek-chat", "openai"),
}
KEY = "fault-key-123456"


def sync_call(spec: ModelSpec, policy: RetryPolicy) -> str:
    return open_chat(spec, policy).invoke("hello").text


def async_call(spec: ModelSpec, policy: RetryPolicy) -> str:
    """On a thread of its own: a loop made on the main one would cut across those of pytest-asyncio."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, open_chat(spec, policy).ainvoke("hello")).result().text


Call = Callable[[ModelSpec, RetryPolicy], str]
both_colours = pytest.mark.parametrize("call", [sync_call, async_call], ids=["sync", "async"])
each_route = pytest.mark.parametrize("route", ROUTES)


def spec_of(route: str, base: str, timeout: float = 20.0) -> ModelSpec:
    return resolve(ROUTES[route][0], api_base=base, api_key=SecretStr(KEY), limits=Limits(max_tokens=50, timeout=timeout))


def failure(call: Call, spec: ModelSpec, policy: RetryPolicy) -> ModelError:
    with pytest.raises(ModelError) as caught:
        call(spec, policy)
    return caught.value


FINAL: dict[str, tuple[Fault, type[ModelError]]] = {
    "402": (Fault(402), Configuration),
    "no credit": (Fault(429, body='{"error": {"message": "quota", "code": "insufficient_quota"}}'), Configuration),
    "no answer at all": (Fault(200, body="{}"), Malformed),
}


@both_colours
@each_route
@pytest.mark.parametrize("fault", FINAL)
def test_a_final_fault_costs_exactly_one_request(route, fault, call):
    answer, kind = FINAL[fault]
    with LoopbackServer([answer]) as server:
        error = failure(call, spec_of(route, server.base(ROUTES[route][1])), Naps().policy())
    assert (type(error), len(server.requests)) == (kind, 1)
    assert error.model == ROUTES[route][0]


@both_colours
@each_route
def test_a_fault_that_passes_is_no_failure(route, call):
    with LoopbackServer([Fault(503), Reply("there")]) as server:
        assert call(spec_of(route, server.base(ROUTES[route][1])), Naps().policy()) == "there"
    assert len(server.requests) == 2


@both_colours
@each_route
def test_retry_after_in_seconds_is_waited_for(route, call):
    naps = Naps()
    with LoopbackServer([Fault(429, headers={"retry-after": "7"}), Reply("there")]) as server:
        call(spec_of(route, server.base(ROUTES[route][1])), naps.policy())
    assert naps.waits == [7.0]


@both_colours
def test_retry_after_as_a_date_is_waited_for(call, monkeypatch):
    naps = Naps()
    date = formatdate(2_000_000_000 + 30, usegmt=True)
    monkeypatch.setattr("kosmos_graph.providers.failures.wall_clock", lambda: 2_000_000_000.0)
    with LoopbackServer([Fault(429, headers={"retry-after": date}), Reply("there")]) as server:
        call(spec_of("openai", server.base()), naps.policy())
    assert naps.waits == [30.0]


@pytest.mark.parametrize("nonsense", ["soon", "-5", "nan", "inf", "Mon, 99 Foo 2026"])
def test_a_nonsense_retry_after_counts_as_none(nonsense):
    naps = Naps()
    with LoopbackServer([Fault(429, headers={"retry-after": nonsense}), Reply("there")]) as server:
        sync_call(spec_of("openai", server.base()), naps.policy())
    assert naps.waits == [0.75]


def test_waits_double_up_to_the_longest():
    naps = Naps()
    with LoopbackServer([Fault(500)]) as server:
        failure(sync_call, spec_of("openai", server.base()), naps.policy(attempts=6, longest_wait=5.0))
    assert naps.waits == [0.75, 1.5, 3.0, 3.75, 3.75]


def test_no_attempt_begins_after_the_deadline():
    naps = Naps()
    with LoopbackServer([Fault(429, headers={"retry-after": "40"})]) as server:
        error = failure(sync_call, spec_of("openai", server.base()), naps.policy(attempts=10, deadline=100.0))
    assert (len(server.requests), naps.waits, error.retry_after) == (3, [40.0, 40.0], 40.0)


@both_colours
def test_an_error_never_shows_the_key_and_drags_no_foreign_exception_along(call):
    body = f'{{"error": {{"message": "Incorrect API key provided: {KEY}. Bearer {KEY}"}}}}'
    with LoopbackServer([Fault(401, body=body)]) as server:
        error = failure(call, spec_of("openai", server.base()), Naps().policy())
    assert KEY not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert "check the key" in str(error)
    assert error.status == 401


def test_a_failure_inside_the_handling_of_another_is_judged_on_its_own():
    with LoopbackServer([Fault(401)]) as server:
        chat = open_chat(spec_of("openai", server.base()), Naps().policy())
        try:
            socket.create_connection(("127.0.0.1", 1))
        except ConnectionError:
            with pytest.raises(Configuration):
                chat.invoke("hello")


def test_faults_that_were_answered_without_sense_are_counted_at_an_unknown_price():
    with LoopbackServer([Fault(200, body="{}")]) as server:
        chat = open_chat(spec_of("openai", server.base()), Naps().policy())
        with pytest.raises(Malformed):
            chat.invoke("hello")
    assert (usage(chat).calls, usage(chat).cost, usage(chat).unknown_price_calls) == (1, None, 1)


def test_faults_without_an_answer_are_not_counted():
    with LoopbackServer([Fault(503), Reply("there")]) as server:
        chat = open_chat(spec_of("openai", server.base()), Naps().policy())
        chat.invoke("hello")
    assert usage(chat).calls == 1


@both_colours
@each_route
def test_a_stream_that_cannot_begin_is_retried_like_any_call(route, call):
    del call
    with LoopbackServer([Fault(503), Reply("there")]) as server:
        chat = open_chat(spec_of(route, server.base(ROUTES[route][1])), Naps().policy())
        assert "".join(chunk.text for chunk in chat.stream("hello")) == "there"
    assert len(server.requests) == 2
