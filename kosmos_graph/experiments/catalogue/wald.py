"""Estimates with a covariance: the tests, effects and tables of terms that models with a linear predictor share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Alternative, Design
from kosmos_graph.domain.results import Effect, Group, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.noncentrality import (
    chi_square_below,
    f_below,
    noncentrality_at,
    noncentrality_interval,
    one_tail_caveat,
)
from kosmos_graph.experiments.catalogue.regression_model import level_label, slope_label, slope_unit, undirected_caveat
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.design_matrix import Block, DesignMatrix, FloatArray
from kosmos_graph.experiments.method import Context, Method, NotApplicable, Sample
from kosmos_graph.experiments.multiplicity import holm
from kosmos_graph.experiments.power import minimum_detectable

LARGEST_LOG = 700.0
"""Logarithm beyond which a ratio leaves the range of floating-point numbers."""
HIGH_INFLATION = 10.0
FEW_IN_LEVEL = 10
OPPOSITE: dict[Alternative, Alternative] = {"two-sided": "two-sided", "greater": "less", "less": "greater"}


@dataclass(frozen=True)
class Wald:
    """Slopes of a design matrix's columns, in units of the data, with their covariance.

    Errors are Student's t with `df` degrees of freedom, normal where None. With `inverse` a positive slope goes with a smaller
    outcome, as that of a hazard does with a duration. `exponent` names the ratio that a slope is the logarithm of. `focus_df` are
    degrees of freedom of the focus's own slopes, where they have others.
    """

    matrix: DesignMatrix
    slopes: FloatArray
    covariance: FloatArray
    df: float | None
    exponent: str | None = None
    inverse: bool = False
    focus_df: tuple[float, ...] = ()

    @property
    def effect_df(self) -> float | None:
        """Degrees of freedom of the focus, the fewest of several columns."""
        return min(self.focus_df, default=self.df)

    def df_of(self, place: int) -> float | None:
        """Degrees of freedom of a slope."""
        own = place - (self.matrix.width - len(self.focus_df))
        return self.focus_df[own] if own >= 0 and self.focus_df else self.df

    @property
    def focus(self) -> Block:
        """The variable that the question is about."""
        return self.matrix.focus

    @property
    def errors(self) -> FloatArray:
        """Standard errors of the slopes."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)

    @property
    def statistic(self) -> float:
        """The last slope over its error."""
        return float(self.slopes[-1] / self.errors[-1])

    @property
    def statistic_name(self) -> str:
        """What the statistic of one slope is called."""
        return "z" if self.df is None else "t"

    def alternative(self, design: Design) -> Alternative:
        """The design's alternative, which is about the outcome, as one about the slope."""
        return OPPOSITE[design.alternative] if self.inverse else design.alternative

    def p_value(self, design: Design) -> float:
        """p of the last slope."""
        return p_value(self.statistic, self.effect_df, self.alternative(design))


def standardised_wald(
    matrix: DesignMatrix,
    coefficients: FloatArray,
    covariance: FloatArray,
    df: float | None,
    exponent: str | None = None,
    inverse: bool = False,
    focus_df: tuple[float, ...] = (),
) -> Wald:
    """The estimates of a fit to the matrix's standardised columns. Raises NotApplicable where the focus has no error."""
    scales = matrix.scales
    focus = np.diag(covariance)[-matrix.focus.width :]
    if not np.all(np.isfinite(covariance)) or not np.all(focus > 0):
        raise NotApplicable(f"The outcome does not vary where {matrix.focus.column} does, so the error of the effect is unknown.")
    return Wald(matrix, coefficients / scales, covariance / np.outer(scales, scales), df, exponent, inverse, focus_df)


def exponential(value: float) -> float:
    """e to the `value`. Raises NotApplicable where that leaves the range of floating-point numbers."""
    if not abs(value) < LARGEST_LOG:
        raise NotApplicable("The ratio leaves the range of floating-point numbers; give the predictor in another unit.")
    return math.exp(value)


def open_exponential(value: float | None) -> float | None:
    """e to the `value`, None for no end and for one out of the range of floating-point numbers."""
    return None if value is None or not abs(value) < LARGEST_LOG else math.exp(value)


