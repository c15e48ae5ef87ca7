"""The least-squares model of a design, and the effect of its first predictor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect
from kosmos_graph.experiments.catalogue.result import unit_of
from kosmos_graph.experiments.catalogue.tails import t_interval
from kosmos_graph.experiments.design_matrix import Block, DesignMatrix, FloatArray, design_matrix, numeric_values
from kosmos_graph.experiments.least_squares import (
    EXACT,
    FEW_IN_LEVEL,
    Fit,
    hc3_covariance,
    intercept_solver,
    least_squares,
    satterthwaite_df,
)
from kosmos_graph.experiments.method import Context, NotApplicable, Sample


@dataclass(frozen=True)
class Regression:
    """A fit with the HC3 covariance of its coefficients, the intercept's first; `slopes` go with the covariance's other rows."""

    fit: Fit
    covariance: FloatArray

    @property
    def focus(self) -> Block:
        """The variable that the question is about."""
        return self.fit.matrix.focus

    @property
    def estimates(self) -> FloatArray:
        """The intercept and the slopes, in the units of the data."""
        return np.concatenate([[self.fit.intercept], self.fit.slopes])

    @property
    def errors(self) -> FloatArray:
        """HC3 standard errors of the estimates."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)

    @cached_property
    def focus_df(self) -> tuple[float, ...]:
        """Degrees of freedom of each coefficient of the focus: of all residuals, or of the few rows of a level that inform it."""
        return focus_df(self.fit.matrix, float(self.fit.df))

    def df(self, place: int) -> float:
        """Degrees of freedom of an estimate."""
        own = place - (len(self.covariance) - self.focus.width)
        return float(self.fit.df) if own < 0 else self.focus_df[own]

    @property
    def wald_f(self) -> float:
        """F of the robust joint test that all coefficients of the focus are 0."""
        width = self.focus.width
        inverse = np.linalg.pinv(self.covariance[-width:, -width:], hermitian=True)
        slopes = self.fit.slopes[-width:]
        return float(slopes @ inverse @ slopes) / width


def focus_df(matrix: DesignMatrix, df: float) -> tuple[float, ...]:
    """`df` for each column of the focus, or where one of its levels has few rows, Satterthwaite's where these are fewer."""
    width, smallest = matrix.focus.width, matrix.focus.smallest_level
    if smallest is None or smallest >= FEW_IN_LEVEL:
        return (df,) * width
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    return tuple(min(df, own) for own in satterthwaite_df(columns, width))


def few_in_level(focus: Block, df: tuple[float, ...]) -> tuple[str, ...]:
    """What p and the interval rest on where a level compared has few rows."""
    smallest = focus.smallest_level
    if smallest is None or smallest >= FEW_IN_LEVEL:
        return ()
    return (
        f"The smallest level compared has {smallest} rows, so p and the interval rest on {min(df):.1f} degrees of freedom "
        "(Satterthwaite's), as many as these rows give.",
    )


def adjusting_columns(design: Design) -> tuple[str, ...]:
    """All variables of the model but the first predictor: the other predictors, then the covariates, each once."""
    names = dict.fromkeys((*design.target.predictors[1:], *design.covariates))
    return tuple(name for name in names if name != design.target.predictors[0])


def model_of(sample: Sample, design: Design) -> DesignMatrix:
    """The design matrix, the first predictor last."""
    if not design.target.predictors:
        raise NotApplicable("A regression needs a predictor, and none is named.")
    if design.target.outcome in (*design.target.predictors, *design.covariates):
        raise NotApplicable(f"{design.target.outcome} is both the outcome and among the variables that are to explain it.")
    return design_matrix(sample, design.target, design.target.predictors[0], adjusting_columns(design))


def regression_of(sample: Sample, design: Design) -> Regression:
    """Fit the design's model by least squares."""
    outcome = design.target.outcome
    fit = least_squares(model_of(sample, design), numeric_values(sample.frame, outcome), outcome)
    rows = np.vstack([intercept_solver(fit), fit.solver / fit.matrix.scales[:, np.newaxis]])
    found = Regression(fit, hc3_covariance(fit, rows))
    noise = EXACT * np.linalg.norm(fit.residuals) * np.linalg.norm(rows, axis=1)
    if np.any(found.errors[-found.focus.width :] <= noise[-found.focus.width :]):
        raise NotApplicable(f"{outcome} does not vary where {found.focus.column} does, so the error of the effect is unknown.")
    return found


def level_label(focus: Block, design: Design) -> str:
    """What a joint effect is about."""
    return f"{design.target.outcome} by {focus.column}"


def slope_label(focus: Block, sample: Sample, design: Design) -> str:
    """Direction of a single coefficient in the data's words."""
    if focus.levels:
        return f"{focus.levels[0]} − {focus.reference}"
    card = sample.card.column(focus.column)
    return f"{design.target.outcome} per {(card.unit if card else None) or 'unit'} of {focus.column}"


def slope_unit(focus: Block, sample: Sample, design: Design) -> str | None:
    """Unit of a single coefficient: the outcome's, per the predictor's for a slope."""
    unit = unit_of(sample, design)
    if focus.levels:
        return unit
    card = sample.card.column(focus.column)
    per = card.unit if card else None
    return None if unit is None and per is None else f"{unit or 'units'} per {per or 'unit'}"


def slope_effect(found: Regression, sample: Sample, design: Design, context: Context) -> Effect:
    """The focus's coefficient with its t interval."""
    focus, value = found.focus, float(found.estimates[-1])
    low, high = t_interval(value, float(found.errors[-1]), found.focus_df[-1], design.alternative, context.level)
    adjusted = "adjusted " if len(found.fit.matrix.blocks) > 1 else ""
    return Effect(
        name=f"{adjusted}difference of means" if focus.levels else f"{adjusted}slope",
        label=slope_label(focus, sample, design),
        value=value,
        low=low,
        high=high,
        level=context.level,
        unit=slope_unit(focus, sample, design),
    )


def undirected_caveat(context: Context) -> tuple[str, ...]:
    """That no equivalence can be tested where the effect is a share of variation."""
    if context.delta is None:
        return ()
    return ("The smallest effect that matters is in units of the outcome, so it cannot be held against a share of variation.",)
