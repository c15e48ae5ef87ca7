"""The statement that a result supports, as a template: the same words for the rules analyst and for a report's answer."""

from __future__ import annotations

from kosmos_graph.claims.shape import Sign, adjusted_for, shape_of
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import TestResult

SHARES = ("proportion", "risk difference", "marginal effect on the probability")
"""Parts of the names of effects that compare shares of a level."""
RANKS = ("superiority", "shift", "pseudo", "higher value", "hazard")
"""Parts of the names of effects that speak of values, not of their mean."""


def statement(hypothesis: Hypothesis, design: Design, result: TestResult, sign: Sign) -> str:
    """What the data show if they have shown `sign`, or do not settle if it is 0; without a full stop."""
    shape = shape_of(hypothesis, design, result)
    if shape == "estimate":
        return (
            "The {effect_name}, {effect_label}, is {effect}"
            if "difference" in result.effect.name
            else "The {effect_label} is {effect}"
        )
    if sign:
        text = _shown(design, result, sign)[shape]
    elif result.effect.directed and result.alternative != "two-sided":
        text = f"the data do not show that {_shown(design, result, 1 if result.alternative == 'greater' else -1)[shape]}"
    else:
        text = f"the data do not settle whether {_open(design, result)[shape]}"
    return f"With {{adjusted_for}} held constant, {text}" if adjusted_for(design) else capitalised(text)


def equivalence_statement(hypothesis: Hypothesis, design: Design, result: TestResult) -> str:
    """What is stated where the effect was shown to lie within ±δ; without a full stop."""
    subject = capitalised(subject_of(design, result))
    match shape_of(hypothesis, design, result):
        case "groups" if not adjusted_for(design):
            return f"{subject} differs by less than {{delta}} between {{group_a}} and {{group_b}}"
        case "reference":
            return f"{subject} lies within {{delta}} of {{reference}}"
        case "pairs":
            return f"Within pairs, {_paired(design)} changed by less than {{delta}} on average"
    return "The {effect_name}, {effect_label}, lies within {delta} of no effect"


def subject_of(design: Design, result: TestResult) -> str:
    """What is compared: the mean, the share of a level, the values themselves. The outcome's unit of wording, in lower case."""
    return _subject_by_name(design, result.effect.name) if design.target.event is None else "the time until {event} ({outcome})"


def _subject_by_name(design: Design, name: str) -> str:
    of_shares = design.target.success is not None or any(part in name for part in SHARES)
    if of_shares:
        quantity = "odds" if "odds" in name else "share with"
        level = "{outcome} = {success}" if design.target.success is not None else "{outcome}"
        return f"the odds of {level}" if quantity == "odds" else f"the share with {level}"
    if "rate ratio" in name:
        return "the rate of {outcome}"
    if name == "change of slope" and not design.target.interaction:
        return "the slope of {outcome}"
    if "quantile" in name or ("median" in name and "pseudo" not in name):
        return "median {outcome}" if "median" in name else "the stated quantile of {outcome}"
    if "mean" in name or name in ("ω²", "partial ω²", "linear trend over levels"):
        return "mean {outcome}"
    return "the distribution of {outcome}" if name == "Cramér's V" else "{outcome}"


def capitalised(text: str) -> str:
    """The text as the beginning of a sentence; a name of the data at its beginning stays as it is."""
    return text if text.startswith("{") else text[:1].upper() + text[1:]


def _shown(design: Design, result: TestResult, sign: Sign) -> dict[str, str]:
    """By shape, what is said of a shown effect."""
    subject, target = subject_of(design, result), design.target
    words = ("longer", "shorter") if target.event is not None else ("higher", "lower")
    more, rises = (words[0], "rises") if sign > 0 else (words[1], "falls")
    single = len(target.predictors) == 1
    helps = ("helps" if single else "help") if sign > 0 else ("does not help" if single else "do not help")
    be = "tends to be" if any(part in result.effect.name for part in RANKS) else "is"
    return {
        "groups": f"{subject} {be} {more} in {{group_a}} than in {{group_b}}",
        "reference": f"{subject} {be} {more} than {{reference}}",
        "pairs": f"within pairs, {_paired(design)} changed: {_paired_subject(design)} {be} {more} {_paired_groups(design)}",
        "several groups": f"{subject} differs between the groups of {{predictor}}",
        "ordered groups": f"{subject} {rises} along the order of {{predictor}}",
        "table": "{predictor} and {outcome} are associated",
        "slope": f"higher {{predictor}} goes with {more} {subject.removeprefix('the ')}",
        "interaction": f"the relation of {{predictor}} with {subject} depends on {{moderator}}",
        "prediction": f"{{predictors}} {helps} to foretell {{outcome}} of new rows",
        "trend": f"over {{time}}, {subject} {rises}" if target.time else f"{subject} {rises} over time",
        "step": f"from {{change_at}} on, {subject} is {more} than before" if target.change_at else f"{subject} is {more} after",
    }


def _open(design: Design, result: TestResult) -> dict[str, str]:
    """By shape, what is left open where no effect was shown."""
    subject, target = subject_of(design, result), design.target
    return {
        "groups": f"{subject} differs between {{group_a}} and {{group_b}}",
        "reference": f"{subject} differs from {{reference}}",
        "pairs": f"{_paired(design)} changed within pairs",
        "several groups": f"{subject} differs between the groups of {{predictor}}",
        "ordered groups": f"{subject} rises or falls along the order of {{predictor}}",
        "table": "{predictor} and {outcome} are associated",
        "slope": "{predictor} and {outcome} are associated",
        "interaction": f"the relation of {{predictor}} with {subject} depends on {{moderator}}",
        "prediction": "{predictors} help to foretell {outcome} of new rows",
        "trend": f"{subject} rises or falls over {{time}}" if target.time else f"{subject} rises or falls over time",
        "step": f"{subject} is different from {{change_at}} on" if target.change_at else f"{subject} changed",
    }


def _paired(design: Design) -> str:
    return "the values" if design.target.baseline is not None else "{outcome}"


def _paired_subject(design: Design) -> str:
    if design.target.baseline is not None:
        return "{group_a}"
    return "the share with {outcome} = {success}" if design.target.success is not None else "it"


def _paired_groups(design: Design) -> str:
    return "than {group_b}" if design.target.baseline is not None else "in {group_a} than in {group_b}"
