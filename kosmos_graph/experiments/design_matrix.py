"""Typed columns made into a centred and scaled design matrix; what would cost the digits of a fit is refused with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.method import NotApplicable, Sample

FloatArray = npt.NDArray[np.float64]

NOISE = 1e-14
"""Variation, relative to the largest value, that is taken for floating-point noise."""
SMALLEST, LARGEST = 1e-150, 1e150
"""Sums of squares outside of which products of them leave the range of floating-point numbers."""
COLLINEAR = 1e11
"""Condition number of the standardised columns from which they count as exactly dependent."""
ILL_CONDITIONED = 1e4
"""Condition number from which a fit may keep fewer than nine digits: raw powers keep ten at 2,000 and eight at 20,000."""


@dataclass(frozen=True)
class Block:
    """The columns that one variable takes in a design matrix, `values` of shape (n, width).

    A numeric variable has one; a categorical one has a 0/1 column for each of `levels`, all but the `reference`.
    """

    column: str
    values: FloatArray
    levels: tuple[str, ...] = ()
    reference: str | None = None

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    @property
    def smallest_level(self) -> int | None:
        """Rows of the level that has the fewest; None for a numeric variable, and for a product with one."""
        if not self.levels or not np.all(np.isin(self.values, (0.0, 1.0))):
            return None
        rows = np.count_nonzero(self.values, axis=0)
        return int(min(rows.min(), len(self.values) - rows.sum()))

    def names(self, sign: str = "−") -> tuple[str, ...]:
        """Names of the columns' terms: the variable, or each level against the reference."""
        if not self.levels:
            return (self.column,)
        return tuple(f"{self.column}: {level} {sign} {self.reference}" for level in self.levels)


@dataclass(frozen=True)
class DesignMatrix:
    """Blocks side by side, the focus last, each column centred on `centres` and divided by `scales` to unit variance.

    An intercept is implied, and orthogonal to every column. `condition` is the condition number of `columns`.
    """

    blocks: tuple[Block, ...]
    columns: FloatArray
    centres: FloatArray
    scales: FloatArray
    condition: float

    @property
    def focus(self) -> Block:
        """The variable that the question is about."""
        return self.blocks[-1]

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.columns.shape[0])

    @property
    def width(self) -> int:
        """Number of columns, the intercept not counted."""
        return int(self.columns.shape[1])

    def names(self, sign: str = "−") -> tuple[str, ...]:
        """Names of all columns' terms."""
        return tuple(name for block in self.blocks for name in block.names(sign))

    def variance_inflation(self) -> dict[str, float]:
        """By variable, the variance inflation factor; of several columns the generalised one to the power 1/width.

        Fox and Monette 1992, J Am Stat Assoc 87:178: the determinant of the block's own correlations times that of its part of
        all correlations' inverse. Both are taken from the columns, because correlations square their condition number.
        """
        triangle = np.linalg.qr(self.columns, mode="r")
        inverse = np.linalg.solve(triangle, np.eye(self.width))
        found: dict[str, float] = {}
        start = 0
        for block in self.blocks:
            own = slice(start, start + block.width)
            start += block.width
            volumes = log_volume(self.columns[:, own]) + log_volume(inverse[own])
            found[block.column] = float(np.exp(2 * volumes / block.width))
        return found


def log_volume(matrix: FloatArray) -> float:
    """Sum of the logarithms of the singular values."""
    return float(np.sum(np.log(np.linalg.svd(matrix, compute_uv=False))))


