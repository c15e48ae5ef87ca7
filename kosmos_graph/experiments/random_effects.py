"""Linear models whose clusters shift their rows, or their slopes, at random: restricted maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import optimize

from kosmos_graph.experiments.design_matrix import FloatArray, centred
from kosmos_graph.experiments.method import NotApplicable

IntArray = npt.NDArray[np.int64]

EXACT = 1e-18
"""Residual sum of squares within clusters, relative to the outcome's, that counts as none."""
STARTS = (0.1, 1.0, 10.0)
"""Standard deviations of the random effects, those of rows being 1, from which the likelihood's maximum is sought."""
UNBOUNDED = 1e10
"""Ratio of variances from which the likelihood counts as without a maximum."""
STEPS = 30
NONE = 1e-10
"""Share of a random effect's variance that counts as none."""
DISTINCT = 1e-8
"""Least eigenvalue of the variances' information, as correlations, from which they count as told apart."""


@dataclass(frozen=True)
class Structure:
    """What clusters do to their rows, whose covariance is I + ZGZ' in units of the rows' own variance.

    Z = UT, with U orthonormal in each cluster: `basis` are U's values by row (n × q), `turns` T by cluster (m × q × q), zero where
    a cluster has fewer than q directions (`present`). G = Σ γₖ `parts`ₖ (K × q × q), and γₖ = φ' `forms`ₖ φ, so that G is never
    indefinite.
    """

    ids: IntArray
    basis: FloatArray
    turns: FloatArray
    present: npt.NDArray[np.bool_]
    parts: FloatArray
    forms: FloatArray


def intercepts(ids: IntArray) -> Structure:
    """Every cluster shifts its rows by one amount. Clusters are numbered from 0."""
    roots = np.sqrt(np.bincount(ids))
    one = np.ones((1, 1, 1))
    return Structure(
        ids, 1 / roots[ids, np.newaxis], roots[:, np.newaxis, np.newaxis], np.ones((roots.size, 1), dtype=bool), one, one
    )


def slopes(ids: IntArray, values: FloatArray) -> Structure:
    """Every cluster shifts its level and its slope on `values`, the two amounts being correlated."""
    sizes = np.bincount(ids)
    means = np.bincount(ids, values) / sizes
    lows, highs = np.full(sizes.size, np.inf), np.full(sizes.size, -np.inf)
    np.minimum.at(lows, ids, values)
    np.maximum.at(highs, ids, values)
    present = lows < highs
    own = np.where(present[ids], values - means[ids], 0.0)
    lengths = np.sqrt(np.bincount(ids, own**2))
    basis = np.column_stack([1 / np.sqrt(sizes)[ids], own / np.where(present, lengths, 1.0)[ids]])
    turns = np.zeros((sizes.size, 2, 2))
    turns[:, 0, 0], turns[:, 0, 1], turns[:, 1, 1] = np.sqrt(sizes), np.sqrt(sizes) * means, lengths
    parts = np.array([[[1, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]]], dtype=np.float64)
    forms = np.array([[[1, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0], [0, 0, 1]]])
    return Structure(ids, basis, turns, np.column_stack([np.ones_like(present), present]), parts, forms)


def levels(ids: IntArray, codes: IntArray) -> Structure:
    """Every cluster shifts its rows by one amount, and those at each level (numbered from 0) by another."""
    width = int(codes.max()) + 1
    counts = np.zeros((int(ids.max()) + 1, width))
    np.add.at(counts, (ids, codes), 1.0)
    basis = np.zeros((ids.size, width))
    basis[np.arange(ids.size), codes] = 1 / np.sqrt(counts[ids, codes])
    turns = np.sqrt(counts)[:, :, np.newaxis] * np.eye(width)
    parts = np.array([np.ones((width, width)), np.eye(width)])
    return Structure(ids, basis, turns, counts > 0, parts, np.array([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])]))


@dataclass(frozen=True)
class Reduced:
    """Columns and outcome as what each cluster's directions hold of them (`own`, m × q × (p+1), the outcome last), and a triangle
    with the same cross products as the rest, which has `rest` degrees of freedom. `moves` are T·partₖ·T' (K × m × q × q).
    """

    structure: Structure
    own: FloatArray
    triangle: FloatArray
    rest: int
    n: int
    moves: FloatArray

    @property
    def df(self) -> int:
        """Rows less coefficients."""
        return self.n - int(self.own.shape[2]) + 1


@dataclass(frozen=True)
class Changes:
    """With Vₖ the derivative of V by the rows' variance (k = 0) and by each γ: `first` X'V⁻¹VₖV⁻¹X, `second` X'V⁻¹VₖV⁻¹VₗV⁻¹X,
    `trace` tr(PVₖ) of each γ, and `traces` tr(PVₖPVₗ), for P = V⁻¹ − V⁻¹X(X'V⁻¹X)⁻¹X'V⁻¹.
    """

    first: FloatArray
    second: FloatArray
    trace: FloatArray
    traces: FloatArray


