"""Refuses numbers that agree in so many leading digits that floating-point numbers do not hold enough of the digits that differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.design import Design
from kosmos_graph.experiments.method import BASELINE, NotApplicable

FloatArray = npt.NDArray[np.float64]

LOST = 1e-9
"""Rounding of a value when it is read, relative to the spread, from which fewer than nine digits of a spread are left."""
CONSTANT = 1e-14
"""Spread relative to the largest value that is none: that nothing varies is for the method to say."""
LARGEST_WHOLE = 2.0**53
"""Whole numbers up to this are not rounded at all."""


def require_digits(frame: pd.DataFrame, design: Design) -> None:
    """Raise NotApplicable where the values of an analysed column, a group of its values, or the differences within pairs lie so
    close together for their size that their standard deviation would have fewer than nine right digits.

    A decimal that is read as a floating-point number is rounded by up to half the gap to the next one: 6·10⁻⁵ for 1000000000000.4.
    """
    target = design.target
    for column in dict.fromkeys((target.outcome, *target.predictors, *design.covariates)):
        if _holds_numbers(frame, column):
            _require(_values(frame, column), f"the values of {column}")
    if not _holds_numbers(frame, target.outcome):
        return
    if BASELINE in frame and _holds_numbers(frame, BASELINE):
        both = _values(frame, target.outcome), _values(frame, BASELINE)
        if not all(map(_exact, both)):
            _require_spread(both[0] - both[1], max(map(_largest, both)), "the differences within pairs")
    elif target.predictors and isinstance(frame[target.predictors[0]].dtype, pd.CategoricalDtype):
        for level, part in frame.groupby(target.predictors[0], observed=True)[target.outcome]:
            values = part.to_numpy(dtype=np.float64)
            _require(values, f"the values of {target.outcome} where {target.predictors[0]} is {level}")


def _holds_numbers(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and pd.api.types.is_float_dtype(frame[column].dtype)


def _values(frame: pd.DataFrame, column: str) -> FloatArray:
    return frame[column].to_numpy(dtype=np.float64)


def _largest(values: FloatArray) -> float:
    return float(np.max(np.abs(values), initial=0.0))


def _exact(values: FloatArray) -> bool:
    return _largest(values) <= LARGEST_WHOLE and bool(np.all(values == np.trunc(values)))


def _require(values: FloatArray, what: str) -> None:
    if not _exact(values):
        _require_spread(values, _largest(values), what)


def _require_spread(values: FloatArray, largest: float, what: str) -> None:
    """`largest` is the size of the numbers that were read; the values are these, or were made from them."""
    if values.size < 2:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.std(values - values[0]))
    if CONSTANT * largest < spread <= np.spacing(largest) / 2 / LOST:
        raise NotApplicable(
            f"ill-conditioned: {what} agree in so many leading digits that floating-point numbers hold fewer than nine of the "
            "digits in which they differ; subtract a value that they have in common in the file itself."
        )
