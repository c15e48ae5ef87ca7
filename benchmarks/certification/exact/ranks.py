"""Rank statistics by counting pairs, signs and labellings, in fractions where the formula is rational."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product

from mpmath import mpf

Numbers = Sequence[mpf]


def fraction(value: mpf | int) -> Fraction:
    """A rational number exactly."""
    return Fraction(value)


def real(value: Fraction | int) -> mpf:
    """A fraction to 50 digits."""
    return mpf(Fraction(value).numerator) / Fraction(value).denominator


def superior(x: mpf, y: mpf) -> Fraction:
    """1 where x is larger, ½ where they are equal, else 0."""
    return Fraction((x > y) - (x < y) + 1, 2)


def midranks(values: Numbers) -> list[Fraction]:
    """Ranks from 1, the same within ties."""
    return [Fraction(1, 2) + sum(superior(value, other) for other in values) for value in values]


def share_of_ties(values: Numbers) -> mpf:
    """Share of values that equal another."""
    counts = Counter(values)
    return mpf(sum(n for n in counts.values() if n > 1)) / len(values)


def kruskal_h(groups: Sequence[Numbers]) -> mpf:
    """H, corrected for ties."""
    pooled = [value for group in groups for value in group]
    ranks, n, start, total = midranks(pooled), len(pooled), 0, Fraction(0)
    for group in groups:
        total += sum(ranks[start : start + len(group)]) ** 2 / len(group)
        start += len(group)
    h = Fraction(12, n * (n + 1)) * total - 3 * (n + 1)
    ties = sum(count**3 - count for count in Counter(pooled).values())
    return real(h / (1 - Fraction(ties, n**3 - n)))


def relative_f(groups: Sequence[Numbers]) -> tuple[mpf, tuple[mpf, mpf]]:
    """ANOVA-type statistic of the unweighted relative effects, with Box's degrees of freedom (Brunner et al. 2017).

    Effect i is the mean over j of w(i, j) = P(X_i > X_j) + ½ P(X_i = X_j), w(i, i) = ½. What one row moves: in its own group's
    effect its placements among the others, in another group's effect its own share there, with the other sign.
    """
    k = len(groups)
    place = [[[sum(superior(x, y) for y in other) / len(other) for other in groups] for x in group] for group in groups]
    effects = [
        sum(sum(row[j] for row in place[i]) / len(groups[i]) if i != j else Fraction(1, 2) for j in range(k)) / k for i in range(k)
    ]
    parts = []
    for own in range(k):
        moved = [
            [sum(row[j] for j in range(k) if j != own) / k if i == own else -row[i] / k for i in range(k)] for row in place[own]
        ]
        parts.append(_covariance_of_mean(moved))
    spread = [_centred_trace(part) for part in parts]
    whole = [[sum(part[i][j] for part in parts) for j in range(k)] for i in range(k)]
    turned = _centred(whole)
    total = sum(spread)
    square = sum(turned[i][j] * turned[j][i] for i in range(k) for j in range(k))
    centre = sum(effects) / k
    f = sum((effect - centre) ** 2 for effect in effects) / total
    below = sum(one**2 / (len(group) - 1) for one, group in zip(spread, groups, strict=True))
    return real(f), (real(total**2 / square), real(total**2 / below))


def _covariance_of_mean(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    n, k = len(rows), len(rows[0])
    means = [sum(row[i] for row in rows) / n for i in range(k)]
    return [[sum((row[i] - means[i]) * (row[j] - means[j]) for row in rows) / ((n - 1) * n) for j in range(k)] for i in range(k)]


def _centred(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    """T·V for the centring matrix T."""
    k = len(matrix)
    means = [sum(matrix[i][j] for i in range(k)) / k for j in range(k)]
    return [[matrix[i][j] - means[j] for j in range(k)] for i in range(k)]


def _centred_trace(matrix: list[list[Fraction]]) -> Fraction:
    turned = _centred(matrix)
    return sum((turned[i][i] for i in range(len(matrix))), Fraction(0))


def brunner_munzel(a: Numbers, b: Numbers) -> tuple[Fraction, Fraction, Fraction]:
    """P(A > B) + ½ P(A = B), and what each group adds to its squared error (Brunner and Munzel 2000)."""
    m, n = len(a), len(b)
    above = [sum(superior(x, y) for y in b) for x in a]
    below = [sum(superior(y, x) for x in a) for y in b]
    value = Fraction(sum(above), m * n)

    def part(placements: list[Fraction], size: int, other: int) -> Fraction:
        centre = Fraction(sum(placements), size)
        return sum(((one - centre) ** 2 for one in placements), Fraction(0)) / ((size - 1) * size * other**2)

    return value, part(above, m, n), part(below, n, m)


def signed(value: Fraction, variance: Fraction) -> Fraction:
    """The square of (value − ½)/√variance under the sign of the difference: in the order of the statistic, and rational."""
    distance = value - Fraction(1, 2)
    return distance * abs(distance) / variance


@lru_cache
def every_statistic(pooled: tuple[mpf, ...], m: int) -> list[Fraction]:
    """The signed squared Brunner–Munzel statistics of all labellings of `m` rows, in order; variances at least 1/(2m²n²)."""
    n = len(pooled) - m
    least = Fraction(1, 2 * m**2 * n**2)
    wins = [[superior(x, y) for y in pooled] for x in pooled]
    found, everyone = [], range(len(pooled))
    for first in combinations(everyone, m):
        second = [row for row in everyone if row not in set(first)]
        above = [sum(wins[x][y] for y in second) for x in first]
        below = [sum(wins[y][x] for x in first) for y in second]
        total = sum(above)
        squares = (sum(one**2 for one in above) - Fraction(total**2, m)) / ((m - 1) * m * n**2)
        squares += (sum(one**2 for one in below) - Fraction(sum(below) ** 2, n)) / ((n - 1) * n * m**2)
        found.append(signed(Fraction(total, m * n), max(squares, least)))
    return sorted(found)


def signed_rank_exact(differences: Numbers) -> tuple[Fraction, list[Fraction]]:
    """W⁺ of the differences that are not zero, and its value for every assignment of signs."""
    kept = [value for value in differences if value != 0]
    ranks = midranks([abs(value) for value in kept])
    reached = sum((rank for rank, value in zip(ranks, kept, strict=True) if value > 0), Fraction(0))
    every = [sum((rank for rank, sign in zip(ranks, signs, strict=True) if sign), Fraction(0)) for signs in _signs(len(ranks))]
    return reached, every


def _signs(n: int) -> list[tuple[int, ...]]:
    return list(product((0, 1), repeat=n))


def tail_shares(reached: Fraction, every: list[Fraction]) -> tuple[Fraction, Fraction]:
    """Shares of `every` that are at least, and at most, what was reached."""
    return Fraction(sum(one >= reached for one in every), len(every)), Fraction(sum(one <= reached for one in every), len(every))


def p_of_tails(above: Fraction, below: Fraction, alternative: str = "two-sided") -> mpf:
    """p: twice the smaller tail, or the one of the alternative."""
    return real({"two-sided": min(Fraction(1), 2 * min(above, below)), "greater": above, "less": below}[alternative])


def counted(chances: list[Fraction], tail: Fraction) -> int:
    """The largest C with P(statistic < C) at most `tail`, for a statistic 0, 1, 2, … with these chances."""
    below, c = Fraction(0), 0
    while below + chances[c] <= tail:
        below += chances[c]
        c += 1
    return c


def signed_rank_chances(n: int) -> list[Fraction]:
    """P(W⁺ = w) without ties, by counting the subsets of 1 … n with sum w."""
    counts = [1]
    for rank in range(1, n + 1):
        longer = counts + [0] * rank
        for w, count in enumerate(counts):
            longer[w + rank] += count
        counts = longer
    return [Fraction(count, 2**n) for count in counts]


def rank_sum_chances(m: int, n: int) -> list[Fraction]:
    """P(U = u) without ties, by Mann and Whitney's recursion."""
    table: dict[tuple[int, int], list[int]] = {}

    def ways(i: int, j: int) -> list[int]:
        if i == 0 or j == 0:
            return [1]
        if (i, j) not in table:
            found = [0] * (i * j + 1)
            for u, count in enumerate(ways(i - 1, j)):
                found[u + j] += count
            for u, count in enumerate(ways(i, j - 1)):
                found[u] += count
            table[i, j] = found
        return table[i, j]

    counts = ways(m, n)
    return [Fraction(count, sum(counts)) for count in counts]
