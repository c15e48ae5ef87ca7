"""Least squares of rows in clusters: CR2 by the square roots of whole matrices, the wild bootstrap by refitting every resample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Columns, Entry, Reference, design_of
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.families.regression import Blocks, nominal, numeric
from benchmarks.certification.families.several_groups import detectable_share, share, share_ends
from kosmos_graph.domain.question import Options
from kosmos_graph.experiments.runner import context_of

METHOD = "cluster_robust_regression"
SOURCE = "mpmath: CR2 by matrix square roots; each of the run's 9,999 wild resamples refitted"
ZERO = mpf(10) ** -30
"""Eigenvalues below this are zeros: a cluster decides that direction by itself."""
RESAMPLES = 9999
TIE = 1e-10
"""Distance at which a resample's statistic is the one seen: signs that are all alike give the data, or their reflection."""


@dataclass(frozen=True)
class Clustered:
    """A fit with Bell and McCaffrey's errors, by the textbook's matrices."""

    fit: g.Ols
    members: list[list[int]]

    @cached_property
    def hat(self) -> g.Matrix:
        """X (X'X)⁻¹ X'."""
        rows = [list(row) for row in zip(*self.fit.columns, strict=True)]
        return g.product(g.product(rows, self.fit.bread), [list(column) for column in self.fit.columns])

    @cached_property
    def weights(self) -> list[g.Matrix]:
        """For each cluster A_i X_i (X'X)⁻¹, with A_i the symmetric root of the pseudo-inverse of I − H_ii."""
        found = []
        for own in self.members:
            values, turns = mp.eigsy(mp.matrix([[mpf(i == j) - self.hat[i][j] for j in own] for i in own]))
            root = turns * mp.diag([1 / mp.sqrt(value) if value > ZERO else 0 for value in values]) * turns.T
            rows = [[column[i] for column in self.fit.columns] for i in own]
            found.append(g.product(g.product(root.tolist(), rows), self.fit.bread))
        return found

    @cached_property
    def covariance(self) -> g.Matrix:
        """CR2 covariance of the coefficients."""
        scores = [
            [g.dot(column, [self.fit.residuals[i] for i in own]) for column in zip(*weights, strict=True)]
            for own, weights in zip(self.members, self.weights, strict=True)
        ]
        columns = list(zip(*scores, strict=True))
        return [[g.dot(one, other) for other in columns] for one in columns]

    @cached_property
    def vectors(self) -> list[g.Matrix]:
        """For each coefficient and cluster (I − H)_i' A_i X_i (X'X)⁻¹, of the length of the data."""
        n, found = len(self.hat), []
        for own, weights in zip(self.members, self.weights, strict=True):
            left = [[mpf(row == i) - self.hat[row][i] for i in own] for row in range(n)]
            found.append(list(zip(*g.product(left, weights), strict=True)))
        return [list(one) for one in zip(*found, strict=True)]

    def df(self, place: int) -> mpf:
        """Satterthwaite's degrees of freedom of a coefficient's error."""
        inner = crossed(self.vectors[place], self.vectors[place])
        return mp.fsum(inner[i][i] for i in range(len(inner))) ** 2 / total(inner, inner)


def crossed(a: g.Matrix, b: g.Matrix) -> g.Matrix:
    """Inner products of all vectors of one list with all of the other."""
    return [[g.dot(one, other) for other in b] for one in a]


def total(a: g.Matrix, b: g.Matrix) -> mpf:
    """Sum of the products, cell by cell."""
    return mp.fsum(g.dot(one, other) for one, other in zip(a, b, strict=True))


def hotelling(found: Clustered, q: int) -> tuple[mpf, tuple[mpf, mpf], mpf]:
    """F, degrees of freedom and Wald's statistic of the last `q` coefficients (Tipton and Pustejovsky 2015, AHTZ).

    The coefficients are standardised by Cholesky's root, which is as good as any.
    """
    k = len(found.fit.columns)
    spread = mp.matrix([row[k - q :] for row in found.fit.bread[k - q :]])
    root = (mp.cholesky(spread) ** -1).tolist()
    own = found.vectors[k - q :]
    turned = [
        [[g.dot(row, at) for at in zip(*(own[s][i] for s in range(q)), strict=True)] for i in range(len(own[0]))] for row in root
    ]
    inner = [[crossed(one, other) for other in turned] for one in turned]
    spreads = mp.fsum(
        total(inner[s][s], inner[t][t]) + total(inner[s][t], [list(row) for row in zip(*inner[t][s], strict=True)])
        for s in range(q)
        for t in range(q)
    )
    eta = q * (q + 1) / spreads
    values = found.fit.coefficients[-q:]
    solved = g.solved([row[-q:] for row in found.covariance[-q:]], [[value] for value in values])
    wald = g.dot(values, [row[0] for row in solved])
    return (eta - q + 1) / (eta * q) * wald, (mpf(q), eta - q + 1), wald


