"""References filled in: computed values and names of the data as words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kosmos_graph.claims.references import pieces, unadjusted_confounders
from kosmos_graph.claims.shape import UNSIDED, adjusted_for, groups_compared, moderator, shape_of, shown_sign
from kosmos_graph.domain.analysis import Judgement
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis, Target
from kosmos_graph.domain.results import Effect, Exclusion, Group, Measure, TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.render import numbers

P_BEFORE = re.compile(r"\bp(?:[- ]values?)?\s*(?:=|is|of|was)?\s*\Z", re.IGNORECASE)
UNKNOWN = "(not known)"
COMMON_WORDS = frozenset(
    {"One-sample", "Paired", "Two", "Permutation", "Bootstrap", "Linear", "Analysis", "Logistic", "Risk", "Chi-square", "Sign"}
    | {"Estimate", "Partial", "Step"}
)
"""First words of methods' titles that are no names."""
BARE_LEVELS = frozenset({"yes", "no", "y", "n", "true", "false", "0", "1", "0.0", "1.0"})
"""Levels that say nothing without the name of their column."""
POWER = 0.8
"""Power that a result's smallest detectable effect refers to."""


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with each reference replaced once; a value is never read for references again."""
    text = ""
    for piece in pieces(template):
        if not piece.reference:
            text += piece.text
            continue
        value = values.get(piece.text, UNKNOWN)
        if value.startswith("p ") or value.startswith("adjusted p "):
            text = P_BEFORE.sub("", text)
        text += value
    return text


def study_values(
    hypothesis: Hypothesis, design: Design, result: TestResult, judgement: Judgement | None, sheet: StudySheet, alpha: float
) -> dict[str, str]:
    """A text for every reference of a study that has a value."""
    found = {
        **_effect_values(result, alpha),
        **_sample_values(result),
        **_name_values(design, result, sheet),
        **_group_values(design, result),
        **_indexed(result),
        "alpha": numbers.number(alpha),
        "direction": direction(hypothesis, design, result, alpha),
        "verdict": (judgement.verdict if judgement is not None else None) or "not judged",
        "p_adjusted": _adjusted(judgement, alpha),
        "delta": "" if design.delta is None else delta(design.delta.value, result.effect),
    }
    return {name: text for name, text in found.items() if text}


def synthesis_values(studies: Iterable[tuple[str, Mapping[str, str]]], judgements: Sequence[Judgement]) -> dict[str, str]:
    """A text for every reference of a synthesis."""
    prefixed = {f"{hypothesis}.{name}": text for hypothesis, values in studies for name, text in values.items()}
    return {**prefixed, "findings": numbers.count(len(judgements)), "verdicts": verdict_counts(judgements)}


def verdict_counts(judgements: Sequence[Judgement]) -> str:
    """How many hypotheses have each verdict: `2 supported and 1 inconclusive`."""
    kinds = ("supported", "refuted", "inconclusive")
    tally = ((sum(one.verdict == kind for one in judgements), kind) for kind in kinds)
    return listed([f"{numbers.count(n)} {kind}" for n, kind in tally if n]) or "none tested"


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def direction(hypothesis: Hypothesis, design: Design, result: TestResult, alpha: float) -> str:
    """The direction in a word that stands after "is"; says so where the interval does not settle it."""
    shape = shape_of(hypothesis, design, result)
    if not result.effect.directed or shape in UNSIDED:
        return ""
    up, down = {"slope": ("positive", "negative"), "trend": ("rising", "falling"), "ordered groups": ("rising", "falling")}.get(
        shape, ("higher", "lower")
    )
    sign = shown_sign(result, alpha)
    return f"neither clearly {up} nor clearly {down}" if sign == 0 else up if sign > 0 else down


def delta(value: float, effect: Effect) -> str:
    """δ with its unit."""
    scale = 100.0 if numbers.is_share(effect.name) else 1.0
    return f"{numbers.number(value * scale)}{numbers.distance_unit(effect)}"


def reference(value: float, effect: Effect) -> str:
    """The value that a sample is compared with, with its unit."""
    scale = 100.0 if numbers.is_share(effect.name) else 1.0
    return f"{numbers.number(value * scale)}{numbers.unit_of(effect)}"


def standardised(effect: Effect) -> str:
    """A standardised effect with its name and interval."""
    interval = numbers.interval(effect)
    return f"{effect.name} {numbers.estimate(effect)}{f' ({interval})' if interval else ''}"


def exclusion(found: Exclusion) -> str:
    """One count of rows left out, and why."""
    where = f" in {found.group}" if found.group else ""
    match found.reason:
        case "missing":
            reason = f"{found.variable} missing"
        case "filter" | "excluded by the study sheet":
            reason = f"{found.reason} on {found.variable}"
        case "not in the groups compared":
            reason = f"{found.variable} not in the groups compared"
        case "unpaired":
            reason = f"no partner by {found.variable}"
        case "outside the valid range":
            reason = f"{found.variable} outside its valid range"
    return f"{numbers.count(found.n)} ({reason}{where})"


def in_sentence(title: str) -> str:
    """A method's title within a sentence: in lower case, unless it begins with a person's name."""
    first = title.partition(" ")[0]
    return title[:1].lower() + title[1:] if first in COMMON_WORDS else title


def measure(found: Measure) -> str:
    """A measure with its value and meaning."""
    return f"{found.name} {numbers.number(found.value, 0 if found.value == int(found.value) else 2)} ({found.meaning})"


def described(group: Group) -> str:
    """A group with its size and centre."""
    parts = [f"n = {numbers.count(group.n)}"]
    if group.n_success is not None and group.n:
        parts.append(numbers.percent(group.n_success / group.n))
    elif group.mean is not None:
        parts.append(f"mean {numbers.mean(group.mean, group.sd, group.n)}")
    elif group.median is not None:
        parts.append(f"median {numbers.number(group.median)}")
    return f"{group.label} ({', '.join(parts)})"


def _effect_values(result: TestResult, alpha: float) -> dict[str, str]:
    effect = result.effect
    statistic = result.statistic_name is not None and result.statistic is not None
    ends = {name: _end(end, effect) for name, end in (("low", effect.low), ("high", effect.high))}
    return {
        **ends,
        "effect": numbers.estimate(effect),
        "effect_name": effect.name,
        "effect_label": effect.label,
        "interval": numbers.interval(effect),
        "level": numbers.level(effect.level),
        "p": "" if result.p_value is None else f"p {numbers.p_value(result.p_value, alpha)}",
        "statistic": numbers.statistic(result.statistic_name or "", result.statistic or 0.0, result.df) if statistic else "",
        "standardised": "" if result.standardised is None else standardised(result.standardised),
        "minimum_detectable": _detectable(result),
        "power": numbers.percent(POWER),
        "method": in_sentence(result.title),
        "estimand": result.estimand,
    }


def _detectable(result: TestResult) -> str:
    distance = result.minimum_detectable
    return "" if distance is None else numbers.detectable(distance, result.effect, result.alternative)


def _end(value: float | None, effect: Effect) -> str:
    return "" if value is None else f"{numbers.in_effect_units(value, effect)}{numbers.unit_of(effect)}"


def _adjusted(judgement: Judgement | None, alpha: float) -> str:
    if judgement is None or judgement.p_adjusted is None:
        return "p not adjusted"
    return f"adjusted p {numbers.p_value(judgement.p_adjusted, alpha)}"


def _analysed(result: TestResult) -> str:
    """Rows analysed; and the units that they are of, where each has several, as these are what is independent."""
    units = next((measure.value for measure in result.measures if measure.name == "units"), None)
    rows = numbers.count(result.n_analysed)
    return rows if units is None or units == result.n_analysed else f"{rows} rows ({numbers.count(int(units))} units)"


def _sample_values(result: TestResult) -> dict[str, str]:
    return {
        "n": _analysed(result),
        "n_read": numbers.count(result.n_read),
        "n_excluded": numbers.count(result.n_read - result.n_analysed),
        "excluded": listed([exclusion(one) for one in result.exclusions]),
    }


def _name_values(design: Design, result: TestResult, sheet: StudySheet) -> dict[str, str]:
    target = design.target
    return {
        "dataset": target.dataset,
        "outcome": target.outcome,
        "predictor": target.predictors[0] if target.predictors else "",
        "predictors": listed(target.predictors),
        "event": _event(target),
        "moderator": moderator(design) or "",
        "adjusted_for": listed(adjusted_for(design)),
        "unadjusted": listed(unadjusted_confounders(design, sheet)),
        "success": target.success or "",
        "reference": "" if target.reference is None else reference(target.reference, result.effect),
        "time": target.time or "",
        "change_at": target.change_at or "",
    }


def _event(target: Target) -> str:
    """The event by its column's name, with its level where that says more than yes."""
    if target.event is None or target.event_level is None or target.event_level.lower() in ("yes", "true", "y"):
        return target.event or ""
    return f"{target.event} = {target.event_level}"


