"""What may be asked about an outcome and a predictor: every task that some method of the catalogue could answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from kosmos_graph.agents.reading.levels import after_and_before, comparison_levels, positive_level
from kosmos_graph.agents.reading.series import time_column
from kosmos_graph.agents.structure import answerable
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind
from kosmos_graph.domain.hypothesis import Expectation, Target, Task
from kosmos_graph.domain.study_sheet import StudySheet

MOST_CONTRASTS = 15
ALL_GROUPS = "all groups"

TASK_LINES: dict[Task, str] = {
    "compare": "is the outcome different between the groups?",
    "change": "did the same units change from the first measurement to the second?",
    "associate": "do the two go together?",
    "affect": "does the predictor matter once other columns are adjusted for?",
    "trend": "does the outcome rise or fall over time?",
    "step": "is the outcome different after a date?",
    "estimate": "how large is the outcome?",
}


@dataclass(frozen=True)
class Form:
    """One question about a pair of columns. `contrasts` are the targets it may have, by what is compared: "A against B"."""

    task: Task
    contrasts: dict[str, Target]

    @property
    def expects(self) -> Expectation:
        """What a hypothesis of this form expects unless somebody says otherwise."""
        return "estimate" if self.task == "estimate" else "effect"


def may_be_outcome(column: ColumnCard) -> bool:
    """Whether a column can be measured as an outcome."""
    return column.kind.numeric or column.kind.categorical


def may_be_predictor(column: ColumnCard, sheet: StudySheet) -> bool:
    """Whether a column can explain an outcome: neither free text nor an id nor a weight."""
    fits = column.kind.numeric or column.kind.categorical or column.kind is Kind.DATETIME
    return fits and column.name not in (sheet.id, sheet.pair, sheet.weight)


def forms(card: DataCard, sheet: StudySheet, outcome: str, predictor: str | None) -> tuple[Form, ...]:
    """The questions that can be answered about a pair, the plainest first. Empty where there are none, or no such columns.

    The predictor's own part in a regression is offered where confounders are declared, and where nothing plainer is possible.
    """
    measured, grouping = card.column(outcome), card.column(predictor) if predictor is not None else None
    if measured is None or (predictor is not None and grouping is None) or outcome == predictor:
        return ()
    found = [_estimate(card, measured)] if grouping is None else _pair_forms(card, sheet, measured, grouping)
    possible = [form for form in (_possible(form, card, sheet) for form in found) if form.contrasts]
    plain = [form for form in possible if form.task != "affect"]
    return tuple(plain if plain and not sheet.covariates_with("confounder") else possible)


def _possible(form: Form, card: DataCard, sheet: StudySheet) -> Form:
    """The form without the contrasts that no method can answer."""
    fits = {name: target for name, target in form.contrasts.items() if answerable(card, sheet, form.task, form.expects, target)}
    return Form(form.task, fits)


def _pair_forms(card: DataCard, sheet: StudySheet, outcome: ColumnCard, predictor: ColumnCard) -> list[Form]:
    if predictor.kind is Kind.DATETIME or predictor.name == time_column(card, sheet):
        return [_plain("trend", card, outcome, predictor, time=predictor.name), _plain("associate", card, outcome, predictor)]
    adjusted = _plain("affect", card, outcome, predictor)
    if predictor.kind.categorical:
        return [*_changes(card, sheet, outcome, predictor), _compare(card, outcome, predictor), adjusted]
    return [*_wide_changes(card, sheet, outcome, predictor), _plain("associate", card, outcome, predictor), adjusted]


def _estimate(card: DataCard, outcome: ColumnCard) -> Form:
    success = success_level(outcome)
    quantity = "mean" if outcome.kind.numeric else "proportion"
    target = Target(dataset=card.name, outcome=outcome.name, success=success, quantity=quantity)
    return Form("estimate", {"": target})


def _plain(task: Task, card: DataCard, outcome: ColumnCard, predictor: ColumnCard, time: str | None = None) -> Form:
    levels = comparison_levels(predictor) if predictor.kind.categorical and len(predictor.levels) == 2 else None
    predictors = () if time is not None else (predictor.name,)
    target = Target(
        dataset=card.name, outcome=outcome.name, predictors=predictors, levels=levels, success=success_level(outcome), time=time
    )
    return Form(task, {"": target})


def _compare(card: DataCard, outcome: ColumnCard, predictor: ColumnCard) -> Form:
    base = _between(card, outcome, predictor)
    if len(predictor.levels) == 2:
        return Form("compare", _contrasts(base, [comparison_levels(predictor)]))
    pairs = list(combinations([level.name for level in predictor.levels], 2))
    return Form("compare", {ALL_GROUPS: base, **(_contrasts(base, pairs) if len(pairs) <= MOST_CONTRASTS else {})})


def _changes(card: DataCard, sheet: StudySheet, outcome: ColumnCard, predictor: ColumnCard) -> list[Form]:
    """Before and after in long format: two levels, and a column that tells which rows belong together."""
    pair = sheet.pair or sheet.id
    if pair is None or len(predictor.levels) != 2 or card.column(pair) is None:
        return []
    levels = after_and_before(predictor) or comparison_levels(predictor)
    base = _between(card, outcome, predictor).model_copy(update={"pair": pair})
    return [Form("change", _contrasts(base, [levels]))]


def _wide_changes(card: DataCard, sheet: StudySheet, outcome: ColumnCard, before: ColumnCard) -> list[Form]:
    """Before and after in two columns of one unit, where the study is declared to be of that design."""
    if sheet.design not in ("before-after", "paired") or not outcome.kind.numeric or outcome.unit != before.unit:
        return []
    return [Form("change", {"": Target(dataset=card.name, outcome=outcome.name, baseline=before.name)})]


def _between(card: DataCard, outcome: ColumnCard, predictor: ColumnCard) -> Target:
    return Target(dataset=card.name, outcome=outcome.name, predictors=(predictor.name,), success=success_level(outcome))


def _contrasts(base: Target, pairs: list[tuple[str, str]]) -> dict[str, Target]:
    return {f"{a} against {b}": base.model_copy(update={"levels": (a, b)}) for a, b in pairs}


def success_level(outcome: ColumnCard) -> str | None:
    """The level of a binary outcome whose proportion is spoken of: the stated or conventional yes, else the last."""
    if outcome.kind is not Kind.BINARY or not outcome.levels:
        return None
    return positive_level(outcome) or outcome.levels[-1].name
