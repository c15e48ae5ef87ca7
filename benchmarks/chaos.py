"""Whole runs against a server that fails three answers in ten, in every way that servers do: the research may not fail with it.

    python -m benchmarks.chaos [--runs 200] [--seed 1]

With `rules` last in the chain at least 95 % of the runs come to a report at once. Half as many runs are alone with the failing
model, and most stop; whatever stopped is resumed with the server mended, and comes to a report. Every finding is compared with
what its design gives when it is run directly; what models made up is looked for in the reports; and the server's requests are
compared with the journal. Retries do not sleep: their waits are added up instead. Exits with 1 where one of this does not hold.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.faults import (
    FAULTS,
    INVENTED,
    MODEL,
    FailingServer,
    journaled,
    key_of,
    paid_again,
    settings_for,
    settled_calls,
    write_growth,
)
from kosmos_graph.checkpoints.forking import thread
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.data.load import load_dataset
from kosmos_graph.data.sheet import read_sheet
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.report import Finding, Report
from kosmos_graph.domain.results import TestResult
from kosmos_graph.errors import KosmosError
from kosmos_graph.experiments.runner import run_design
from kosmos_graph.graph.build import compile_research
from kosmos_graph.providers import RetryPolicy
from kosmos_graph.providers.journal import CallJournal
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.calls import Calls
from kosmos_graph.wiring.servers import forget_outages
from kosmos_graph.wiring.services import build_services
from tests.loopback import LoopbackServer
from tests.providers.naps import Naps

RUN = "chaos"
QUESTIONS = (
    "Which of dose, age and weight affect growth?",
    "Is growth larger in oak than in ash?",
    "What affects growth?",
    "Is dose associated with growth?",
    "Does dose or age affect growth, adjusted for weight?",
)
LEAST_FINISHED = 0.95


@dataclass(frozen=True)
class Trial:
    """What came of a run. `stopped` says why it did not finish at once; designs are counted as models were asked for them.

    `spared` counts answers that an execution had got before it was stopped in its middle, and did not ask for again.
    """

    chained: bool
    stopped: str | None
    wrong: tuple[str, ...]
    faults: Counter[str]
    waited: float
    spared: int
    designs: int
    usable: int
    findings: int
    by_model: int


def trial(home: Path, data: Path, number: int, seed: int, *, chained: bool) -> Trial:
    """Run one of the questions while the server fails, and resume it with the server mended if it stopped."""
    script, naps = FailingServer(hash_of(seed, number, chained)), Naps()
    policy = replace(
        RetryPolicy(),
        sleep=naps.sleep,
        sleep_async=naps.sleep_async,
        clock=naps.clock,
        chance=random.Random(f"{seed} {number}").random,
    )
    with LoopbackServer(script) as server:
        settings = settings_for(server.base(), home, *(["rules"] if chained else []))
        given = {"question": QUESTIONS[number % len(QUESTIONS)], "data": [str(data)]}
        values, stopped = _run(settings, policy, given)
        before, sent, earlier = journaled(home, RUN), len(server.requests), settled_calls(home, RUN)
        if stopped is not None:
            script.healthy = True
            forget_outages(settings)
            values, again = _run(settings, policy, None)
            stopped = f"{stopped}; and when it was resumed: {again}" if again is not None else stopped
        paid = len(paid_again(before, map(key_of, server.requests[sent:])))
    later = {call.site for call in settled_calls(home, RUN)[len(earlier) :]}
    report: Report | None = values.get("report")
    wrong = {
        f"there is no report: {stopped}": report is None,
        f"{paid} answers of the journal were asked for again": paid > 0,
        **_wrong_in_journal(home, script.whole),
        **({} if report is None else _wrong_in_report(report, data)),
    }
    failed = sum(one.node == "design_study" and one.link == 0 for one in values.get("failures", {}).values())
    written = [key for key, design in values.get("designs", {}).items() if design.author == MODEL]
    return Trial(
        chained=chained,
        stopped=stopped,
        wrong=tuple(text for text, found in wrong.items() if found),
        faults=script.faults,
        waited=sum(naps.waits),
        spared=sum(call.site in later for call in earlier),
        designs=len(written) + failed,
        usable=sum(values["reviews"][key].accepted for key in written if key in values["reviews"]),
        findings=len(report.findings) if report is not None else 0,
        by_model=sum(finding.design_author == MODEL for finding in report.findings) if report is not None else 0,
    )


def hash_of(seed: int, number: int, chained: bool) -> int:
    """A seed of its own for every run."""
    return random.Random(f"{seed} {number} {chained}").getrandbits(32)


def _run(settings: Settings, policy: RetryPolicy, given: Any) -> tuple[Mapping[str, Any], str | None]:
    """Run, or go on, as a process of its own would; then the state, and what stopped it."""
    services = build_services(settings, calls=replace(Calls.of(settings), policy=policy))
    stopped = None
    with open_saver(settings.kosmos_home) as saver:
        graph = compile_research(services, saver)
        try:
            graph.invoke(given, thread(RUN))
        except KosmosError as error:
            stopped = f"{type(error).__name__}: {error}"
        values: Mapping[str, Any] = graph.get_state(thread(RUN)).values
    services.close()
    return values, stopped


def _wrong_in_journal(home: Path, answered: int) -> dict[str, bool]:
    """What of the journal does not fit the answers that the server sent whole, or was answered twice at one place."""
    journal = CallJournal(home)
    calls = journal.calls_of(RUN)
    journal.close()
    written = sum(call.outcome == "answered" for call in calls)
    places = Counter((call.site, call.digest, call.number) for call in settled_calls(home, RUN))
    twice = sum(times > 1 for times in places.values())
    return {
        f"the server sent {answered} answers, and the journal holds {written}": answered != written,
        f"{twice} requests were answered twice": twice > 0,
    }


def _wrong_in_report(report: Report, data: Path) -> dict[str, bool]:
    invented = INVENTED in report.model_dump_json()
    untrue = [finding.id for finding in report.findings if not _is_computed(finding, data)]
    return {
        "what a model made up is in the report": invented,
        f"{', '.join(untrue)}: the numbers are not what the design gives": bool(untrue),
        "there is neither a finding nor a reason": not report.findings and not report.unanswered,
    }


def _is_computed(finding: Finding, data: Path) -> bool:
    """Whether the finding's numbers are those that its design gives when it is run directly."""
    design = Design.model_validate(finding.design)
    result = _result_of(data, design.model_copy(update={"key": "", "hypothesis": ""}).model_dump_json())
    if result is None:
        return False
    effect = finding.effect
    shown = (finding.n, effect.value, effect.low, effect.high, finding.statistic, finding.p_value)
    return shown == (
        result.n_analysed,
        result.effect.value,
        result.effect.low,
        result.effect.high,
        result.statistic,
        result.p_value,
    )


