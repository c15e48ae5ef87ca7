"""Factorial analysis of variance: effects of cell means by inclusion and exclusion of averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations, product

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.families.several_groups import detectable_share, share, share_ends

SOURCE = "mpmath: cell means; traces of the projection written out"
Levels = Sequence[Sequence[str]]
Cell = tuple[str, ...]


def cells_of(y: Sequence[str], factors: Sequence[Sequence[str]], levels: Levels) -> dict[Cell, m.Numbers]:
    """The outcome by combination of levels."""
    keys = list(zip(*factors, strict=True))
    outcome = m.numbers(y)
    return {cell: tuple(v for v, key in zip(outcome, keys, strict=True) if key == cell) for cell in product(*levels)}


def part(values: Mapping[Cell, mpf], effect: Sequence[int]) -> dict[Cell, mpf]:
    """What belongs to an effect alone: averages over the other factors, less all that belongs to fewer of its own."""
    found = {}
    for cell in values:
        total = mpf(0)
        for size in range(len(effect) + 1):
            for kept in combinations(effect, size):
                alike = [value for other, value in values.items() if all(other[place] == cell[place] for place in kept)]
                total += (-1) ** (len(effect) - size) * mp.fsum(alike) / len(alike)
        found[cell] = total
    return found


def anova_type(cells: Mapping[Cell, m.Numbers], effect: Sequence[int], levels: Levels) -> tuple[mpf, tuple[mpf, mpf], mpf]:
    """Brunner, Dette and Munk's F and degrees of freedom, and how many rows a share of variance is of."""
    spreads = {cell: m.variance(values) / len(values) for cell, values in cells.items()}
    means = {cell: m.mean(values) for cell, values in cells.items()}
    units = {own: part({cell: mpf(cell == own) for cell in cells}, effect) for own in cells}
    trace = mp.fsum(units[cell][cell] * spreads[cell] for cell in cells)
    squares = mp.fsum(units[a][b] ** 2 * spreads[a] * spreads[b] for a in cells for b in cells)
    own = mp.fsum((units[cell][cell] * spreads[cell]) ** 2 / (len(values) - 1) for cell, values in cells.items())
    f = mp.fsum(value**2 for value in part(means, effect).values()) / trace
    rank = mp.fprod(len(levels[place]) - 1 for place in effect)
    n = mpf(sum(map(len, cells.values())))
    return f, (trace**2 / squares, trace**2 / own), n * trace**2 / squares / rank


def factorial(
    y: list[str],
    factors: Mapping[str, list[str]],
    levels: Levels,
    interaction: bool,
    delta: str | None = None,
    alternative: str = "two-sided",
) -> Reference:
    """Everything that is reported."""
    cells = cells_of(y, list(factors.values()), levels)
    effect = (0, 1) if interaction else (0,)
    found: dict[str, mpf] = {}
    for size in range(1, len(levels) + 1):
        for own in combinations(range(len(levels)), size):
            f, df, n = anova_type(cells, own, levels)
            name = f"term {' × '.join(list(factors)[place] for place in own)}, partial ω²"
            found |= {name: share(max(mpf(0), df[0] * (f - 1)), n), f"{name} statistic": f}
            found |= {f"{name} p": d.f_upper(f, *df), f"{name} n": mpf(len(y))}
    found |= (
        single(cells, effect, levels, delta, alternative)
        if all(len(levels[place]) == 2 for place in effect)
        else joint(cells, effect, levels)
    )
    named = {", ".join(cell): values for cell, values in cells.items()}
    residuals = tuple(value - m.mean(values) for values in named.values() for value in values)
    found |= {"measure rows of the smallest combination": mpf(min(map(len, named.values())))}
    found |= {"measure skewness, residuals": m.skewness(residuals)} | m.spread_ratio(named)
    for label, values in named.items():
        found |= m.description(label, values)
    return found


def single(
    cells: Mapping[Cell, m.Numbers], effect: Sequence[int], levels: Levels, delta: str | None, alternative: str
) -> Reference:
    """Satterthwaite's t of one contrast of cell means."""
    others = mp.fprod(len(own) for place, own in enumerate(levels) if place not in effect)
    signs = {cell: mp.fprod(1 if cell[place] == levels[place][0] else -1 for place in effect) / others for cell in cells}
    parts = {cell: signs[cell] ** 2 * m.variance(values) / len(values) for cell, values in cells.items()}
    value = mp.fsum(signs[cell] * m.mean(values) for cell, values in cells.items())
    error = mp.sqrt(mp.fsum(parts.values()))
    df = error**4 / mp.fsum(one**2 / (len(cells[cell]) - 1) for cell, one in parts.items())
    found = m.tested(value, error, df, alternative)
    squares = mp.fsum(m.moment(values, 2) for values in cells.values())
    pooled = mp.sqrt(squares / (sum(map(len, cells.values())) - len(cells)))
    found |= {name.replace("effect", "standardised"): one / pooled for name, one in found.items() if name.startswith("effect")}
    return found | (m.equivalence(value, error, df, mpf(delta)) if delta else {})


def joint(cells: Mapping[Cell, m.Numbers], effect: Sequence[int], levels: Levels) -> Reference:
    """F and partial ω² of an effect of more degrees of freedom."""
    f, df, n = anova_type(cells, effect, levels)
    low, high = share_ends(f, df, n)
    found = {"statistic": f, "df 1": df[0], "df 2": df[1], "p": d.f_upper(f, *df), "detectable": detectable_share(df, n)}
    return found | {"effect": share(max(mpf(0), df[0] * (f - 1)), n), "effect low": low, "effect high": high}


def _entry(data: str, levels: Levels, sizes: Sequence[int], interaction: bool, delta: str | None = None, **side: str) -> Entry:
    combinations_ = list(product(*levels))
    rows = [cell for place, cell in enumerate(combinations_) for _ in range(sizes[place % len(sizes)])]
    noise = made.normal(f"factorial {data}", len(rows), 20, 3)
    y = [
        f"{float(one) * (1 + (row[0] == 'A') / 2) + 3 * (row[:2] == ('A', 'p')):.3f}" for one, row in zip(noise, rows, strict=True)
    ]
    factors = {name: [row[place] for row in rows] for place, name in enumerate("ghk"[: len(levels)])}
    asked = {"outcome": "y", "predictors": tuple(factors), "interaction": interaction}
    asked |= {"delta": float(delta)} if delta else {}
    reference = partial(factorial, y, factors, levels, interaction, delta, **side)
    return Entry("factorial_anova", data, SOURCE, {"y": y, **factors}, asked | side, reference)


def _entries() -> list[Entry]:
    two, three = (("A", "B"), ("p", "q")), (("A", "B", "C"), ("p", "q", "r"))
    return [
        _entry("2 × 2, interaction, δ", two, (6, 9, 12, 5), True, "2"),
        _entry("2 × 2, main effect", two, (6, 9, 12, 5), False),
        _entry("2 × 2, interaction, greater", two, (6, 9, 12, 5), True, alternative="greater"),
        _entry("2 × 2, main effect, less", two, (6, 9, 12, 5), False, alternative="less"),
        _entry("3 × 3, interaction", three, (5, 8, 6, 4), True),
        _entry("3 × 3, main effect", three, (5, 8, 6, 4), False),
        _entry("2 × 3 × 2, main effect", (("A", "B"), ("p", "q", "r"), ("x", "y")), (5, 7, 4), False),
    ]


ENTRIES = _entries()
