"""Kills real processes with SIGKILL in the middle of their runs, and resumes these: nothing may differ, nothing may be paid twice.

    python -m benchmarks.crashes [--runs 200] [--seed 1]

Each child runs one question against a loopback server in this process, and is killed at a random moment, or at the k-th of these:
a request arrives; an answer is sent; an answer is about to be written to the journal; it has just been written, and nothing has
used it yet; a node begins or ends, which is between the answer and the checkpoint. The run is resumed in this process. Prints a
line for each kind of kill, and exits with 1 where a run did not come to the same report as one that nobody killed, sent a request
whose answer was in the journal, or sent more requests again than studies were in flight.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from benchmarks.faults import QUESTION, STUDIES, WatchedServer, facts, journaled, paid_again, settings_for, write_growth
from benchmarks.killed_child import RUN, Kill, child
from kosmos_graph import resume, start
from kosmos_graph.errors import UnknownRun
from kosmos_graph.runs.run import Run

KINDS = ("moment", "request", "answer", "before it is written", "after it is written", "node")
LATENCY = 0.03
LONGEST = 60.0
"""Seconds until a child that has not ended counts as hanging."""
WARM = ("benchmarks.killed_child", "kosmos_graph.providers.chat", "statsmodels.api", "matplotlib.figure", "openai.resources.chat")
"""What the server of the children imports once for all of them; it starts no thread, so that forking it is safe."""


NEVER = Kill("never", 0)


@dataclass(frozen=True)
class Whole:
    """A run that nobody killed: its report, and how much there is of everything at which one can be killed."""

    report: dict[str, Any]
    seconds: float
    calls: int
    events: int


@dataclass(frozen=True)
class Outcome:
    """What came of a kill. `again` counts requests in flight at the kill that were sent again; `wrong` says what must not be."""

    kill: Kill
    died: bool
    begun: bool
    again: int
    wrong: tuple[str, ...]


class Killer:
    """Begins children and kills them."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(WARM))
        warmed = self._context.Process(target=int)
        warmed.start()
        warmed.join(LONGEST)

    def killed(self, home: Path, data: Path, kill: Kill) -> tuple[WatchedServer, bool]:
        """The server of a child that was killed, closed again; and whether the child was killed before its end."""
        process: Future[ForkServerProcess] = Future()

        def occasion(kind: str) -> Callable[[int], None]:
            def reached(number: int) -> None:
                if (kill.kind, kill.at) == (kind, number):
                    process.result(LONGEST).kill()

            return reached

        with WatchedServer(latency=LATENCY, arrived=occasion("request"), answered=occasion("answer")) as server:
            begun = self._context.Process(target=child, args=(server.base(), home, data, kill))
            begun.start()
            process.set_result(begun)
            try:
                if kill.kind == "moment":
                    begun.join(kill.at)
                    begun.kill()
                begun.join(LONGEST)
                code = begun.exitcode
            finally:
                begun.kill()
                begun.join(LONGEST)
            begun.close()
        if code not in (0, -signal.SIGKILL):
            raise SystemExit(f"the child of {kill} ended with {code}")
        return server, code != 0


def whole_run(killer: Killer, home: Path, data: Path) -> Whole:
    """Run the question in a child to its end, and once more here, where it must come to the same."""
    began = time.monotonic()
    server, died = killer.killed(home, data, NEVER)
    seconds = time.monotonic() - began
    report = facts(resume(RUN, settings=settings_for(server.base(), home)).result)
    assert not died
    events = len((home / "runs" / RUN / "events.jsonl").read_text(encoding="utf-8").splitlines())
    return Whole(report, seconds, len(server.requests), events)


def kills(whole: Whole, runs: int, seed: int) -> Iterator[Kill]:
    """As many kills of every kind, at random."""
    chance = random.Random(seed)
    for number in range(runs):
        kind = KINDS[number % len(KINDS)]
        if kind == "moment":
            yield Kill(kind, round(chance.uniform(0, whole.seconds), 3))
        else:
            yield Kill(kind, chance.randint(1, whole.events if kind == "node" else whole.calls))


def kill_and_resume(killer: Killer, home: Path, data: Path, kill: Kill, whole: Whole) -> Outcome:
    """Kill a child, resume its run here against another server at the same address, and say what was wrong."""
    first, died = killer.killed(home, data, kill)
    before = journaled(home, RUN)
    with WatchedServer(port=first.port) as second:
        run, begun = _gone_on(settings_for(second.base(), home), data)
        report = facts(run.result)
    again = set(first.keys) & set(second.keys)
    paid = paid_again(before, second.keys)
    sent_twice = len(second.keys) - len(set(second.keys))
    wrong = {
        "the report is another one": report != whole.report,
        "it was not killed": not died and kill.kind != "moment",
        "an answer that was written is not in the journal": kill.kind.startswith("after") and len(before) < kill.at,
        f"{len(paid)} answers of the journal were asked for again": bool(paid),
        f"{len(again)} requests were sent again": len(again) > STUDIES,
        f"{sent_twice} requests were sent twice after the kill": sent_twice > 0,
    }
    return Outcome(kill, died, begun, len(again), tuple(text for text, found in wrong.items() if found))


def _gone_on(settings: Any, data: Path) -> tuple[Run, bool]:
    """The run, resumed, or begun where it was killed before there was one; and whether it had been begun."""
    try:
        return resume(RUN, settings=settings), True
    except UnknownRun:
        return start(QUESTION, [data], settings=settings, run_id=RUN), False


def outcomes(folder: Path, runs: int, seed: int) -> Iterator[Outcome]:
    """Kill that many children, each in a folder of its own."""
    data = write_growth(folder / "growth.csv")
    killer = Killer()
    whole = whole_run(killer, folder / "whole", data)
    for number, kill in enumerate(kills(whole, runs, seed)):
        yield kill_and_resume(killer, folder / f"home-{number}", data, kill, whole)


def main() -> None:
    """Print what came of the kills, by kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = list(outcomes(Path(folder), arguments.runs, arguments.seed))
    print(f"{'killed at':<24}{'kills':>7}{'ended first':>13}{'sent again':>12}{'at most':>9}{'wrong':>7}")
    for kind in KINDS:
        of = [one for one in found if one.kill.kind == kind]
        ended, again = sum(not one.died for one in of), [one.again for one in of]
        wrong = sum(bool(one.wrong) for one in of)
        print(f"{kind:<24}{len(of):>7}{ended:>13}{sum(again):>12}{max(again, default=0):>9}{wrong:>7}")
    bad = [one for one in found if one.wrong]
    for one in bad:
        print(f"{one.kill}: {'; '.join(one.wrong)}")
    print(f"{len(found) - len(bad)} of {len(found)} resumed to the same report; {time.monotonic() - began:.0f} s")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
