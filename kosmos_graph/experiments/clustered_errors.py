"""Least squares whose rows hang together in clusters: bias-reduced errors (CR2), and the wild cluster bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.least_squares import Fit
from kosmos_graph.experiments.method import NotApplicable

DECIDED = 1e-9
"""Distance from 1 of a squared canonical correlation at which a cluster decides a combination of coefficients by itself."""
FEW_FOR_TWO_POINTS = 12
"""Clusters below which two signs have too few combinations, and Webb's six points are drawn."""
REPLICATES = 9999
BLOCK = 500
"""Replicates computed at once."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClusteredErrors:
    """CR2 errors of combinations of coefficients.

    `adjusted` (clusters × combinations × n_i, as one n × q array of rows) holds A_i X_i (X'X)⁻¹ c, `projections` (q × m × k) its
    products with each cluster's part of the orthonormal basis, the intercept's column first, `scores` (m × q) its products with
    the residuals.
    """

    members: tuple[Rows, ...]
    basis: FloatArray
    adjusted: FloatArray
    projections: FloatArray
    scores: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """CR2 covariance of the combinations (Bell and McCaffrey 2002, Survey Methodology 28:169)."""
        return np.asarray(self.scores.T @ self.scores, dtype=np.float64)

    def quadratic(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """p_i'p_j of clusters i and j for two weightings of the combinations: covariances of the scores under equal spread."""
        own = [float((self.adjusted[rows] @ one) @ (self.adjusted[rows] @ other)) for rows in self.members]
        a, b = (np.tensordot(weights, self.projections, axes=1) for weights in (one, other))
        return np.asarray(np.diag(own) - a @ b.T, dtype=np.float64)

    def df(self, place: int) -> float:
        """Satterthwaite's degrees of freedom of one combination's error, rows being independent with equal spread."""
        weights = np.zeros(self.adjusted.shape[1])
        weights[place] = 1.0
        products = self.quadratic(weights, weights)
        return float(np.trace(products) ** 2 / np.sum(products**2))


def clusters_of(ids: npt.NDArray[np.int64]) -> tuple[Rows, ...]:
    """Row numbers of each cluster."""
    if not ids.size:
        return ()
    order = np.argsort(ids, kind="stable")
    return tuple(np.split(order, np.flatnonzero(np.diff(ids[order])) + 1))


def full_basis(fit: Fit) -> FloatArray:
    """Orthonormal columns that span the design, the intercept first."""
    return np.column_stack([np.full(fit.matrix.n, fit.matrix.n**-0.5), fit.basis])


def clustered_errors(fit: Fit, members: tuple[Rows, ...], rows: FloatArray) -> ClusteredErrors:
    """CR2 errors of the combinations that the `rows` (q × n) of a solver give.

    A_i = (I − Q_i Q_i')^(−1/2), with Q_i the cluster's part of an orthonormal basis; where a cluster decides a direction by itself,
    A_i is the pseudo-inverse. Raises NotApplicable where such a direction takes part in the first predictor's effect.
    """
    basis, width = full_basis(fit), fit.matrix.focus.width
    adjusted = np.empty((fit.matrix.n, len(rows)))
    for own in members:
        left, singular, _ = np.linalg.svd(basis[own], full_matrices=False)
        free = 1 - singular**2
        decided = free < DECIDED
        vectors = rows[:, own].T
        parts = left.T @ vectors
        if np.any(np.abs(parts[decided][:, -width:]) > DECIDED * np.linalg.norm(rows[-width:], axis=1)):
            raise NotApplicable(f"One cluster decides the effect of {fit.matrix.focus.column} by itself, so its error is unknown.")
        factor = np.where(decided, -1.0, 1 / np.sqrt(np.where(decided, 1.0, free)) - 1)
        adjusted[own] = vectors + left @ (factor[:, np.newaxis] * parts)
    scores = np.array([adjusted[own].T @ fit.residuals[own] for own in members])
    projections = np.array([adjusted[own].T @ basis[own] for own in members]).transpose(1, 0, 2)
    return ClusteredErrors(members, basis, adjusted, projections, scores)


def joint_f(errors: ClusteredErrors, values: FloatArray, spread: FloatArray) -> tuple[float, tuple[float, float]]:
    """Approximate Hotelling test that all `values`, the last combinations, are 0: F and its degrees of freedom.

    `spread` is their covariance, up to a factor, under independent rows of equal spread. Tipton and Pustejovsky 2015, J Educ Behav
    Stat 40:604 (AHTZ): η = q(q + 1) / Σ Var(D_st), and (η − q + 1)/(ηq)·Q is F with q and η − q + 1 degrees of freedom.
    """
    q = len(values)
    eigenvalues, vectors = np.linalg.eigh(spread)
    root = np.zeros((errors.adjusted.shape[1], q))
    root[-q:] = vectors / np.sqrt(eigenvalues)
    crossed = [[errors.quadratic(root[:, s], root[:, t]) for t in range(q)] for s in range(q)]
    total = sum(
        float(np.sum(crossed[s][s] * crossed[t][t]) + np.sum(crossed[s][t] * crossed[t][s].T)) for s in range(q) for t in range(q)
    )
    eta = q * (q + 1) / total
    if eta <= q:
        raise NotApplicable(f"There are too few clusters to test {q} coefficients together; compare two levels instead.")
    wald = float(values @ np.linalg.solve(errors.covariance[-q:, -q:], values))
    return (eta - q + 1) / (eta * q) * wald, (float(q), eta - q + 1)


def bootstrap_share(
    errors: ClusteredErrors, restricted: FloatArray, solver: FloatArray, statistic: float, seed: int, side: int = 0
) -> float:
    """p of a t statistic (for several rows of the solver, a Wald statistic) by the wild cluster bootstrap with the null imposed.

    `restricted` are the residuals without the first predictor, `solver` the rows that give its coefficients, whose errors are the
    last of `errors`. Signs are Rademacher's, or Webb's six points where clusters are few (Cameron, Gelbach and Miller 2008, Rev
    Econ Stat 90:414; Webb 2014, Queen's Econ Dept WP 1315). `side` is 1 or −1 for one-sided alternatives.
    """
    q, m = len(solver), len(errors.members)
    gains = np.array([solver[:, own] @ restricted[own] for own in errors.members])
    parts = np.array([errors.basis[own].T @ restricted[own] for own in errors.members])
    maps = []
    for place in range(errors.adjusted.shape[1] - q, errors.adjusted.shape[1]):
        own = np.diag([float(errors.adjusted[rows, place] @ restricted[rows]) for rows in errors.members])
        maps.append(own - errors.projections[place] @ parts.T)
    generator = np.random.default_rng(seed)
    points = np.sqrt([0.5, 1.0, 1.5]) if m < FEW_FOR_TWO_POINTS else np.ones(1)
    points = np.concatenate([-points, points])
    extreme = 0
    for start in range(0, REPLICATES, BLOCK):
        signs = generator.choice(points, size=(min(BLOCK, REPLICATES - start), m))
        values = signs @ gains
        scores = np.stack([signs @ one.T for one in maps], axis=-1)
        if q == 1:
            found = values[:, 0] / np.linalg.norm(scores[:, :, 0], axis=1)
            found = np.abs(found) if side == 0 else side * found
        else:
            covariances = np.einsum("bms,bmt->bst", scores, scores)
            found = np.einsum("bs,bst,bt->b", values, np.linalg.pinv(covariances, hermitian=True), values)
        own_statistic = statistic if q > 1 else abs(statistic) if side == 0 else side * statistic
        extreme += int(np.count_nonzero(found >= own_statistic * (1 - 1e-12 * np.sign(own_statistic))))
    return (1 + extreme) / (REPLICATES + 1)
