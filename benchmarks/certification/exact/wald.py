"""Numbers of models with a linear predictor from their coefficients and covariance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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


def variables(columns: Sequence[Sequence[r.Column]]) -> dict[str, mpf]:
    """The measures of how nearly dependent the variables are, each of which has its columns."""
    return {
        "measure condition number": r.condition([column for block in columns for column in block]),
        "measure largest variance inflation": r.largest_inflation(columns),
    }


def ratios(
    word: str,
    blocks: Mapping[str, Mapping[str, r.Column]],
    slopes: Sequence[mpf],
    covariance: r.Matrix,
    df: mpf | None,
    alternative: str,
    joint: Callable[[Sequence[mpf], r.Matrix], Mapping[str, mpf]],
) -> dict[str, mpf]:
    """Statistic, p, the focus's ratio per unit and per standard deviation, the terms, and what is detected.

    `blocks` are by variable its columns under the names of their terms, the focus the first; one of several columns is tested by
    `joint`, and its terms are Holm-adjusted.
    """
    (focus, own), *_ = blocks.items()
    names, q = [name for block in blocks.values() for name in block], len(own)
    found = variables([list(block.values()) for block in blocks.values()])
    for place, name in enumerate(names):
        found |= term(f"{word}, {name}", slopes[place], mp.sqrt(covariance[place][place]), df, ratio=True)
    if q > 1:
        held = r.holm([found[f"term {word}, {name} p"] for name in own])
        found |= {f"term {word}, {name} p": p for name, p in zip(own, held, strict=True)}
        return found | joint(slopes[:q], [row[:q] for row in covariance[:q]])
    value, error = slopes[0], mp.sqrt(covariance[0][0])
    found |= {"statistic": value / error, "p": m.p_of(value / error, df, alternative)}
    found |= {} if df is None else {"df 1": df}
    found |= exponentials(m.interval("effect", value, error, df, alternative))
    found |= {"detectable": mp.expm1(m.detectable(error, df, alternative))}
    if focus not in own:
        return found
    scale = m.sd(own[focus])
    return found | exponentials(m.interval("standardised", scale * value, scale * error, df, alternative))


def differences(
    names: Sequence[str],
    columns: Sequence[Vector],
    slopes: Vector,
    covariance: r.Matrix,
    df: mpf,
    alternative: str = "two-sided",
    delta: str | None = None,
) -> dict[str, mpf]:
    """The same for numeric variables' slopes in units of the outcome, with tests against ±δ."""
    value, error = slopes[0], mp.sqrt(covariance[0][0])
    found = m.tested(value, error, df, alternative) | (m.equivalence(value, error, df, mpf(delta)) if delta else {})
    for place, name in enumerate(names):
        found |= term(name, slopes[place], mp.sqrt(covariance[place][place]), df, ratio=False)
    return found | variables([[column] for column in columns])


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
