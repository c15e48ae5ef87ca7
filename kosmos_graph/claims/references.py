"""The closed set of references: what a sentence may stand in for a computed value or a name of the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kosmos_graph.claims.shape import UNSIDED, adjusted_for, groups_compared, moderator, shape_of
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import StudySheet

REFERENCE = re.compile(r"\{([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)?)\}")

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "effect": "the estimated effect with its unit",
        "effect_name": "what the effect is called in statistics",
        "effect_label": "what the effect compares, such as A − B",
        "interval": "the confidence interval of the effect",
        "low": "lower end of the interval",
        "high": "upper end of the interval",
        "level": "confidence level of the interval",
        "p": "the p value of this test",
        "p_adjusted": "the p value adjusted for the number of hypotheses",
        "alpha": "the error rate of the run",
        "statistic": "the test statistic with its degrees of freedom",
        "standardised": "the standardised effect",
        "verdict": "supported, refuted or inconclusive",
        "direction": "higher or lower (positive or negative for slopes); says so where the data do not settle it",
        "n": "rows (or pairs) analysed",
        "n_read": "rows (or pairs) read",
        "n_excluded": "rows (or pairs) left out",
        "excluded": "rows left out, by reason and variable",
        "method": "the method that was run",
        "estimand": "what the method estimates",
        "outcome": "name of the outcome column",
        "predictor": "name of the first predictor column",
        "predictors": "names of all predictor columns",
        "event": "the event that the outcome, a duration, waits for",
        "moderator": "name of the column that the first predictor's effect may depend on",
        "adjusted_for": "names of the columns held constant",
        "unadjusted": "names of the declared confounders that were not adjusted for",
        "group_a": "the first group (the effect is A minus B)",
        "group_b": "the second group",
        "groups": "names of all groups",
        "group_means": "all groups with n and mean or share",
        "mean_a": "mean of the first group",
        "mean_b": "mean of the second group",
        "n_a": "rows in the first group",
        "n_b": "rows in the second group",
        "success": "the level of the outcome whose share is compared",
        "reference": "the stated value that the outcome is compared with",
        "time": "name of the column that orders the rows in time",
        "change_at": "the date that splits the series",
        "dataset": "name of the data file",
        "delta": "the smallest effect that matters",
        "minimum_detectable": "the smallest effect that this sample would detect",
        "power": "the power that the smallest detectable effect refers to",
    }
)
"""Every plain reference and what it stands for, in a line for a prompt."""

INDEXED: Mapping[str, str] = MappingProxyType(
    {
        "measure": "a measure of how far an assumption holds, with its value",
        "exclusion": "a count of rows left out, and why",
    }
)
"""Families of references with a number from 1: `{measure_1}`."""

COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "findings": "number of findings",
        "verdicts": "how many hypotheses are supported, refuted and inconclusive",
    }
)
"""References of a synthesis that belong to no single hypothesis."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a template: literal text, or the name of a reference."""

    text: str
    reference: bool


def pieces(template: str) -> Iterator[Piece]:
    """A template taken apart. Braces that make no reference are literal text."""
    end = 0
    for found in REFERENCE.finditer(template):
        if found.start() > end:
            yield Piece(template[end : found.start()], reference=False)
        yield Piece(found[1], reference=True)
        end = found.end()
    if end < len(template):
        yield Piece(template[end:], reference=False)


def references_in(template: str) -> tuple[str, ...]:
    """Names of the references in a template, in order."""
    return tuple(piece.text for piece in pieces(template) if piece.reference)


def hypothesis_of(reference: str) -> str | None:
    """The hypothesis that a reference of a synthesis belongs to: `c1h2` of `c1h2.effect`."""
    hypothesis, dot, _ = reference.partition(".")
    return hypothesis if dot else None


def meaning_of(reference: str) -> str:
    """What a reference stands for, in a line for a prompt. Raises KeyError for one that is not in the set."""
    name = reference.rpartition(".")[2]
    family = name.rstrip("0123456789").rstrip("_")
    return {**MEANINGS, **COUNTS}.get(name) or INDEXED[family]


def study_references(hypothesis: Hypothesis, design: Design, result: TestResult, sheet: StudySheet) -> tuple[str, ...]:
    """The references that have a value for this result, sorted."""
    present = _present(hypothesis, design, result, sheet)
    named = (name for name in MEANINGS if present.get(name, True))
    return tuple(sorted((*named, *_numbered("measure", result.measures), *_numbered("exclusion", result.exclusions))))


def synthesis_references(studies: Iterable[tuple[str, Iterable[str]]]) -> frozenset[str]:
    """References of a synthesis, from each hypothesis' id and the references of its study."""
    prefixed = {f"{hypothesis}.{name}" for hypothesis, names in studies for name in names}
    return frozenset(prefixed | set(COUNTS))


def unadjusted_confounders(design: Design, sheet: StudySheet) -> tuple[str, ...]:
    """Confounders that the user declared and the design does not hold constant."""
    held = {*design.covariates, *design.target.predictors, design.target.outcome}
    return tuple(name for name in sheet.covariates_with("confounder") if name not in held)


def _numbered(family: str, items: Iterable[object]) -> tuple[str, ...]:
    return tuple(f"{family}_{number}" for number, _ in enumerate(items, start=1))


def _present(hypothesis: Hypothesis, design: Design, result: TestResult, sheet: StudySheet) -> dict[str, bool]:
    """Whether each reference that is not always there has a value."""
    target, effect = design.target, result.effect
    shape = shape_of(hypothesis, design, result)
    pair = groups_compared(design, result)
    described = {group.label: group for group in result.groups}
    tested = result.p_value is not None and shape != "estimate"
    return {
        "interval": effect.low is not None or effect.high is not None,
        "low": effect.low is not None,
        "high": effect.high is not None,
        "p": result.p_value is not None,
        "p_adjusted": tested,
        "statistic": result.statistic is not None,
        "standardised": result.standardised is not None,
        "verdict": shape != "estimate",
        "direction": effect.directed and shape != "estimate" and shape not in UNSIDED,
        "excluded": bool(result.exclusions),
        "predictor": bool(target.predictors),
        "predictors": bool(target.predictors),
        "event": target.event is not None,
        "moderator": moderator(design) is not None,
        "adjusted_for": bool(adjusted_for(design)),
        "unadjusted": bool(unadjusted_confounders(design, sheet)),
        "group_a": pair is not None,
        "group_b": pair is not None,
        "groups": len(result.groups) > 1,
        "group_means": len(result.groups) > 1,
        "mean_a": pair is not None and _has_mean(described, pair[0]),
        "mean_b": pair is not None and _has_mean(described, pair[1]),
        "n_a": pair is not None and pair[0] in described,
        "n_b": pair is not None and pair[1] in described,
        "success": target.success is not None,
        "reference": target.reference is not None,
        "time": target.time is not None,
        "change_at": target.change_at is not None,
        "delta": design.delta is not None,
        "minimum_detectable": result.minimum_detectable is not None,
        "power": result.minimum_detectable is not None,
    }


def _has_mean(described: Mapping[str, object], label: str) -> bool:
    return getattr(described.get(label), "mean", None) is not None
