"""What every method answers to data on which there may be no answer: constant, tied, separated, singular, missing, too few."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from benchmarks.certification import made
from benchmarks.certification.entry import design_of
from benchmarks.certification.reported import reported
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.method import Method
from kosmos_graph.experiments.runner import run_design

ROWS = 72
LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Situation:
    """Columns (numbers, or texts for levels, in the order of the rows), the columns whose levels are ordered, and what is asked."""

    columns: Mapping[str, list[Any]]
    asked: Mapping[str, Any]
    ordered: frozenset[str] = field(default=frozenset())

    def having(self, **columns: list[Any]) -> Situation:
        """The situation with some columns exchanged."""
        return replace(self, columns={**self.columns, **columns})

    def rows(self, kept: list[int]) -> Situation:
        """The situation with some rows alone."""
        return replace(self, columns={name: [cells[row] for row in kept] for name, cells in self.columns.items()})

    @property
    def group(self) -> str | None:
        """The first predictor where it has levels."""
        predictors = self.asked.get("predictors", ())
        return predictors[0] if predictors and isinstance(self.columns[predictors[0]][0], str) else None

    @property
    def numeric(self) -> bool:
        """Whether the outcome is a number."""
        return not isinstance(self.columns["y"][0], str)


def ordinary(method: Method) -> Situation:
    """Data and arguments that fit what the method says it needs."""
    needs, asked, columns = method.needs, {"outcome": "y"}, {"y": _outcome(method)}
    ordered = {"y"} if not needs.outcome & {Kind.CONTINUOUS, Kind.COUNT, Kind.BINARY} else set()
    most = needs.predictors[1]
    if needs.sampling == "paired":
        columns["before"] = _shuffled(columns["y"])
        asked["baseline"] = "before"
    elif most is None or most > 0:
        names = ["g", "h"][: max(1, needs.predictors[0], 2 if needs.interaction else 1)]
        for name in names:
            kinds = needs.predictor if name == "g" or needs.second is None else needs.second
            slope = name == "h" and needs.second is not None and not needs.second & {Kind.NOMINAL, Kind.BINARY}
            columns[name] = _predictor(name, kinds, None if slope else needs.groups)
            ordered |= {name} if kinds == {Kind.ORDINAL} or (name == "h" and Kind.ORDINAL in kinds) else set()
        asked["predictors"] = tuple(names)
    if needs.sampling == "repeated":
        levels = len(set(columns["g"]))
        columns["unit"] = [f"u{row // levels}" for row in range(ROWS)]
        asked["pair"] = "unit"
    if needs.adjusts:
        columns["c"] = _numbers("covariate", 50, 9)
        asked["covariates"] = ("c",)
    return Situation(columns, asked | dict(_stated(method, columns)), frozenset(ordered))


def _stated(method: Method, columns: dict[str, list[Any]]) -> Iterator[tuple[str, Any]]:
    """What the method needs beside outcome and predictors; adds the columns."""
    needs, binary = method.needs, isinstance(columns["y"][0], str)
    if needs.reference:
        yield "reference", 0.4 if binary else 9.0
    if needs.delta:
        yield "delta", 0.3 if binary else 3.0
    if needs.time:
        columns["t"] = [float(row) for row in range(ROWS)]
        yield "time", "t"
    if needs.change_at:
        yield "change_at", str(ROWS // 2)
    if needs.event:
        columns["event"] = made.coin("event", ROWS, 0.6)
        yield "event", "event"
        yield "event_level", "yes"
    if needs.sampling == "clustered" or needs.clusters or "cluster" in needs.takes:
        columns["k"] = [f"k{row % 24}" for row in range(ROWS)]
        yield "cluster", "k"
    if needs.weight:
        columns["w"] = [float(1 + row % 5) for row in range(ROWS)]
        yield "weight", "w"
    if needs.interaction:
        yield "interaction", True
    if binary and Kind.BINARY in needs.outcome:
        yield "success", "yes"


def _outcome(method: Method) -> list[Any]:
    kinds = method.needs.outcome
    if Kind.CONTINUOUS in kinds:
        return [abs(value) + 0.5 for value in _numbers("outcome", 10, 2)]
    if Kind.COUNT in kinds:
        return [float(value) for value in made.scores("outcome", ROWS, 9)]
    if Kind.BINARY in kinds:
        return made.coin("outcome", ROWS, 0.45)
    return [LETTERS[int(value) - 1] for value in made.scores("outcome", ROWS, 5)]


def _predictor(name: str, kinds: frozenset[Kind], groups: tuple[int, int | None] | None) -> list[Any]:
    if groups is None and Kind.CONTINUOUS in kinds:
        return _numbers(name, 4, 1)
    levels = LETTERS[: groups[0] if groups else 2]
    return [levels[(row // (1 if name == "g" else len(levels))) % len(levels)] for row in range(ROWS)]


def _numbers(name: str, centre: float, spread: float) -> list[Any]:
    return [float(text) for text in made.normal(f"degenerate {name}", ROWS, centre, spread)]


def _shuffled(cells: list[Any]) -> list[Any]:
    return [cells[(row * 7 + 3) % ROWS] for row in range(ROWS)]


def constant_outcome(situation: Situation) -> Situation | None:
    """The outcome is the same everywhere."""
    changed = {"y": [situation.columns["y"][0]] * ROWS}
    if "before" in situation.columns:
        changed["before"] = changed["y"]
    return situation.having(**changed)


def constant_group(situation: Situation) -> Situation | None:
    """The outcome is the same throughout the first group, or in the second measurement."""
    y = situation.columns["y"]
    if "before" in situation.columns:
        return situation.having(before=[y[0]] * ROWS)
    if situation.group is None:
        return None
    own = situation.columns[situation.group]
    return situation.having(y=[y[0] if level == own[0] else value for level, value in zip(own, y, strict=True)])


def tied(situation: Situation) -> Situation | None:
    """The outcome has two values."""
    if not situation.numeric:
        return None
    changed = {name: [float(1 + (value > 9)) for value in situation.columns[name]] for name in ("y", "before")
               if name in situation.columns}  # fmt: skip
    return situation.having(**changed)


def separated(situation: Situation) -> Situation | None:
    """The outcome tells the groups, or the halves of a numeric predictor, apart without error."""
    predictors = situation.asked.get("predictors", ())
    y = situation.columns["y"]
    if "before" in situation.columns:
        changed = [value - 1000 for value in y] if situation.numeric else ["no"] * ROWS
        return situation.having(before=changed, y=y if situation.numeric else ["yes"] * ROWS)
    if not predictors:
        return None
    own = situation.columns[predictors[0]]
    middle = sorted(own)[ROWS // 2]
    upper = [value == max(own) if situation.group else value > middle for value in own]
    if situation.numeric:
        return situation.having(y=[value + 1000 * high for value, high in zip(y, upper, strict=True)])
    low, high = min(y), max(y)
    return situation.having(y=[high if above else low for above in upper])


def singular(situation: Situation) -> Situation | None:
    """A covariate is a copy of the first predictor."""
    predictors = situation.asked.get("predictors", ())
    if not predictors:
        return None
    asked = {**situation.asked, "covariates": (*situation.asked.get("covariates", ()), "copy")}
    return replace(situation.having(copy=list(situation.columns[predictors[0]])), asked=asked)


def missing(situation: Situation) -> Situation | None:
    """No row has an outcome."""
    return situation.having(y=[float("nan") if situation.numeric else None] * ROWS)


def two_rows(situation: Situation) -> Situation | None:
    """Two rows, of two groups where there are any."""
    return situation.rows([0, 1])


def one_row_a_group(situation: Situation) -> Situation | None:
    """One row in each group, of whatever group."""
    if situation.group is None:
        return None
    own = situation.columns[situation.group]
    return situation.rows([own.index(level) for level in sorted(set(own))])


KINDS: Mapping[str, Callable[[Situation], Situation | None]] = {
    "ordinary": lambda situation: situation,
    "constant outcome": constant_outcome,
    "constant group": constant_group,
    "ties everywhere": tied,
    "complete separation": separated,
    "singular design": singular,
    "all missing": missing,
    "two rows": two_rows,
    "one row a group": one_row_a_group,
}


def takes_covariates(method: Method) -> bool:
    """Whether a copy of a predictor can be in the model."""
    return method.needs.covariates is not None


def answers(method: Method) -> dict[str, str]:
    """By kind of degeneracy: `result`, a refusal's sentence, `—` where there is no such data, or a fault, which begins with `!`."""
    found = {}
    for kind, degrade in KINDS.items():
        situation = None if kind == "singular design" and not takes_covariates(method) else degrade(ordinary(method))
        found[kind] = "—" if situation is None else answer(method, situation)
    return found