@dataclass(frozen=True)
class Point:
    """Generalised least squares at `ratios` γ of the variances to the rows' own, which is 1.

    `bread` is (X'V⁻¹X)⁻¹, `squares` y'Py, `value` minus twice the restricted log-likelihood, freed of the rows' variance and of
    constants, with its gradient and Hessian by γ.
    """

    ratios: FloatArray
    coefficients: FloatArray
    bread: FloatArray
    squares: float
    value: float
    gradient: FloatArray
    hessian: FloatArray
    changes: Changes


def reduced(columns: FloatArray, outcome: FloatArray, structure: Structure) -> Reduced:
    """Split what rows hold into the clusters' directions and the rest."""
    every, clusters = np.column_stack([columns, outcome]), len(structure.turns)
    own = np.array(
        [[np.bincount(structure.ids, basis * one, clusters) for one in every.T] for basis in structure.basis.T]
    ).transpose(2, 0, 1)
    left = every - np.einsum("rk,rkp->rp", structure.basis, own[structure.ids])
    again = np.array([[np.bincount(structure.ids, basis * one, clusters) for one in left.T] for basis in structure.basis.T])
    left -= np.einsum("rk,rkp->rp", structure.basis, again.transpose(2, 0, 1)[structure.ids])
    turns = structure.turns
    moves = np.einsum("mab,kbc,mdc->kmad", turns, structure.parts, turns)
    rest = len(outcome) - int(np.count_nonzero(structure.present))
    return Reduced(structure, own, triangle_of(left), rest, len(outcome), moves)


def triangle_of(rows: FloatArray) -> FloatArray:
    """R with R'R the rows' cross products."""
    return np.asarray(np.linalg.qr(rows, mode="r"), dtype=np.float64)


def point(of: Reduced, ratios: FloatArray) -> Point:
    """The restricted likelihood at `ratios`."""
    width = of.own.shape[2] - 1
    spread = np.eye(of.own.shape[1]) + np.einsum("k,kmab->mab", ratios, of.moves)
    root = np.linalg.cholesky(spread)
    white = np.linalg.solve(root, of.own)
    triangle = triangle_of(np.vstack([white.reshape(-1, width + 1), of.triangle]))
    solver = np.linalg.inv(triangle[:width, :width])
    coefficients = solver @ triangle[:width, width]
    bread, squares = solver @ solver.T, float(triangle[width, width] ** 2)
    inverse = np.linalg.inv(spread)
    left = np.einsum("mab,mb->ma", inverse, of.own[:, :, width] - of.own[:, :, :width] @ coefficients)
    moved = np.einsum("kmab,mb->kma", of.moves, left)
    quadratic = np.einsum("ma,kma->k", left, moved)
    slope = np.einsum("map,kma->kp", inverse @ of.own[:, :, :width], moved)
    flat = len(ratios), left.size
    crossed = moved.reshape(flat) @ (inverse @ moved[..., np.newaxis]).reshape(flat).T - slope @ bread @ slope.T
    change = changes(of, inverse, bread)
    return Point(
        ratios=ratios,
        coefficients=coefficients,
        bread=bread,
        squares=squares,
        value=of.df * float(np.log(squares))
        + 2 * float(np.sum(np.log(np.diagonal(root, axis1=1, axis2=2))) + np.sum(np.log(np.abs(np.diag(triangle)[:width])))),
        gradient=change.trace - of.df * quadratic / squares,
        hessian=of.df * (2 * crossed / squares - np.outer(quadratic, quadratic) / squares**2) - change.traces[1:, 1:],
        changes=change,
    )


def changes(of: Reduced, inverse: FloatArray, bread: FloatArray) -> Changes:
    """What the variances change, given the clusters' V⁻¹ and (X'V⁻¹X)⁻¹."""
    width = len(bread)
    rows = of.structure.present[:, :, np.newaxis] * np.eye(of.own.shape[1])
    moves = np.concatenate([rows[np.newaxis], of.moves])
    turned = inverse @ moves
    weighted = inverse @ of.own[:, :, :width]
    shape = len(moves), weighted.shape[0] * weighted.shape[1], width
    moved = moves @ weighted
    onto = moved.reshape(shape).transpose(0, 2, 1)
    first = onto @ weighted.reshape(shape[1:])
    second = onto[:, np.newaxis] @ (inverse @ moved).reshape(shape)[np.newaxis]
    plain = np.einsum("kmab,lmba->kl", turned, turned)
    rest = of.triangle[:width, :width].T @ of.triangle[:width, :width]
    first[0] += rest
    second[0, 0] += rest
    plain[0, 0] += of.rest
    shrunk = bread @ first
    traces = plain - 2 * np.einsum("pq,klqp->kl", bread, second) + np.einsum("kpq,lqp->kl", shrunk, shrunk)
    return Changes(first, second, np.einsum("kmaa->k", turned[1:]) - np.einsum("kpp->k", shrunk[1:]), traces)


