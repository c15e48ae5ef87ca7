"""Rank tests of one sample, of pairs and of two groups."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import ranks as r

SOURCE = "all signs or labellings counted in fractions; mpmath"
RELABELLED_BELOW = 20
"""Size of the smaller group below which labellings are the reference."""
EXACT_SHIFT = 25
"""Group size up to which the shift's interval uses the exact distribution of U."""


def walsh(values: m.Numbers) -> list[mpf]:
    """All averages of two values, or of one with itself, in order."""
    return sorted((values[i] + values[j]) / 2 for i in range(len(values)) for j in range(i, len(values)))


def median(ordered: list[mpf]) -> mpf:
    """Median of ordered values."""
    n = len(ordered)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def ends(ordered: list[mpf], chances: list[Fraction], alpha: Fraction, alternative: str) -> tuple[mpf | None, mpf | None]:
    """The C-th smallest and largest."""
    tail = alpha / 2 if alternative == "two-sided" else alpha
    c = r.counted(chances, tail)
    low = ordered[c - 1] if c and alternative != "less" else None
    return low, ordered[len(ordered) - c] if c and alternative != "greater" else None


def signed_rank_p(distances: m.Numbers, alternative: str) -> mpf:
    """p of W⁺ over all signs."""
    return r.p_of_tails(*r.tail_shares(*r.signed_rank_exact(distances)), alternative)


def signed_rank(distances: m.Numbers, null: mpf, alternative: str, delta: str | None) -> Reference:
    """W⁺ with its p over all signs, and the pseudo-median with the interval that inverts it."""
    reached, _ = r.signed_rank_exact(distances)
    kept, averages, alpha = sum(value != 0 for value in distances), walsh(distances), Fraction(5, 100)
    chances = r.signed_rank_chances(len(distances))
    found = {"statistic": r.real(reached), "p": signed_rank_p(distances, alternative), "effect": median(averages) + null}
    low, high = ends(averages, chances, alpha, alternative)
    found |= {name: end + null for name, end in (("effect low", low), ("effect high", high)) if end is not None}
    lower, upper = ends(averages, chances, alpha, "two-sided")
    if lower is not None and upper is not None:
        found["detectable"] = m.detectable((upper - lower) / (2 * d.normal_quantile(mpf("0.975"))), None, alternative)
    found["other matched rank-biserial correlation"] = r.real(4 * reached / (kept * (kept + 1)) - 1)
    found |= m.skewnesses({"differences": distances})
    found["measure share of tied values"] = r.share_of_ties([abs(value) for value in distances])
    found["measure share of zero differences"] = mpf(len(distances) - kept) / len(distances)
    if delta:
        inside = ends(averages, chances, 2 * alpha, "two-sided")
        shifted = [[nearest(value + sign * mpf(delta)) for value in distances] for sign in (1, -1)]
        p = max(signed_rank_p(shifted[0], "greater"), signed_rank_p(shifted[1], "less"))
        found |= {"equivalence p": p, "equivalence low": inside[0], "equivalence high": inside[1]}
    return found


def one_sample(texts: list[str], null: str, alternative: str = "two-sided", delta: str | None = None) -> Reference:
    """Against a reference value."""
    values = m.numbers(texts)
    found = signed_rank(exact_differences(texts, [null] * len(texts)), mpf(null), alternative, delta)
    return {**found, **m.description("all rows", values)}


def nearest(value: mpf) -> mpf:
    """The decimal of 30 places that a sum of decimals is: 50 binary digits break ties as 16 do."""
    return mpf(mp.nstr(value, 30, strip_zeros=False)) if abs(value) > mpf(10) ** -30 else mpf(0)


def exact_differences(after: list[str], before: list[str]) -> list[mpf]:
    """Differences of decimals, as fractions."""
    return [r.real(Fraction(x) - Fraction(y)) for x, y in zip(after, before, strict=True)]


def change(after: list[str], before: list[str]) -> tuple[m.Numbers, m.Numbers, list[mpf]]:
    """Both measurements and their differences."""
    a, b = m.numbers(after), m.numbers(before)
    return a, b, exact_differences(after, before)


