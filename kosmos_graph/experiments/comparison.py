"""Caveats on a primary result: sensitivity analyses that disagree with it, and rows lost to missing values."""

from __future__ import annotations

from collections.abc import Sequence

from kosmos_graph.domain.results import TestResult

MOST_MISSING = 0.05
"""Share of the rows read that may be lost to missing values without a caveat."""


def caveats_of(primary: TestResult, beside: Sequence[TestResult], alpha: float) -> tuple[str, ...]:
    """Sentences for the primary result's caveats."""
    return (*(sentence for other in beside for sentence in disagreements(primary, other, alpha)), *missing_caveats(primary))


def disagreements(primary: TestResult, other: TestResult, alpha: float) -> tuple[str, ...]:
    """Where the other analysis differs about significance at `alpha`, or points the other way."""
    found = []
    if primary.p_value is not None and other.p_value is not None and (primary.p_value <= alpha) != (other.p_value <= alpha):
        verb = "is" if other.p_value <= alpha else "is not"
        found.append(f"{other.title}, run beside it, {verb} significant at {alpha:g} where the primary analysis {_contrary(verb)}.")
    if _opposed(primary, other):
        found.append(f"The effect of {other.title}, run beside it, points the other way.")
    return tuple(found)


def _contrary(verb: str) -> str:
    return "is not" if verb == "is" else "is"


def _opposed(primary: TestResult, other: TestResult) -> bool:
    return primary.effect.directed and other.effect.directed and primary.effect.sign * other.effect.sign < 0


def missing_caveats(result: TestResult) -> tuple[str, ...]:
    """A sentence where more than 5 % of what was read was left out for missing values."""
    missing = sum(exclusion.n for exclusion in result.exclusions if exclusion.reason == "missing")
    if missing <= MOST_MISSING * result.n_read:
        return ()
    return (
        f"{missing} of {result.n_read} rows were left out for missing values, more than {100 * MOST_MISSING:g} %: "
        "if they are missing for a reason, the result is biased.",
    )
