"""Relative effects of several groups, and the F that compares them without assuming equal spreads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.omega import OmnibusF


def placements(of: FloatArray, among: FloatArray) -> FloatArray:
    """Share of `among` below each value, ties half."""
    ordered = np.sort(among)
    below, upto = (np.searchsorted(ordered, of, side=side) for side in ("left", "right"))
    return np.asarray((below + upto) / (2 * among.size), dtype=np.float64)


def relative_effects(groups: Sequence[FloatArray]) -> tuple[FloatArray, list[FloatArray]]:
    """Per group the probability that a value of it exceeds one of a group drawn at random (ties half), and the covariances that
    each group adds to these estimates.

    Every group weighs the same whatever its size (Brunner, Konietschke, Pauly and Puri 2017, J R Stat Soc B 79:1463).
    """
    k = len(groups)
    effects, covariances = np.zeros(k), []
    for own, values in enumerate(groups):
        parts = np.column_stack([-placements(values, other) for other in groups]) / k
        parts[:, own] = 0.0
        parts[:, own] = -parts.sum(axis=1)
        effects[own] = parts[:, own].mean() + 0.5 / k
        covariances.append(np.atleast_2d(np.cov(parts, rowvar=False)) / values.size)
    return effects, covariances


def relative_f(groups: Sequence[FloatArray]) -> OmnibusF | None:
    """ANOVA-type F that all relative effects are equal, with Box's degrees of freedom; None where no group overlaps another.

    Of two groups it is the square of Brunner and Munzel's statistic.
    """
    effects, parts = relative_effects(groups)
    k = len(groups)
    centring = np.eye(k) - 1 / k
    spreads = np.array([float(np.trace(centring @ part)) for part in parts])
    total = float(spreads.sum())
    if total <= 0:
        return None
    whole = centring @ np.sum(parts, axis=0)
    below = total**2 / float(np.sum(spreads**2 / np.array([values.size - 1 for values in groups])))
    above = total**2 / float(np.trace(whole @ whole))
    deviations = effects - effects.mean()
    return OmnibusF(float(deviations @ deviations) / total, (above, below), sum(values.size for values in groups))