def bootstrap(found: Clustered, rest: g.Ols, q: int, seen: mpf, seed: int, alternative: str) -> mpf:
    """p by the wild cluster bootstrap: every resampled outcome is fitted anew, its errors from its own residuals."""
    count, n = len(found.members), len(rest.outcome)
    points = np.array([1.0]) if count >= 12 else np.sqrt([0.5, 1.0, 1.5])
    signs = np.random.default_rng(seed).choice(np.concatenate([-points, points]), size=(RESAMPLES, count))
    owner = np.array([next(place for place, own in enumerate(found.members) if row in own) for row in range(n)])
    residuals = np.array(rest.residuals, dtype=float)
    fitted = np.array([y - e for y, e in zip(rest.outcome, rest.residuals, strict=True)], dtype=float)
    columns = np.array(found.fit.columns, dtype=float).T
    resampled = (fitted + residuals * signs[:, owner]).T
    slopes = np.linalg.lstsq(columns, resampled)[0]
    left = resampled - columns @ slopes
    scores = np.array([
        np.array(weights, dtype=float)[:, -q:].T @ left[own] for own, weights in zip(found.members, found.weights, strict=True)
    ])  # fmt: skip
    covariances = np.einsum("iab,icb->bac", scores, scores)
    if q == 1:
        side = {"two-sided": abs, "greater": lambda t: t, "less": lambda t: -t}[alternative]
        drawn, observed = side(slopes[-1] / np.sqrt(covariances[:, 0, 0])), side(float(seen))
    else:
        turned = np.linalg.solve(covariances, slopes[-q:].T[:, :, np.newaxis])[:, :, 0]
        drawn, observed = np.sum(slopes[-q:].T * turned, axis=1), float(seen)
    return mpf(1 + int(np.count_nonzero(drawn >= observed - TIE * abs(observed)))) / (RESAMPLES + 1)


def alike(values: g.Column, members: Sequence[Sequence[int]]) -> mpf:
    """Intraclass correlation of one-way analysis of variance."""
    n, count = len(values), len(members)
    groups = [[values[i] for i in own] for own in members]
    within = mp.fsum(m.moment(tuple(one), 2) for one in groups) / (n - count)
    between = mp.fsum(len(one) * (m.mean(one) - m.mean(values)) ** 2 for one in groups) / (count - 1)
    size = (n - mpf(sum(len(one) ** 2 for one in groups)) / n) / (count - 1)
    return (between - within) / (between + (size - 1) * within)


def measures(found: Clustered, blocks: Blocks, df: mpf) -> Reference:
    """How rows hang together, and how nearly dependent the variables are."""
    sizes = [len(own) for own in found.members]
    naive = mp.sqrt(found.fit.bread[-1][-1] * found.fit.rss / found.fit.df)
    listed = [list(block.values()) for block in blocks.values()]
    return {
        "measure clusters": mpf(len(sizes)),
        "measure largest cluster": mpf(max(sizes)),
        "measure smallest cluster": mpf(min(sizes)),
        "measure degrees of freedom": df,
        "measure ratio of the error to that of independent rows": mp.sqrt(found.covariance[-1][-1]) / naive,
        "measure intraclass correlation of the residuals": alike(found.fit.residuals, found.members),
        "measure condition number": g.condition([column for block in listed for column in block]),
        "measure largest variance inflation": g.largest_inflation(listed),
    }


def terms(found: Clustered, names: Sequence[str], focus: int) -> Reference:
    """Every coefficient with its own degrees of freedom; several of the focus are Holm-adjusted."""
    shown: dict[str, mpf] = {}
    errors = [mp.sqrt(found.covariance[place][place]) for place in range(len(names))]
    df = [found.df(place) for place in range(len(names))]
    t = [value / error for value, error in zip(found.fit.coefficients, errors, strict=True)]
    p = [m.p_of(*pair) for pair in zip(t, df, strict=True)]
    p[-focus:] = g.holm(p[-focus:])
    for place, name in enumerate(names):
        shown |= m.interval(f"term {name}", found.fit.coefficients[place], errors[place], df[place])
        shown |= {f"term {name} statistic": t[place], f"term {name} p": p[place]}
    return shown


