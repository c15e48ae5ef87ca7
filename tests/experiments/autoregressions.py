"""Errors of a series under an autoregression, computed with whole matrices."""

from __future__ import annotations

import numpy as np


def third_order_errors(matrix: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Errors of the coefficients under an autoregression of order three, with all matrices written out."""
    n, k = matrix.shape
    left = np.eye(n) - matrix @ np.linalg.pinv(matrix)
    shifts = [(np.eye(n, k=lag) + np.eye(n, k=-lag)) / (1 if lag else 2) for lag in range(4)]
    expected = np.array(
        [[np.trace(left @ (one / (2 if i else 1)) @ left @ other) for other in shifts] for i, one in enumerate(shifts)]
    )
    seen = np.array([residuals[lag:] @ residuals[: n - lag] for lag in range(4)])
    true = np.linalg.solve(expected, seen)
    rho = true[1:] / true[0]
    rho = np.clip(rho + k * (1 + 2 * np.maximum(rho, 0)) / n, -0.97, 0.97)
    first = np.array([1, *rho])
    weights = np.linalg.solve(np.array([[first[abs(i - j)] for j in range(3)] for i in range(3)]), rho)
    for _ in range(4, n):
        first = np.append(first, weights @ first[-1:-4:-1])
    correlation = np.array([[first[abs(i - j)] for j in range(n)] for i in range(n)])
    solver = np.linalg.pinv(matrix)
    scale = residuals @ residuals / np.trace(left @ correlation)
    return np.sqrt(np.diag(solver @ correlation @ solver.T * scale))
