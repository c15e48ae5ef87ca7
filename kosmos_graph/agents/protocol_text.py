"""A design's protocol in words, from templates; its numbers are counts of the data card and what follows from them."""

from __future__ import annotations

from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.wording import condition_of, listed
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Design, Protocol
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.counting import level_names, rows_left
from kosmos_graph.experiments.planned_power import standardised_detectable


def protocol_of(design: Design, hypothesis: Hypothesis, card: DataCard, material: Material) -> Protocol:
    """The protocol of a design in which everything but the words is settled."""
    target = design.target
    if design.code is not None:
        return _protocol_of_code(design, hypothesis, card, material)
    return Protocol(
        objective=_objective(hypothesis),
        steps=tuple(_steps(design, hypothesis)),
        independent_variables=_independent(design),
        dependent_variables=tuple(name for name in (target.outcome, target.baseline) if name is not None),
        control_variables=design.covariates,
        confounding_variables=_confounders(design, material),
        control_group=_control_group(design),
        refuted_by=_refuted_by(design, hypothesis),
        sample_size=_sample_size(design, card),
        power=_power(design, hypothesis, card, material),
        resources="The data as they are and a computation on this machine; nothing is collected, bought or sent.",
        reproducibility=_reproducibility(card, material),
    )


def _protocol_of_code(design: Design, hypothesis: Hypothesis, card: DataCard, material: Material) -> Protocol:
    results = design.code.results if design.code is not None else ()
    return Protocol(
        objective=f"To explore: {hypothesis.statement}",
        steps=(
            f"Read {design.target.dataset} and apply the codings and exclusions of the study sheet.",
            "Run the code in a sandbox, with the data to read and nothing else.",
            f"Keep what it was declared to return: {listed(tuple(result.name for result in results))}.",
            "Report it as exploratory; code that a model wrote gets no verdict.",
        ),
        independent_variables=_independent(design),
        dependent_variables=(design.target.outcome,),
        confounding_variables=_confounders(design, material),
        refuted_by="Nothing: an exploration is neither supported nor refuted.",
        sample_size=f"{card.name} has {card.rows} rows; which of them the code uses is the code's own.",
        power="No test of the plan, so no power.",
        resources="The data as they are and a computation on this machine; nothing is collected, bought or sent.",
        reproducibility=_reproducibility(card, material),
    )


def _objective(hypothesis: Hypothesis) -> str:
    if hypothesis.expects == "estimate":
        return f"To estimate, with an interval: {hypothesis.statement}"
    return f"To test: {hypothesis.statement}"


def _steps(design: Design, hypothesis: Hypothesis) -> list[str]:
    method = CATALOGUE[design.method]
    steps = [f"Read {design.target.dataset} and apply the codings and exclusions of the study sheet."]
    if design.target.filters:
        steps.append(f"Keep the rows in which {listed(tuple(condition_of(condition) for condition in design.target.filters))}.")
    if design.target.levels is not None:
        steps.append(f"Compare {design.target.levels[0]} with {design.target.levels[1]}, in this order.")
    steps.append(f"Keep complete cases of {listed((*design.target.columns, *design.covariates))}, and count those left out.")
    steps.append(f"Run: {method.title}, for the {method.estimand}.")
    beside = tuple(CATALOGUE[name].title for name in method.sensitivity)
    if beside and hypothesis.expects != "estimate":
        steps.append(f"Beside it, without a say in the verdict: {listed(beside)}.")
    steps.append(_closing(hypothesis))
    return steps


def _closing(hypothesis: Hypothesis) -> str:
    if hypothesis.expects == "estimate":
        return "Report the estimate with its interval; a description gets no verdict."
    return "Report the effect with its interval, and settle the verdict by the p-value adjusted over all hypotheses of the run."


def _independent(design: Design) -> tuple[str, ...]:
    target = design.target
    return tuple(dict.fromkeys((*target.predictors, *((target.time,) if target.time is not None else ()))))


def _confounders(design: Design, material: Material) -> tuple[str, ...]:
    """Declared confounders, adjusted for or not; none where the groups were assigned at random."""
    if material.sheet.design == "randomised":
        return ()
    return tuple(name for name in material.sheet.covariates_with("confounder") if name not in design.target.columns)


def _control_group(design: Design) -> str | None:
    target = design.target
    if target.levels is not None:
        return f"{target.levels[1]} ({listed(target.predictors[:1])})"
    if target.baseline is not None:
        return f"the same units at {target.baseline}"
    return "the points before the date" if target.change_at is not None else None


def _refuted_by(design: Design, hypothesis: Hypothesis) -> str:
    if hypothesis.expects == "estimate":
        return "Nothing: a description is neither supported nor refuted."
    if hypothesis.expects == "no effect":
        bound = "" if design.delta is not None else "; no such effect is stated, so neither can be shown"
        return f"An interval that lies wholly beyond the smallest effect that matters{bound}."
    opposite = "A significant effect of the opposite sign" if hypothesis.direction is not None else ""
    within = "equivalence within the smallest effect that matters" if design.delta is not None else ""
    told = " or ".join(part for part in (opposite, within) if part)
    if not told:
        return "Nothing in this design: no direction is predicted and no smallest effect that matters is stated."
    return f"{told[0].upper()}{told[1:]}."


def _sample_size(design: Design, card: DataCard) -> str:
    """Counts of the card: rows, the most that can be complete, and the groups' own level counts."""
    left = rows_left(card, design.target, design.covariates)
    told = f"{card.name} has {card.rows} rows, of which at most {left} are selected and complete"
    return f"{told}{_group_counts(design, card)}. The data were there before the question, so their size was not planned."


def _group_counts(design: Design, card: DataCard) -> str:
    column = card.column(design.target.predictors[0]) if design.target.predictors else None
    if column is None or not column.levels:
        return ""
    counts = tuple(f"{name} {column.n_of(name)}" for name in level_names(card, design.target)[:12])
    return f" (rows by {column.name}, before any selection: {', '.join(counts)})"


def _power(design: Design, hypothesis: Hypothesis, card: DataCard, material: Material) -> str:
    if hypothesis.expects == "estimate":
        return "No test, so no power; the width of the interval says how precise the estimate is."
    detectable = standardised_detectable(design, card, material.options.alpha)
    if design.target.time is not None:
        return "Not stated: it depends on how far neighbouring points in time go together, which only the data tell."
    if detectable is None:
        return "Too few rows to state it."
    smallest = (
        "" if design.delta is None else " Whether that is below the smallest effect that matters shows with the outcome's spread."
    )
    return (
        f"With these rows, a difference of about {detectable:.2f} standard deviations is detected with 80 % power at a level of "
        f"{material.options.alpha:g}, before the adjustment for several hypotheses.{smallest}"
    )


def _reproducibility(card: DataCard, material: Material) -> str:
    return (
        f"The data are fixed by their SHA-256 ({card.sha256[:12]}…), chance by the seed "
        f"{material.options.seed}; the run sheet lists "
        "versions and settings, and the same run repeats every computation."
    )
