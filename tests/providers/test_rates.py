"""Requests and tokens a minute: never more in any window, shared by all callers of a process."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage
from pydantic import SecretStr

from kosmos_graph.errors import BadInput, Transient
from kosmos_graph.providers import Limits, ModelSpec, open_chat, resolve
from kosmos_graph.providers.chat import prompt_size
from kosmos_graph.providers.rates import Rates, rates_for
from tests.loopback import Fault, LoopbackServer, Reply
from tests.providers.naps import Naps

MINUTE = 60.0


def spec_of(server: LoopbackServer, **limits: float | None) -> ModelSpec:
    given_limits = Limits(**{"max_tokens": 20, "timeout": 20.0, "loopback_calls": 50, **limits})  # type: ignore[arg-type]
    return resolve("openai/m", api_base=server.base(), api_key=SecretStr("rates-key-12345"), limits=given_limits)


def in_a_thread(coroutine):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result(30)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0.5, 1, 2.5, 3, 20]),
    st.integers(50, 500),
    st.lists(st.tuples(st.integers(1, 60), st.floats(0, 30)), min_size=1, max_size=25),
)
def test_no_window_of_a_minute_holds_more_than_was_allowed(requests, tokens, calls):
    naps, rates = Naps(), Rates(requests, tokens)
    bookings = []
    for size, pause in calls:
        bookings.append(rates.book(min(size, tokens), naps.policy()))
        naps.time += pause
    for first in bookings:
        within = [each for each in bookings if first.moment <= each.moment < first.moment + MINUTE]
        assert sum(each.tokens for each in within) <= tokens
        count = max(1, int(requests))
        window = MINUTE * count / requests
        assert sum(first.moment <= each.moment < first.moment + window - 1e-6 for each in bookings) <= count


def test_requests_go_at_once_until_the_minute_is_full_and_then_when_the_first_is_a_minute_old():
    naps, rates = Naps(), Rates(3, None)
    moments = [rates.book(1000, naps.policy()).moment for _ in range(7)]
    assert moments == pytest.approx([0, 0, 0, 60, 60, 60, 120], abs=0.01)


def test_less_than_one_request_a_minute_is_possible():
    naps, rates = Naps(), Rates(0.5, None)
    assert [rates.book(1, naps.policy()).moment for _ in range(3)] == pytest.approx([0, 120, 240], abs=0.01)


def test_tokens_that_were_not_used_come_back_at_once():
    naps, rates = Naps(), Rates(None, 100)
    first = rates.book(80, naps.policy())
    first.tokens = 10
    assert rates.book(90, naps.policy()).moment == 0
    assert rates.book(1, naps.policy()).moment == pytest.approx(60, abs=0.01)


def test_tokens_that_come_back_while_others_wait_are_seen_within_a_second():
    naps, rates = Naps(), Rates(None, 100)
    first = rates.book(80, naps.policy())

    def sleep(seconds: float) -> None:
        naps.sleep(seconds)
        if naps.time >= 5:
            first.tokens = 10

    assert rates.book(50, naps.policy(sleep=sleep)).moment == pytest.approx(5, abs=1)


def test_more_tokens_than_a_minute_has_go_alone():
    naps, rates = Naps(), Rates(None, 100)
    assert [rates.book(size, naps.policy()).moment for size in (500, 500, 10)] == pytest.approx([0, 60, 120], abs=0.01)


def test_a_call_that_fails_in_passing_uses_no_tokens():
    naps, rates = Naps(), Rates(None, 100)
    with pytest.raises(Transient), rates.book(100, naps.policy()):
        raise Transient("down")
    assert rates.book(100, naps.policy()).moment == 0


def test_no_tokens_are_as_good_as_no_call_for_one_that_wants_more_than_a_minute_has():
    naps, rates = Naps(), Rates(None, 100)
    rates.book(100, naps.policy()).tokens = 0
    assert rates.book(500, naps.policy()).moment == 0


def test_requests_that_were_sent_again_are_waited_for_too():
    naps, rates = Naps(), Rates(2, None)
    rates.book(1, naps.policy())
    for moment in (10.0, 20.0, 30.0):
        naps.time = moment
        rates.repeat(moment)
    assert rates.book(1, naps.policy()).moment == pytest.approx(80, abs=0.01)


def test_without_bounds_nothing_waits_and_nothing_is_kept():
    naps, rates = Naps(), Rates(None, None)
    for _ in range(100):
        rates.book(10**9, naps.policy())
        rates.repeat(naps.time)
    assert (naps.waits, len(rates._sent), len(rates._bookings)) == ([], 0, 0)


def test_threads_and_tasks_share_a_minute_and_each_goes_once():
    rates, lock = rates_for("shared:1", 5, None), threading.Lock()
    naps, moments = Naps(), []

    def book() -> None:
        moment = rates.book(1, naps.policy()).moment
        with lock:
            moments.append(moment)

    async def some() -> None:
        for booking in await asyncio.gather(*(rates.book_async(1, naps.policy()) for _ in range(5))):
            with lock:
                moments.append(booking.moment)

    with ThreadPoolExecutor(12) as pool:
        jobs = [pool.submit(asyncio.run, some()) for _ in range(2)] + [pool.submit(book) for _ in range(10)]
        for job in jobs:
            job.result(30)
    assert sorted(moments) == pytest.approx([0] * 5 + [60] * 5 + [120] * 5 + [180] * 5, abs=5)
    assert rates_for("shared:1", 5, None) is rates


def test_a_cancelled_wait_takes_nothing():
    naps, rates = Naps(), Rates(1, None)

    async def for_ever(_: float) -> None:
        await asyncio.Event().wait()

    async def impatient() -> float:
        await rates.book_async(1, naps.policy())
        waiting = [asyncio.create_task(rates.book_async(1, naps.policy(sleep_async=for_ever))) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return (await rates.book_async(1, naps.policy())).moment

    assert in_a_thread(impatient()) == pytest.approx(60, abs=0.01)


def call(chat, way: str) -> str:
    async def streamed() -> str:
        return "".join([chunk.text async for chunk in chat.astream("hello")])

    ways = {
        "sync": lambda: chat.invoke("hello").text,
        "async": lambda: in_a_thread(chat.ainvoke("hello")).text,
        "stream": lambda: "".join(chunk.text for chunk in chat.stream("hello")),
        "async stream": lambda: in_a_thread(streamed()),
    }
    return ways[way]()


each_way = pytest.mark.parametrize("way", ["sync", "async", "stream", "async stream"])


@each_way
def test_calls_wait_for_a_full_minute_and_the_models_of_a_server_share_it(way):
    naps = Naps()
    with LoopbackServer() as server:
        spec = spec_of(server, requests_per_minute=2)
        chats = [open_chat(spec, naps.policy()) for _ in range(2)]
        moments = []
        for number in range(5):
            assert call(chats[number % 2], way) == "ok"
            moments.append(naps.time)
    assert moments == pytest.approx([0, 0, 60, 60, 120], abs=0.01)


@each_way
def test_a_call_books_its_prompt_and_max_tokens_and_gives_back_what_it_did_not_use(way):
    naps = Naps()
    with LoopbackServer([Reply("ok", input_tokens=40, output_tokens=10)]) as server:
        chat = open_chat(spec_of(server, tokens_per_minute=130), naps.policy())
        moments = []
        for _ in range(5):
            call(chat, way)
            moments.append(naps.time)
    # of 130 tokens 50 are used by the first, 50 by the second; the third would need 21 and has 30; the fourth has none
    assert moments == pytest.approx([0, 0, 0, 60, 60], abs=0.01)


@each_way
def test_a_request_that_is_sent_again_counts(way):
    naps = Naps()
    with LoopbackServer([Fault(429), Reply("ok")]) as server:
        chat = open_chat(spec_of(server, requests_per_minute=2), naps.policy())
        call(chat, way)
        assert naps.time < 1
        call(chat, way)
        assert len(server.requests) == 3
    assert naps.time == pytest.approx(60, abs=0.01)


def test_who_waits_for_the_rate_holds_no_place_at_the_gate():
    waiting, wake = threading.Event(), threading.Event()
    naps = Naps()

    def sleep(seconds: float) -> None:
        waiting.set()
        wake.wait(10)
        naps.sleep(seconds)

    with LoopbackServer() as server:
        limited = spec_of(server, loopback_calls=1, requests_per_minute=1)
        free = spec_of(server, loopback_calls=1)
        slow = open_chat(limited, naps.policy(sleep=sleep))
        slow.invoke("hello")
        with ThreadPoolExecutor(2) as pool:
            later = pool.submit(slow.invoke, "hello")
            assert waiting.wait(10)
            assert pool.submit(open_chat(free).invoke, "hello").result(10).text == "ok"
            wake.set()
            assert later.result(10).text == "ok"


def test_a_hosted_server_may_have_a_bound_of_calls_in_flight():
    hosted = resolve("gpt-4o", limits=Limits(calls_at_once=3, requests_per_minute=50, tokens_per_minute=1e5))
    assert (hosted.calls_at_once, hosted.requests_per_minute, hosted.tokens_per_minute) == (3, 50, 1e5)
    assert resolve("gpt-4o").calls_at_once is None
    assert resolve("ollama/x", limits=Limits(calls_at_once=3)).calls_at_once == 1


@pytest.mark.parametrize(
    "wrong", [{"requests_per_minute": 0}, {"tokens_per_minute": -1}, {"tokens_per_minute": float("nan")}, {"calls_at_once": 0}]
)
def test_an_impossible_bound_is_bad_input(wrong):
    with pytest.raises(BadInput):
        Limits(**wrong)


def test_a_prompt_is_measured_in_either_form():
    text = "three words here"
    assert prompt_size([{"content": text}, {"content": None}]) == prompt_size([HumanMessage(text)]) == len(text) // 3