def answer(method: Method, situation: Situation) -> str:
    """What the method says of a situation, past the review."""
    try:
        execution = run_design(
            dataset_of(situation), design_of(method.name, dict(situation.asked)), StudySheet(), Options(), "c1h1g1"
        )
    except Exception as crash:  # noqa: BLE001 — a crash is what is looked for, and is told
        return f"! {type(crash).__name__}: {crash}"
    if execution.result is None:
        return execution.error or "! no sentence"
    numbers = reported(execution.result)
    wrong = [name for name, value in numbers.items() if not math.isfinite(value)]
    wrong += [name for name, value in numbers.items() if name.split(" ")[-1] == "p" and not 0 <= value <= 1]
    return f"! not sensible: {wrong}" if wrong else "result"


def dataset_of(situation: Situation) -> Dataset:
    """The situation as the reader would give it."""
    series = {name: _series(cells, name in situation.ordered) for name, cells in situation.columns.items()}
    frame = pd.DataFrame(series)
    cards = tuple(_card(frame[name]) for name in frame.columns)
    card = DataCard(name="data.csv", path="data.csv", sha256="0" * 64, format="csv", rows=len(frame), columns=cards)
    return Dataset(card, frame)


def _series(cells: list[Any], ordered: bool) -> pd.Series:
    texts = sorted({cell for cell in cells if isinstance(cell, str)})
    if texts or None in cells:
        return pd.Series(pd.Categorical(cells, categories=texts, ordered=ordered))
    return pd.Series(cells, dtype="float64")


def _card(series: pd.Series) -> ColumnCard:
    name, missing_cells, distinct = str(series.name), int(series.isna().sum()), int(series.nunique())
    if not isinstance(series.dtype, pd.CategoricalDtype):
        return ColumnCard(name=name, kind=Kind.CONTINUOUS, missing=missing_cells, distinct=distinct)
    counts = series.value_counts(sort=False)
    levels = tuple(Level(name=str(level), n=int(counts[level])) for level in series.cat.categories)
    kind = Kind.ORDINAL if series.cat.ordered else Kind.BINARY if len(levels) == 2 else Kind.NOMINAL
    return ColumnCard(name=name, kind=kind, missing=missing_cells, distinct=distinct, levels=levels)
