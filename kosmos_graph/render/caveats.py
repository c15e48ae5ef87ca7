"""What a reader must know before relying on a finding, or on the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kosmos_graph.claims.cause import speaks_of_cause
from kosmos_graph.claims.licence import is_randomised
from kosmos_graph.claims.shape import excludes_null, shape_of, tests_equivalence
from kosmos_graph.domain.results import TestResult
from kosmos_graph.render.answered import Answered
from kosmos_graph.render.fill import listed
from kosmos_graph.render.numbers import count, number, percent
from kosmos_graph.render.record import Record

FEW_ROWS = 20
FEW_PER_GROUP = 10
UNEVEN_LOSS = 0.05
"""Difference between two groups' shares of missing rows from which a caveat stands."""


def finding_caveats(one: Answered) -> tuple[str, ...]:
    """A finding's caveats: what its method and its comparison said, then what follows from the whole record."""
    found = (
        *one.result.caveats,
        *one.disagreements,
        *_small(one.result),
        *_uneven(one.result),
        *_test_against_interval(one),
        *_cause(one),
        *_declared(one),
        *_unadjusted(one),
        *_deviations(one),
        *_dropped(one),
    )
    return tuple(dict.fromkeys(found))


def report_caveats(record: Record, found: Sequence[Answered]) -> tuple[str, ...]:
    """The run's caveats: on all findings together, then each finding's own under its hypothesis' id."""
    own = [(one.hypothesis.id, caveat) for one in found for caveat in finding_caveats(one)]
    several = len(found) > 1
    return (*_run_caveats(record, found), *(f"{name}: {caveat}" if several else caveat for name, caveat in own))


def _run_caveats(record: Record, found: Sequence[Answered]) -> Iterator[str]:
    tested = _family(record, found)
    if tested > 1:
        alpha = number(record.material.options.alpha)
        yield (
            f"{count(tested)} hypotheses were to be tested; p values are Holm-adjusted, so that the chance of any false "
            f"claim is at most {alpha}."
        )
    if record.synthesis is not None and record.synthesis.dropped:
        yield _left_out(record.synthesis.dropped, "synthesis")
    yield from dict.fromkeys(
        note for study in record.studies.values() for one in (*study.failed, study.execution) for note in one.notes
    )
    for role, left, to, where, reason in _moves(record):
        yield f"{left} gave up as {role} in {where}, and {to} took over: {reason}."


def notice(record: Record) -> str | None:
    """What stands at the top of a report in which models gave up: which, and who took over."""
    moves: dict[tuple[str, str], set[str]] = {}
    for fallback in record.fallbacks:
        moves.setdefault((fallback.from_model, fallback.to_model), set()).add(fallback.role)
    parts = [
        f"{left} gave up as {' and '.join(sorted(roles, reverse=True))}, and {to} took over"
        for (left, to), roles in sorted(moves.items())
    ]
    return f"In this run {'; '.join(parts)}. Each part names who wrote it." if parts else None


def _moves(record: Record) -> Iterator[tuple[str, str, str, str, str]]:
    """Role, model, next model, places and reason of every move; moves that are alike but for their place are one."""
    alike: dict[tuple[str, str, str, str], dict[str, int]] = {}
    for one in record.fallbacks:
        places = alike.setdefault((one.role, one.from_model, one.to_model, one.reason.rstrip(".")), {})
        places[one.node] = places.get(one.node, 0) + 1
    for (role, left, to, reason), places in alike.items():
        shown = (f"{node} ({count(times)} times)" if times > 1 else node for node, times in sorted(places.items()))
        yield role, left, to, ", ".join(shown), reason


def _family(record: Record, found: Sequence[Answered]) -> int:
    """The number of locked tests, run or not; without a plan, of those that were run. Code counts if a test took its place."""
    answered = {one.hypothesis.id for one in found}
    planned = [design for plan in record.plans for design in plan.designs]
    locked = (
        {design.hypothesis for design in planned if design.code is None or design.hypothesis in answered} if planned else answered
    )
    return sum(hypothesis.expects != "estimate" for hypothesis in record.hypotheses if hypothesis.id in locked)


