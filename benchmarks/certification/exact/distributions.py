"""Tail areas and quantiles by the special functions of mpmath, noncentral ones by their mixtures."""

from __future__ import annotations

from collections.abc import Callable

from mpmath import mp, mpf

HALF, EIGHT = mpf(1) / 2, mpf(8)
SMALLEST = mpf(10) ** -28
"""Mixture weights below which a series ends."""
NEAR = mpf(10) ** -20
"""Relative distance at which a root is found."""


def normal_upper(z: mpf) -> mpf:
    """P(Z > z)."""
    return mp.erfc(z / mp.sqrt(2)) / 2


def t_upper(t: mpf, df: mpf) -> mpf:
    """P(T > t) of Student's t."""
    tail = mp.betainc(df / 2, HALF, 0, df / (df + t * t), regularized=True) / 2
    return tail if t >= 0 else 1 - tail


def f_upper(f: mpf, first: mpf, second: mpf) -> mpf:
    """P(F > f)."""
    return mp.betainc(second / 2, first / 2, 0, second / (second + first * f), regularized=True)


def chi_square_upper(x: mpf, df: mpf) -> mpf:
    """P(X > x) of chi-square."""
    return mp.gammainc(mpf(df) / 2, x / 2, mp.inf, regularized=True)


def beta_lower(x: mpf, a: mpf, b: mpf) -> mpf:
    """P(B < x) of the beta distribution."""
    return mp.betainc(a, b, 0, x, regularized=True)


def binomial_chance(k: int, n: int, share: mpf) -> mpf:
    """P(X = k)."""
    return mp.binomial(n, k) * share**k * (1 - share) ** (n - k)


def binomial_upper(k: int, n: int, share: mpf) -> mpf:
    """P(X ≥ k)."""
    return mp.fsum(binomial_chance(j, n, share) for j in range(max(k, 0), n + 1))


def root(function: Callable[[mpf], mpf], low: mpf, high: mpf) -> mpf:
    """Where a monotone function is zero, outwards from [low, high] where it is not inside: the Illinois method."""
    low, high = mpf(low), mpf(high)
    at_low, at_high = function(low), function(high)
    while at_low * at_high > 0:
        width = high - low
        low, high = low - width, high + width
        at_low, at_high = function(low), function(high)
    for _ in range(200):
        if not at_low or not at_high or abs(high - low) <= NEAR * (abs(high) + abs(low)):
            break
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = function(middle)
        moved = abs(middle - high)
        if value * at_high < 0:
            low, at_low = high, at_high
        else:
            at_low /= 2
        high, at_high = middle, value
        if moved <= NEAR * abs(middle):
            break
    return high if abs(at_high) <= abs(at_low) else low


def normal_quantile(area: mpf) -> mpf:
    """z with P(Z < z) = `area`."""
    return mp.sqrt(2) * mp.erfinv(2 * mpf(area) - 1)


def t_quantile(area: mpf, df: mpf) -> mpf:
    """t with P(T < t) = `area`."""
    if area < HALF:
        return -t_quantile(1 - area, df)
    start = normal_quantile(area)
    return root(lambda t: t_upper(t, df) - (1 - area), start, 2 * start + 1)


def quantile(area: mpf, df: mpf | None) -> mpf:
    """Student's, or without df the normal one."""
    return normal_quantile(area) if df is None else t_quantile(mpf(area), df)


def noncentral_t_lower(t: mpf, df: mpf, shift: mpf) -> mpf:
    """P(T < t) of the noncentral t (Lenth 1989, Applied Statistics 38:185)."""
    if t < 0:
        return 1 - noncentral_t_lower(-t, df, -shift)
    x, b = t * t / (t * t + df), df / 2
    half = shift * shift / 2
    first, second = mp.exp(-half), shift * mp.exp(-half) / (mp.sqrt(2) * mp.gamma(mpf(3) / 2))
    at = [beta_lower(x, HALF, b), beta_lower(x, mpf(1), b)]
    falls = [x ** (HALF + step) * (1 - x) ** b / ((HALF + step) * mp.beta(HALF + step, b)) for step in (0, HALF)]
    total, j = mpf(0), 0
    while j < half or abs(first * at[0]) + abs(second * at[1]) > SMALLEST:
        total += first * at[0] + second * at[1]
        at = [one - fall for one, fall in zip(at, falls, strict=True)]
        falls = [fall * x * (a + b) / (a + 1) for fall, a in zip(falls, (HALF + j, 1 + j), strict=True)]
        j += 1
        first, second = first * half / j, second * half / (j + HALF)
    return normal_upper(shift) + total / 2


