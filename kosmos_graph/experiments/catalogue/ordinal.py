"""Ordinal logistic regression: the proportional-odds model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Group, Measure, TestResult
from kosmos_graph.experiments.catalogue.counts import categorical
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.plots import INK, headline
from kosmos_graph.experiments.catalogue.regression_model import model_of
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.wald import (
    Wald,
    adjusted,
    detectable_ratio,
    joint_result,
    matrix_caveats,
    matrix_measures,
    per_deviation,
    ratio,
    ratio_delta_caveat,
    ratio_label,
    rows_of_levels,
    standardised_wald,
    terms_of,
)
from kosmos_graph.experiments.follow_up import IntArray
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.ordinal_likelihood import OrdinalFit, brant, fit_ordinal, likelihood_ratio
from kosmos_graph.experiments.plain_text import axis_label, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_ROWS = 10
SHADES = "cividis"


def codes_of(sample: Sample, design: Design) -> tuple[IntArray, tuple[str, ...]]:
    """Per row the place of the outcome's level among those that occur, and these levels from low to high."""
    outcome = design.target.outcome
    series = categorical(sample.frame, outcome)
    if not series.cat.ordered:
        raise NotApplicable(f"The levels of {outcome} have no order, so no odds of a higher one can be modelled.")
    present = series.cat.remove_unused_categories()
    levels = tuple(str(level) for level in present.cat.categories)
    if len(levels) < 2:
        raise NotApplicable(f"The outcome {outcome} is the same in every row, so there is nothing to explain.")
    if len(levels) == 2:
        raise NotApplicable(f"Only two levels of {outcome} occur, so a logistic regression of the higher one says it all.")
    return np.asarray(present.cat.codes.to_numpy(), dtype=np.int64), levels


def ordinal_fit(sample: Sample, design: Design) -> tuple[OrdinalFit, Wald]:
    """The fit, and its odds ratios."""
    matrix = model_of(sample, design)
    fit = fit_ordinal(matrix, codes_of(sample, design)[0])
    n_cuts = fit.cuts.size
    return fit, standardised_wald(matrix, fit.slopes, fit.covariance[n_cuts:, n_cuts:], None, "odds ratio")


def ordinal_logistic(sample: Sample, design: Design, context: Context) -> TestResult:
    """Wald z of the focus's one coefficient, or the likelihood-ratio test of its several."""
    fit, found = ordinal_fit(sample, design)
    groups, measures = groups_of(found, sample), measures_of(fit)
    caveats = caveats_of(fit, sample, context)
    if found.focus.width > 1:
        square, width = likelihood_ratio(fit), float(found.focus.width)
        return joint_result(
            ORDINAL_LOGISTIC,
            found,
            sample,
            design,
            context,
            name="partial likelihood-ratio R²",
            tested=(square, (width,), float(stats.chi2.sf(square, width))),
            groups=groups,
            measures=measures,
            caveats=caveats,
        )
    name = f"{adjusted(found)}odds ratio of a higher value"
    return result_of(
        ORDINAL_LOGISTIC,
        sample,
        design,
        statistic_name="z",
        statistic=found.statistic,
        p_value=found.p_value(design),
        effect=ratio(found, name, ratio_label(found, sample, design), design, context),
        standardised=per_deviation(found, name, design, context),
        groups=groups,
        measures=measures,
        terms=terms_of(found, context.level),
        minimum_detectable=detectable_ratio(found, design, context),
        caveats=caveats + ratio_delta_caveat(context),
    )


def groups_of(found: Wald, sample: Sample) -> tuple[Group, ...]:
    """Rows of each level of a categorical focus, the reference last; of all rows where the focus is numeric."""
    if not found.focus.levels:
        return (Group(label="all rows", n=found.matrix.n),)
    return tuple(Group(label=level, n=n) for level, n in rows_of_levels(found.focus, sample).items())


def measures_of(fit: OrdinalFit) -> tuple[Measure, ...]:
    """Whether the odds ratio is one for all cuts, and how thin the levels are."""
    found = [("rows in the rarest level", float(np.bincount(fit.codes).min()), "of the outcome; few tell little about its cut")]
    checked = brant(fit)
    if checked is not None:
        found.append(("proportional odds p (Brant)", checked, "small where the focus's odds ratio differs between the cuts"))
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found) + matrix_measures(fit.matrix)


