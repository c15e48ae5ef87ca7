"""The studentised range by the trapezoidal rule, whose error falls exponentially on these smooth integrands.

In double precision, but as sums of positive terms alone, so that tails keep about thirteen digits.
"""

from __future__ import annotations

import math

import numpy as np
from mpmath import mpf
from scipy.special import ndtr

STEP, LOG_STEP = 0.125, 0.01


def range_upper(q: float, k: int, df: float) -> float:
    """P(Q > q) of `k` means: over the density of the pooled SD, of the range of k normal values.

    P(W > w) = k·∫ φ(z)·[Φ(z)^(k−1) − (Φ(z) − Φ(z − w))^(k−1)] dz, z the largest value; s is integrated on a logarithmic scale.
    """
    z = np.arange(-9.0, 12.0, STEP)[:, np.newaxis]
    log_s = np.arange(-6.0, 3.0, LOG_STEP)
    s = np.exp(log_s)
    log_density = df / 2 * math.log(df / 2) + math.log(2) - math.lgamma(df / 2) + df * (log_s - s**2 / 2)
    kept = log_density > -90
    s, density = s[kept], np.exp(log_density[kept])
    whole = ndtr(z)
    below = ndtr(z - q * s)
    share = k * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * _difference_of_powers(whole, whole - below, below, k - 1)
    inner = share.sum(axis=0) * STEP
    return float((inner * density).sum() * LOG_STEP)


def _difference_of_powers(a: np.ndarray, b: np.ndarray, difference: np.ndarray, power: int) -> np.ndarray:
    """a^power − b^power without cancellation, where a − b = `difference`."""
    return difference * sum(a ** (power - 1 - j) * b**j for j in range(power))


def range_quantile(level: float, k: int, df: float) -> float:
    """q with P(Q > q) = 1 − `level`."""
    low, high = 1.0, 50.0
    at_low, at_high = (range_upper(q, k, df) - (1 - level) for q in (low, high))
    for _ in range(100):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = range_upper(middle, k, df) - (1 - level)
        if value * at_high < 0:
            low, at_low = high, at_high
        else:
            at_low /= 2
        high, at_high = middle, value
        if abs(value) < 1e-16 or abs(high - low) < 1e-14 * high:
            break
    return high


def games_howell_p(statistic: mpf, k: int, df: mpf) -> mpf:
    """p of Welch's t among `k` means."""
    return mpf(range_upper(float(abs(statistic)) * math.sqrt(2), k, float(df)))
