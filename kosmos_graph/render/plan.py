"""A locked plan as Markdown, for the person who approves it."""

from __future__ import annotations

from collections.abc import Iterator

from kosmos_graph.domain.design import Design, LockedPlan
from kosmos_graph.domain.hypothesis import Hypothesis, Target
from kosmos_graph.render.assumptions import filter_words
from kosmos_graph.render.escape import code_lines, markdown
from kosmos_graph.render.fill import listed
from kosmos_graph.render.numbers import level, number
from kosmos_graph.render.tables import bullets

PREDICTED = {"positive": "a positive effect", "negative": "a negative effect", None: "an effect, in either direction"}


def render_plan(plan: LockedPlan) -> str:
    """The plan's designs, a few lines each, and what is fixed for all of them."""
    return "\n".join(_lines(plan)).rstrip("\n") + "\n"


def _lines(plan: LockedPlan) -> Iterator[str]:
    yield from (f"# Plan of cycle {plan.cycle}: {markdown(plan.question.text)}", "")
    options = plan.options
    yield from bullets(
        (
            f"Data: {', '.join(name for name, _ in plan.data)}",
            f"Alpha {number(options.alpha)} over all hypotheses (Holm), intervals at {level(options.level)}, seed {options.seed}",
            f"Lock: SHA-256 {plan.sha256}",
        )
    )
    by_id = {hypothesis.id: hypothesis for hypothesis in plan.hypotheses}
    for design in plan.designs:
        yield from _design(design, by_id.get(design.hypothesis))
    if not plan.designs:
        yield from ("No design is left to run.", "")
    if plan.struck:
        yield from (f"Struck: {markdown(', '.join(plan.struck))}", "")


def _design(design: Design, hypothesis: Hypothesis | None) -> Iterator[str]:
    statement = hypothesis.statement if hypothesis is not None else ""
    yield from (f"## {markdown(design.hypothesis)}: {markdown(statement)}", "")
    yield from bullets(_facts(design, hypothesis))
    if design.code is not None:
        returned = (f"{result.name} (a {result.kind}): {result.meaning}" for result in design.code.results)
        yield from ("It returns:", "", *bullets(returned), "Its code:", "", *code_lines(design.code.code), "")


def _facts(design: Design, hypothesis: Hypothesis | None) -> Iterator[str]:
    reason = f": {design.method_reason}" if design.method_reason else ""
    yield f"Method: {design.method}{reason}"
    yield f"On: {target_words(design.target)}"
    if hypothesis is not None:
        yield f"Predicted: {_predicted(hypothesis)}"
    if design.covariates:
        yield f"Held constant: {listed(design.covariates)}"
    if design.alternative != "two-sided":
        yield f"One-sided: {design.alternative}"
    if design.delta is not None:
        yield f"Smallest effect that matters (δ): {number(design.delta.value)}; source: {design.delta.source}"
    if design.protocol.refuted_by:
        yield f"Refuted by: {design.protocol.refuted_by}"
    if design.protocol.power:
        yield f"Power: {design.protocol.power}"
    yield f"Designed by: {design.author}"


def _predicted(hypothesis: Hypothesis) -> str:
    match hypothesis.expects:
        case "estimate":
            return "nothing; the quantity is estimated"
        case "no effect":
            return "no difference that matters"
        case "effect":
            return PREDICTED[hypothesis.direction]


def target_words(target: Target) -> str:
    """What is compared with what, by the names of the data."""
    parts = [target.outcome if target.success is None else f"{target.outcome} = {target.success}"]
    if target.predictors:
        parts.append(f"by {listed(target.predictors)}")
    if target.interaction:
        parts.append("and their interaction")
    if target.levels is not None:
        parts.append(f"({target.levels[0]} minus {target.levels[1]})")
    if target.baseline is not None:
        parts.append(f"minus {target.baseline}")
    if target.reference is not None:
        parts.append(f"against {number(target.reference)}")
    if target.pair is not None:
        parts.append(f"paired by {target.pair}")
    if target.time is not None:
        parts.append(f"over {target.time}")
    if target.change_at is not None:
        parts.append(f"changing at {target.change_at}")
    parts += structure_words(target)
    if target.filters:
        parts.append(f"where {listed([filter_words(one) for one in target.filters])}")
    return f"{' '.join(parts)}, in {target.dataset}"


def structure_words(target: Target) -> list[str]:
    """What is said of how the rows came about: follow-up, exposure, clusters, weights and strata."""
    event = target.event if target.event_level is None else f"{target.event} = {target.event_level}"
    said = (
        (target.event, f"until {event}"),
        (target.exposure, f"per unit of {target.exposure}"),
        (target.cluster, f"clustered by {target.cluster}"),
        (target.weight, f"weighted by {target.weight}"),
        (target.stratum, f"stratified by {target.stratum}"),
    )
    return [words for column, words in said if column is not None]
