"""The purse: what is reserved never exceeds what is left, nobody waits for nothing, and its end is said once and for all."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.errors import BadInput, BudgetReached
from kosmos_graph.providers.budget import Allowance, Purse, Purses, dollars, seconds_of


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Script:
    """The order in which calls that are under way end."""

    def __init__(self, choices):
        self.choices = list(choices)
        self.under_way = []

    async def work(self):
        done = asyncio.get_running_loop().create_future()
        self.under_way.append(done)
        await done

    async def direct(self, everybody):
        while not everybody.done():
            await asyncio.sleep(0)
            if self.under_way and not await self._moves():
                choice = self.choices.pop() if self.choices else 0
                self.under_way.pop(choice % len(self.under_way)).set_result(None)

    async def _moves(self):
        """Let everything that can go on do so, before the next call ends."""
        before = len(self.under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        return len(self.under_way) != before


costs = st.integers(0, 1000).map(lambda cents: cents / 100)
requests = st.lists(st.tuples(costs, st.integers(0, 100), st.sampled_from(["paid", "unknown", "failed"])), min_size=1, max_size=12)


async def spend(purse, request, script, log):
    """One study's call: (its highest price, the percentage of it that it costs, what comes of it)."""
    most, share, outcome = request
    try:
        await purse.reserve(most, "m")
    except (BudgetReached, BadInput) as error:
        log.append(str(error))
        return
    cost = most * share / 100
    await script.work()
    purse.settle(most, None if outcome == "unknown" else cost, answered=outcome != "failed")


async def spent_together(purse, asked, order):
    script, log = Script(order), []
    everybody = asyncio.gather(*(spend(purse, request, script, log) for request in asked))
    director = asyncio.create_task(script.direct(everybody))
    await asyncio.wait_for(everybody, timeout=20)
    await director
    return log


@settings(max_examples=150, deadline=None)
@given(requests, costs.filter(bool), st.integers(1, 8), st.lists(st.integers(0, 11), max_size=12))
def test_no_order_of_ends_overshoots_the_budget_or_the_calls_and_nobody_waits_for_ever(asked, budget, calls, order):
    purse = Purse(Allowance(budget=budget, calls=calls))
    refused = asyncio.run(spent_together(purse, asked, order))
    assert purse.spent <= budget + 1e-9
    assert purse.calls <= calls
    assert purse._reserved == []
    answered = sum(outcome != "failed" for _, _, outcome in asked)
    assert purse.calls + len(refused) <= len(asked)
    if sum(most for most, _, _ in asked) <= budget - 1e-9 and len(asked) <= calls:
        assert (purse.calls, refused) == (answered, [])


@settings(max_examples=100, deadline=None)
@given(requests, costs.filter(bool), st.lists(st.integers(0, 11), max_size=12))
def test_the_end_of_a_budget_is_one_sentence_for_all_studies(asked, budget, order):
    refused = asyncio.run(spent_together(Purse(Allowance(budget=budget), calls=1), asked, order))
    assert len(set(refused)) <= 1


async def test_a_call_that_does_not_fit_beside_another_waits_and_then_fits():
    purse = Purse(Allowance(budget=1.0))
    await purse.reserve(0.9, "m")
    waiting = asyncio.create_task(purse.reserve(0.5, "m"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    purse.settle(0.9, 0.25)
    await asyncio.wait_for(waiting, timeout=20)
    purse.settle(0.5, 0.5)
    assert (purse.spent, purse.calls) == (0.75, 2)


async def test_who_is_cancelled_while_it_waits_leaves_no_trace():
    purse = Purse(Allowance(calls=1))
    await purse.reserve(0.0, "m")
    waiting = asyncio.create_task(purse.reserve(0.0, "m"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    purse.settle(0.0, None, answered=False)
    await purse.reserve(0.0, "m")
    assert purse.calls == 0


async def test_a_price_that_stays_unknown_is_taken_to_be_the_highest_and_a_failure_costs_nothing():
    purse = Purse(Allowance(budget=10))
    await purse.reserve(3.0, "m")
    purse.settle(3.0, None)
    await purse.reserve(4.0, "m")
    purse.settle(4.0, None, answered=False)
    assert (purse.spent, purse.calls) == (3.0, 1)


async def test_a_budget_that_pays_no_call_at_all_is_bad_input_and_one_that_is_used_up_is_not():
    with pytest.raises(BadInput) as caught:
        await Purse(Allowance(budget=0.00002)).reserve(0.5, "openai/m")
    assert str(caught.value) == "the budget of $0.00002 cannot pay for one call of openai/m, which may cost $0.5"
    with pytest.raises(BudgetReached) as reached:
        await Purse(Allowance(budget=2), spent=1.75, calls=3).reserve(0.5, "openai/m")
    assert str(reached.value) == (
        "the budget of $2.00 is reached: $1.75 are spent, and the next call may cost $0.5; `resume` with a larger budget goes on"
    )


async def test_once_the_budget_has_ended_no_cheaper_call_starts_either():
    purse = Purse(Allowance(budget=2), spent=1.75, calls=3)
    for most in (0.5, 0.01):
        with pytest.raises(BudgetReached, match=r"may cost \$0.5"):
            await purse.reserve(most, "m")


async def test_calls_are_bounded_with_those_of_earlier_sessions():
    purse = Purse(Allowance(calls=3), calls=2)
    await purse.reserve(0.0, "m")
    purse.settle(0.0, None)
    with pytest.raises(BudgetReached, match="the 3 calls that the run may make are made"):
        await purse.reserve(0.0, "m")


async def test_the_deadline_is_counted_from_the_beginning_not_from_the_first_call():
    clock = Clock()
    purses = Purses(Allowance(seconds=60), lambda run: (0.0, 0), clock)
    clock.now += 59
    purse = purses.of("r-1")
    await purse.reserve(0.0, "m")
    clock.now += 2
    with pytest.raises(BudgetReached, match="the deadline of 60 seconds is reached"):
        await purse.reserve(0.0, "m")


def test_each_run_has_one_purse_with_what_it_has_used_and_none_where_nothing_is_bounded():
    purses = Purses(Allowance(budget=5), {"a": (1.5, 2), "b": (0.0, 0)}.get)
    assert purses.of("a") is purses.of("a")
    assert [(purses.of(run).spent, purses.of(run).calls) for run in "ab"] == [(1.5, 2), (0.0, 0)]
    assert Purses(Allowance(), {}.get).of("a") is None


@pytest.mark.parametrize(
    "bounds",
    [
        {"budget": 0},
        {"budget": -1},
        {"budget": math.nan},
        {"budget": math.inf},
        {"calls": 0},
        {"calls": -3},
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": math.inf},
        {"seconds": math.nan},
    ],
    ids=str,
)
def test_a_bound_that_no_run_could_keep_is_bad_input(bounds):
    with pytest.raises(BadInput):
        Allowance(**bounds)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), (" 10 m ", 600), ("1.5h", 5400), ("0", 0)])
def test_times_are_read_as_people_write_them(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "-5", "5 days", "1e3", "m", "10mm", "nan", "1:30"])
def test_what_is_no_time_is_bad_input_that_shows_it(text):
    with pytest.raises(BadInput) as caught:
        seconds_of(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "$0"), (12.3456, "$12.35"), (1, "$1.00"), (0.51234567, "$0.5123"), (1.5e-7, "$0.00000015")]
)
def test_amounts_are_written_without_powers_of_ten(amount, text):
    assert dollars(amount) == text