def ratio(found: Wald, name: str, label: str, design: Design, context: Context, per: float = 1.0) -> Effect:
    """The ratio for a step of `per` units of the focus's one column."""
    value, error = per * float(found.slopes[-1]), per * float(found.errors[-1])
    low, high = t_interval(value, error, found.df, found.alternative(design), context.level)
    return Effect(
        name=name,
        label=label,
        value=exponential(value),
        low=open_exponential(low),
        high=open_exponential(high),
        level=context.level,
        null=1.0,
        inverse=found.inverse,
    )


def ratio_label(found: Wald, sample: Sample, design: Design) -> str:
    """The two levels of a ratio, or what it is per."""
    if found.focus.levels:
        return f"{found.focus.levels[0]} / {found.focus.reference}"
    return slope_label(found.focus, sample, design)


def per_deviation(found: Wald, name: str, design: Design, context: Context) -> Effect | None:
    """The ratio per standard deviation of a numeric focus; None for levels."""
    if found.focus.levels:
        return None
    label = f"{design.target.outcome} per standard deviation of {found.focus.column}"
    return ratio(found, f"{name} per standard deviation", label, design, context, float(found.matrix.scales[-1]))


def adjusted(found: Wald) -> str:
    """What the name of an effect begins with where other variables are held constant."""
    return "adjusted " if len(found.matrix.blocks) > 1 else ""


def slope(found: Wald, name: str, sample: Sample, design: Design, context: Context) -> Effect:
    """The focus's one slope with its interval, in units of the outcome."""
    value, error = float(found.slopes[-1]), float(found.errors[-1])
    low, high = t_interval(value, error, found.effect_df, design.alternative, context.level)
    return Effect(
        name=name,
        label=slope_label(found.focus, sample, design),
        value=value,
        low=low,
        high=high,
        level=context.level,
        unit=slope_unit(found.focus, sample, design),
    )


def detectable_ratio(found: Wald, design: Design, context: Context) -> float | None:
    """Distance above 1 of the ratio that is detected with 80 % power."""
    distance = minimum_detectable(float(found.errors[-1]), found.df, context.alpha, design.alternative)
    return None if distance is None or distance >= LARGEST_LOG else math.expm1(distance)


def joint(found: Wald) -> tuple[float, tuple[float, ...], float]:
    """Wald statistic of all columns of the focus, its degrees of freedom and p: F, or chi-square where errors are normal."""
    width = found.focus.width
    own, spread = found.slopes[-width:], found.covariance[-width:, -width:]
    square = float(own @ np.linalg.pinv(spread, hermitian=True) @ own)
    if (df := found.effect_df) is None:
        return square, (float(width),), float(stats.chi2.sf(square, width))
    return square / width, (float(width), df), float(stats.f.sf(square / width, width, df))


def explained(
    name: str, label: str, statistic: float, df: tuple[float, ...], n: int, context: Context
) -> tuple[Effect, float | None]:
    """A share of variation from a joint statistic of `n` units, freed of its bias, with the interval that inverts the noncentral
    distribution (Steiger 2004, Psychol Methods 9:164), and the share that is detected with 80 % power.

    Of an F partial ω², noncentrality / (noncentrality + n); of a chi-square 1 − exp(−noncentrality / n) (Magee
    1990, Am Stat 44:250).
    """
    if len(df) == 2:
        below, least = f_below(statistic, (df[0], df[1])), float(stats.f.isf(context.alpha, *df))
        at_least, excess = f_below(least, (df[0], df[1])), df[0] * (statistic - 1)
    else:
        below, least = chi_square_below(statistic, df[0]), float(stats.chi2.isf(context.alpha, df[0]))
        at_least, excess = chi_square_below(least, df[0]), statistic - df[0]

    def share(noncentrality: float) -> float:
        return noncentrality / (noncentrality + n) if len(df) == 2 else -math.expm1(-noncentrality / n)

    ends = (None if end is None else share(end) for end in noncentrality_interval(below, context.level))
    low, high = ends
    effect = Effect(name=name, label=label, value=share(max(0.0, excess)), low=low, high=high, level=context.level, directed=False)
    detectable = noncentrality_at(at_least, 0.2)
    return effect, None if detectable is None else share(detectable)


def require_undirected(design: Design) -> None:
    """Raise NotApplicable where a joint test is asked for a direction."""
    if design.alternative != "two-sided":
        raise NotApplicable("A joint test of several levels has no direction, so a one-sided alternative cannot be tested with it.")


