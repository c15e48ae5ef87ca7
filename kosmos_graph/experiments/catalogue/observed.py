"""The numbers, groups and pairs that a sample holds for a design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.design import Design
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.method import BASELINE, NotApplicable, Sample

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Arm:
    """One group of values under the label that the data give it, and whether they are numbers or the codes of ordered levels."""

    label: str
    values: FloatArray
    numeric: bool = True

    @property
    def n(self) -> int:
        """Number of values."""
        return int(self.values.size)


def numbers(frame: pd.DataFrame, column: str) -> tuple[FloatArray, bool]:
    """The values of `column`, and whether they are numbers; ordered levels become their codes from 0.

    Raises NotApplicable for any other kind of column.
    """
    series = frame[column]
    if isinstance(series.dtype, pd.CategoricalDtype):
        if not series.cat.ordered:
            raise NotApplicable("The outcome's levels have no order, so they cannot be averaged or ranked.")
        return np.asarray(series.cat.codes.to_numpy(), dtype=np.float64), False
    if not pd.api.types.is_numeric_dtype(series.dtype):
        raise NotApplicable("The outcome is neither a number nor an ordered level.")
    return series.to_numpy(dtype=np.float64), True


def _require_numeric(arms: tuple[Arm, ...]) -> None:
    if not all(arm.numeric for arm in arms):
        raise NotApplicable("The outcome is an ordered level without a unit; use a method for ranks.")


def one_sample(sample: Sample, design: Design, *, least: int) -> Arm:
    """All values of a numeric outcome, `least` or more."""
    values, numeric = numbers(sample.frame, design.target.outcome)
    arm = Arm("all rows", values, numeric)
    _require_numeric((arm,))
    _require_size((arm,), least)
    return arm


def groups(sample: Sample, design: Design, *, least: int, numeric: bool = True) -> tuple[Arm, ...]:
    """The outcome's values by level of the first predictor, in the order of its categories.

    Raises NotApplicable where there are fewer than two groups, a group has fewer than `least` values, or the outcome is not
    numeric where `numeric` asks for it.
    """
    values, is_numeric = numbers(sample.frame, design.target.outcome)
    if not design.target.predictors:
        raise NotApplicable("No column is named whose levels make the groups.")
    by = sample.frame[design.target.predictors[0]]
    if not isinstance(by.dtype, pd.CategoricalDtype):
        raise NotApplicable("The grouping column is not categorical.")
    codes = by.cat.codes.to_numpy()
    arms = tuple(Arm(str(level), values[codes == code], is_numeric) for code, level in enumerate(by.cat.categories))
    arms = tuple(arm for arm in arms if arm.n)
    if numeric:
        _require_numeric(arms)
    if len(arms) < 2:
        raise NotApplicable("Groups are to be compared, but after exclusions fewer than two of them have rows.")
    _require_size(arms, least)
    return arms


def two_groups(sample: Sample, design: Design, *, least: int, numeric: bool = True) -> tuple[Arm, Arm]:
    """The groups A and B, in the order of their contrast."""
    arms = groups(sample, design, least=least, numeric=numeric)
    if len(arms) != 2:
        raise NotApplicable(f"Two groups are to be compared, but there are {len(arms)}.")
    by_label = {arm.label: arm for arm in arms}
    first, second = contrast(design.target, list(by_label), sample.card.column(design.target.predictors[0]))
    if first not in by_label or second not in by_label:
        raise NotApplicable("A level that the design compares has no rows after exclusions.")
    return by_label[first], by_label[second]


def several_groups(sample: Sample, design: Design, *, least: int, numeric: bool = True) -> tuple[Arm, ...]:
    """Three or more groups."""
    arms = groups(sample, design, least=least, numeric=numeric)
    if len(arms) < 3:
        raise NotApplicable("Three or more groups are to be compared, but there are two.")
    return arms


def pairs(sample: Sample, design: Design, *, least: int, numeric: bool = True) -> tuple[Arm, Arm]:
    """The first and second measurement of each pair, row by row: the difference is the first minus the second."""
    target = design.target
    if BASELINE not in sample.frame:
        raise NotApplicable("The design names neither a second measurement's column nor a column that identifies pairs.")
    a, b = pair_labels(sample, design)
    arms = Arm(a, *numbers(sample.frame, target.outcome)), Arm(b, *numbers(sample.frame, BASELINE))
    if numeric:
        _require_numeric(arms)
    elif not all(arm.numeric for arm in arms):
        _require_same_levels(sample.frame[target.outcome], sample.frame[BASELINE])
    if arms[0].n < least:
        raise NotApplicable(f"Complete pairs left after exclusions: {arms[0].n}; this method needs at least {least}.")
    return arms


def _require_same_levels(a: pd.Series, b: pd.Series) -> None:
    if a.dtype != b.dtype:
        raise NotApplicable("The two measurements do not have the same ordered levels, so they cannot be compared within pairs.")


def pair_labels(sample: Sample, design: Design) -> tuple[str, str]:
    """What the first and the second measurement of a pair are called: two columns, or two levels of the first predictor."""
    target = design.target
    if target.baseline is not None:
        return target.outcome, target.baseline
    card = sample.card.column(target.predictors[0]) if target.predictors else None
    present = () if card is None else tuple(level.name for level in card.levels)
    if target.levels is None and len(present) != 2:
        return "first", "second"
    return contrast(target, present, card)


def _require_size(arms: tuple[Arm, ...], least: int) -> None:
    small = min(arms, key=lambda arm: arm.n)
    if small.n < least:
        where = "" if len(arms) == 1 else " in the smallest group"
        raise NotApplicable(f"Complete rows left{where}: {small.n}; this method needs at least {least}.")
