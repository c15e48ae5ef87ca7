"""One outage is found out once: exact numbers of requests, for threads, tasks and streams, and what ends an outage."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from kosmos_graph.errors import Configuration, Malformed, ModelError, Transient
from kosmos_graph.providers import Limits, ModelSpec, RetryPolicy, open_chat, resolve
from kosmos_graph.providers.breaker import Breaker, breaker_for, forget
from tests.loopback import Fault, LoopbackServer, Reply
from tests.providers.naps import Naps

MANY = 20
ATTEMPTS = 3


def outage() -> Transient:
    return Transient("down", status=503)


class Server:
    """A server played by a function: what it answers, one outcome a request, the last one for ever."""

    def __init__(self, *outcomes: str | ModelError) -> None:
        self.outcomes = outcomes
        self.requests = 0

    def send(self) -> str:
        outcome = self.outcomes[min(self.requests, len(self.outcomes) - 1)]
        self.requests += 1
        if isinstance(outcome, ModelError):
            raise outcome
        return outcome

    async def send_async(self) -> str:
        await asyncio.sleep(0)
        return self.send()


def spec_of(server: LoopbackServer, at_once: int = MANY) -> ModelSpec:
    limits = Limits(max_tokens=20, timeout=20.0, loopback_calls=at_once)
    return resolve("openai/m", api_base=server.base(), api_key=SecretStr("breaker-key-123"), limits=limits)


def outcome_of(call: Callable[[], str]) -> str | ModelError:
    try:
        return call()
    except ModelError as error:
        return error


def in_threads(spec: ModelSpec, policy: RetryPolicy) -> list[str | ModelError]:
    chat = open_chat(spec, policy)
    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(lambda _: outcome_of(lambda: chat.invoke("hello").text), range(MANY)))


def in_tasks(spec: ModelSpec, policy: RetryPolicy) -> list[str | ModelError]:
    async def one() -> str | ModelError:
        try:
            return (await open_chat(spec, policy).ainvoke("hello")).text
        except ModelError as error:
            return error

    async def all_of_them() -> list[str | ModelError]:
        return list(await asyncio.gather(*(one() for _ in range(MANY))))

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, all_of_them()).result(60)


def in_streams(spec: ModelSpec, policy: RetryPolicy) -> list[str | ModelError]:
    chat = open_chat(spec, policy)
    with ThreadPoolExecutor(MANY) as pool:
        read = (lambda: "".join(chunk.text for chunk in chat.stream("hello")) for _ in range(MANY))
        return list(pool.map(outcome_of, read))


each_way = pytest.mark.parametrize("calls", [in_threads, in_tasks, in_streams], ids=["threads", "tasks", "streams"])


def together(*later: Fault | Reply) -> Callable[[object], Fault | Reply]:
    """A script: the first twenty requests are under way at once, and fail; then `later`, the last one for ever."""
    crowd, lock, seen = threading.Barrier(MANY), threading.Lock(), [0]

    def script(_: object) -> Fault | Reply:
        with lock:
            place = seen[0]
            seen[0] += 1
        if place < MANY:
            crowd.wait(30)
            return Fault(503)
        return later[min(place - MANY, len(later) - 1)]

    return script


@each_way
def test_twenty_calls_under_way_find_an_outage_out_with_one_calls_attempts_more(calls):
    with LoopbackServer(together(Fault(503))) as server:
        outcomes = calls(spec_of(server), Naps().policy(attempts=ATTEMPTS))
        assert len(server.requests) == MANY + ATTEMPTS - 1
    assert {type(outcome) for outcome in outcomes} == {Transient}
    assert sum("has been failing; it is tried again in" in str(outcome) for outcome in outcomes) == MANY - 1


@each_way
def test_a_server_that_comes_back_within_the_schedule_loses_no_call(calls):
    with LoopbackServer(together(Fault(503), Reply("there"))) as server:
        outcomes = calls(spec_of(server), Naps().policy(attempts=ATTEMPTS))
        assert len(server.requests) == MANY + 1 + 1 + (MANY - 1)
    assert outcomes == ["there"] * MANY


@each_way
def test_one_call_at_a_time_finds_an_outage_out_with_one_calls_attempts(calls):
    with LoopbackServer([Fault(503)]) as server:
        outcomes = calls(spec_of(server, at_once=1), Naps().policy(attempts=ATTEMPTS))
        assert len(server.requests) == ATTEMPTS
    assert {type(outcome) for outcome in outcomes} == {Transient}


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_a_call_alone_makes_its_attempts_and_waits_as_without_a_breaker(attempts):
    alone, watched, server, other = Naps(), Naps(), Server(outage()), Server(outage())
    for naps, sent, breaker in ((alone, server, None), (watched, other, Breaker())):
        with pytest.raises(Transient, match="down"):
            naps.policy(attempts=attempts).call(sent.send, breaker, "m")
    assert server.requests == other.requests == attempts
    assert alone.waits == watched.waits == [0.75 * 2**number for number in range(attempts - 1)]


def test_while_a_server_is_shut_nothing_is_sent_and_then_one_probe():
    naps, breaker, server = Naps(), Breaker(), Server(outage())
    policy = naps.policy(attempts=2, cool_down=60.0)
    with pytest.raises(Transient, match="down"):
        policy.call(server.send, breaker, "m")
    naps.time += 59.0
    with pytest.raises(Transient, match="the server of m has been failing; it is tried again in 1 seconds") as caught:
        policy.call(server.send, breaker, "m")
    assert (server.requests, len(naps.waits), caught.value.retry_after, caught.value.model) == (2, 1, 1.0, "m")
    naps.time += 1.0
    with pytest.raises(Transient, match="down"):
        policy.call(server.send, breaker, "m")
    assert (server.requests, len(naps.waits)) == (3, 1)
    with pytest.raises(Transient, match="tried again in 60 seconds"):
        policy.call(server.send, breaker, "m")
    naps.time += 60.0
    server.outcomes = ("there",)
    assert [policy.call(server.send, breaker, "m") for _ in range(3)] == ["there"] * 3
    assert server.requests == 6


def test_after_the_cool_down_the_others_wait_for_the_one_probe():
    naps, breaker, down = Naps(), Breaker(), Server(outage())
    policy = naps.policy(attempts=2)
    with pytest.raises(Transient):
        policy.call(down.send, breaker)
    naps.time += 60.0
    under_way, answered = threading.Event(), threading.Event()

    def slow() -> str:
        under_way.set()
        answered.wait(10)
        return "there"

    server = Server("there")
    with ThreadPoolExecutor(4) as pool:
        probe = pool.submit(policy.call, slow, breaker)
        under_way.wait(10)
        others = [pool.submit(policy.call, server.send, breaker) for _ in range(3)]
        assert server.requests == 0
        answered.set()
        assert [done.result(10) for done in (probe, *others)] == ["there"] * 4


@pytest.mark.parametrize(
    "news", [Transient("slow down", status=429), Configuration("no", status=401), Malformed("what?")], ids=["429", "401", "garbled"]
)
def test_an_error_that_a_server_answers_with_is_no_outage(news):
    breaker, server = Breaker(), Server(news)
    for _ in range(3):
        with pytest.raises(type(news), match=str(news)):
            Naps().policy(attempts=2).call(server.send, breaker)
    assert server.requests == (6 if isinstance(news, Transient) else 3)


def test_what_was_answered_in_between_keeps_a_server_open():
    breaker, policy = Breaker(), Naps().policy(attempts=2)

    class Between(Server):
        def send(self) -> str:
            if self.requests:
                breaker.tell(None, None)  # another call, under way since before, is answered
            return super().send()

    with pytest.raises(Transient, match="down"):
        policy.call(Between(outage()).send, breaker)
    assert policy.call(Server("there").send, breaker) == "there"


def test_when_an_outage_has_passed_calls_go_side_by_side_again():
    breaker, together = Breaker(), threading.Barrier(4)
    assert Naps().policy().call(Server(outage(), "there").send, breaker) == "there"

    def meet() -> str:
        together.wait(10)
        return "there"

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: Naps().policy().call(meet, breaker), range(4))) == ["there"] * 4


def test_a_policy_of_one_attempt_shuts_nothing():
    breaker, server = Breaker(), Server(outage())
    for _ in range(5):
        with pytest.raises(Transient, match="down"):
            Naps().policy(attempts=1).call(server.send, breaker)
    assert server.requests == 5


def test_a_cool_down_of_zero_shuts_nothing():
    breaker, server = Breaker(), Server(outage())
    for _ in range(3):
        with pytest.raises(Transient, match="down"):
            Naps().policy(attempts=2, cool_down=0.0).call(server.send, breaker)
    assert server.requests == 6


async def test_a_cancelled_scout_hands_over_to_one_of_those_who_wait():
    breaker, naps, server = Breaker(), Naps(), Server(outage(), "there")
    asleep = asyncio.Event()

    async def for_ever(_: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    policy = naps.policy(attempts=ATTEMPTS)
    scout = asyncio.create_task(naps.policy(sleep_async=for_ever).call_async(server.send_async, breaker))
    await asleep.wait()
    others = [asyncio.create_task(policy.call_async(server.send_async, breaker)) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert server.requests == 1
    others.pop().cancel()
    scout.cancel()
    assert await asyncio.wait_for(asyncio.gather(*others), 5) == ["there"] * 2
    assert server.requests == 3


async def test_a_blocking_call_does_not_wait_for_a_scout_that_needs_its_thread():
    breaker, server = Breaker(), Server(outage(), "there")
    asleep, wake = asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        asleep.set()
        await wake.wait()

    scout = asyncio.create_task(Naps().policy(sleep_async=sleep).call_async(server.send_async, breaker))
    await asleep.wait()
    assert Naps().policy().call(server.send, breaker) == "there"
    wake.set()
    assert await scout == "there"


async def test_a_call_does_not_wait_beyond_its_deadline():
    breaker, server, patient, hurried = Breaker(), Server(outage(), "there"), Naps(), Naps()
    asleep, wake = asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        asleep.set()
        await wake.wait()

    scout = asyncio.create_task(patient.policy(sleep_async=sleep).call_async(server.send_async, breaker))
    await asleep.wait()
    waiting = asyncio.create_task(hurried.policy(deadline=10.0).call_async(server.send_async, breaker, "m"))
    await asyncio.sleep(0.01)
    hurried.time += 11.0
    wake.set()
    assert await scout == "there"
    with pytest.raises(Transient, match="has been failing; the call waited for it until its deadline"):
        await waiting
    assert server.requests == 2


def test_a_server_has_one_breaker_until_it_is_forgotten():
    one = breaker_for("host:1")
    assert breaker_for("host:1") is one
    assert breaker_for("host:2") is not one
    forget("host:1")
    assert breaker_for("host:1") is not one


def test_models_share_a_server_by_its_address_and_else_by_their_provider():
    local = [resolve(f"openai/{name}", api_base="http://127.0.0.1:9/v1") for name in "ab"]
    assert {spec.server for spec in local} == {"localhost:9"}
    assert {resolve(name).server for name in ("gemini/a", "gemini-b")} == {"gemini"}
    assert resolve("gpt-4o").server == "api.openai.com:443"