def joint_result(
    method: Method,
    found: Wald,
    sample: Sample,
    design: Design,
    context: Context,
    *,
    name: str = "partial ω²",
    n: int | None = None,
    tested: tuple[float, tuple[float, ...], float] | None = None,
    groups: tuple[Group, ...],
    measures: tuple[Measure, ...],
    caveats: tuple[str, ...],
) -> TestResult:
    """The joint test of a focus of several columns (`tested`, else Wald's), as a share of variation per `n` units, else rows."""
    require_undirected(design)
    statistic, df, p = tested or joint(found)
    effect, detectable = explained(name, level_label(found.focus, design), statistic, df, n or found.matrix.n, context)
    return result_of(
        method,
        sample,
        design,
        statistic_name="F" if len(df) == 2 else "chi-square",
        statistic=statistic,
        df=df,
        p_value=p,
        effect=effect,
        groups=groups,
        measures=measures,
        terms=terms_of(found, context.level),
        minimum_detectable=detectable,
        caveats=caveats + undirected_caveat(context) + one_tail_caveat(p, effect.low, context.alpha, effect.name),
    )


def terms_of(found: Wald, level: float) -> tuple[Term, ...]:
    """Every column's slope, or ratio, with its two-sided interval: the focus first, its several contrasts Holm-adjusted."""
    width, focus = found.matrix.width, found.focus.width
    names = found.matrix.names("/" if found.exponent else "−")
    statistics = [float(value / error) if error > 0 else 0.0 for value, error in zip(found.slopes, found.errors, strict=True)]
    raw = [p_value(one, found.df_of(place), "two-sided") for place, one in enumerate(statistics)]
    contrasts = range(width - focus, width)
    held = holm({str(place): raw[place] for place in contrasts})
    terms = []
    for place in (*contrasts, *range(width - focus)):
        low, high = t_interval(float(found.slopes[place]), float(found.errors[place]), found.df_of(place), "two-sided", level)
        terms.append(
            Term(
                name=f"{found.exponent}, {names[place]}" if found.exponent else names[place],
                estimate=exponential(float(found.slopes[place])) if found.exponent else float(found.slopes[place]),
                low=open_exponential(low) if found.exponent else low,
                high=open_exponential(high) if found.exponent else high,
                statistic=statistics[place],
                p_value=held.get(str(place), raw[place]),
                adjustment="Holm, over the levels' contrasts" if place in contrasts and focus > 1 else None,
            )
        )
    return tuple(terms)


def matrix_measures(matrix: DesignMatrix) -> tuple[Measure, ...]:
    """How nearly dependent the variables are."""
    inflation = max(matrix.variance_inflation().values())
    return (
        Measure(
            name="condition number",
            value=matrix.condition,
            meaning="of the standardised columns; large where variables are nearly dependent",
        ),
        Measure(
            name="largest variance inflation",
            value=inflation,
            meaning="factor by which shared variation widens an interval's square",
        ),
    )


def inflation_caveat(matrix: DesignMatrix) -> tuple[str, ...]:
    """A sentence on variables that share their variation."""
    if max(matrix.variance_inflation().values()) <= HIGH_INFLATION:
        return ()
    return ("Some variables share most of their variation, so their separate effects are uncertain.",)


def matrix_caveats(matrix: DesignMatrix, sample: Sample) -> tuple[str, ...]:
    """Sentences on variables that share their variation, and on levels with few rows."""
    said = [*inflation_caveat(matrix)]
    if matrix.focus.levels:
        smallest = min(rows_of_levels(matrix.focus, sample).values())
        if smallest < FEW_IN_LEVEL:
            said.append(f"The smallest level compared has {smallest} rows, so p and the interval are only approximate.")
    return tuple(said)


def rows_of_levels(focus: Block, sample: Sample) -> dict[str, int]:
    """Rows of each level of a categorical focus, the reference last."""
    own = sample.frame[focus.column].astype(object).to_numpy()
    return {level: int(np.count_nonzero(own == level)) for level in (*focus.levels, focus.reference or "")}


def ratio_delta_caveat(context: Context) -> tuple[str, ...]:
    """That δ, in units of the outcome, is not held against a ratio."""
    if context.delta is None:
        return ()
    return ("The smallest effect that matters is in units of the outcome, so it cannot be held against a ratio.",)
