"""Numbers as a reader sees them. Rounding happens here and nowhere else."""

from __future__ import annotations

import math

from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.results import Effect

MINUS = "−"
LARGEST_PLAIN = 1e9
SMALLEST_PLAIN = 1e-4
WIDTH_DIGITS = 2
"""Significant digits of half an interval's width that are shown."""
LONE_DIGITS = 4
"""Significant digits of a number that has no interval."""
MOST_DECIMALS = 8

SHARES = ("proportion", "risk difference", "marginal effect on the probability")
"""Parts of the names of effects that are shares or differences of shares."""
SINGLE_SHARES = ("proportion", "weighted proportion")
"""Names of effects that are one share and no difference."""


def number(value: float, decimals: int | None = None) -> str:
    """A number with thousands separators and a true minus; up to four significant digits where no decimals are given.

    Very large and very small numbers are written as a power of ten.
    """
    lone = decimals is None
    places = _decimals_for(value, LONE_DIGITS) if decimals is None else min(decimals, MOST_DECIMALS)
    if abs(value) >= LARGEST_PLAIN or (value != 0 and abs(value) < SMALLEST_PLAIN and (lone or round(value, places) == 0)):
        return _power(value)
    text = f"{value:,.{places}f}"
    return _signed(text.rstrip("0").rstrip(".") if lone and "." in text else text)


def count(value: int) -> str:
    """A count with thousands separators."""
    return _signed(f"{value:,}")


def percent(share: float) -> str:
    """A share as a percentage."""
    return f"{_signed(f'{100 * share:.{1 if abs(share) < 0.1 else 0}f}')} %"


def level(confidence: float) -> str:
    """A confidence level: `95 %`."""
    return f"{round(100 * confidence, 6):g} %"


def p_value(p: float, alpha: float | None = None) -> str:
    """A p value with its sign: `= 0.031`, `< 0.001`; as many decimals as keep it on its side of alpha."""
    if p < 0.001:
        return "< 0.001"
    if p > 0.99:
        return "> 0.99" if p < 1 else "= 1.00"
    decimals = 3 if p < 0.1 else 2
    while alpha is not None and decimals < MOST_DECIMALS and p != alpha and (float(f"{p:.{decimals}f}") <= alpha) != (p <= alpha):
        decimals += 1
    return f"= {p:.{decimals}f}"


def is_share(effect_name: str) -> bool:
    """Whether an effect of this name is a share or a difference of shares, shown in percent."""
    return any(part in effect_name for part in SHARES)


def unit_of(effect: Effect) -> str:
    """The unit as it is written after a number, with its blank."""
    if is_share(effect.name):
        return " %" if effect.name in SINGLE_SHARES else " percentage points"
    return f" {effect.unit}" if effect.unit else ""


def distance_unit(effect: Effect) -> str:
    """The unit of a distance on the effect's scale, with its blank: of shares, percentage points."""
    return " percentage points" if is_share(effect.name) else unit_of(effect)


def mean(value: float, sd: float | None, n: int) -> str:
    """A group's mean, as precise as its standard error allows."""
    error = sd / math.sqrt(n) if sd and n else 0.0
    return number(value, _decimals_for(error, WIDTH_DIGITS) if error > 0 else None)


def estimate(effect: Effect) -> str:
    """The estimate with its unit, as precise as its interval is wide."""
    return f"{in_effect_units(effect.value, effect)}{unit_of(effect)}"


def in_effect_units(value: float, effect: Effect) -> str:
    """A value on the effect's scale (an end, a distance), without its unit."""
    scale = 100.0 if is_share(effect.name) else 1.0
    return number(value * scale, _decimals_of(effect, scale))


def detectable(distance: float, effect: Effect, alternative: Alternative) -> str:
    """From where on a test detects the effect: the `distance` where no effect is 0, else the possible values at it, on each side.

    Of a ratio the distance is that above 1, and the value below 1 is the reciprocal.
    """
    below = 1 / (1 + distance) if "ratio" in effect.name else effect.null - distance
    larger, smaller = ("less", "greater") if effect.inverse else ("greater", "less")
    most = 1.0 if is_share(effect.name) or effect.name.startswith("probability") else math.inf
    sides = ((effect.null + distance, larger), (below, smaller))
    ends = [end for end, side in sides if alternative in (side, "two-sided") and (most == math.inf or 0 <= end <= most)]
    if effect.null == 0 or not ends:
        return f"{in_effect_units(distance, effect)}{distance_unit(effect)}"
    shown = " or ".join(_apart(end, min(distance, abs(end), abs(end - effect.null)), effect) for end in ends)
    return f"{shown} (no effect: {_apart(effect.null, 0.0, effect)})"


def _apart(value: float, distance: float, effect: Effect) -> str:
    """A value with its unit, with two digits of a distance that it is told by."""
    scale = 100.0 if is_share(effect.name) else 1.0
    return f"{number(value * scale, _decimals_for(distance * scale, WIDTH_DIGITS) if distance else None)}{unit_of(effect)}"


def interval(effect: Effect) -> str:
    """The confidence interval with its level and unit, one-sided where an end is open; empty where there is none."""
    head = f"{level(effect.level)} CI"
    low, high = (None if end is None else in_effect_units(end, effect) for end in (effect.low, effect.high))
    unit = unit_of(effect)
    if low is not None and high is not None:
        return f"{head} {low} to {high}{unit}"
    if low is not None:
        return f"{head} from {low}{unit} upwards"
    return f"{head} up to {high}{unit}" if high is not None else ""


def statistic(name: str, value: float, df: tuple[float, ...]) -> str:
    """A statistic with its degrees of freedom: `t(271.4) = 23.5`."""
    degrees, size = ", ".join(_df(one) for one in df), number(value, _statistic_decimals(value))
    if not df:
        return f"{name} = {size}"
    return f"{name} = {size}, df = {degrees}" if "(" in name else f"{name}({degrees}) = {size}"


def _df(value: float) -> str:
    return count(int(value)) if value == int(value) else _signed(f"{value:,.1f}")


def _statistic_decimals(value: float) -> int:
    return 0 if value == int(value) and abs(value) >= 10 else min(MOST_DECIMALS, max(0, _decimals_for(value, 3)))


def _decimals_of(effect: Effect, scale: float) -> int | None:
    """Decimals that show two significant digits of half the interval's width; None without a width."""
    ends = (end for end in (effect.low, effect.high) if end is not None)
    width = max((abs(end - effect.value) for end in ends), default=0.0) * scale
    return _decimals_for(width, WIDTH_DIGITS) if width > 0 else None


def _decimals_for(value: float, digits: int) -> int:
    if value == 0 or not math.isfinite(value):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return _signed(f"{mantissa} × 10^{int(exponent)}")


def _signed(text: str) -> str:
    bare = text.lstrip("-")
    zero = not any(digit in bare for digit in "123456789")
    return bare if zero else text.replace("-", MINUS)
