"""Every number of a result under a name of its own."""

from __future__ import annotations

from kosmos_graph.domain.results import TestResult

PARTS = {
    "statistic": "statistic",
    "df": "degrees of freedom",
    "p": "p",
    "effect": "effect, interval",
    "standardised": "standardised effect, interval",
    "other": "other effects",
    "group": "groups",
    "measure": "measures",
    "equivalence": "equivalence",
    "term": "terms",
    "detectable": "minimum detectable",
}
"""What the first word of a name stands for."""


def reported(result: TestResult) -> dict[str, float]:
    """The numbers; one that the result does not have has no name. Names begin with a word of PARTS:

    `statistic`, `df 1`, `df 2`, `p`, `effect`, `effect low`, `effect high`, `standardised`, `other odds ratio high`,
    `group A mean`, `measure skewness, A`, `equivalence p`, `term intercept statistic`, `detectable`.
    """
    found: dict[str, float | None] = {"statistic": result.statistic, "p": result.p_value, "detectable": result.minimum_detectable}
    found |= {f"df {place}": value for place, value in enumerate(result.df, 1)}
    effects = [("effect", result.effect), *((f"other {effect.name}", effect) for effect in result.other_effects)]
    if result.standardised is not None:
        effects.append(("standardised", result.standardised))
    for name, effect in effects:
        found |= {name: effect.value, f"{name} low": effect.low, f"{name} high": effect.high}
    for group in result.groups:
        numbers = group.model_dump(exclude={"label", "n_success"}) | {"successes": group.n_success}
        found |= {f"group {group.label} {name}": value for name, value in numbers.items()}
    found |= {f"measure {measure.name}": measure.value for measure in result.measures}
    if result.equivalence is not None:
        found |= {f"equivalence {name}": getattr(result.equivalence, field) for name, field in EQUIVALENCE.items()}
    for term in result.terms:
        name = f"term {term.name}"
        found |= {name: term.estimate, f"{name} low": term.low, f"{name} high": term.high, f"{name} n": term.n}
        found |= {f"{name} statistic": term.statistic, f"{name} p": term.p_value}
    return {name: float(value) for name, value in found.items() if value is not None}


EQUIVALENCE = {"p": "p_value", "low": "low", "high": "high"}


def part_of(name: str) -> str:
    """The part of a result that a number belongs to."""
    return PARTS[name.split(" ", 1)[0]]
