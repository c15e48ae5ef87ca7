"""Estimating equations with an exchangeable correlation, solved to 25 digits, and Mancl and DeRouen's errors by whole matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Columns, Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.exact import wald
from benchmarks.certification.exact.logistic import expit
from benchmarks.certification.families.count_regression import slashed
from benchmarks.certification.families.regression import Blocks, numeric
from benchmarks.certification.families.several_groups import detectable_share, share, share_ends

SOURCE = "mpmath: the equations' fixed point to 25 digits; errors by whole matrices, from the published formulas"


@dataclass(frozen=True)
class Equations:
    """Rows with an intercept first, the outcome, logarithms of exposure (none for yes/no), and each cluster's rows."""

    rows: list[list[mpf]]
    outcome: g.Column
    offset: g.Column | None
    members: list[list[int]]

    def means(self, at: g.Column) -> tuple[list[mpf], list[mpf]]:
        """Expected outcomes and their variances, which are the derivatives in the linear predictor too."""
        linear = [g.dot(row, at) for row in self.rows]
        if self.offset is None:
            shares = [expit(one) for one in linear]
            return shares, [p * (1 - p) for p in shares]
        counts = [mp.exp(one + own) for one, own in zip(linear, self.offset, strict=True)]
        return counts, counts

    def correlation(self, at: g.Column) -> mpf:
        """Mean product of the Pearson residuals of a cluster's pairs, over their mean square; each freed of the coefficients."""
        residuals = [(y - mu) / mp.sqrt(v) for y, mu, v in zip(self.outcome, *self.means(at), strict=True)]
        pairs = [residuals[i] * residuals[j] for own in self.members for i in own for j in own if i < j]
        k = len(self.rows[0])
        return mp.fsum(pairs) / (len(pairs) - k) / (g.dot(residuals, residuals) / (len(residuals) - k))

    def parts(self, at: g.Column, correlation: mpf) -> list[tuple[mp.matrix, mp.matrix, mp.matrix]]:
        """For each cluster the derivatives D, V⁻¹ and the residuals."""
        means, spreads = self.means(at)
        found = []
        for own in self.members:
            working = [[mp.sqrt(spreads[i] * spreads[j]) * (1 if i == j else correlation) for j in own] for i in own]
            slopes = mp.matrix([[spreads[i] * value for value in self.rows[i]] for i in own])
            found.append((slopes, mp.matrix(g.inverse(working)), mp.matrix([self.outcome[i] - means[i] for i in own])))
        return found

    def solved(self) -> tuple[list[mpf], mpf]:
        """Coefficients and correlation at the fixed point."""
        at = [mpf(0)] * len(self.rows[0])
        if self.offset is not None:
            at[0] = mp.log(mp.fsum(self.outcome) / mp.fsum(mp.exp(one) for one in self.offset))
        correlation = mpf(0)
        for _ in range(200):
            parts = self.parts(at, correlation)
            score = sum((slopes.T * weight * left for slopes, weight, left in parts), mp.zeros(len(at), 1))
            step = mp.lu_solve(bread(parts), score)
            at = [value + move for value, move in zip(at, step, strict=True)]
            before, correlation = correlation, self.correlation(at)
            if max(map(abs, [*step, correlation - before])) < mpf(10) ** -25:
                return at, correlation
        raise ArithmeticError("the estimating equations did not settle")

    def covariance(self, at: g.Column, correlation: mpf) -> g.Matrix:
        """Mancl and DeRouen 2001: each cluster's residuals by (I − H)⁻¹, H its leverage."""
        parts = self.parts(at, correlation)
        inner = bread(parts) ** -1
        meat = mp.zeros(len(at))
        for slopes, weight, left in parts:
            leverage = slopes * inner * slopes.T * weight
            score = slopes.T * weight * mp.lu_solve(mp.eye(len(left)) - leverage, left)
            meat += score * score.T
        return (inner * meat * inner).tolist()


def bread(parts: Sequence[tuple[mp.matrix, mp.matrix, mp.matrix]]) -> mp.matrix:
    """Σ D'V⁻¹D."""
    return sum((slopes.T * weight * slopes for slopes, weight, _ in parts), mp.zeros(parts[0][0].cols))


def gee(columns: Columns, blocks: Blocks, asked: Mapping[str, Any], word: str) -> Reference:
    """Everything that is reported of the first variable."""
    counted = "success" not in asked
    outcome = m.numbers(columns["y"]) if counted else tuple(mpf(text == "yes") for text in columns["y"])
    offset = [mp.log(one) for one in m.numbers(columns["days"])] if "exposure" in asked else [mpf(0)] * len(outcome)
    (focus, own), *_ = blocks.items()
    named = {name: column for block in blocks.values() for name, column in block.items()}
    members = [[row for row, one in enumerate(columns["c"]) if one == name] for name in dict.fromkeys(columns["c"])]
    rows = [[mpf(1), *row] for row in zip(*named.values(), strict=True)]
    equations = Equations(rows, outcome, offset if counted else None, members)
    at, correlation = equations.solved()
    covariance = wald.without_intercept(equations.covariance(at, correlation))
    df = mpf(len(members) - len(at))
    found = groups(outcome, ["all rows"] * len(outcome) if focus in own else columns[focus], counted)
    sides, hotelling = asked.get("alternative", "two-sided"), partial(joint, df=df, clusters=len(members))
    return found | measures(members, correlation) | wald.ratios(word, blocks, at[1:], covariance, df, sides, hotelling)


