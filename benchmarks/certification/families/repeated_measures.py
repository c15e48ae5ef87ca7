"""Units measured at several levels: two-way sums of squares, and ranks in rational numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import ranks as r
from benchmarks.certification.exact.regression import holm
from benchmarks.certification.families.several_groups import detectable_share, share, share_ends

SOURCE = "mpmath, from the published formulas"
Table = Sequence[Sequence[mpf]]
"""A row per unit."""


def analysed(table: Table, levels: Sequence[str]) -> Reference:
    """F with Greenhouse and Geisser's ε from the double-centred covariances, and paired t tests."""
    n, k, columns = len(table), len(levels), list(zip(*table, strict=True))
    grand = m.mean([value for row in table for value in row])
    residuals = [
        [value - m.mean(row) - m.mean(column) + grand for value, column in zip(row, columns, strict=True)] for row in table
    ]
    between = n * mp.fsum((m.mean(column) - grand) ** 2 for column in columns)
    within = mp.fsum(value**2 for row in residuals for value in row)
    f = between / (k - 1) / (within / ((n - 1) * (k - 1)))
    covariances = [[mp.fsum(row[i] * row[j] for row in residuals) / (n - 1) for j in range(k)] for i in range(k)]
    trace = mp.fsum(covariances[i][i] for i in range(k))
    epsilon = trace**2 / ((k - 1) * mp.fsum(value**2 for row in covariances for value in row))
    huynh = min(mpf(1), (n * (k - 1) * epsilon - 2) / ((k - 1) * (n - 1 - (k - 1) * epsilon)))
    df, rows = (epsilon * (k - 1), epsilon * (k - 1) * (n - 1)), epsilon * n * k
    low, high = share_ends(f, df, rows)
    found = {"statistic": f, "df 1": df[0], "df 2": df[1], "p": d.f_upper(f, *df), "detectable": detectable_share(df, rows)}
    found |= {"effect": share(max(mpf(0), df[0] * (f - 1)), rows), "effect low": low, "effect high": high}
    found |= {"other partial η²": between / (between + within), "measure units": mpf(n), "measure Greenhouse–Geisser ε": epsilon}
    found |= {"measure Huynh–Feldt ε": max(huynh, epsilon)}
    found |= {"measure skewness, changes within units": m.skewness([value for row in residuals for value in row])}
    for level, column in zip(levels, columns, strict=True):
        found |= m.description(level, column)
    return found | paired(columns, levels)


def paired(columns: Sequence[m.Numbers], levels: Sequence[str]) -> Reference:
    """Student's t of each pair's differences."""
    found, names, raw = {}, [], []
    for (first, a), (second, b) in combinations(zip(levels, columns, strict=True), 2):
        changes = [one - other for one, other in zip(a, b, strict=True)]
        error, df, name = mp.sqrt(m.variance(changes) / len(changes)), mpf(len(changes) - 1), f"term {first} − {second}"
        found |= m.interval(name, m.mean(changes), error, df)
        found |= {f"{name} statistic": m.mean(changes) / error, f"{name} n": mpf(len(changes))}
        names.append(name)
        raw.append(m.p_of(m.mean(changes) / error, df))
    return found | {f"{name} p": p for name, p in zip(names, holm(raw), strict=True)}


def friedman(table: Table, levels: Sequence[str], numeric: bool) -> Reference:
    """Kendall's W, F of Iman and Davenport with Kendall and Babington Smith's degrees of freedom, and Dunn's pairs."""
    n, k = len(table), len(levels)
    ranks = [[r.real(rank) for rank in r.midranks(row)] for row in table]
    means = [m.mean(column) for column in zip(*ranks, strict=True)]
    centre = mpf(k + 1) / 2
    spread = mp.fsum((rank - centre) ** 2 for row in ranks for rank in row)
    w = n * mp.fsum((one - centre) ** 2 for one in means) / spread
    df = (k - 1 - mpf(2) / n, (n - 1) * (k - 1 - mpf(2) / n))
    f = (n - 1) * w / (1 - w)
    p = max(mp.factorial(k) ** (1 - n), d.f_upper(f, *df))
    low, high = share_ends(f, df, n * (k - 1))
    found = {"statistic": f, "df 1": df[0], "df 2": df[1], "p": p, "effect": w}
    found |= {"effect low": mpf(0) if p > m.ALPHA else low, "effect high": max(high, w), "measure units": mpf(n)}
    found |= {"measure share of units with ties": mpf(sum(len(set(row)) < k for row in table)) / n}
    chi = "term Friedman's chi-square"
    found |= {chi: w, f"{chi} statistic": n * (k - 1) * w, f"{chi} n": mpf(n)}
    found |= {f"{chi} p": d.chi_square_upper(n * (k - 1) * w, mpf(k - 1))}
    found |= {f"measure mean rank, {level}": one for level, one in zip(levels, means, strict=True)}
    error, names, raw = mp.sqrt(2 * spread / (mpf(n) ** 2 * (k - 1))), [], []
    for (first, a), (second, b) in combinations(zip(levels, means, strict=True), 2):
        name = f"term mean rank, {first} − {second}"
        found |= {name: a - b, f"{name} statistic": (a - b) / error, f"{name} n": mpf(n)}
        names.append(name)
        raw.append(m.p_of((a - b) / error, None))
    found |= {f"{name} p": one for name, one in zip(names, holm(raw), strict=True)}
    for level, column in zip(levels, zip(*table, strict=True), strict=True):
        found |= m.description(level, column) if numeric else {f"group {level} n": mpf(n)}
    return found


GRADES = ("poor", "fair", "good", "excellent")


def _entries() -> list[Entry]:
    units, levels = [f"u{unit:02}" for unit in range(16)], ("a", "b", "c", "d")
    base, noise = made.normal("repeated base", 16, 50, 8), made.normal("repeated noise", 64, 0, 3)
    rows = [(unit, place) for unit in range(16) for place in range(4)]
    y = [f"{float(base[unit]) + place**2 / 3 + float(noise[4 * unit + place]):.3f}" for unit, place in rows]
    columns = {"u": [units[unit] for unit, _ in rows], "t": [levels[place] for _, place in rows], "y": y}
    codes = [min(3, max(0, round(float(noise[4 * unit + place]) / 3 + place / 2))) for unit, place in rows]
    graded = {**columns, "y": [GRADES[code] for code in codes]}
    ties = {**columns, "y": made.scores("repeated ties", 64, 6)}
    asked = {"outcome": "y", "predictors": "t", "pair": "u"}
    order = {"dictionary": {"y": {"kind": "ordinal", "order": list(GRADES)}}}

    def table(values: Sequence[mpf]) -> Table:
        return [tuple(values[place : place + 4]) for place in range(0, 64, 4)]

    numbers, marks, steps = (table(values) for values in (m.numbers(y), m.numbers(ties["y"]), [mpf(code) for code in codes]))
    return [
        Entry("repeated_measures_anova", "16 units at 4 levels", SOURCE, columns, asked, partial(analysed, numbers, levels)),
        Entry("friedman", "16 units at 4 levels", SOURCE, columns, asked, partial(friedman, numbers, levels, True)),
        Entry("friedman", "16 units, scores with ties", SOURCE, ties, asked, partial(friedman, marks, levels, True)),
        Entry("friedman", "16 units, four grades", SOURCE, graded, {**asked, "about": order},
              partial(friedman, steps, levels, False)),
    ]  # fmt: skip


ENTRIES = _entries()