def paired(after: list[str], before: list[str], alternative: str = "two-sided") -> Reference:
    """Within pairs."""
    a, b, differences = change(after, before)
    groups = m.description("after", a) | m.description("before", b) | m.description("difference", differences)
    return {**signed_rank(differences, mpf(0), alternative, None), **groups}


def sign_test(after: list[str], before: list[str], alternative: str = "two-sided") -> Reference:
    """Exact binomial test with Clopper and Pearson's interval."""
    a, b, differences = change(after, before)
    higher, n = sum(one > 0 for one in differences), sum(one != 0 for one in differences)
    half = mpf(1) / 2
    above, below = d.binomial_upper(higher, n, half), d.binomial_upper(n - higher, n, half)
    p = {"two-sided": min(mpf(1), 2 * min(above, below)), "greater": above, "less": below}[alternative]
    left, right = m.tails(alternative)
    return {
        "statistic": mpf(higher),
        "p": p,
        "effect": mpf(higher) / n,
        "effect low": mpf(0) if left is None else d.beta_quantile(left, mpf(higher), mpf(n - higher + 1)),
        "effect high": mpf(1) if right is None else d.beta_quantile(1 - right, mpf(higher + 1), mpf(n - higher)),
        "measure share of zero differences": mpf(len(differences) - n) / len(differences),
        "detectable": m.detectable(half / mp.sqrt(n), None, alternative),
        **m.description("after", a),
        **m.description("before", b),
    }


def mann_whitney(y: list[str], g: list[str], alternative: str = "two-sided") -> Reference:
    """Brunner and Munzel's statistic over all labellings or by Student's t; the shift; U."""
    (first, a), (second, b) = m.grouped(y, g).items()
    value, *parts = r.brunner_munzel(a, b)
    size_a, size_b = len(a), len(b)
    variance, smaller, df = r.real(sum(parts)), min(size_a, size_b), None
    if sum(parts):
        df = r.real(sum(parts) ** 2 / (parts[0] ** 2 / (size_a - 1) + parts[1] ** 2 / (size_b - 1)))
    found = {"effect": r.real(value)}
    if value not in (0, 1):
        found["statistic"] = t = (r.real(value) - mpf(1) / 2) / mp.sqrt(variance)
    if smaller < RELABELLED_BELOW:
        found |= relabelled(a, b, value, sum(parts, Fraction(0)), alternative)
    else:
        tail = next(area for area in m.tails(alternative) if area is not None)
        reach, far = d.t_quantile(1 - tail, df) * mp.sqrt(variance), tail ** (mpf(1) / smaller)
        found |= {"df 1": df, "p": max(m.p_of(t, df, alternative), least(smaller, alternative))}
        found |= bounded(
            *(max(mpf(0), min(one - reach, far)) for one in (r.real(value), 1 - r.real(value))), found["p"], alternative
        )
    distance = m.detectable(max(mp.sqrt(variance), null_error(a, b)), df, alternative)
    found |= {"detectable": distance} if distance <= mpf(1) / 2 else {}
    found |= shift(a, b, alternative) | {"measure share of tied values": r.share_of_ties([*a, *b])}
    name = f"term Mann–Whitney U, P({first} > {second}) + ½ P(equal), if both groups spread alike"
    found |= {name: r.real(value), f"{name} statistic": r.real(value * size_a * size_b), f"{name} p": u_p(a, b, value, alternative)}
    return {**found, **m.description(first, a), **m.description(second, b)}


def least(smaller: int, alternative: str) -> mpf:
    """The p of as many pairs as the smaller group has rows, all of which point one way."""
    return mpf(2) ** ((1 if alternative == "two-sided" else 0) - smaller)


def bounded(low: mpf, mirrored: mpf, p: mpf, alternative: str) -> Reference:
    """Ends of a probability from its low end and its complement's, open to 0 or 1, and holding ½ where p is not significant."""
    low, high = (mpf(0) if alternative == "less" else low), (mpf(1) if alternative == "greater" else 1 - mirrored)
    if p > m.ALPHA:
        low, high = min(low, mpf(1) / 2), max(high, mpf(1) / 2)
    return {"effect low": low, "effect high": high}


