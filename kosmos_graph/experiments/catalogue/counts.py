"""The counts of levels that a sample holds for a design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Group
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.method import BASELINE, NotApplicable, Sample

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """`hits` of `n` rows of a group have the success level."""

    label: str
    hits: int
    n: int

    @property
    def share(self) -> float:
        """Proportion of successes."""
        return self.hits / self.n

    def as_group(self) -> Group:
        """The group as a result describes it."""
        return Group(label=self.label, n=self.n, n_success=self.hits)


def categorical(frame: pd.DataFrame, column: str) -> pd.Series:
    """The column, or NotApplicable where it does not hold levels."""
    series = frame[column]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        raise NotApplicable(f"The column {column} does not hold levels, so there is nothing to count.")
    return series


def success_level(sample: Sample, design: Design) -> str:
    """The outcome's level that is counted: the target's, else the declared positive one, else the last."""
    outcome = design.target.outcome
    levels = [str(level) for level in categorical(sample.frame, outcome).cat.categories]
    card = sample.card.column(outcome)
    named = design.target.success or (card.positive if card else None)
    if named is None:
        if not levels:
            raise NotApplicable(f"The outcome {outcome} has no level.")
        return levels[-1]
    if named not in levels and (card is None or card.n_of(named) == 0):
        raise NotApplicable(f"The outcome {outcome} has no level called {named}.")
    return named


def successes(sample: Sample, design: Design, column: str | None = None) -> npt.NDArray[np.bool_]:
    """Row by row, whether the outcome (or `column`) has the success level."""
    level = success_level(sample, design)
    series = categorical(sample.frame, column or design.target.outcome)
    return np.asarray(series.astype(object).to_numpy() == level, dtype=np.bool_)


def one_tally(sample: Sample, design: Design) -> Tally:
    """All rows as one group."""
    hit = successes(sample, design)
    if hit.size == 0:
        raise NotApplicable("No complete row is left after exclusions.")
    return Tally(design.target.outcome, int(hit.sum()), int(hit.size))


def two_tallies(sample: Sample, design: Design) -> tuple[Tally, Tally]:
    """The groups A and B of the first predictor, in the order of their contrast.

    Raises NotApplicable where there are not exactly two groups, or every row has the same outcome.
    """
    if not design.target.predictors:
        raise NotApplicable("No column is named whose levels make the groups.")
    predictor = design.target.predictors[0]
    by = categorical(sample.frame, predictor).astype(object).to_numpy()
    present = [level for level in sample.frame[predictor].cat.categories if (by == level).any()]
    if len(present) != 2:
        raise NotApplicable(f"Two groups of {predictor} are to be compared, but {len(present)} of them have rows.")
    hit = successes(sample, design)
    if hit.all() or not hit.any():
        raise NotApplicable(f"The outcome {design.target.outcome} is the same in every row, so there is nothing to compare.")
    a, b = contrast(design.target, present, sample.card.column(predictor))
    if {a, b} != set(present):
        raise NotApplicable("A level that the design compares has no rows after exclusions.")
    return Tally(a, int(hit[by == a].sum()), int((by == a).sum())), Tally(b, int(hit[by == b].sum()), int((by == b).sum()))


def paired_counts(sample: Sample, design: Design) -> tuple[int, int, int, int]:
    """Pairs with success in both measurements, in the first alone, in the second alone, in neither."""
    if BASELINE not in sample.frame:
        raise NotApplicable("The design names neither a second measurement's column nor a column that identifies pairs.")
    levels = [set(categorical(sample.frame, column).cat.categories) for column in (design.target.outcome, BASELINE)]
    if not (levels[0] <= levels[1] or levels[1] <= levels[0]):
        raise NotApplicable("The two measurements do not have the same levels, so their proportions cannot be compared.")
    first, second = successes(sample, design), successes(sample, design, BASELINE)
    return (
        int((first & second).sum()),
        int((first & ~second).sum()),
        int((~first & second).sum()),
        int((~first & ~second).sum()),
    )


@dataclass(frozen=True)
class CrossTable:
    """Counts of rows with each pair of levels; only levels that occur."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: IntArray


def cross_table(sample: Sample, design: Design) -> CrossTable:
    """Outcome levels (rows) against levels of the first predictor (columns).

    Raises NotApplicable where one of them has a single level.
    """
    if not design.target.predictors:
        raise NotApplicable("A second categorical column is needed, and none is named.")
    outcome, predictor = design.target.outcome, design.target.predictors[0]
    series = [categorical(sample.frame, column).cat.remove_unused_categories() for column in (outcome, predictor)]
    for column, values in zip((outcome, predictor), series, strict=True):
        if len(values.cat.categories) < 2:
            raise NotApplicable(f"The column {column} is the same in every row, so there is nothing to compare.")
    shape = len(series[0].cat.categories), len(series[1].cat.categories)
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, (series[0].cat.codes.to_numpy(), series[1].cat.codes.to_numpy()), 1)
    rows, columns = (tuple(str(level) for level in values.cat.categories) for values in series)
    return CrossTable(rows, columns, counts)