def _small(result: TestResult) -> Iterator[str]:
    smallest = min((group.n for group in result.groups), default=result.n_analysed)
    if result.n_analysed < FEW_ROWS:
        yield f"Small sample: {count(result.n_analysed)} rows or pairs were analysed."
    elif smallest < FEW_PER_GROUP:
        yield f"Small sample: the smallest group has {count(smallest)} rows."


def _uneven(result: TestResult) -> Iterator[str]:
    """Rows missing from one group more often than from another."""
    kept = {group.label: group.n for group in result.groups}
    lost = {label: sum(one.n for one in result.exclusions if one.group == label and one.reason == "missing") for label in kept}
    shares = {label: lost[label] / (lost[label] + kept[label]) for label in kept if lost[label] + kept[label]}
    if len(shares) < 2 or max(shares.values()) - min(shares.values()) <= UNEVEN_LOSS:
        return
    most, least = max(shares, key=lambda label: shares[label]), min(shares, key=lambda label: shares[label])
    yield f"Values are missing unevenly: {percent(shares[most])} in {most} against {percent(shares[least])} in {least}."


def _test_against_interval(one: Answered) -> Iterator[str]:
    result = one.result
    excluded = excludes_null(result.effect)
    if result.p_value is None or not result.effect.directed or excluded is None or tests_equivalence(result):
        return
    if excluded != (result.p_value <= one.alpha):
        side = "leaves out" if excluded else "includes"
        yield f"Test and interval rest on different approximations: the interval {side} no effect, the test alone says otherwise."


def _cause(one: Answered) -> Iterator[str]:
    tested = shape_of(one.hypothesis, one.design, one.result) != "estimate"
    if tested and speaks_of_cause(one.hypothesis.statement) and not is_randomised(one.design, one.sheet):
        yield "The hypothesis speaks of a cause; nothing was assigned at random, so what was tested is the association."


def _declared(one: Answered) -> Iterator[str]:
    """What the study sheet says and the method does not use, or contradicts."""
    sheet, outcome = one.sheet, one.design.target.outcome
    weighted = one.design.target.weight is not None
    if (sheet.weight is not None or sheet.design == "survey") and not weighted:
        yield "The rows come from a survey or carry weights, and the method does not use them: the result is about the rows alone."
    if outcome == sheet.event and sheet.duration is not None and one.design.target.event is None:
        yield (
            f"{outcome} is the event that {sheet.duration} waits for: a share of it ignores how long each row was followed, and "
            "counts a row whose follow-up ended early as one without the event."
        )
    roles = [covariate.role for covariate in sheet.covariates if covariate.column == outcome]
    if roles:
        yield f"The study sheet declares {outcome} as a {roles[0]} variable, and here it is the outcome."
    if sheet.primary_outcome not in (None, outcome):
        yield f"The study sheet's primary outcome is {sheet.primary_outcome}; this finding is about {outcome}."


def _unadjusted(one: Answered) -> Iterator[str]:
    if one.unadjusted:
        told = f"Declared as confounders and not adjusted for: {listed(one.unadjusted)}."
        yield f"{told} {one.unadjusted_because}".rstrip()


def _deviations(one: Answered) -> Iterator[str]:
    for deviation in one.study.deviations:
        run = f"{deviation.planned} was planned, {deviation.done} was run"
        yield f"Deviation from the locked plan: {run} ({deviation.reason.rstrip('.')})."


def _dropped(one: Answered) -> Iterator[str]:
    dropped = one.study.analysis.dropped if one.study.analysis is not None else 0
    if dropped:
        yield _left_out(dropped, "analysis")


def _left_out(n: int, where: str) -> str:
    claims, were = ("sentence claims", "was") if n == 1 else ("sentences claim", "were")
    return f"In the {where}, {count(n)} {claims} more than the results license and {were} left out."
