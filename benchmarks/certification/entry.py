"""One certification: a method on a file, and the numbers that an independent route gives for it."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpmath import mpf

from kosmos_graph.data.load import load_dataset
from kosmos_graph.data.sheet import read_sheet
from kosmos_graph.domain.design import Design, Protocol
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import Execution
from kosmos_graph.domain.study_sheet import SmallestEffect
from kosmos_graph.experiments.runner import run_design

LEAST = 9
"""Digits of every number that are owed."""

Columns = Mapping[str, Sequence[str]]
"""The cells of a file as they are written in it, by column."""


@dataclass(frozen=True)
class Within:
    """A reference for a number that rests on chance: it lies within `tolerance` of `value`, and `reason` says why no closer."""

    value: mpf
    tolerance: mpf
    reason: str


Reference = Mapping[str, mpf | Within]
"""By the names that `reported.reported` gives them, all numbers that the method is to report, and no others."""


@dataclass(frozen=True)
class Entry:
    """A method on a file of `columns`, run with `arguments`: `about` (a study sheet), `alternative`, `covariates`, `delta`, and the
    fields of a target (outcome, predictors, levels, …).

    `reference` computes the numbers from the cells' texts, to 50 digits, without any function of ours; `source` says by which
    route. With `refusal`, how the sentence begins with which the method refuses instead, there is none. `least` are the digits
    that are owed, fewer than LEAST only with a `reason`.
    """

    method: str
    data: str
    source: str
    columns: Columns
    arguments: Mapping[str, Any] = field(default_factory=dict)
    reference: Callable[[], Reference] | None = None
    refusal: str = ""
    least: int = LEAST
    reason: str = ""

    def execution(self) -> Execution:
        """What the method says of the file, which is read as a user's file would be; a refusal is a failed execution.

        The review is left out: it would refuse some of NIST's sets for their few rows.
        """
        asked = dict(self.arguments)
        sheet = read_sheet(asked.pop("about", None))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "data.csv"
            write(path, self.columns)
            dataset = load_dataset(path, sheet)
        return run_design(dataset, design_of(self.method, asked), sheet, Options(), "c1h1g1")


def write(path: Path, columns: Columns) -> None:
    """A CSV file of the columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def design_of(method: str, asked: dict[str, Any]) -> Design:
    """The design of a method with these arguments, whose words are empty."""
    alternative, covariates = asked.pop("alternative", "two-sided"), tuple(asked.pop("covariates", ()))
    delta, predictors = asked.pop("delta", None), asked.pop("predictors", ())
    named = (predictors,) if isinstance(predictors, str) else tuple(predictors)
    return Design(
        key="c1h1g1",
        hypothesis="c1h1",
        method=method,
        method_reason="",
        target=Target(dataset="data.csv", predictors=named, **asked),
        covariates=covariates,
        alternative=alternative,
        delta=None if delta is None else SmallestEffect(value=delta, source="user"),
        protocol=Protocol(objective="", steps=()),
        author="rules",
    )
