"""t tests."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made, nist
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import moments as m

FORMULA = "mpmath, from the published formulas"


def one_sample(texts: list[str], null: str, alternative: str = "two-sided", delta: str | None = None) -> Reference:
    """Student's t of one sample with Hedges g."""
    values, reference = m.numbers(texts), mpf(null)
    distance, error, df = m.mean(values) - reference, m.sd(values) / mp.sqrt(len(values)), mpf(len(values) - 1)
    found = m.tested(distance, error, df, alternative, reference) | m.hedges_one(distance, m.sd(values), len(values), alternative)
    found |= m.description("all rows", values) | m.skewnesses({"all rows": values})
    return found | (m.equivalence(distance, error, df, mpf(delta)) if delta else {})


def correlation(a: m.Numbers, b: m.Numbers) -> mpf:
    """Pearson's r."""
    ca, cb = m.mean(a), m.mean(b)
    shared = mp.fsum((x - ca) * (y - cb) for x, y in zip(a, b, strict=True)) / (len(a) - 1)
    return shared / (m.sd(a) * m.sd(b))


def paired(after: list[str], before: list[str], alternative: str = "two-sided") -> Reference:
    """Student's t of the differences."""
    a, b = m.numbers(after), m.numbers(before)
    change = [x - y for x, y in zip(a, b, strict=True)]
    value, error, df = m.mean(change), m.sd(change) / mp.sqrt(len(change)), mpf(len(change) - 1)
    return {
        **m.tested(value, error, df, alternative),
        **m.hedges_one(value, m.sd(change), len(change), alternative),
        **m.description("after", a),
        **m.description("before", b),
        **m.description("difference", change),
        **m.skewnesses({"difference": change}),
        "measure correlation within pairs": correlation(a, b),
    }


def welch(y: list[str], g: list[str], alternative: str = "two-sided", delta: str | None = None) -> Reference:
    """Welch's t with Hedges g, A − B in the order of the alphabet."""
    (first, a), (second, b) = m.grouped(y, g).items()
    value, error, df = m.welch(a, b)
    groups = {first: a, second: b}
    found = m.tested(value, error, df, alternative) | m.hedges_two(a, b, alternative)
    found |= m.description(first, a) | m.description(second, b) | m.skewnesses(groups) | m.spread_ratio(groups)
    return found | (m.equivalence(value, error, df, mpf(delta)) if delta else {})


def _one_sample(data: str, texts: list[str], null: str, source: str = FORMULA, delta: str | None = None, **more: str) -> Entry:
    arguments = {"outcome": "y", "reference": float(null), **more} | ({"delta": float(delta)} if delta else {})
    reference = partial(one_sample, texts, null, delta=delta, **more)
    return Entry("one_sample_t", data, source, {"y": texts}, arguments, reference)


def _paired(data: str, after: list[str], before: list[str], **more: str) -> Entry:
    arguments = {"outcome": "after", "baseline": "before", "about": {"design": "before-after"}, **more}
    return Entry("paired_t", data, FORMULA, {"after": after, "before": before}, arguments, partial(paired, after, before, **more))


def _welch(data: str, y: list[str], g: list[str], source: str = FORMULA, delta: str | None = None, **more: str) -> Entry:
    levels = tuple(sorted(set(g)))
    arguments = {"outcome": "y", "predictors": "g", "levels": levels, **more} | ({"delta": float(delta)} if delta else {})
    return Entry("welch_t", data, source, {"y": y, "g": g}, arguments, partial(welch, y, g, delta=delta, **more))


def _entries() -> list[Entry]:
    silver, steps = nist.anova("AtmWtAg").columns, nist.anova("SmLs01").columns
    offset = list(nist.anova("SmLs04").columns["response"])
    lost = list(nist.anova("SmLs07").columns["response"])
    before = made.normal("before", 14, 120, 15)
    after = [f"{float(value) + float(change):.3f}" for value, change in zip(before, made.normal("change", 14, -4, 5), strict=True)]
    mixed, sides = made.normal("one", 9, 10, 2) + made.normal("two", 16, 12, 5), made.labels(A=9, B=16)
    return [
        _one_sample("9 normal values", made.normal("student", 9, 3, 2), "2.5"),
        _one_sample("30 log-normal values, greater, δ", made.skewed("skewed", 30, 40), "38", delta="25", alternative="greater"),
        _one_sample("SmLs04 (6 constant leading digits)", offset, "1000000.3", f"{FORMULA}; data NIST StRD"),
        Entry("one_sample_t", "SmLs07 (13 constant leading digits)", "refusal", {"y": lost}, {"outcome": "y", "reference": 1e12},
              refusal="ill-conditioned: "),
        _paired("14 normal pairs", after, before),
        _paired("14 normal pairs, less", after, before, alternative="less"),
        _paired("14 normal pairs, greater", after, before, alternative="greater"),
        _welch("9 and 16 normal values", mixed, sides, delta="6"),
        _welch("9 and 16 normal values, less", mixed, sides, alternative="less"),
        _welch("9 and 16 normal values, greater", mixed, sides, alternative="greater"),
        _welch("AtmWtAg (7 constant leading digits)", list(silver["response"]), list(silver["treatment"]),
               f"{FORMULA}; data NIST StRD"),
        _welch("SmLs01, treatments A and B", list(steps["response"][:42]), list(steps["treatment"][:42]),
               f"{FORMULA}; data NIST StRD"),
    ]  # fmt: skip


ENTRIES = _entries()
