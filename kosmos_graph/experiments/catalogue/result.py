"""Assembles a test result from a method, its sample and what was computed."""

from __future__ import annotations

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Equivalence, Group, Measure, Term, TestResult
from kosmos_graph.experiments.method import Method, Sample


def result_of(
    method: Method,
    sample: Sample,
    design: Design,
    *,
    effect: Effect,
    statistic_name: str | None = None,
    statistic: float | None = None,
    df: tuple[float, ...] = (),
    p_value: float | None = None,
    standardised: Effect | None = None,
    other_effects: tuple[Effect, ...] = (),
    groups: tuple[Group, ...] = (),
    measures: tuple[Measure, ...] = (),
    equivalence: Equivalence | None = None,
    terms: tuple[Term, ...] = (),
    minimum_detectable: float | None = None,
    caveats: tuple[str, ...] = (),
) -> TestResult:
    """The result, with what the method and the sample say of themselves filled in."""
    return TestResult(
        method=method.name,
        title=method.title,
        estimand=method.estimand,
        statistic_name=statistic_name,
        statistic=statistic,
        df=df,
        p_value=p_value,
        alternative=design.alternative,
        effect=effect,
        standardised=standardised,
        other_effects=other_effects,
        groups=groups,
        n_read=sample.n_read,
        n_analysed=len(sample.frame),
        exclusions=sample.exclusions,
        measures=measures,
        equivalence=equivalence,
        terms=terms,
        minimum_detectable=minimum_detectable,
        caveats=caveats,
    )


def unit_of(sample: Sample, design: Design) -> str | None:
    """The outcome's unit, where one is known."""
    card = sample.card.column(design.target.outcome)
    return None if card is None else card.unit