def centred(values: FloatArray, name: str) -> tuple[FloatArray, float]:
    """Deviations from the mean, and the mean, computed around the first value so that a common offset costs no digits.

    Raises NotApplicable where the values do not vary, or are too large or too small to compute with.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        shifted = values - values[0]
        offset = float(np.mean(shifted))
        deviations = shifted - offset
        squares = float(np.sum(deviations**2))
    if not squares < LARGEST:
        raise NotApplicable(f"The values of {name} are too large to compute with; give the column in a larger unit.")
    if float(np.max(np.abs(deviations))) <= NOISE * float(np.max(np.abs(values))):
        raise NotApplicable(f"{name} has the same value in all {values.size} rows, so nothing can depend on it or explain it.")
    if squares < SMALLEST:
        raise NotApplicable(f"The values of {name} are too small to compute with; give the column in a smaller unit.")
    return deviations, float(values[0]) + offset


def numeric_values(frame: pd.DataFrame, column: str) -> FloatArray:
    """The numbers of a column. Raises NotApplicable where it holds none."""
    series = frame[column]
    if isinstance(series.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(series.dtype):
        raise NotApplicable(f"The column {column} does not hold numbers.")
    return series.to_numpy(dtype=np.float64)


def block_of(sample: Sample, column: str, target: Target) -> Block:
    """The columns of one variable. Levels that do not occur get none.

    The reference is B of the contrast for two levels; of more, the declared reference, else the first level.
    """
    series = sample.frame[column]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        return Block(column, numeric_values(sample.frame, column)[:, np.newaxis])
    present = [str(level) for level in series.cat.remove_unused_categories().cat.categories]
    if len(present) < 2:
        raise NotApplicable(f"{column} has the same value in all {len(series)} rows, so nothing can depend on it.")
    reference = reference_level(sample, column, target, present)
    levels = tuple(level for level in present if level != reference)
    values = series.astype(object).to_numpy()
    return Block(column, np.column_stack([values == level for level in levels]).astype(np.float64), levels, reference)


def reference_level(sample: Sample, column: str, target: Target, present: Sequence[str]) -> str:
    """The level that the others are compared with."""
    card = sample.card.column(column)
    if len(present) > 2:
        declared = card.reference if card else None
        return present[0] if declared is None or declared not in present else declared
    is_focus = bool(target.predictors) and column == target.predictors[0]
    pair = contrast(target if is_focus else target.model_copy(update={"levels": None}), present, card)
    if set(pair) != set(present):
        raise NotApplicable("A level that the design compares has no rows after exclusions.")
    return pair[1]


def design_matrix(sample: Sample, target: Target, focus: str, others: Sequence[str]) -> DesignMatrix:
    """The matrix of `others` and, last, `focus`.

    Raises NotApplicable for a variable that does not vary, too few rows, and columns that are collinear or nearly so.
    """
    n = len(sample.frame)
    if n < len(others) + 3:
        raise NotApplicable(f"{n} complete rows are left after exclusions, too few for a model of so many variables.")
    blocks = tuple(block_of(sample, column, target) for column in (*others, focus))
    width = sum(block.width for block in blocks)
    if n < width + 2:
        raise NotApplicable(f"{n} complete rows cannot determine {width + 1} coefficients and their errors.")
    columns, centres, scales = standardise(blocks)
    return DesignMatrix(blocks, columns, centres, scales, checked_condition(columns, blocks))


def standardise(blocks: Sequence[Block]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Columns of all blocks with mean 0 and variance 1, their means and their standard deviations."""
    columns, centres, scales = [], [], []
    for block in blocks:
        for values in block.values.T:
            deviations, mean = centred(values, block.column)
            scale = float(np.sqrt(np.sum(deviations**2) / (values.size - 1)))
            columns.append(deviations / scale)
            centres.append(mean)
            scales.append(scale)
    return np.column_stack(columns), np.array(centres), np.array(scales)


def checked_condition(columns: FloatArray, blocks: Sequence[Block]) -> float:
    """The condition number, or NotApplicable that names the variables between which a dependence holds."""
    _, singular, directions = np.linalg.svd(columns, full_matrices=False)
    largest, smallest = float(singular[0]), float(singular[-1])
    if smallest * COLLINEAR <= largest:
        names = dependent(directions[singular * COLLINEAR <= largest], blocks)
        raise NotApplicable(
            f"Perfect collinearity: {names} determine one another, so their effects cannot be told apart; leave one of them out."
        )
    if smallest * ILL_CONDITIONED <= largest:
        names = dependent(directions[-1:], blocks)
        raise NotApplicable(
            f"ill-conditioned: {names} are so nearly dependent that the coefficients would not keep nine digits; leave "
            "one of them out, or subtract a number's mean before it is raised to powers."
        )
    return largest / smallest


def dependent(directions: FloatArray, blocks: Sequence[Block]) -> str:
    """Names of the variables that take part in the near-null `directions`, rows of right singular vectors."""
    owners = [block.column for block in blocks for _ in range(block.width)]
    weights = np.sum(directions**2, axis=0)
    names = list(dict.fromkeys(owner for owner, weight in zip(owners, weights, strict=True) if weight > 1e-6))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
