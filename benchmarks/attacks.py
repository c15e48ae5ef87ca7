"""Payloads that try to get out of the sandbox, without it and on every rung that this machine offers.

    python -m benchmarks.attacks [--family NAME] [--rung NAME] [--verbose]

A payload counts where it succeeds without a jail. Prints, for each family, how many count and how many of these each rung blocks;
then what got through, and what does not count and why. Exits with 1 where anything got through.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing

from kosmos_graph.domain.code_experiment import Rung
from kosmos_graph.sandbox import probe
from tests.sandbox.attacks.canaries import Canaries
from tests.sandbox.attacks.payload import Payload
from tests.sandbox.attacks.payloads import PAYLOADS
from tests.sandbox.attacks.trial import Verdict, try_out
from tests.sandbox.attacks.ways import CONTROL, Control, Jailed, Way

_LOCAL: tuple[Rung, ...] = ("bubblewrap", "landlock")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", action="append", help="only payloads of this family; may be given several times")
    parser.add_argument("--rung", action="append", help="only this rung; may be given several times")
    parser.add_argument("--verbose", action="store_true", help="a line for each payload and way as it ends")
    asked = parser.parse_args(arguments)
    payloads = [payload for payload in PAYLOADS if not asked.family or payload.family in asked.family]
    ladder = probe(every=True)
    for finding in ladder.findings:
        if not finding.holds:
            print(f"not offered here: {finding.rung} ({finding.reason})")
    rungs = [finding.rung for finding in ladder.findings if finding.holds and finding.rung in (asked.rung or _LOCAL)]
    began = time.monotonic()
    with Canaries() as canaries:
        with closing(Control(canaries)) as control:
            verdicts = _try_all(payloads, control, canaries, verbose=asked.verbose)
        for rung in rungs:
            with closing(Jailed(rung, canaries, canaries.folder / "store" / rung)) as jailed:
                verdicts += _try_all(payloads, jailed, canaries, verbose=asked.verbose)
    print(table(verdicts, rungs))
    print(f"\n{time.monotonic() - began:.0f} s")
    return 1 if any(verdict.out for verdict in verdicts if verdict.way != CONTROL) else 0


def table(verdicts: Iterable[Verdict], rungs: Sequence[str]) -> str:
    """Family × way, with what got through and what does not count below it."""
    found = {(verdict.payload, verdict.way): verdict for verdict in verdicts}
    payloads = list(dict.fromkeys(payload for payload, _ in found))
    counted = {payload for payload in payloads if found[payload, CONTROL].out}
    lines = [f"{'family':<24}{'payloads':>9}{'count':>7}" + "".join(f"{rung:>16}" for rung in rungs)]
    families = list(dict.fromkeys(payload.family for payload in payloads))
    for family in [*families, "all"]:
        own = [payload for payload in payloads if family in {payload.family, "all"}]
        counting = [payload for payload in own if payload in counted]
        held = [sum(not found[payload, rung].out for payload in counting) for rung in rungs]
        shares = "".join(f"{f'{number} of {len(counting)}':>16}" for number in held)
        lines.append(f"{family:<24}{len(own):>9}{len(counting):>7}{shares}")
    for (payload, way), verdict in found.items():
        if way != CONTROL and verdict.out:
            lines.append(f"GOT THROUGH {way}: {payload.family}: {payload.name}: {verdict.out}")
    lines += [
        f"does not count: {payload.family}: {payload.name}: needs {payload.needs or 'a reason'}"
        for payload in payloads
        if payload not in counted
    ]
    return "\n".join(lines)


def _try_all(payloads: Sequence[Payload], way: Way, canaries: Canaries, *, verbose: bool) -> list[Verdict]:
    verdicts = []
    for payload in payloads:
        began = time.monotonic()
        verdicts.append(try_out(payload, way, canaries))
        if verbose:
            took = time.monotonic() - began
            print(f"{way.name:<12}{took:6.2f} s  {payload.family}: {payload.name}: {verdicts[-1].out or '-'}", flush=True)
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