def joint(slopes: Sequence[mpf], covariance: g.Matrix, df: mpf, clusters: int) -> Reference:
    """Hotelling's F of several coefficients whose errors have `df`, and partial ω² of as many rows as there are clusters."""
    q, lower = len(slopes), df - len(slopes) + 1
    square = g.dot(slopes, [row[0] for row in g.solved(covariance, [[slope] for slope in slopes])])
    f, both = square * lower / (df * q), (mpf(q), lower)
    low, high = share_ends(f, both, clusters)
    found = {"statistic": f, "df 1": both[0], "df 2": both[1], "p": d.f_upper(f, *both), "effect low": low, "effect high": high}
    return found | {"effect": share(max(mpf(0), q * (f - 1)), clusters), "detectable": detectable_share(both, clusters)}


def groups(outcome: g.Column, labels: Sequence[str], counted: bool) -> dict[str, mpf]:
    """The outcome by label."""
    found: dict[str, mpf] = {}
    for label in set(labels):
        values = [value for value, one in zip(outcome, labels, strict=True) if one == label]
        n = {f"group {label} n": mpf(len(values)), f"group {label} successes": mp.fsum(values)}
        found |= m.description(label, values) if counted else n
    return found


def measures(members: Sequence[Sequence[int]], correlation: mpf) -> dict[str, mpf]:
    """How rows hang together."""
    sizes = [len(own) for own in members]
    return {
        "measure clusters": mpf(len(sizes)),
        "measure largest cluster": mpf(max(sizes)),
        "measure smallest cluster": mpf(min(sizes)),
        "measure working correlation": correlation,
    }


def _data(name: str, m_clusters: int, levels: str, alike: float, counted: bool) -> dict[str, list[str]]:
    """Clusters of one to seven rows that share a level of their own, to the extent of `alike`."""
    draw = made.generator(f"gee {name}")
    found: dict[str, list[str]] = {name: [] for name in ("y", "x", "g", "c", "days")}
    for cluster in range(m_clusters):
        special = draw.gauss(0, 1)
        for _ in range(1 + (cluster * 5 + 2) % 7):
            x, level, days = draw.gauss(special / 3, 1), draw.choice(levels), draw.randint(3, 20)
            linear = alike * special + 0.6 * x + 0.5 * levels.index(level)
            count = int(draw.gammavariate(2, 2**linear)) if counted else "yes" if draw.random() < 1 / (1 + 3**-linear) else "no"
            for key, value in zip(found, (count, f"{x:.3f}", level, f"c{cluster:02}", days), strict=True):
                found[key].append(str(value))
    return found


def _entry(data: str, columns: dict[str, list[str]], blocks: Blocks, **asked: object) -> Entry:
    told = {"outcome": "y", "cluster": "c", **asked}
    word = "odds ratio" if "success" in told else "rate ratio" if "exposure" in told else "ratio of means"
    told |= {} if "success" in told else {"about": {"dictionary": {"y": {"kind": "count"}}}}
    return Entry("gee", data, SOURCE, columns, told, partial(gee, columns, blocks, told, word))


def _refused(data: str, refusal: str, sizes: Sequence[int]) -> Entry:
    """Clusters of these sizes, in which yes and no alternate."""
    draw = made.generator(f"gee {data}")
    owner = [f"c{cluster:02}" for cluster, size in enumerate(sizes) for _ in range(size)]
    columns = {"y": [("yes", "no")[place % 2] for place in range(len(owner))], "c": owner}
    columns["x"] = [f"{draw.gauss(0, 1):.3f}" for _ in owner]
    asked = {"outcome": "y", "cluster": "c", "success": "yes", "predictors": "x"}
    return Entry("gee", data, "—", columns, asked, refusal=refusal)


def _entries() -> list[Entry]:
    yes, three = _data("yes", 18, "AB", 0.9, False), _data("three", 16, "ABC", 0.6, False)
    weak = _data("weak", 20, "AB", 0.0, False)
    counts, several = _data("counts", 16, "AB", 0.7, True), _data("several counts", 14, "ABCD", 0.7, True)
    pair = ("A", "B")

    return [
        _entry("yes/no in 18 clusters, numeric focus, nominal covariate", yes, numeric(x=yes["x"]) | slashed("g", yes["g"], "B"),
               success="yes", predictors="x", covariates=("g",)),
        _entry("yes/no in 18 clusters, two levels, greater", yes, slashed("g", yes["g"], "B"),
               success="yes", predictors="g", levels=pair, alternative="greater"),
        _entry("yes/no in 16 clusters, three levels, numeric covariate", three,
               slashed("g", three["g"], "A") | numeric(x=three["x"]), success="yes", predictors="g", covariates=("x",)),
        _entry("yes/no in 20 clusters that are hardly alike", weak, numeric(x=weak["x"]), success="yes", predictors="x"),
        _entry("counts in 16 clusters, two levels, numeric covariate, less", counts,
               slashed("g", counts["g"], "B") | numeric(x=counts["x"]),
               predictors="g", levels=pair, covariates=("x",), alternative="less"),
        _entry("counts per days in 16 clusters, numeric focus", counts, numeric(x=counts["x"]), predictors="x", exposure="days"),
        _entry("counts per days in 14 clusters, four levels", several, slashed("g", several["g"], "A"),
               predictors="g", exposure="days"),
        _refused("24 pairs, one yes in each", "Rows of one cluster are less", [2] * 24),
        _refused("30 clusters, two of them pairs", "Only 2 pairs of rows", [1 + (place < 2) for place in range(30)]),
    ]  # fmt: skip


ENTRIES = _entries()
