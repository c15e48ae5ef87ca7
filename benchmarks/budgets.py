"""Eight studies at once draw on one budget: where does the money end, and what does more of it give?

    python -m benchmarks.budgets [--runs 50] [--seed 1]

Each run has prices, a budget, latencies and lengths of replies of its own, by chance; the server says what each call used. A run
ends within one call's price of its budget: it spends no more, and what is left would not have paid for the dearest call. Every
other budget ends while all studies ask their first question. Resumed with more money the run comes to the report of one that had
the money from the start, and asks for nothing that it had paid for. Exits with 1 where one of this does not hold.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults import MODEL, facts, journaled, key_of, paid_again, settings_for
from benchmarks.workflow import QUESTION, sheet_of, write_data
from kosmos_graph import resume, start
from kosmos_graph.errors import BudgetReached
from kosmos_graph.providers.budget import Allowance
from kosmos_graph.providers.prices import Price, most_of
from kosmos_graph.runs.run import Run
from kosmos_graph.settings import Settings
from tests.loopback import LoopbackServer, Received, Reply, first_choice

STUDIES = 8
MAX_TOKENS = 512
ENOUGH = Allowance(budget=1e6)
ROUNDING = 1e-9
_MILLION = 1_000_000


@dataclass(frozen=True)
class Trial:
    """What came of a budget, in US dollars; `dearest` is the highest price of one call."""

    budget: float
    spent: float
    dearest: float
    full: float
    at_once: int
    wrong: tuple[str, ...]


class Metered:
    """A script whose latencies and token counts follow from a seed and from the request."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def __call__(self, received: Received) -> Reply:
        """The first value that fits, at some length and after some time."""
        content = json.dumps(received.body, sort_keys=True)
        chance = random.Random(f"{self._seed} {content}")
        used = int(min(MAX_TOKENS, 1 + chance.expovariate(1 / 100)))
        read = len(content.encode()) // chance.choice((4, 5, 6))
        return Reply(first_choice(received).text, input_tokens=read, output_tokens=used, delay=chance.uniform(0, 0.05))


def trial(folder: Path, data: Path, number: int, seed: int) -> Trial:
    """Run the question with enough money; with a budget that must run out; and on from there."""
    chance = random.Random(f"{seed} {number}")
    price = Price(chance.uniform(0.5, 15) / _MILLION, chance.uniform(2, 60) / _MILLION)
    with LoopbackServer(Metered(f"{seed} {number}")) as server:
        rich = _begun(settings_for(server.base(), folder / "rich", litellm_max_tokens=MAX_TOKENS), data, price, ENOUGH)
        whole = facts(rich.result)
        full, dearest = _spent(rich), max(_most(received, price) for received in server.requests)
        budget = chance.uniform(dearest, 2 * dearest if number % 2 else 0.9 * full)

        settings = settings_for(server.base(), folder / "poor", litellm_max_tokens=MAX_TOKENS)
        poor = _begun(settings, data, price, Allowance(budget=budget))
        stopped = _stopped_for_money(poor)
        spent, before, sent = _spent(poor), journaled(settings.kosmos_home, poor.id), len(server.requests)
        resumed = facts(resume(poor.id, allowance=ENOUGH, settings=settings).result)
        paid = paid_again(before, map(key_of, server.requests[sent:]))
    wrong = {
        "it was not stopped by its budget": not stopped,
        f"{spent - budget:.6f} more than the budget were spent": spent > budget * (1 + ROUNDING),
        f"{budget - spent:.6f} were left, and the dearest call costs {dearest:.6f}": budget - spent >= dearest,
        "with more money it comes to another report": resumed != whole,
        f"{len(paid)} answers were paid again": bool(paid),
    }
    return Trial(budget, spent, dearest, full, server.most_at_once, tuple(text for text, found in wrong.items() if found))


def _begun(settings: Settings, data: Path, price: Price, allowance: Allowance) -> Run:
    priced = [f"{MODEL}={price.input * _MILLION!r}/{price.output * _MILLION!r}"]
    options = {"hypotheses": 1}
    return start(QUESTION, [data], about=sheet_of(STUDIES), settings=settings, options=options, allowance=allowance, prices=priced)


def _spent(run: Run) -> float:
    return math.fsum(call.cost or 0.0 for call in run.calls)


def _stopped_for_money(run: Run) -> bool:
    try:
        return run.result is None
    except BudgetReached:
        return True


def _most(received: Received, price: Price) -> float:
    """The highest price of a request, as the server can tell it."""
    texts = [(message["role"], message["content"]) for message in received.body["messages"]]
    shape = json.dumps(received.body.get("response_format") or "")
    return most_of(price, [*texts, ("shape", shape)], received.body["max_tokens"])


def trials(folder: Path, runs: int, seed: int) -> Iterator[Trial]:
    """That many budgets."""
    data = folder / "data.csv"
    write_data(data, STUDIES)
    for number in range(runs):
        yield trial(folder / str(number), data, number, seed)


def main() -> None:
    """Print where the money ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = list(trials(Path(folder), arguments.runs, arguments.seed))
    over = max((one.spent - one.budget) / one.dearest for one in found)
    left = max((one.budget - one.spent) / one.dearest for one in found)
    print(f"{'budgets, of what the whole run costs':<48}{min(one.budget / one.full for one in found):8.0%} to", end=" ")
    print(f"{max(one.budget / one.full for one in found):.0%}")
    print(f"{'calls at once, most':<48}{max(one.at_once for one in found):8}")
    print(f"{'most spent above a budget':<48}{max(0.0, over):8.3f} of the dearest call's price")
    print(f"{'most left of a budget':<48}{left:8.3f} of the dearest call's price")
    bad = [one for one in found if one.wrong]
    for one in bad:
        print(f"wrong: {'; '.join(one.wrong)}")
    print(f"{len(found) - len(bad)} of {len(found)} ended within one call's price; {time.monotonic() - began:.0f} s")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
