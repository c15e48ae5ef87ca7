"""Data sets, designs and samples for tests of experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level
from kosmos_graph.domain.design import Alternative, Design, Protocol
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import SmallestEffect, StudySheet
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.method import Context, Sample
from kosmos_graph.experiments.sample import draw_sample

Cells = Sequence[Any]


def make_dataset(
    columns: Mapping[str, Cells],
    *,
    kinds: Mapping[str, Kind] | None = None,
    orders: Mapping[str, Sequence[str]] | None = None,
    statements: Mapping[str, Mapping[str, Any]] | None = None,
) -> Dataset:
    """A prepared data set. Text columns become binary or nominal (levels sorted) or, with an entry in `orders`, ordinal; columns
    of numbers continuous; `kinds` overrides. `statements` adds fields (unit, reference, positive, label) to columns' cards.
    """
    series = {name: _prepared(cells, (orders or {}).get(name), (kinds or {}).get(name)) for name, cells in columns.items()}
    frame = pd.DataFrame(series)
    cards = tuple(_card(frame[name], (kinds or {}).get(name), (statements or {}).get(name, {})) for name in columns)
    card = DataCard(name="data.csv", path="data.csv", sha256="0" * 64, format="csv", rows=len(frame), columns=cards)
    return Dataset(card=card, frame=frame)


def _prepared(cells: Cells, order: Sequence[str] | None, kind: Kind | None) -> pd.Series:
    if kind in (Kind.IDENTIFIER, Kind.TEXT):
        return pd.Series(list(cells), dtype=object)
    if kind is Kind.DATETIME:
        return pd.Series(pd.to_datetime(pd.Series(list(cells))))
    texts = [cell for cell in cells if isinstance(cell, str)]
    if order is None and not texts:
        return pd.Series([float("nan") if cell is None else float(cell) for cell in cells], dtype="float64")
    levels = list(order) if order else sorted(set(texts))
    return pd.Series(pd.Categorical(list(cells), categories=levels, ordered=order is not None))


def _card(series: pd.Series, kind: Kind | None, statement: Mapping[str, Any]) -> ColumnCard:
    levels: tuple[Level, ...] = ()
    if isinstance(series.dtype, pd.CategoricalDtype):
        counts = series.value_counts(sort=False)
        levels = tuple(Level(name=str(name), n=int(counts[name])) for name in series.cat.categories)
        found = Kind.ORDINAL if series.cat.ordered else Kind.BINARY if len(levels) == 2 else Kind.NOMINAL
    else:
        found = Kind.CONTINUOUS
    return ColumnCard(
        name=str(series.name),
        kind=kind or found,
        missing=int(series.isna().sum()),
        distinct=int(series.nunique()),
        levels=levels,
        **statement,
    )


def make_design(
    method: str,
    outcome: str,
    predictors: tuple[str, ...] = (),
    *,
    alternative: Alternative = "two-sided",
    covariates: tuple[str, ...] = (),
    delta: float | None = None,
    **target: Any,
) -> Design:
    """A design whose words are empty."""
    return Design(
        key="c1h1g1",
        hypothesis="c1h1",
        method=method,
        method_reason="",
        target=Target(dataset="data.csv", outcome=outcome, predictors=predictors, **target),
        covariates=covariates,
        alternative=alternative,
        delta=None if delta is None else SmallestEffect(value=delta, source="user"),
        protocol=Protocol(objective="", steps=()),
        author="rules",
    )


def make_context(*, alpha: float = 0.05, delta: float | None = None, seed: int = 0) -> Context:
    """A context whose intervals have level 1 − alpha."""
    return Context(alpha=alpha, level=1 - alpha, delta=delta, seed=seed)


def make_sample(dataset: Dataset, design: Design, sheet: StudySheet | None = None) -> Sample:
    """The sample of `design`, without a study sheet unless one is given."""
    return draw_sample(dataset, design, sheet or StudySheet())


def run_method(dataset: Dataset, design: Design, context: Context | None = None) -> TestResult:
    """The result of the design's method, without the runner around it. δ is the design's, unless a context is given."""
    delta = None if design.delta is None else design.delta.value
    return get_method(design.method).run(make_sample(dataset, design), design, context or make_context(delta=delta))


def two_columns(groups: Mapping[str, Sequence[float]]) -> Dataset:
    """A data set with the outcome `y` and the group `g`."""
    labels = [label for label, values in groups.items() for _ in values]
    return make_dataset({"y": [value for values in groups.values() for value in values], "g": labels})


def pair_columns(after: Sequence[float], before: Sequence[float]) -> Dataset:
    """A data set with the columns `after` and `before`."""
    return make_dataset({"after": list(after), "before": list(before)})
