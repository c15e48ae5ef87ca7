"""Numbers of models with a linear predictor from their coefficients and covariance: two numeric variables, the focus first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mpmath import mp, mpf

from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as r

Vector = list[mpf]


def newton(step: Callable[[Vector], Vector], start: Vector) -> Vector:
    """Where `step` ends: to 45 digits, halving what moves too far."""
    at = start
    for _ in range(200):
        moved = step(at)
        size = max(map(abs, moved))
        at = [value + change / max(mpf(1), size / 2) for value, change in zip(at, moved, strict=True)]
        if size < mpf(10) ** -45:
            return at
    raise ArithmeticError("Newton's method did not settle")


def variables(names: Sequence[str], columns: Sequence[Vector]) -> dict[str, mpf]:
    """The measures of how nearly dependent the variables are."""
    return {
        "measure condition number": r.condition(columns),
        "measure largest variance inflation": r.largest_inflation([[column] for column in columns]),
    }


def ratios(
    word: str,
    names: Sequence[str],
    columns: Sequence[Vector],
    slopes: Vector,
    covariance: r.Matrix,
    df: mpf | None,
    alternative: str = "two-sided",
) -> dict[str, mpf]:
    """Statistic, p, the focus's ratio per unit and per standard deviation, the terms, and what is detected."""
    value, error = slopes[0], mp.sqrt(covariance[0][0])
    found = {"statistic": value / error, "p": m.p_of(value / error, df, alternative)}
    found["detectable"] = mp.expm1(m.detectable(error, df, alternative))
    if df is not None:
        found["df 1"] = df
    scale = m.sd(columns[0])
    found |= exponentials(m.interval("effect", value, error, df, alternative))
    found |= exponentials(m.interval("standardised", scale * value, scale * error, df, alternative))
    for place, name in enumerate(names):
        found |= term(f"{word}, {name}", slopes[place], mp.sqrt(covariance[place][place]), df, ratio=True)
    return found | variables(names, columns)


def differences(
    names: Sequence[str],
    columns: Sequence[Vector],
    slopes: Vector,
    covariance: r.Matrix,
    df: mpf,
    alternative: str = "two-sided",
    delta: str | None = None,
) -> dict[str, mpf]:
    """The same for slopes in units of the outcome, with tests against ±δ."""
    value, error = slopes[0], mp.sqrt(covariance[0][0])
    found = m.tested(value, error, df, alternative) | (m.equivalence(value, error, df, mpf(delta)) if delta else {})
    for place, name in enumerate(names):
        found |= term(name, slopes[place], mp.sqrt(covariance[place][place]), df, ratio=False)
    return found | variables(names, columns)


def term(name: str, value: mpf, error: mpf, df: mpf | None, *, ratio: bool) -> dict[str, mpf]:
    """One row of the table of terms."""
    ends = m.interval(f"term {name}", value, error, df)
    found = exponentials(ends) if ratio else ends
    return found | {f"term {name} statistic": value / error, f"term {name} p": m.p_of(value / error, df)}


def exponentials(numbers: dict[str, mpf]) -> dict[str, mpf]:
    """e to the power of each."""
    return {name: mp.exp(value) for name, value in numbers.items()}


def without_intercept(covariance: r.Matrix) -> r.Matrix:
    """The covariance of the slopes."""
    return [row[1:] for row in covariance[1:]]