def regression(columns: Columns, blocks: Blocks, asked: Mapping[str, Any]) -> Reference:
    """Everything that is reported of the first variable."""
    outcome, alternative = m.numbers(columns["y"]), asked.get("alternative", "two-sided")
    (focus, own), *others = blocks.items()
    rest = {name: column for _, block in others for name, column in block.items()}
    members = [[row for row, one in enumerate(columns["c"]) if one == name] for name in dict.fromkeys(columns["c"])]
    found, q = Clustered(g.ols([*rest.values(), *own.values()], outcome), members), len(own)
    shown = dict(terms(found, ["intercept", *rest, *own], q))
    if q > 1:
        f, df, seen = hotelling(found, q)
        low, high = share_ends(f, df, len(members))
        shown |= {"statistic": f, "df 1": df[0], "df 2": df[1], "p": d.f_upper(f, *df)}
        shown |= {"effect": share(max(mpf(0), df[0] * (f - 1)), len(members)), "effect low": low, "effect high": high}
        shown |= {"detectable": detectable_share(df, len(members))} | measures(found, blocks, df[1])
    else:
        value, error, own_df = found.fit.coefficients[-1], mp.sqrt(found.covariance[-1][-1]), found.df(len(rest) + 1)
        seen = value / error
        shown |= m.tested(value, error, own_df, alternative) | measures(found, blocks, own_df)
        scale = (m.sd(own[focus]) if focus in own else 1) / m.sd(outcome)
        shown |= {name.replace("effect", "standardised"): shown[name] * scale for name in
                  ("effect", "effect low", "effect high") if name in shown}  # fmt: skip
        shown |= m.equivalence(value, error, own_df, mpf(str(asked["delta"]))) if "delta" in asked else {}
    if len(members) < 40:
        seed = context_of(design_of(METHOD, dict(asked)), Options()).seed
        name = f"term {focus}, wild cluster bootstrap"
        shown |= {name: shown["effect"], f"{name} n": mpf(len(members))}
        shown |= {f"{name} p": bootstrap(found, g.ols(list(rest.values()), outcome), q, seen, seed, alternative)}
    groups = {"all rows": outcome} if focus in own else m.grouped(columns["y"], columns[focus])
    for label, values in groups.items():
        shown |= m.description(label, values)
    return shown


def _data(name: str, sizes: Sequence[int], levels: str, centre: float = 20, gain: float = 1) -> dict[str, list[str]]:
    """Clusters of these sizes, each with a level of its own; `g` goes partly with the clusters, `z` marks the last one."""
    owner = [cluster for cluster, size in enumerate(sizes) for _ in range(size)]
    n, special = len(owner), made.normal(f"{name} clusters", len(sizes), 0, 2)
    x = [
        f"{float(own) + float(special[cluster]) / 3:.3f}"
        for own, cluster in zip(made.normal(f"{name} x", n, 5, 2), owner, strict=True)
    ]
    side = [levels[(cluster + (row % 3 == 0)) % len(levels)] for row, cluster in enumerate(owner)]
    y = [f"{float(one) + float(special[cluster]) + float(own) / 4 + gain * (level == 'A'):.3f}" for one, cluster, own, level in
         zip(made.normal(f"{name} y", n, centre, 3), owner, x, side, strict=True)]  # fmt: skip
    z = ["p" if cluster == len(sizes) - 1 else "q" for cluster in owner]
    return {"y": y, "x": x, "g": side, "z": z, "c": [f"c{cluster:02}" for cluster in owner]}


def _entry(data: str, columns: dict[str, list[str]], blocks: Blocks, **asked: object) -> Entry:
    told = {"outcome": "y", "cluster": "c", **asked}
    return Entry(METHOD, data, SOURCE, columns, told, partial(regression, columns, blocks, told))


def _entries() -> list[Entry]:
    few = _data("few clusters", (3, 9, 5, 12, 4, 7, 2, 10, 6), "AB")
    some = _data("some clusters", (2, 6, 4, 9, 3, 5, 7, 2, 4, 8, 1, 3, 6, 4), "AB")
    three = _data("three levels", (5, 4, 7, 3, 6, 4, 8, 5, 2, 6, 4, 7), "ABC", gain=4)
    many = _data("many clusters", [1 + place % 3 for place in range(42)], "AB", 1_000_000)
    pair = ("A", "B")
    return [
        _entry("9 clusters, numeric focus, nominal covariate, δ", few, numeric(x=few["x"]) | nominal("g", few["g"], "B"),
               predictors="x", covariates=("g",), delta=2.5),
        _entry("14 clusters, two levels, numeric covariate, greater", some, nominal("g", some["g"], "B") | numeric(x=some["x"]),
               predictors="g", levels=pair, covariates=("x",), alternative="greater"),
        _entry("14 clusters, numeric focus, less", some, numeric(x=some["x"]), predictors="x", alternative="less"),
        _entry("12 clusters, three levels, numeric covariate", three, nominal("g", three["g"], "A") | numeric(x=three["x"]),
               predictors="g", covariates=("x",)),
        _entry("42 clusters about 10⁶, two levels", many, nominal("g", many["g"], "B"), predictors="g", levels=pair),
        _entry("9 clusters, one with a covariate's level of its own", few, numeric(x=few["x"]) | nominal("z", few["z"], "q"),
               predictors="x", covariates=("z",)),
        Entry(METHOD, "9 clusters, one with the focus's level of its own", "—", few,
              {"outcome": "y", "cluster": "c", "predictors": "z", "levels": ("p", "q")}, refusal="One cluster decides"),
    ]  # fmt: skip


ENTRIES = _entries()
