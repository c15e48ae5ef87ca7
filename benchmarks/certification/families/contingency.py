"""Tables of two categorical variables."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import proportions as pr

SOURCE = "mpmath, from the published formulas"


def chi_square(counts: list[list[int]]) -> Reference:
    """Pearson's statistic, Bergsma's V with the interval of the noncentral chi-square, and Haberman's residuals."""
    n = sum(map(sum, counts))
    rows, columns = [sum(row) for row in counts], [sum(column) for column in zip(*counts, strict=True)]
    expected = [[mpf(row * column) / n for column in columns] for row in rows]
    cells = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
    statistic = mp.fsum((counts[i][j] - expected[i][j]) ** 2 / expected[i][j] for i, j in cells)
    df = mpf((len(rows) - 1) * (len(columns) - 1))
    sides = min(side - mpf((side - 1) ** 2) / (n - 1) for side in (len(rows), len(columns))) - 1

    def v(noncentrality: mpf) -> mpf:
        return min(mpf(1), mp.sqrt(noncentrality / n / sides))

    ends = d.noncentrality_ends(lambda shift: d.noncentral_chi_square_lower(statistic, df, shift), m.ALPHA)
    critical = d.chi_square_quantile(1 - m.ALPHA, df)
    power = d.noncentrality(lambda shift: d.noncentral_chi_square_lower(critical, df, shift), 1 - m.POWER)
    found = {"statistic": statistic, "df 1": df, "p": d.chi_square_upper(statistic, df), "detectable": v(power)}
    found |= {"effect": v(max(mpf(0), statistic - n * df / (n - 1))), "effect low": v(ends[0]), "effect high": v(ends[1])}
    found |= {"measure smallest expected count": min(map(min, expected))}
    for j, column in enumerate(columns):
        found[f"group {'ABC'[j]} n"] = mpf(column)
        if len(rows) == 2:
            found[f"group {'ABC'[j]} successes"] = mpf(counts[1][j])
    for i, j in cells:
        scale = mp.sqrt(expected[i][j] * (1 - mpf(rows[i]) / n) * (1 - mpf(columns[j]) / n))
        name = f"term y {'rst'[i]}, g {'ABC'[j]}: adjusted residual"
        found |= {name: (counts[i][j] - expected[i][j]) / scale, f"{name} n": mpf(counts[i][j])}
    return found


def mcnemar(both: int, first: int, second: int, neither: int, delta: str, alternative: str = "two-sided") -> Reference:
    """Exact test of the discordant pairs, Newcombe's paired interval, Tango's tests against ±δ."""
    n, discordant = both + first + second + neither, first + second
    found = {"p": pr.binomial_p(first, discordant, mpf(1) / 2, alternative), "effect": mpf(first - second) / n}
    low, high = pr.closed(paired_ends(both, first, second, neither, pr.reach_of(alternative)), alternative, mpf(-1), mpf(1))
    found |= {"effect low": low, "effect high": high}
    name, (below, above) = "other conditional odds ratio", m.tails(alternative)
    shares = {} if below is None else {f"{name} low": d.beta_quantile(below, mpf(first), mpf(second + 1))}
    shares |= {} if above is None else {f"{name} high": d.beta_quantile(1 - above, mpf(first + 1), mpf(second))}
    found |= {name: mpf(first) / second} | {key: share / (1 - share) for key, share in shares.items()}
    sizes = {"after n": n, "after successes": both + first, "before n": n, "before successes": both + second}
    found |= {f"group {name}": mpf(size) for name, size in sizes.items()}
    found |= {
        "measure discordant pairs": mpf(discordant),
        "detectable": m.detectable(mp.sqrt(mpf(discordant)) / n, None, alternative),
    }
    inner = paired_ends(both, first, second, neither, pr.reach_of("greater"))
    p = max(d.normal_upper(tango(first, second, n, -mpf(delta))), d.normal_upper(-tango(first, second, n, mpf(delta))))
    return found | {"equivalence p": p, "equivalence low": inner[0], "equivalence high": inner[1]}


def paired_ends(both: int, first: int, second: int, neither: int, z: mpf) -> tuple[mpf, mpf]:
    """Newcombe 1998, method 10 for paired proportions."""
    n = both + first + second + neither
    a, b = mpf(both + first) / n, mpf(both + second) / n
    (low_a, high_a), (low_b, high_b) = pr.wilson(both + first, n, z), pr.wilson(both + second, n, z)
    product = mpf(both * neither - first * second)
    product = max(product - mpf(n) / 2, mpf(0)) if product > 0 else product
    phi = product / mp.sqrt((both + first) * (second + neither) * (both + second) * (first + neither))
    below = mp.sqrt((a - low_a) ** 2 - 2 * phi * (a - low_a) * (high_b - b) + (high_b - b) ** 2)
    above = mp.sqrt((high_a - a) ** 2 - 2 * phi * (high_a - a) * (b - low_b) + (b - low_b) ** 2)
    return a - b - below, a - b + above


def tango(first: int, second: int, n: int, difference: mpf) -> mpf:
    """Score statistic of a difference, the constrained share q of (no, yes) pairs by maximising the likelihood (Tango 1998)."""

    def slope(q: mpf) -> mpf:
        rest = 1 - 2 * q - difference
        return first / (q + difference) + second / q - 2 * (n - first - second) / rest

    tiny = mpf(10) ** -45
    q = pr.likelihood_maximum(slope, max(mpf(0), -difference) + tiny, (1 - difference) / 2 - tiny)
    return (first - second - n * difference) / mp.sqrt(n * (2 * q + difference - difference**2))


def _cells(counts: list[list[int]]) -> dict[str, list[str]]:
    rows = [("rst"[i], "ABC"[j]) for i, row in enumerate(counts) for j, n in enumerate(row) for _ in range(n)]
    return {"y": [row for row, _ in rows], "g": [column for _, column in rows]}


def _entries() -> list[Entry]:
    wide, square = [[12, 30, 8], [25, 14, 11], [9, 16, 27]], [[40, 22], [19, 35]]
    both, first, second, neither = 20, 15, 6, 19
    after = made.labels(yes=both + first, no=second + neither)
    before = [*made.labels(yes=both, no=first), *made.labels(yes=second, no=neither)]
    asked = {"outcome": "after", "baseline": "before", "success": "yes", "delta": 0.4, "about": {"design": "before-after"}}
    grouped = {"outcome": "y", "predictors": "g"}
    return [
        Entry("chi_square", "3 × 3 table of 152", SOURCE, _cells(wide), grouped, partial(chi_square, wide)),
        Entry("chi_square", "2 × 2 table of 116", SOURCE, _cells(square), {**grouped, "success": "s"}, partial(chi_square, square)),
        Entry("mcnemar", "60 pairs", SOURCE, {"after": after, "before": before}, asked,
              partial(mcnemar, both, first, second, neither, "0.4")),
        *(Entry("mcnemar", f"60 pairs, {side}", SOURCE, {"after": after, "before": before}, {**asked, "alternative": side},
                partial(mcnemar, both, first, second, neither, "0.4", side)) for side in ("greater", "less")),
    ]  # fmt: skip


ENTRIES = _entries()
