"""Errors of a mixed model's coefficients that allow for the variances being estimates (Kenward and Roger 1997)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.random_effects import RandomEffects


@dataclass(frozen=True)
class KenwardRoger:
    """`plain` is the coefficients' covariance as if the variances were known, `covariance` the one adjusted (Kenward and Roger
    1997, Biometrics 53:983); `spread` the variances' covariance by their expected information, and `gradients` minus the
    derivatives of `plain` by them, turned inside out: X'V⁻¹VₖV⁻¹X, all in units of the rows' variance.
    """

    plain: FloatArray
    covariance: FloatArray
    spread: FloatArray
    gradients: FloatArray
    most: int

    def df(self, weights: FloatArray) -> float:
        """Degrees of freedom of a weighted sum's error, Satterthwaite's as well (Giesbrecht and Burns 1985, Biometrics 41:477)."""
        turned = self.plain @ weights
        slopes = np.einsum("p,kpq,q->k", turned, self.gradients, turned)
        return min(float(2 * (weights @ turned) ** 2 / (slopes @ self.spread @ slopes)), float(self.most))

    def joint(self, coefficients: FloatArray, width: int) -> tuple[float, float, float]:
        """F of the last `width` coefficients, the degrees of freedom of its denominator, and its p.

        Raises NotApplicable where so few clusters inform it that the approximation has none.
        """
        inverse = np.linalg.inv(self.plain[-width:, -width:])
        own = self.plain[:, -width:] @ inverse @ self.plain[-width:, :]
        turned = self.gradients @ own
        first = np.einsum("kpp->k", turned)
        one = float(first @ self.spread @ first)
        two = float(np.einsum("kl,kpq,lqp->", self.spread, turned, turned))
        scale, df = approximated(one, two, width)
        if not (scale > 0 and df > 0 and np.isfinite(df)):
            raise NotApplicable("So few clusters inform the levels' differences that their joint test has no degrees of freedom.")
        values = coefficients[-width:]
        statistic = scale * float(values @ np.linalg.solve(self.covariance[-width:, -width:], values)) / width
        df = min(df, float(self.most))
        return statistic, df, float(stats.f.sf(statistic, width, df))


def approximated(one: float, two: float, width: int) -> tuple[float, float]:
    """The factor and the denominator's degrees of freedom that give F its first two moments, from A₁ and A₂ of the paper."""
    half = (one + 6 * two) / (2 * width)
    g = ((width + 1) * one - (width + 4) * two) / ((width + 2) * two)
    base = 3 * width + 2 * (1 - g)
    c1, c2, c3 = g / base, (width - g) / base, (width + 2 - g) / base
    mean = 1 / (1 - two / width)
    variance = 2 / width * (1 + c1 * half) / ((1 - c2 * half) ** 2 * (1 - c3 * half))
    df = 4 + (width + 2) / (width * variance / (2 * mean**2) - 1)
    return df / (mean * (df - 2)), df


def kenward_roger(fit: RandomEffects) -> KenwardRoger:
    """Errors at the fit. Raises NotApplicable where the variances cannot be told apart there."""
    bread, change = fit.at.bread, fit.at.changes
    scale = np.sqrt(np.diag(change.traces))
    spread = 2 * np.linalg.inv(change.traces / np.outer(scale, scale)) / np.outer(scale, scale)
    middle = np.einsum("kl,klpq->pq", spread, change.second)
    middle -= np.einsum("kl,kpq,qr,lrs->ps", spread, change.first, bread, change.first, optimize=True)
    wider = bread + 2 * bread @ middle @ bread
    return KenwardRoger(bread, fit.within * (wider + wider.T) / 2, spread, change.first, fit.of.df)
