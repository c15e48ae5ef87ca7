"""F of several groups, of values and of ranks, and the share of variance that it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kosmos_graph.experiments.catalogue.describe import mean, spread
from kosmos_graph.experiments.catalogue.noncentrality import f_below, noncentrality_at, noncentrality_interval
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.method import NotApplicable


@dataclass(frozen=True)
class OmnibusF:
    """An F statistic with its degrees of freedom, of `n` rows.

    Where the first degrees of freedom were corrected by a factor, so is the noncentrality, and `n` is the rows times the factor:
    then the share of variance is the one that the correction leaves alone.
    """

    statistic: float
    df: tuple[float, float]
    n: float

    @property
    def p_value(self) -> float:
        """Upper tail of F."""
        return float(stats.f.sf(self.statistic, *self.df))

    @property
    def omega_squared(self) -> float:
        """(k − 1)(F − 1) / ((k − 1)(F − 1) + n), zero where F is below 1 (Carroll and Nordholm 1975)."""
        return explained(max(0.0, self.df[0] * (self.statistic - 1)), self.n)


def welch_f(arms: tuple[Arm, ...]) -> OmnibusF:
    """Welch's F (Welch 1951, Biometrika 38:330). Every group varies."""
    k = len(arms)
    origin = mean(arms[0].values)
    spreads = np.array([spread(arm.values) or math.nan for arm in arms])
    unit = float(spreads.max())
    means = np.array([mean(arm.values - origin) for arm in arms]) / unit
    weights = np.array([arm.n for arm in arms]) / (spreads / unit) ** 2
    shares = weights / weights.sum()
    centre = float(shares @ means)
    slack = float(sum((1 - share) ** 2 / (arm.n - 1) for share, arm in zip(shares, arms, strict=True)))
    between = float(weights @ (means - centre) ** 2) / (k - 1)
    statistic = between / (1 + 2 * (k - 2) * slack / (k**2 - 1))
    return OmnibusF(statistic, (float(k - 1), (k**2 - 1) / (3 * slack)), sum(arm.n for arm in arms))


def rank_f(arms: tuple[Arm, ...]) -> tuple[float, OmnibusF]:
    """ε², the share of the midranks' variance between the groups, and the F of an analysis of variance of the ranks.

    ε² = H / (n − 1) (Kelley 1935, PNAS 21:554); F rises with it (Conover and Iman 1981, Am Stat 35:124). Raises NotApplicable
    where the ranks do not vary within the groups.
    """
    ranks = stats.rankdata(np.concatenate([arm.values for arm in arms]))
    n, k = int(ranks.size), len(arms)
    ranks -= (n + 1) / 2
    parts = np.split(ranks, np.cumsum([arm.n for arm in arms])[:-1])
    share = float(sum(part.sum() ** 2 / part.size for part in parts)) / float(ranks @ ranks)
    if share >= 1 - 1e-12:
        raise NotApplicable("The values are equal within every group, so nothing can be said about their spread.")
    return share, OmnibusF(share / (k - 1) / ((1 - share) / (n - k)), (float(k - 1), float(n - k)), n)


def explained(noncentrality: float, n: float) -> float:
    """Share of variance between groups that a noncentrality stands for."""
    return noncentrality / (noncentrality + n)


def explained_ends(found: OmnibusF, level: float) -> tuple[float | None, float | None]:
    """Two-sided interval of the share of variance from that of F's noncentrality (Steiger 2004, Psychol Methods 9:164)."""
    low, high = noncentrality_interval(f_below(found.statistic, found.df), level)
    return None if low is None else explained(low, found.n), None if high is None else explained(high, found.n)


def detectable_share(found: OmnibusF, alpha: float, power: float = 0.8) -> float | None:
    """The share of variance at which F exceeds its critical value at `alpha` with `power`."""
    critical = float(stats.f.isf(alpha, *found.df))
    noncentrality = noncentrality_at(f_below(critical, found.df), 1 - power)
    return None if noncentrality is None else explained(noncentrality, found.n)
