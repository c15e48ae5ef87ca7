"""Matching and weighting by propensity scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Columns, Entry, Reference
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.exact.logistic import information, logistic

SOURCE = "mpmath: Newton's steps; the estimators row by row"


@dataclass(frozen=True)
class Rows:
    """The rows of a file with their scores: `columns` are those of the score, by name, without the intercept."""

    outcome: tuple[mpf, ...]
    of_a: list[mpf]
    columns: Mapping[str, list[mpf]]
    shares: list[mpf]
    logits: list[mpf]
    counted: bool

    def split(self, values: g.Column) -> tuple[tuple[mpf, ...], tuple[mpf, ...]]:
        """Values of A and of B."""
        pairs = list(zip(values, self.of_a, strict=True))
        return tuple(value for value, own in pairs if own), tuple(value for value, own in pairs if not own)


def rows_of(columns: Columns) -> Rows:
    """Scores of the file."""
    counted = "yes" in columns["y"]
    outcome = tuple(mpf(text == "yes") for text in columns["y"]) if counted else m.numbers(columns["y"])
    of_a = [mpf(label == "A") for label in columns["g"]]
    named = {"age": list(m.numbers(columns["age"])), "site: north": [mpf(label == "north") for label in columns["site"]]}
    design = [[mpf(1)] * len(outcome), *named.values()]
    coefficients, shares = logistic(design, of_a)
    return Rows(outcome, of_a, named, shares, [g.dot(row, coefficients) for row in zip(*design, strict=True)], counted)


def balance(rows: Rows, weights: g.Column) -> list[mpf]:
    """Standardised differences under weights."""
    found = []
    for values in rows.columns.values():
        (a, b), (wa, wb) = rows.split(values), rows.split(weights)
        scale = mp.sqrt((m.variance(a) + m.variance(b)) / 2)
        found.append((g.dot(a, wa) / mp.fsum(wa) - g.dot(b, wb) / mp.fsum(wb)) / scale)
    return found


def shared(rows: Rows, weights: g.Column, how: str) -> Reference:
    """Balance, groups and the raw difference."""
    before, after = balance(rows, [mpf(1)] * len(weights)), balance(rows, weights)
    found: dict[str, mpf] = {}
    for name, one, other in zip(rows.columns, before, after, strict=True):
        found |= {f"term standardised difference of {name}, before {how}": one}
        found |= {f"term standardised difference of {name}, after {how}": other}
    found |= {f"measure largest standardised difference before {how}": max(map(abs, before))}
    found |= {f"measure largest standardised difference after {how}": max(map(abs, after))}
    a, b = rows.split(rows.outcome)
    for label, values in (("A", a), ("B", b)):
        share = {f"group {label} n": mpf(len(values)), f"group {label} successes": mp.fsum(values)}
        found |= share if rows.counted else m.description(label, values)
    what = "proportions" if rows.counted else "means"
    without = "weights" if how == "weighting" else "matching"
    found |= {f"term difference of {what} without {without}": m.mean(a) - m.mean(b)}
    found |= {f"term difference of {what} without {without} n": mpf(len(rows.outcome))}
    return found


def effect(rows: Rows, value: mpf, error: mpf, df: mpf, alternative: str) -> Reference:
    """The test, and the effect in standard deviations."""
    found = m.tested(value, error, df, alternative)
    if rows.counted:
        return found
    a, b = rows.split(rows.outcome)
    scale = mp.sqrt((m.variance(a) + m.variance(b)) / 2)
    return found | {name.replace("effect", "standardised"): one / scale for name, one in found.items() if name.startswith("effect")}


def worth(weights: g.Column) -> mpf:
    """Kish's effective rows."""
    return mp.fsum(weights) ** 2 / g.dot(weights, weights)


def weighting(columns: Columns, alternative: str = "two-sided") -> Reference:
    """Everything that weighting reports."""
    rows = rows_of(columns)
    n, design = len(rows.outcome), [[mpf(1)] * len(rows.outcome), *rows.columns.values()]
    weights = [1 / p if own else 1 / (1 - p) for p, own in zip(rows.shares, rows.of_a, strict=True)]
    bread = g.inverse(information(design, rows.shares))
    vectors = list(zip(*design, strict=True))
    leverage = [p * (1 - p) * g.dot(row, [g.dot(line, row) for line in bread]) for p, row in zip(rows.shares, vectors, strict=True)]
    means, influences = [], []
    for arm in (mpf(1), mpf(0)):
        own = [weight * (side == arm) for weight, side in zip(weights, rows.of_a, strict=True)]
        total = mp.fsum(own)
        mean = g.dot(own, rows.outcome) / total
        parts = [n * weight * (value - mean) / total for weight, value in zip(own, rows.outcome, strict=True)]
        sign = -1 if arm else 1
        gradient = [
            sign * mp.fsum(part * (1 - 1 / weight) * value for part, weight, value in zip(parts, weights, column, strict=True)) / n
            for column in design
        ]
        turned = [n * g.dot(line, gradient) for line in bread]
        influences.append(
            [
                part / (1 - weight / total) + g.dot(row, turned) * (side - p) / (1 - h)
                for part, weight, row, side, p, h in zip(parts, own, vectors, rows.of_a, rows.shares, leverage, strict=True)
            ]
        )
        means.append(mean)
    combined = [one - other for one, other in zip(*influences, strict=True)]
    inside = [mp.fsum(value**2 for value in part) for part in rows.split(combined)]
    arms = rows.split(weights)
    df = mp.fsum(inside) ** 2 / mp.fsum(part**2 / (worth(arm) - 1) for part, arm in zip(inside, arms, strict=True))
    found = effect(rows, means[0] - means[1], mp.sqrt(g.dot(combined, combined)) / n, df, alternative)
    found |= shared(rows, weights, "weighting")
    what = "proportion" if rows.counted else "mean"
    for label, mean, influence, arm in zip("AB", means, influences, arms, strict=True):
        name = f"term weighted {what} of {label}"
        found |= m.interval(name, mean, mp.sqrt(g.dot(influence, influence)) / n, df) | {f"{name} n": mpf(len(arm))}
        found |= {f"measure effective rows of {label}": worth(arm)}
    found |= {"measure largest weight": max(max(arm) / m.mean(arm) for arm in arms)}
    return found | {
        "measure smallest propensity score": min(rows.shares),
        "measure largest propensity score": max(rows.shares),
    }