def relabelled(a: m.Numbers, b: m.Numbers, value: Fraction, variance: Fraction, alternative: str) -> Reference:
    """p and interval over all labellings; p at least that of as many pairs as the smaller group has rows."""
    variance = max(variance, Fraction(1, 2 * len(a) ** 2 * len(b) ** 2))
    every, observed = r.every_statistic((*a, *b), len(a)), r.signed(value, variance)
    smaller = min(len(a), len(b))
    p = max(r.p_of_tails(*r.tail_shares(observed, every), alternative), least(smaller, alternative))
    tail = Fraction(25 if alternative == "two-sided" else 50, 1000)
    allowed = int(tail * len(every))
    error, far = mp.sqrt(r.real(variance)), r.real(tail) ** (mpf(1) / smaller)

    def low(centre: mpf, ordered: list[Fraction]) -> mpf:
        critical = ordered[len(ordered) - 1 - allowed]
        return max(mpf(0), min(centre - mp.sign(r.real(critical)) * mp.sqrt(abs(r.real(critical))) * error, far))

    mirrored = low(1 - r.real(value), [-one for one in reversed(every)])
    return {"p": p, **bounded(low(r.real(value), every), mirrored, p, alternative)}


def null_error(a: m.Numbers, b: m.Numbers) -> mpf:
    """Error of P(A > B) under one distribution, from the variance of the midranks."""
    ranks = [r.real(rank) for rank in r.midranks([*a, *b])]
    return mp.sqrt(m.variance(ranks) / (len(a) * len(b) * len(ranks)))


def shift(a: m.Numbers, b: m.Numbers, alternative: str) -> Reference:
    """Hodges and Lehmann's shift with the interval that inverts U."""
    ordered = sorted(x - y for x in a for y in b)
    name = "other Hodges–Lehmann shift"
    if max(len(a), len(b)) <= EXACT_SHIFT:
        low, high = ends(ordered, r.rank_sum_chances(len(a), len(b)), Fraction(5, 100), alternative)
    else:
        sd = mp.sqrt(mpf(len(ordered) * (len(a) + len(b) + 1)) / 12)
        tail = next(area for area in m.tails(alternative) if area is not None)
        c = int(mp.floor(mpf(len(ordered)) / 2 - d.normal_quantile(1 - tail) * sd + mpf(1) / 2))
        low, high = ordered[c - 1], ordered[len(ordered) - c]
    kept = {f"{name} low": (low, "less"), f"{name} high": (high, "greater")}
    return {name: median(ordered), **{key: end for key, (end, other) in kept.items() if alternative != other}}


def u_p(a: m.Numbers, b: m.Numbers, value: Fraction, alternative: str) -> mpf:
    """p of U: exact for small groups without ties, else normal with continuity and tie corrections."""
    size, u = len(a) * len(b), value * len(a) * len(b)
    if r.share_of_ties([*a, *b]) == 0 and min(len(a), len(b)) <= 8:
        chances = r.rank_sum_chances(len(a), len(b))
        above = sum(chances[int(u) :], Fraction(0))
        return r.p_of_tails(above, sum(chances[: int(u) + 1], Fraction(0)), alternative)
    sd, distance, half = null_error(a, b) * size, r.real(u) - mpf(size) / 2, mpf(1) / 2
    one, other = (d.normal_upper((sign * distance - half) / sd) for sign in (1, -1))
    return {"two-sided": min(mpf(1), 2 * min(one, other)), "greater": one, "less": other}[alternative]


