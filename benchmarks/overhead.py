"""What our layers add to a bare call of LiteLLM's: CPU of this process for each call, against a server in another process.

    python -m benchmarks.overhead [--runs 400] [--seed 1]

Four ways to ask the same question, which all send the same texts: `litellm.acompletion` alone, with the environment and the
arguments that we give it; a chat model of `get_chat_model`; a `ChatAsker`, which also checks the reply; and one with a journal
and a purse, as in a run. They take turns in blocks whose order is drawn anew each time, so that what else the machine does hits all
alike. Prints the mean and the median of the blocks for each, and the ratio to the bare call; exits with 1 where a ratio is above
the most that is claimed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

from pydantic import BaseModel

from benchmarks.faults import MODEL, settings_for
from benchmarks.server import serving
from kosmos_graph import get_chat_model
from kosmos_graph.domain.calls import CallSite
from kosmos_graph.providers import ChatAsker, ModelSpec, Prompt, door
from kosmos_graph.providers.budget import Allowance, Purse
from kosmos_graph.providers.desk import Desk
from kosmos_graph.providers.journal import CallJournal
from kosmos_graph.providers.prices import Price
from kosmos_graph.providers.reply_schema import response_format
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.servers import specs_of

BLOCK = 20
SYSTEM = "You design experiments. " * 40
CLAIMED = {"chat model": 1.5, "asker": 1.6, "asker, journal and purse": 2.0}
"""The most that each way costs, as a multiple of the bare call."""

Way = Callable[[], Awaitable[object]]


class Choice(BaseModel):
    """The reply that is asked for."""

    method: str
    why: str


def ways(settings: Settings, home: Path) -> dict[str, Way]:
    """The four ways, each an asynchronous function that makes one call."""
    spec = specs_of(settings)[0]
    shape = response_format(Choice, bounds=spec.loopback)
    numbers = count()
    chat = get_chat_model(MODEL, settings=settings)
    journal = CallJournal(home)
    purse = Purse(Allowance(budget=1e6))
    litellm = door.litellm()

    def user() -> str:
        return f"Question {next(numbers)}: which method compares two groups?"

    async def bare() -> object:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user()}]
        return await litellm.acompletion(
            model=spec.route,
            api_base=spec.api_base,
            api_key="none",
            messages=messages,
            response_format=shape,
            max_tokens=spec.max_tokens,
            temperature=spec.temperature,
            timeout=spec.timeout,
            max_retries=0,
            num_retries=0,
        )

    async def chat_model() -> object:
        return await chat.ainvoke([("system", SYSTEM), ("human", user())], response_format=shape)

    plain = ChatAsker(spec, "designer")

    async def asker() -> object:
        return await plain.ask(Prompt(SYSTEM, user()), Choice)

    whole = ChatAsker(spec, "designer", desk=_desk(spec, journal, purse))

    async def whole_asker() -> object:
        return await whole.ask(Prompt(SYSTEM, user()), Choice)

    return {"bare": bare, "chat model": chat_model, "asker": asker, "asker, journal and purse": whole_asker}


def _desk(spec: ModelSpec, journal: CallJournal, purse: Purse) -> Desk:
    site = CallSite(run="overhead", node="design_study", branch="c1h1", attempt="c1h1g1/designer/0")
    return Desk(spec.name, "designer", spec.route, spec.temperature, site, journal, purse, Price(1e-6, 1e-6))


async def blocks(of: dict[str, Way], runs: int, seed: int) -> dict[str, list[float]]:
    """CPU milliseconds a call of each way, for every block; `runs` calls of each way, after one block that is not counted."""
    chance = random.Random(seed)
    spent: dict[str, list[float]] = {name: [] for name in of}
    for number in range(runs // BLOCK + 1):
        for name in _drawn(list(of), chance):
            began = time.process_time()
            for _ in range(BLOCK):
                await of[name]()
            if number:
                spent[name].append((time.process_time() - began) / BLOCK * 1000)
    return spent


def _drawn(names: list[str], chance: random.Random) -> Iterator[str]:
    return iter(chance.sample(names, len(names)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400, help="calls of each way")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(0.0) as server:
        home = Path(folder)
        spent = asyncio.run(blocks(ways(settings_for(server.base, home), home), max(arguments.runs, BLOCK), arguments.seed))
    medians = {name: statistics.median(found) for name, found in spent.items()}
    print(f"{'CPU a call':<28}{'mean':>9}{'median':>9}{'of bare':>9}{'claimed':>9}")
    for name, found in spent.items():
        most = f"{CLAIMED[name]:9.2f}" if name in CLAIMED else ""
        print(f"{name:<28}{statistics.mean(found):6.2f} ms{medians[name]:6.2f} ms{medians[name] / medians['bare']:9.2f}{most}")
    print(f"{server.calls} calls in blocks of {BLOCK}")
    sys.exit(1 if any(medians[name] > most * medians["bare"] for name, most in CLAIMED.items()) else 0)


if __name__ == "__main__":
    main()