@cache
def _result_of(data: Path, design: str) -> TestResult | None:
    sheet = read_sheet(None)
    return run_design(load_dataset(data, sheet), Design.model_validate_json(design), sheet, Options(), "direct").result


def trials(folder: Path, runs: int, seed: int) -> Iterator[Trial]:
    """That many runs with `rules` last, and half as many without, each in a folder of its own."""
    data = write_growth(folder / "growth.csv")
    for number in range(runs):
        yield trial(folder / f"chained-{number}", data, number, seed, chained=True)
        if number % 2 == 0:
            yield trial(folder / f"alone-{number}", data, number // 2, seed, chained=False)


def main() -> None:
    """Print what came of the runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = list(trials(Path(folder), arguments.runs, arguments.seed))
    chained, alone = [one for one in found if one.chained], [one for one in found if not one.chained]
    share = finished(chained)
    faults = sum((one.faults for one in found), Counter())
    answers = sum(faults.values())
    spoiled = answers - faults.pop("", 0)
    designs, usable = sum(one.designs for one in chained), sum(one.usable for one in chained)
    findings, by_model = sum(one.findings for one in chained), sum(one.by_model for one in chained)
    print(f"{spoiled} of {answers} answers failed ({spoiled / answers:.0%}); {min(faults.values())} or more of each kind:")
    print(", ".join(f"{name} {faults[name]}" for name in FAULTS))
    print(f"{'rules last: finished at once':<52}{len(chained) - stopped(chained):>6} of {len(chained)} ({share:.1%})")
    print(f"{'model alone: stopped':<52}{stopped(alone):>6} of {len(alone)}")
    resumed = [one for one in found if one.stopped is not None]
    complete = sum(not one.wrong for one in resumed)
    print(f"{'resumed with the server mended: nothing wrong':<52}{complete:>6} of {len(resumed)}")
    spared = sum(one.spared for one in found)
    print(f"{'answers to executions stopped in their middle':<52}{spared:>6}")
    print(f"{'designs usable, of those asked of a model':<52}{usable:>6} of {designs} ({usable / designs:.1%})")
    print(f"{'findings on a design of the model':<52}{by_model:>6} of {findings} ({by_model / findings:.1%})")
    print(f"{'waits that a run would have had, mean':<52}{sum(one.waited for one in found) / len(found):>6.1f} s")
    bad = [one for one in found if one.wrong]
    for one in bad:
        print(f"wrong: {'; '.join(one.wrong)}")
    print(f"{len(bad)} of {len(found)} runs had something wrong; {time.monotonic() - began:.0f} s")
    sys.exit(1 if bad or share < LEAST_FINISHED else 0)


def stopped(of: list[Trial]) -> int:
    """How many runs did not finish at once."""
    return sum(one.stopped is not None for one in of)


def finished(of: list[Trial]) -> float:
    """The share of runs that finished at once."""
    return 1 - stopped(of) / len(of)


if __name__ == "__main__":
    main()