@dataclass(frozen=True)
class RandomEffects:
    """Estimates at the restricted likelihood's maximum; `within` is the variance of rows."""

    at: Point
    of: Reduced
    within: float

    @property
    def variances(self) -> FloatArray:
        """G."""
        return np.asarray(self.within * np.einsum("k,kab->ab", self.at.ratios, self.of.structure.parts))

    @property
    def total(self) -> float:
        """Mean variance of a row about the coefficients."""
        shares = np.einsum("k,kmaa->", self.at.ratios, self.of.moves) / self.of.n
        return self.within * (1 + float(shares))


def fit_random_effects(columns: FloatArray, outcome: FloatArray, structures: Sequence[Structure], name: str) -> RandomEffects:
    """Fit by restricted maximum likelihood (Patterson and Thompson 1971, Biometrika 58:545) the first of the structures whose
    variances the columns and clusters tell apart, whatever the outcome.

    Raises NotApplicable where no rows are left beside the clusters' own directions, where the outcome does not vary within clusters
    beyond the columns, and where there is no maximum.
    """
    deviations, _ = centred(outcome, name)
    of = next(found for one in structures if told_apart(found := reduced(columns, deviations, one)) or one is structures[-1])
    if of.rest <= int(np.count_nonzero(np.abs(np.diag(of.triangle)[:-1]) > np.sqrt(EXACT * of.n))):
        raise NotApplicable(
            "The clusters have too few rows to tell the differences between their effects from those between rows; a regression "
            "with cluster-robust errors has no need to."
        )
    if of.triangle[-1, -1] ** 2 <= EXACT * float(np.sum(deviations**2)):
        raise NotApplicable(f"{name} does not vary within clusters beyond the predictors, so no variance within them is left.")
    best = maximum(of, name)
    return RandomEffects(best, of, best.squares / of.df)


def told_apart(of: Reduced) -> bool:
    """Whether the variances' information has an inverse: where a row for each level leaves none, theirs is taken for the rows'."""
    ones = np.einsum("kaa->k", of.structure.forms)
    traces = point(of, ones).changes.traces
    scale = np.sqrt(np.diag(traces))
    return bool(np.all(scale > 0) and np.linalg.eigvalsh(traces / np.outer(scale, scale))[0] > DISTINCT)


def maximum(of: Reduced, name: str) -> Point:
    """The best of the maxima that trust-region steps reach from several starts, polished by Newton's.

    They move by φ, so that no variance is negative; one that comes to nothing is none.
    """
    forms = of.structure.forms

    @lru_cache(maxsize=4)
    def at(*place: float) -> Point:
        return point(of, ratios_at(forms, np.array(place)))

    def gradient(place: FloatArray) -> FloatArray:
        return np.asarray(2 * np.einsum("k,kab,b->a", at(*place).gradient, forms, place))

    def hessian(place: FloatArray) -> FloatArray:
        turn = 2 * forms @ place
        return np.asarray(turn.T @ at(*place).hessian @ turn + 2 * np.einsum("k,kab->ab", at(*place).gradient, forms))

    def value(place: FloatArray) -> float:
        return at(*place).value

    first = np.array([1.0, 0.1, 1.0])[: len(forms)] if len(forms) == 3 else np.ones(len(forms))
    ends = [
        optimize.minimize(value, start * first, jac=gradient, hess=hessian, method="trust-exact", options={"gtol": 1e-4}).x
        for start in STARTS
    ]
    place = polished(min(ends, key=value), gradient, hessian)
    if not np.max(place**2) < UNBOUNDED:
        raise NotApplicable(f"The likelihood of {name} has no maximum: rows of one cluster are as good as equal.")
    return at(*np.where(place**2 < NONE, 0.0, place))


def ratios_at(forms: FloatArray, place: FloatArray) -> FloatArray:
    """γ at φ."""
    return np.asarray(np.einsum("a,kab,b->k", place, forms, place))


def polished(
    place: FloatArray, gradient: Callable[[FloatArray], FloatArray], hessian: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Newton's steps for as long as each is less than half the last."""
    last = np.inf
    for _ in range(STEPS):
        step = np.linalg.lstsq(hessian(place), gradient(place), rcond=1e-9)[0]
        size = float(np.max(np.abs(step)))
        if not size < last / 2:
            break
        place, last = place - step, size
    return place