def _entries() -> list[Entry]:
    before = made.normal("signed before", 11, 50, 8, 1)
    moves = made.normal("signed change", 11, 3, 4, 1)
    after = [f"{float(one) + float(move):.1f}" for one, move in zip(before, moves, strict=True)]
    rated = {"after": made.scores("after", 18, 5), "before": made.scores("before", 18, 4)}
    tied = {"after": made.scores("tied after", 11, 6), "before": made.scores("tied before", 11, 4)}
    tenths = {name: [f"{7 + int(score) / 10:.1f}" for score in cells] for name, cells in tied.items()}
    tenth = {"y": tenths["after"]}
    pairs = {"after": after, "before": before}
    about = {"baseline": "before", "outcome": "after", "about": {"design": "before-after"}}
    single = {"y": made.skewed("one sample", 12, 20)}
    small = {"y": [*made.normal("small a", 6, 5, 1), *made.normal("small b", 7, 6, 2)], "g": made.labels(A=6, B=7)}
    scored = {"y": [*made.scores("scored a", 6, 9), *made.scores("scored b", 8, 12)], "g": made.labels(A=6, B=8)}
    large = {"y": [*made.skewed("large a", 24, 10), *made.skewed("large b", 30, 14)], "g": made.labels(A=24, B=30)}
    apart = {"y": [*made.normal("apart a", 6, 5, 1), *made.normal("apart b", 8, 25, 2)], "g": made.labels(A=6, B=8)}
    two = {"outcome": "y", "predictors": "g", "levels": ("A", "B")}
    return [
        Entry("one_sample_wilcoxon", "12 log-normal values, δ", SOURCE, single,
              {"outcome": "y", "reference": 15.5, "delta": 12.0}, partial(one_sample, single["y"], "15.5", delta="12")),
        Entry("one_sample_wilcoxon", "12 log-normal values, less", SOURCE, single,
              {"outcome": "y", "reference": 15.5, "alternative": "less"}, partial(one_sample, single["y"], "15.5", "less")),
        Entry("wilcoxon_signed_rank", "11 normal pairs", SOURCE, pairs, about, partial(paired, **pairs)),
        Entry("wilcoxon_signed_rank", "11 normal pairs, greater", SOURCE, pairs, {**about, "alternative": "greater"},
              partial(paired, **pairs, alternative="greater")),
        Entry("wilcoxon_signed_rank", "11 pairs of scores with ties and zeros", SOURCE, tied, about, partial(paired, **tied)),
        Entry("wilcoxon_signed_rank", "11 pairs of tenths with ties and zeros", SOURCE, tenths, about, partial(paired, **tenths)),
        Entry("one_sample_wilcoxon", "11 tenths with ties and zeros, δ", SOURCE, tenth,
              {"outcome": "y", "reference": 7.3, "delta": 0.2}, partial(one_sample, tenth["y"], "7.3", delta="0.2")),
        Entry("sign_test", "18 pairs of scores", SOURCE, rated, about, partial(sign_test, **rated)),
        Entry("sign_test", "18 pairs of scores, greater", SOURCE, rated, {**about, "alternative": "greater"},
              partial(sign_test, **rated, alternative="greater")),
        Entry("sign_test", "18 pairs of scores, less", SOURCE, rated, {**about, "alternative": "less"},
              partial(sign_test, **rated, alternative="less")),
        Entry("mann_whitney", "6 and 7 normal values", SOURCE, small, two, partial(mann_whitney, **small)),
        Entry("mann_whitney", "6 and 7 normal values, less", SOURCE, small, {**two, "alternative": "less"},
              partial(mann_whitney, **small, alternative="less")),
        Entry("mann_whitney", "6 and 8 scores with ties", SOURCE, scored, two, partial(mann_whitney, **scored)),
        Entry("mann_whitney", "6 and 8 scores with ties, greater", SOURCE, scored, {**two, "alternative": "greater"},
              partial(mann_whitney, **scored, alternative="greater")),
        Entry("mann_whitney", "6 and 8 values that do not overlap", SOURCE, apart, two, partial(mann_whitney, **apart)),
        Entry("mann_whitney", "24 and 30 log-normal values", SOURCE, large, two, partial(mann_whitney, **large)),
        Entry("mann_whitney", "24 and 30 log-normal values, greater", SOURCE, large, {**two, "alternative": "greater"},
              partial(mann_whitney, **large, alternative="greater")),
        Entry("mann_whitney", "24 and 30 log-normal values, less", SOURCE, large, {**two, "alternative": "less"},
              partial(mann_whitney, **large, alternative="less")),
    ]  # fmt: skip


ENTRIES = _entries()