def first_weight(shift: mpf) -> tuple[int, mpf]:
    """Where the Poisson weights of mean `shift`/2 begin to matter, and the weight there."""
    half = shift / 2
    j = max(0, int(half - 12 * mp.sqrt(half) - 20))
    return j, mp.exp(-half + j * mp.log(half) - mp.loggamma(j + 1)) if j else mp.exp(-half)


def noncentral_f_lower(f: mpf, first: mpf, second: mpf, shift: mpf) -> mpf:
    """P(F < f) of the noncentral F, a Poisson mixture of beta distributions."""
    j, weight = first_weight(shift)
    x, a, b = first * f / (first * f + second), mpf(first) / 2 + j, mpf(second) / 2
    at, fall = beta_lower(x, a, b), x**a * (1 - x) ** b / (a * mp.beta(a, b))
    total = mpf(0)
    while j < shift / 2 or weight * at > SMALLEST:
        total += weight * at
        at, fall = at - fall, fall * x * (a + b) / (a + 1)
        a, j = a + 1, j + 1
        weight *= shift / (2 * j)
    return total


def noncentral_chi_square_lower(x: mpf, df: mpf, shift: mpf) -> mpf:
    """P(X < x) of the noncentral chi-square, a Poisson mixture of chi-squares."""
    j, weight = first_weight(shift)
    a, y = mpf(df) / 2 + j, x / 2
    at, fall = mp.gammainc(a, 0, y, regularized=True), y**a * mp.exp(-y) / mp.gamma(a + 1)
    total = mpf(0)
    while j < shift / 2 or weight * at > SMALLEST:
        total += weight * at
        at, fall = at - fall, fall * y / (a + 1)
        a, j = a + 1, j + 1
        weight *= shift / (2 * j)
    return total


def noncentrality(lower: Callable[[mpf], mpf], area: mpf, near: mpf = EIGHT) -> mpf:
    """The noncentrality ≥ 0, sought from `near` on, at which the falling `lower` is `area`; 0 where it is below from the start."""
    if lower(mpf(0)) <= area:
        return mpf(0)
    step = mp.sqrt(near) + 1
    low, high = max(mpf(0), near - step), near + step
    while low and lower(low) <= area:
        low, step = max(mpf(0), low - step), 2 * step
    while lower(high) > area:
        low, high, step = high, high + step, 2 * step
    return root(lambda shift: lower(shift) - area, low, high)


def noncentrality_ends(lower: Callable[[mpf], mpf], alpha: mpf, near: mpf = EIGHT) -> tuple[mpf, mpf]:
    """Two-sided interval of a noncentrality (Steiger 2004, Psychol Methods 9:164)."""
    return noncentrality(lower, 1 - alpha / 2, near), noncentrality(lower, alpha / 2, near)


def f_quantile(area: mpf, first: mpf, second: mpf) -> mpf:
    """f with P(F < f) = `area`."""
    return root(lambda f: f_upper(f, first, second) - (1 - area), mpf(1), mpf(5)) if area else mpf(0)


def chi_square_quantile(area: mpf, df: mpf) -> mpf:
    """x with P(X < x) = `area`."""
    return root(lambda x: chi_square_upper(x, df) - (1 - area), mpf(df), 4 * mpf(df) + 4)


def beta_quantile(area: mpf, a: mpf, b: mpf) -> mpf:
    """x with P(B < x) = `area`."""
    low, high = mpf(0), mpf(1)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_lower(middle, a, b) < area else (low, middle)
    return root(lambda x: beta_lower(x, a, b) - area, low, high)
