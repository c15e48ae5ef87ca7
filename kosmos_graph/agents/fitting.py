"""Every method of the catalogue on given columns, as `rules` weigh them: which fit, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass

from kosmos_graph.agents.structure import structured
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.hypothesis import Expectation, Target, Task
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import applicable_methods, objections, serves
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.method import Method


@dataclass(frozen=True)
class Fit:
    """Whether a method may be used. `reasons` are words on why it fits (one), or sentences on why it does not."""

    method: str
    fits: bool
    preferred: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Fitting:
    """All methods on one target, which has what the study sheet says of its rows."""

    target: Target
    found: tuple[Fit, ...]


def fit_methods(
    card: DataCard, sheet: StudySheet, task: Task, expects: Expectation, target: Target, covariates: tuple[str, ...] = ()
) -> Fitting:
    """Every method once: those that fit in the order of preference, then the others in the catalogue's order.

    Of the targets that the sheet makes of this one, the first for which there is a method is looked at.
    """
    targets = structured(target, card, sheet)
    chosen = next((one for one in targets if applicable_methods(card, sheet, task, expects, one, covariates)), targets[0])
    choices = applicable_methods(card, sheet, task, expects, chosen, covariates)
    fitting = tuple(Fit(choice.method, True, choice.preferred, (choice.reason,)) for choice in choices)
    others = [method for name, method in CATALOGUE.items() if name not in {one.method for one in fitting}]
    refused = tuple(
        Fit(method.name, False, False, _why_not(method, card, sheet, task, expects, chosen, covariates)) for method in others
    )
    return Fitting(chosen, (*fitting, *refused))


def _why_not(
    method: Method,
    card: DataCard,
    sheet: StudySheet,
    task: Task,
    expects: Expectation,
    target: Target,
    covariates: tuple[str, ...],
) -> tuple[str, ...]:
    """That it answers another question, or else what it objects to in the columns."""
    asked = "estimate" if expects == "estimate" else task
    if serves(method, card, task, expects, target, covariates):
        return objections(method, card, sheet, target, covariates)
    if method.needs.delta and expects != "no effect":
        return (f"{method.title} is for a question of no effect beyond δ, and this asks whether there is one.",)
    return (f"{method.title} is for the task {' or '.join(method.tasks)}, and this is {asked}.",)