def caveats_of(fit: OrdinalFit, sample: Sample, context: Context) -> tuple[str, ...]:
    """Sentences on what makes the fit fragile."""
    said = []
    checked = brant(fit)
    if checked is not None and checked <= context.alpha:
        said.append("The odds ratio does not look the same at every cut of the outcome, so the one reported is an average of them.")
    if fit.matrix.n < FEW_ROWS * (fit.matrix.width + fit.cuts.size):
        said.append("There are few rows for so many coefficients, so odds ratios are likely too extreme.")
    return (*said, *matrix_caveats(fit.matrix, sample))


def draw_ordinal(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Shares of the outcome's levels: by level as seen, along a numeric focus as fitted, others at their mean."""
    from matplotlib import colormaps

    fit, found = ordinal_fit(sample, design)
    codes, levels = codes_of(sample, design)
    colours = [colormaps[SHADES](share) for share in np.linspace(0.05, 0.95, len(levels))]
    names = [plain(level, 18) for level in levels]
    if found.focus.levels:
        own = sample.frame[found.focus.column].astype(object).to_numpy()
        shown = tuple(reversed(rows_of_levels(found.focus, sample).items()))
        shares = np.array([np.bincount(codes[own == level], minlength=len(levels)) / n for level, n in shown])
        starts = np.cumsum(shares, axis=1) - shares
        for place, name in enumerate(names):
            axes.bar(range(len(shown)), shares[:, place], bottom=starts[:, place], color=colours[place], width=0.7, label=name)
        axes.set_xticks(range(len(shown)), [f"{plain(level, 18)}\nn = {n}" for level, n in shown])
        axes.set_xlabel(axis_label(sample.card, found.focus.column))
    else:
        own = fit.matrix.columns[:, -1]
        grid = np.linspace(own.min(), own.max(), 200)
        below = special.expit(fit.cuts[:, np.newaxis] - float(fit.slopes[-1]) * grid)
        layers = np.diff(np.vstack([np.zeros(200), below, np.ones(200)]), axis=0)
        x = float(fit.matrix.centres[-1]) + float(fit.matrix.scales[-1]) * grid
        axes.stackplot(x, layers, colors=colours, labels=names)
        axes.set_xlim(x[0], x[-1])
        axes.set_xlabel(f"{axis_label(sample.card, found.focus.column)}   (fitted, n = {result.n_analysed})")
    axes.set_ylim(0, 1)
    axes.set_ylabel(f"share of {axis_label(sample.card, design.target.outcome)}", color=INK)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    headline(axes, result.effect)


def preferred(case: Case) -> str | None:
    """An ordered outcome in a regression."""
    outcome = case.card.column(case.target.outcome)
    if outcome is None or outcome.kind is not Kind.ORDINAL or case.expects == "no effect":
        return None
    if case.task == "affect" or (case.covariates and case.task in ("compare", "associate")):
        return "the outcome's levels are ordered and their steps have no size, so the odds of a higher level are compared"
    return None


ORDINAL_LOGISTIC = Method(
    name="ordinal_logistic",
    title="Ordinal logistic regression",
    summary="By what factor do the odds of a higher level change with the first predictor, with all others held constant?",
    estimand="odds ratio of a higher level, one for all cuts of the outcome, per unit of the first predictor or between its levels",
    source="maximum likelihood of the proportional-odds model, McCullagh 1980, J R Stat Soc B 42:109; check by Brant 1990, "
    "Biometrics 46:1171",
    tasks=("affect", "associate", "compare"),
    needs=Needs(
        outcome=frozenset({Kind.ORDINAL}),
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        covariates=NUMERIC | GROUPING,
        rows=20,
        per_parameter="rows",
    ),
    run=ordinal_logistic,
    draw=draw_ordinal,
    prefer=preferred,
    asked_for=r"\bordinal (?:logistic|regression)|\bproportional odds\b|\bordered logit\b",
    assumption="By rule, an ordered outcome is modelled by the odds of a higher level, with one odds ratio for all cuts.",
)

METHODS: tuple[Method, ...] = (ORDINAL_LOGISTIC,)
