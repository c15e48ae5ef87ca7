"""Holm's correction for testing several hypotheses."""

from __future__ import annotations

from collections.abc import Mapping


def holm(p_values: Mapping[str, float], family_size: int | None = None) -> dict[str, float]:
    """Adjusted p-values (Holm 1979, Scand J Stat 6:65) under the same keys, in the same order.

    `family_size` is the number of hypotheses where that is larger than the number of p-values: those without one count as p = 1.
    Raises ValueError for a p outside [0, 1] and for a family smaller than its p-values.
    """
    size = len(p_values) if family_size is None else family_size
    if size < len(p_values):
        raise ValueError(f"a family of {size} cannot hold {len(p_values)} p-values")
    if not all(0 <= p <= 1 for p in p_values.values()):
        raise ValueError("a p-value lies outside [0, 1]")
    adjusted: dict[str, float] = {}
    reached = 0.0
    for rank, key in enumerate(sorted(p_values, key=lambda key: (p_values[key], key))):
        reached = max(reached, min(1.0, (size - rank) * p_values[key]))
        adjusted[key] = reached
    return {key: adjusted[key] for key in p_values}
