"""A study sheet against the data it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kosmos_graph.data.filters import complaint
from kosmos_graph.data.nearest import did_you_mean
from kosmos_graph.data.table import shown
from kosmos_graph.domain.data_card import DataCard, Kind
from kosmos_graph.domain.expressions import columns_in
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput

COLUMNS = (
    "treatment",
    "id",
    "pair",
    "cluster",
    "stratum",
    "time",
    "weight",
    "duration",
    "event",
    "exposure",
    "primary_outcome",
)
"""Keys of a sheet whose value is a column's name."""


def check_sheet(sheet: StudySheet, cards: Sequence[DataCard]) -> None:
    """Raise BadInput when the sheet names columns that none of the data sets has, or conditions that cannot be applied.

    All unknown columns are named in one sentence, each with the names that are near.
    """
    if not cards:
        return
    known = sorted({column.name for card in cards for column in card.columns})
    unknown = {name: where for where, name in _named(sheet) if name not in known}
    if unknown:
        listed = "; ".join(_unknown(name, where, known) for name, where in sorted(unknown.items()))
        raise BadInput(f"The study sheet names what the data do not have: {listed}.")
    _check_exclusions(sheet, cards)
    _check_numbers(sheet, cards)
    _check_event(sheet, cards)


def _unknown(name: str, where: str, known: Sequence[str]) -> str:
    near = did_you_mean(name, known).removeprefix("; ").removesuffix("?")
    return f"column `{shown(name)}` in `{where}`" + (f" ({near}?)" if near else "")


def _named(sheet: StudySheet) -> Iterator[tuple[str, str]]:
    """Every column that the sheet names, after the key it stands under."""
    for key in COLUMNS:
        name = getattr(sheet, key)
        if name is not None:
            yield key, name
    for hypothesis in sheet.hypotheses:
        for name in (hypothesis.outcome, *hypothesis.predictors):
            if name is not None:
                yield "hypotheses", name
    yield from (("covariates", covariate.column) for covariate in sheet.covariates)
    yield from (("derived", name) for derived in sheet.derived for name in columns_in(derived.expression))
    yield from (("dictionary", statement.column) for statement in sheet.dictionary)
    yield from (("exclusions", exclusion.column) for exclusion in sheet.exclusions)


def _check_exclusions(sheet: StudySheet, cards: Sequence[DataCard]) -> None:
    """Each exclusion must apply to one data set at least: a level may occur in one file and not in the other."""
    for exclusion in sheet.exclusions:
        reasons = [complaint(exclusion, card) for card in cards if card.column(exclusion.column)]
        if reasons and all(reasons):
            raise BadInput(f"An exclusion of the study sheet cannot be applied: {reasons[0]}")


def _check_numbers(sheet: StudySheet, cards: Sequence[DataCard]) -> None:
    for key in ("weight", "duration", "exposure"):
        name = getattr(sheet, key)
        columns = (card.column(name) for card in cards if name is not None)
        for column in columns:
            if column is not None and not column.kind.numeric:
                raise BadInput(f"The study sheet's {key} column `{shown(column.name)}` is {column.kind.value}, not numeric.")


def _check_event(sheet: StudySheet, cards: Sequence[DataCard]) -> None:
    """Follow-up takes two columns, and the event's is yes or no."""
    if sheet.event is not None and sheet.duration is None:
        raise BadInput("The study sheet states `event` and not `duration`: follow-up takes both columns.")
    if sheet.event is None and sheet.duration is not None:
        raise BadInput(
            "The study sheet states `duration` and not `event`: follow-up takes both columns. If it happened to every row, write "
            f"`event: happened`, and `happened: 1 + 0 * {_written(sheet.duration)}` under `derived`."
        )
    columns = (card.column(sheet.event) for card in cards if sheet.event is not None)
    for column in columns:
        if column is not None and column.kind is not Kind.BINARY:
            raise BadInput(f"The study sheet's event column `{shown(column.name)}` is {column.kind.value}, not yes/no.")


def _written(name: str) -> str:
    """A column as it is written in an expression."""
    return name if name.isidentifier() else f"`{shown(name)}`"
