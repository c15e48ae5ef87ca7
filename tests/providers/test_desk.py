"""The desk: a request is answered from the journal or paid for and sent, and what is used is on disk before."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from kosmos_graph.errors import BudgetReached, Malformed, StoreError, Transient
from kosmos_graph.providers.budget import Allowance, Purse
from kosmos_graph.providers.desk import Answer, Desk, Request
from kosmos_graph.providers.journal import CallJournal
from kosmos_graph.providers.prices import Price
from kosmos_graph.providers.scrubbing import remember

from .calls import site

PRICE = Price(0.01, 0.02)
SHAPE = {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}


def request(text="Which?", **changes):
    return Request(**{"messages": (("system", "Be brief."), ("human", text)), "max_tokens": 100, **changes})


def answer(text="This one.", **changes):
    given = {"text": text, "finish_reason": "stop", "input_tokens": 12, "output_tokens": 5, "cost": 0.5, "seconds": 1.25}
    return Answer(**{**given, **changes})


class Model:
    """Answers, or fails, in the order of a script; counts what arrives."""

    def __init__(self, *script):
        self.script = script
        self.sent = []

    async def __call__(self, asked):
        self.sent.append(asked)
        outcome = self.script[min(len(self.sent), len(self.script)) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def journal(tmp_path):
    with contextlib.closing(CallJournal(tmp_path)) as opened:
        yield opened


def desk(journal=None, **changes):
    return Desk(**{"model": "openai/m", "role": "analyst", "route": "openai/m", "site": site(), "journal": journal, **changes})


async def test_without_journal_and_purse_requests_just_pass():
    assert await desk().answer(request(), Model(answer())) == answer()


async def test_an_answer_is_on_disk_before_it_is_used_and_another_execution_reads_it(tmp_path, journal):
    given = await desk(journal).answer(request(), Model(answer()))
    with contextlib.closing(CallJournal(tmp_path)) as after_a_crash:
        model = Model(answer("Another one."))
        assert await desk(after_a_crash).answer(request(), model) == given == answer()
        assert model.sent == []
        (call,) = after_a_crash.calls_of("r-1")
    assert call.model_dump(exclude={"digest", "at", "site"}) == {
        "number": 1,
        "role": "analyst",
        "model": "openai/m",
        "messages": (("system", "Be brief."), ("human", "Which?")),
        "max_tokens": 100,
        "outcome": "answered",
        "reply": "This one.",
        "finish_reason": "stop",
        "input_tokens": 12,
        "output_tokens": 5,
        "cost": 0.5,
        "error": None,
        "status": None,
        "seconds": 1.25,
        "reused": False,
    }


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        (request("Which one?"), {}),
        (request(max_tokens=200), {}),
        (request(response_format=SHAPE), {}),
        (request(), {"route": "openai/other"}),
        (request(), {"temperature": 0.5}),
        (request(), {"site": site(run="r-2")}),
    ],
    ids=["prompt", "limit", "shape", "route", "temperature", "run"],
)
async def test_whatever_differs_in_a_request_is_sent(journal, asked, changes):
    await desk(journal).answer(request(), Model(answer()))
    model = Model(answer("Another one."))
    assert await desk(journal, **changes).answer(asked, model) == answer("Another one.")
    assert model.sent == [asked]


async def test_requests_under_way_together_are_found_again_in_whatever_order_they_were_answered(journal):
    first_answered = asyncio.Event()

    async def slow_first(asked):
        if asked.messages[1][1] == "a":
            await first_answered.wait()
        return answer(f"to {asked.messages[1][1]}")

    async def ask(at, text):
        reply = await at.answer(request(text), slow_first)
        first_answered.set()
        return (await at.answer(request(f"{text} again"), slow_first)).text, reply.text

    at = desk(journal)
    told = await asyncio.gather(ask(at, "a"), ask(at, "b"))
    first_answered.set()
    again = desk(journal)
    model = Model(answer("sent"))

    async def once_more(text):
        reply = await again.answer(request(text), model)
        return (await again.answer(request(f"{text} again"), model)).text, reply.text

    assert [await once_more("a"), await once_more("b")] == told
    assert model.sent == []


async def test_equal_requests_of_one_execution_each_have_their_answer(journal):
    at = desk(journal)
    model = Model(answer("one"), answer("two"))
    assert [(await at.answer(request(), model)).text for _ in range(2)] == ["one", "two"]
    again = desk(journal)
    assert [(await again.answer(request(), Model(answer("sent")))).text for _ in range(2)] == ["one", "two"]


async def test_a_failure_is_written_down_and_sent_again_by_the_next_execution(journal):
    with pytest.raises(Transient, match="the server is down"):
        await desk(journal).answer(request(), Model(Transient("the server is down", model="openai/m", status=503)))
    assert await desk(journal).answer(request(), Model(answer())) == answer()
    assert [(call.outcome, call.error, call.status) for call in journal.calls_of("r-1")] == [
        ("transient", "the server is down", 503),
        ("answered", None, None),
    ]


async def test_a_garbled_answer_is_the_same_failure_again_and_paid_once(journal):
    purse = Purse(Allowance(budget=100))
    model = Model(Malformed("no choice", model="openai/m"))
    for _ in range(2):
        with pytest.raises(Malformed, match="no choice"):
            await desk(journal, purse=purse, price=PRICE).answer(request(), model)
    assert (len(model.sent), purse.calls) == (1, 1)
    assert purse.spent > 2.0  # the whole of what a reply of 100 tokens may cost


async def test_what_was_no_good_is_asked_anew_once_it_is_forgotten(journal):
    at = desk(journal)
    await at.answer(request(), Model(answer("nonsense")))
    await at.forget()
    assert (await desk(journal).answer(request(), Model(answer()))).text == "This one."


async def test_the_highest_price_covers_prompt_shape_and_the_longest_reply(journal):
    plain, shaped = (Purse(Allowance(budget=100)) for _ in range(2))
    held = []

    def holding(purse):
        async def send(asked):
            held.append(purse._reserved[0])
            return answer(input_tokens=10, output_tokens=4)

        return send

    assert (await desk(journal, purse=plain, price=PRICE).answer(request(), holding(plain))).cost == pytest.approx(0.18)
    await desk(journal, purse=shaped, price=PRICE).answer(request(response_format=SHAPE), holding(shaped))
    assert (plain.spent, plain._reserved, shaped._reserved) == (pytest.approx(0.18), [], [])
    assert held[1] > held[0] > 2.0


async def test_a_server_that_counts_no_tokens_has_not_answered_for_nothing(journal):
    purse = Purse(Allowance(budget=100))
    given = await desk(journal, purse=purse, price=PRICE).answer(request(), Model(answer(input_tokens=0, output_tokens=0)))
    assert given.cost is None
    assert purse.spent > 2.0


async def test_at_the_end_of_the_budget_nothing_is_sent_and_what_is_known_is_still_given(journal):
    purse = Purse(Allowance(calls=1))
    await desk(journal, purse=purse).answer(request(), Model(answer()))
    model = Model(answer())
    with pytest.raises(BudgetReached):
        await desk(journal, purse=purse).answer(request("Another?"), model)
    assert (await desk(journal, purse=purse).answer(request(), model)) == answer()
    assert model.sent == []


@pytest.mark.parametrize("outcome", [asyncio.CancelledError(), RuntimeError("a bug"), Transient("down")], ids=repr)
async def test_a_call_that_does_not_end_gives_its_reservation_back(journal, outcome):
    purse = Purse(Allowance(budget=3))

    async def send(asked):
        raise outcome

    with pytest.raises(type(outcome)):
        await desk(journal, purse=purse, price=PRICE).answer(request(), send)
    assert (purse._reserved, purse.spent, purse.calls) == ([], 0.0, 0)


async def test_an_answer_that_cannot_be_kept_is_not_used(tmp_path):
    (tmp_path / "journal.sqlite").mkdir()
    model = Model(answer())
    with pytest.raises(StoreError):
        await desk(CallJournal(tmp_path)).answer(request(), model)
    assert model.sent == []


async def test_no_key_and_no_half_character_is_kept_and_the_same_is_given_now_and_later(journal):
    remember("secret-key-of-this-test-0123")
    told = answer("Use secret-key-of-this-test-0123 \ud83d now", finish_reason="secret-key-of-this-test-0123")
    asked = request("My key is secret-key-of-this-test-0123 and \udc00.")
    given = await desk(journal).answer(asked, Model(told))
    assert given == await desk(journal).answer(asked, Model(answer("sent")))
    assert (given.text, given.finish_reason) == ("Use [key] ? now", "[key]")
    failure = Transient("secret-key-of-this-test-0123 \udfff", model="openai/m")
    with pytest.raises(Transient):
        await desk(journal).answer(request("Again?"), Model(failure))
    kept = "".join(call.model_dump_json() for call in journal.calls_of("r-1"))
    assert "secret-key" not in kept
    assert '"My key is [key] and ?."' in kept


async def test_a_word_that_stands_in_for_a_key_stays_in_replies(journal):
    remember("none")
    assert (await desk(journal).answer(request(), Model(answer('{"contrast": "none"}')))).text == '{"contrast": "none"}'