def named_level(level: str, predictor: str) -> str:
    """A group in a sentence: its level, with the column's name where the level alone (yes, 1) says nothing."""
    return f"{predictor} = {level}" if level.lower() in BARE_LEVELS else level


def _group_values(design: Design, result: TestResult) -> dict[str, str]:
    several = len(result.groups) > 1
    found = {
        "groups": listed([group.label for group in result.groups]) if several else "",
        "group_means": listed([described(group) for group in result.groups]) if several else "",
    }
    pair = groups_compared(design, result)
    for letter, label in zip("ab", pair or (), strict=False):
        group = next((one for one in result.groups if one.label == label), None)
        found[f"group_{letter}"] = named_level(label, design.target.predictors[0]) if design.target.predictors else label
        if group is not None:
            found[f"n_{letter}"] = numbers.count(group.n)
            found[f"mean_{letter}"] = _mean(group, result.effect)
    return found


def _mean(group: Group, effect: Effect) -> str:
    unit = f" {effect.unit}" if effect.unit else ""
    return "" if group.mean is None else f"{numbers.mean(group.mean, group.sd, group.n)}{unit}"


def _indexed(result: TestResult) -> dict[str, str]:
    return {
        **{f"measure_{place}": measure(found) for place, found in enumerate(result.measures, start=1)},
        **{f"exclusion_{place}": exclusion(found) for place, found in enumerate(result.exclusions, start=1)},
    }