def matching(columns: Columns, alternative: str = "two-sided") -> Reference:
    """Everything that matching reports; no two scores of B are equally near."""
    rows = rows_of(columns)
    n = len(rows.outcome)
    caliper = m.sd(rows.logits) / 5
    treated, controls = ([place for place in range(n) if rows.of_a[place] == side] for side in (1, 0))
    uses, pairs = [mpf(0)] * n, []
    for row in treated:
        nearest = min(controls, key=lambda other, row=row: abs(rows.logits[other] - rows.logits[row]))
        if abs(rows.logits[nearest] - rows.logits[row]) <= caliper:
            uses[nearest] += 1
            pairs.append((row, nearest))
    differences = [rows.outcome[row] - rows.outcome[other] for row, other in pairs]
    value = m.mean(differences)
    variance = mp.fsum((one - value) ** 2 for one in differences)
    for row in controls:
        others = sorted(
            (other for other in controls if other != row), key=lambda one, row=row: abs(rows.logits[one] - rows.logits[row])
        )
        centre = (rows.outcome[others[0]] + rows.outcome[others[1]]) / 2
        variance += uses[row] * (uses[row] - 1) * 2 * (rows.outcome[row] - centre) ** 2 / 3
    kept = {row for row, _ in pairs}
    weights = [uses[place] if place in controls else mpf(place in kept) for place in range(n)]
    found = effect(rows, value, mp.sqrt(variance) / len(pairs), mpf(len(pairs) - 1), alternative)
    found |= shared(rows, weights, "matching")
    what, used = "proportion" if rows.counted else "mean", mpf(sum(value > 0 for value in uses))
    found |= {f"term {what} of matched A": m.mean([rows.outcome[row] for row, _ in pairs])}
    found |= {f"term {what} of their matches in B": m.mean([rows.outcome[other] for _, other in pairs])}
    found |= {f"term {what} of matched A n": mpf(len(pairs)), f"term {what} of their matches in B n": used}
    return found | {
        "measure rows of A with a match": mpf(len(pairs)),
        "measure rows of A without a match": mpf(len(treated) - len(pairs)),
        "measure rows of B used": used,
        "measure most uses of one row of B": max(uses),
        "measure caliper": caliper,
    }


def _columns(name: str, n: int, counted: bool = False) -> dict[str, list[str]]:
    age, noise, chance = (made.normal(f"{part} {name}", n, *shape) for part, shape in
                          (("age", (50, 10)), ("noise", (0, 2)), ("chance", (0, 10))))  # fmt: skip
    site = made.coin(f"site {name}", n, 0.5, ("north", "south"))
    arm = ["A" if float(one) + 5 * (where == "north") + float(luck) > 54 else "B"
           for one, where, luck in zip(age, site, chance, strict=True)]  # fmt: skip
    y = [float(one) / 10 + 1.5 * (own == "A") + float(extra) for one, own, extra in zip(age, arm, noise, strict=True)]
    told = ["yes" if value > 5.5 else "no" for value in y] if counted else [f"{value:.3f}" for value in y]
    return {"y": told, "g": arm, "age": age, "site": site}


def _entry(method: str, data: str, columns: dict[str, list[str]], reference: Callable[..., Reference], **side: str) -> Entry:
    arguments = {"outcome": "y", "predictors": "g", "levels": ("A", "B"), "covariates": ("age", "site")}
    arguments |= {"success": "yes"} if "yes" in columns["y"] else {}
    return Entry(method, data, SOURCE, columns, arguments | side, partial(reference, columns, **side))


METHODS = {"inverse_probability_weighting": weighting, "propensity_matching": matching}
ENTRIES = [
    _entry(method, ", ".join((data, *side.values())), _columns(data, n, counted), reference, **side)
    for method, reference in METHODS.items()
    for data, n, counted, side in (
        ("60 rows", 60, False, {}),
        ("60 rows", 60, False, {"alternative": "greater"}),
        ("80 rows, yes/no outcome", 80, True, {}),
    )
]
