"""The answer: one statement per finding, by rule from its verdict, in the words of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kosmos_graph.claims.cause import speaks_of_cause
from kosmos_graph.claims.licence import is_randomised
from kosmos_graph.claims.shape import Sign, adjusted_for, excludes_null, shape_of, tests_equivalence
from kosmos_graph.claims.wording import equivalence_statement, statement
from kosmos_graph.domain.report import Exploration, Unanswered
from kosmos_graph.render.answered import Answered
from kosmos_graph.render.fill import fill, listed, verdict_counts
from kosmos_graph.render.numbers import count, interval, number, p_value, unit_of

MOST_IN_FULL = 6
"""Findings that are told in full; of more, the inconclusive ones are only named."""
MOST_GROUPS = 8
MOST_HELD = 3
"""Columns held constant that the answer names."""


def answer(question: str, found: Sequence[Answered], unanswered: Sequence[Unanswered], explored: Sequence[Exploration] = ()) -> str:
    """The answer to the question, a line per finding."""
    told = [*_lead(found), *_lines(found), *_association_only(question, found)]
    lines = [*told, *_explored(found, explored), *_missing((*found, *explored), unanswered)]
    return "\n".join(lines)


def finding_answer(one: Answered) -> str:
    """What one finding says: statement, numbers, verdict, and where a sensitivity result disagrees."""
    parts = [
        f"{fill(_statement(one), _short(one))}{_numbers(one)}.",
        *_groups(one),
        *_verdict(one),
        *_unadjusted(one),
        *one.disagreements,
    ]
    return " ".join(parts)


def _unadjusted(one: Answered) -> Iterator[str]:
    n = len(one.unadjusted)
    if n:
        declared = f"the declared confounder{'' if n == 1 else 's'} {listed(one.unadjusted)}"
        yield f"This is not adjusted for {declared if n <= MOST_HELD else f'{count(n)} declared confounders'}."


def _short(one: Answered) -> Mapping[str, str]:
    """The values, with a long list of columns held constant as a count; the finding names them."""
    held = adjusted_for(one.design)
    return one.values if len(held) <= MOST_HELD else {**one.values, "adjusted_for": f"{count(len(held))} other columns"}


def _lead(found: Sequence[Answered]) -> Iterator[str]:
    judged = [one.judgement for one in found if one.judgement is not None and one.judgement.verdict is not None]
    if len(judged) > 1:
        yield f"Of {count(len(judged))} hypotheses tested: {verdict_counts(judged)}."


def _lines(found: Sequence[Answered]) -> Iterator[str]:
    in_full = [one for one in found if len(found) <= MOST_IN_FULL or not _inconclusive(one)]
    yield from (finding_answer(one) for one in in_full)
    named = [one.hypothesis.statement.rstrip(".") for one in found if one not in in_full]
    if named:
        yield f"Left inconclusive, with numbers below: {'; '.join(named)}."


def _inconclusive(one: Answered) -> bool:
    return one.judgement is not None and one.judgement.verdict == "inconclusive"


def _missing(found: Sequence[object], unanswered: Sequence[Unanswered]) -> Iterator[str]:
    if not found:
        yield "The question is not answered."
    yield from (f"Not answered: {one.hypothesis.rstrip('.')} ({one.reason.rstrip('.')})." for one in unanswered[:3])
    if len(unanswered) > 3:
        yield f"Not answered either, for reasons given below: {count(len(unanswered) - 3)} more."


def _explored(found: Sequence[Answered], explored: Sequence[Exploration]) -> Iterator[str]:
    if explored and not found:
        yield "No hypothesis was tested."
    for one in explored:
        yield f"Explored by code, without a verdict: {one.hypothesis.rstrip('.')}; what the code returned stands in the report."


def _association_only(question: str, found: Sequence[Answered]) -> Iterator[str]:
    tested = [one for one in found if shape_of(one.hypothesis, one.design, one.result) != "estimate"]
    if speaks_of_cause(question) and any(not is_randomised(one.design, one.sheet) for one in tested):
        yield "The question speaks of a cause; nothing here was assigned at random, so the findings are associations."


def _statement(one: Answered) -> str:
    hypothesis, design, result = one.hypothesis, one.design, one.result
    if hypothesis.expects == "estimate" or one.judgement is None:
        return statement(hypothesis, design, result, 0)
    if hypothesis.expects == "no effect":
        return _no_effect_statement(one)
    verdict = one.judgement.verdict
    if _refuted_by_equivalence(one):
        return equivalence_statement(hypothesis, design, result)
    shown = verdict != "inconclusive" or (one.significant and not result.effect.directed)
    return statement(hypothesis, design, result, _sign(one) if shown else 0)


def _no_effect_statement(one: Answered) -> str:
    verdict = one.judgement.verdict if one.judgement is not None else None
    if verdict == "supported":
        return equivalence_statement(one.hypothesis, one.design, one.result)
    if verdict == "refuted":
        return f"{statement(one.hypothesis, one.design, one.result, _sign(one))}, by more than {{delta}}"
    if one.design.delta is None:
        return statement(one.hypothesis, one.design, one.result, 0)
    return "The data do not settle whether the {effect_name}, {effect_label}, lies within {delta} of no effect"


def _refuted_by_equivalence(one: Answered) -> bool:
    return one.judgement is not None and one.judgement.verdict == "refuted" and not _opposite(one)


def _sign(one: Answered) -> Sign:
    return one.result.effect.sign if one.result.effect.directed else 1


def _opposite(one: Answered) -> bool:
    """Whether a refutation rests on a sign opposite to the predicted one."""
    predicted = {"positive": 1, "negative": -1, None: 0}[one.hypothesis.direction]
    return one.significant and one.result.effect.directed and _sign(one) == -predicted != 0


def _numbers(one: Answered) -> str:
    """The numbers behind the statement, after a colon or in brackets."""
    result, values = one.result, one.values
    ends = f" ({values['interval']})" if values.get("interval") else ""
    if shape_of(one.hypothesis, one.design, result) == "estimate":
        return f"{ends}, n = {values['n']}"
    parts = [f"{values['effect_name']} ({values['effect_label']}) {values['effect']}{ends}", values["method"], f"n = {values['n']}"]
    if "p" in values:
        parts.append(f"equivalence {values['p']}" if tests_equivalence(result) else values["p"])
    if one.p_adjusted is not None and one.p_adjusted != result.p_value:
        parts.append(values["p_adjusted"])
    if (
        one.hypothesis.expects == "effect"
        and _refuted_by_equivalence(one)
        and result.equivalence is not None
        and not tests_equivalence(result)
    ):
        parts.append(f"equivalence within ±{values['delta']} p {p_value(result.equivalence.p_value, one.alpha)}")
    return f": {', '.join(parts)}"


def _groups(one: Answered) -> Iterator[str]:
    """The groups' own values where the effect names no direction, and an estimate's values by group."""
    result = one.result
    if shape_of(one.hypothesis, one.design, result) == "estimate":
        if 1 < len(result.terms) <= MOST_GROUPS:
            yield f"By {one.values.get('predictor', 'group')}: {listed([_term(one, place) for place in range(len(result.terms))])}."
    elif not result.effect.directed and "group_means" in one.values and len(result.groups) <= MOST_GROUPS:
        yield f"In this sample: {one.values['group_means']}."


def _term(one: Answered, place: int) -> str:
    term, effect = one.result.terms[place], one.result.effect
    own = effect.model_copy(update={"value": term.estimate, "low": term.low, "high": term.high})
    ends = interval(own)
    scale = 100 if unit_of(effect) == " %" else 1
    return f"{term.name} {number(term.estimate * scale)}{unit_of(effect)}{f' ({ends})' if ends else ''}"


def _verdict(one: Answered) -> Iterator[str]:
    judgement = one.judgement
    if judgement is None:
        yield "No verdict is set yet."
        return
    match judgement.verdict:
        case "supported":
            yield f"The hypothesis is supported{', as predicted' if _predicted(one) else ''}."
        case "refuted" if one.hypothesis.expects == "effect" and _opposite(one):
            yield "This is the opposite of what was predicted: the hypothesis is refuted."
        case "refuted":
            yield f"The hypothesis is refuted: {judgement.basis}."
        case "inconclusive":
            yield f"The hypothesis is left inconclusive: {judgement.basis}."
            yield from _other_side(one)
            yield from _alone(one)
            yield from _detectable(one)


def _predicted(one: Answered) -> bool:
    return one.hypothesis.expects == "effect" and one.hypothesis.direction is not None and one.result.effect.directed


def _other_side(one: Answered) -> Iterator[str]:
    """Where a one-sided test could not see what the estimate says."""
    tested = {"two-sided": 0, "greater": 1, "less": -1}[one.result.alternative]
    if one.result.effect.sign == -tested != 0 and not one.significant:
        yield "The estimate lies on the side that a one-sided test does not look at."


def _alone(one: Answered) -> Iterator[str]:
    """Where the interval, taken alone, would have said more than the verdict."""
    raw = one.result.p_value
    if raw is not None and one.p_adjusted is not None and raw <= one.alpha < one.p_adjusted and excludes_null(one.result.effect):
        yield "Taken alone its interval leaves out no effect; adjusted for the number of hypotheses tested, that is not enough."


def _detectable(one: Answered) -> Iterator[str]:
    smallest = one.values.get("minimum_detectable")
    if smallest and not tests_equivalence(one.result) and not one.significant:
        before = ", before the adjustment for several hypotheses" if one.p_adjusted != one.result.p_value else ""
        yield f"With {one.values['power']} power this sample detects effects from {smallest} on{before}."
